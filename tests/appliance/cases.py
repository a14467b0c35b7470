"""What many tests of the builder begin or end with: a small file, a Problem, a copy of the cache."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.common.errors import Problem
from appliance.common.places import cache_folder


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


# The parts of the cache that do not depend on the app.
COMPILED = (
    "apt",
    "bootloaders",
    "downloads",
    "interpreters",
    "kernels",
    "libraries",
    "toolchains",
    "tools",
    "trees",
    "zig",
)


def cache_with(folder: Path, *parts: str) -> Path:
    """An XDG_CACHE_HOME that has these parts of this machine's cache and nothing else."""
    (folder / "fapws4").mkdir(parents=True)
    for part in parts:
        if part in COMPILED:
            (folder / "fapws4" / part).symlink_to(cache_folder(part).resolve())
        else:
            shutil.copytree(cache_folder(part), folder / "fapws4" / part)
    return folder


def left_over(*folders: Path) -> list[str]:
    """Half-made things below these folders."""
    return sorted(str(path) for folder in folders for path in folder.rglob(".*.part"))


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder; of disk images only what is not empty."""
    return {path.name: path.read_bytes().rstrip(b"\0") for path in folder.iterdir()}


def different(first: Path, second: Path) -> list[str]:
    """The names of the files that are not the same in both folders."""
    one, other = contents(first), contents(second)
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
