"""Everything that an offline machine needs, in one folder; and that a build from it is the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.build import Plan, needed_sources
from appliance.fetching import registries
from appliance.fetching.recipes import load_board
from appliance.provision import copy_all
from tests.appliance import parcels
from tests.appliance.cases import different, problem, written
from tests.appliance.running import errors, invoke


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    """It is named before anything is fetched."""
    file = written(tmp_path, "mine", "to")
    assert f"{file} is a file: name a folder" == problem(lambda: copy_all("pc", file, None))


def test_everything_for_an_offline_machine(hello: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of all sources, the builder's own packages, and what the app's requirements.txt names."""
    asked: list[tuple[str, str]] = []

    def wheels(requirements: Path, folder: Path) -> None:
        asked.append((requirements.name, folder.parent.name))
        (folder / "builder-1.whl").write_text("")

    monkeypatch.setattr(registries, "pypi_wheels", wheels)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    parcels.wheel(tmp_path / "shop", "ship", "1")
    app = written(tmp_path, "PATHS = []\n")
    written(tmp_path, f"--find-links {tmp_path / 'shop'}\nship\n", "requirements.txt")
    sources = copy_all("pc", tmp_path / "to", app)
    assert needed_sources(load_board("pc")) == sources
    kept = {path.name for path in (tmp_path / "to").iterdir()}
    assert {"wheels", "app", *(source.file for source in sources)} == kept
    assert ["builder-1.whl"] == [path.name for path in (tmp_path / "to" / "wheels").iterdir()]
    assert ["ship-1-py3-none-any.whl"] == [path.name for path in (tmp_path / "to" / "app").rglob("*.whl")]
    assert ["requirements.txt"] == [name for name, _ in asked]


@pytest.mark.long
def test_an_offline_machine_builds_the_same(hello: Plan, tmp_path: Path) -> None:
    """With that folder, an empty cache and no network interface: everything is compiled anew, to the same bytes."""
    filled = invoke("sources", "--to", tmp_path / "to")
    assert (0, []) == (filled.returncode, errors(filled))
    environment = {"FAPWS_SOURCES": str(tmp_path / "to"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    words = ("build-appliance", hello.app, "--offline", "--output", tmp_path / "out")
    done = invoke(*words, env=environment, before=["unshare", "--net"])
    assert (0, []) == (done.returncode, errors(done))
    assert [] == different(hello.output, tmp_path / "out")
