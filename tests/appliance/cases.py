"""What many tests of the builder begin or end with: a small file, a Problem, a copy of the cache."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.errors import Problem
from appliance.places import cache_folder


def problem(call: Callable[[], object]) -> str:
    """The one line that a call ends with."""
    with pytest.raises(Problem) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert caught.value.code != 0
    return str(caught.value)


def written(folder: Path, text: str, name: str = "page.py") -> Path:
    """A file with this text."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def cache_with(folder: Path, *parts: str) -> Path:
    """An XDG_CACHE_HOME that holds only these parts of this machine's cache, as hard links."""
    (folder / "fapws4").mkdir(parents=True)
    for part in parts:
        subprocess.run(["cp", "-al", cache_folder(part), folder / "fapws4" / part], check=True)
    return folder


def left_over(*folders: Path) -> list[str]:
    """Half-made things below these folders."""
    return sorted(str(path) for folder in folders for path in folder.rglob("*.part"))


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder; of disk images only what is not empty."""
    return {path.name: path.read_bytes().rstrip(b"\0") for path in folder.iterdir()}
