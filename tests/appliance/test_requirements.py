"""Where an app may name its packages: each way leads to a program that imports them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.common.places import file_digest
from tests.appliance import parcels
from tests.appliance.cases import written
from tests.appliance.running import errors, invoke, running

APP = "import ship\n\nPATHS = [('/', lambda environ, start_response: ship.KIND)]\n"


@pytest.mark.parametrize(("name", "text", "words"), [
    ("requirements.txt", "ship==1\n", ()),
    ("pyproject.toml", '[project]\ndependencies = ["ship==1"]\n', ()),
    ("other.txt", "ship==1\n", ("--requirements", "{folder}/other.txt")),
])
def test_a_program_imports_what_is_required(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, words: tuple[str, ...]
) -> None:
    """By the command; BUILD.json has the file and its digest."""
    parcels.only_here(monkeypatch, tmp_path / "shop")
    wheel = parcels.wheel(tmp_path / "shop", "ship", "1")
    written(tmp_path, text, name)
    app = written(tmp_path, APP, "boat.py")
    done = invoke("freeze", app, "--output", tmp_path / "out", *(word.format(folder=tmp_path) for word in words))
    assert (0, []) == (done.returncode, errors(done))
    [package] = json.loads((tmp_path / "out" / "BUILD.json").read_text())["packages"]
    origin = ("ship", "1", wheel.name, file_digest(wheel))
    assert origin == tuple(package[key] for key in ("name", "version", "file", "sha256"))
    with running([tmp_path / "out" / "boat-x86_64", "--server", "127.0.0.1:0"], tmp_path / "log") as program:
        assert (200, "wheel") == program.get("/")
