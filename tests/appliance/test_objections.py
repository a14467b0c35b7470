"""What is asked of the system and not there: refused when the program could not start, else told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.freezing import objections
from appliance.freezing.analysis import Analysis, analyse
from appliance.packaging.building import Workplace
from appliance.packaging.installation import install
from appliance.packaging.packages import choose
from tests.appliance import parcels
from tests.appliance.cases import COMPILED, cache_with, problem, written

OPENS = b"import ctypes\nWATER = ctypes.CDLL('libwater.so.1')\n"
STARTS = b"import subprocess\ndef log():\n    subprocess.run(['git', 'log'])\n"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The notes."""
    said: list[str] = []
    monkeypatch.setattr(objections, "note", said.append)
    return said


def analysed(
    tmp_path: Path, place: Workplace, monkeypatch: pytest.MonkeyPatch, app: str, package: dict[str, bytes] | None = None
) -> Analysis:
    """What is found in an app that requires a package of these files."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_with(tmp_path / "cache", *COMPILED)))
    parcels.only_here(monkeypatch, tmp_path / "shop")
    if package:
        parcels.wheel(tmp_path / "shop", "ship", "1", package)
        written(tmp_path / "app", "ship\n", "requirements.txt")
    file = written(tmp_path / "app", f"{app}\nPATHS = []\n")
    return analyse(file, place.interpreter, install(choose(file), place))


def test_a_package_that_opens_a_library(tmp_path: Path, place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the app cannot be imported without, it is refused with the place, the library and the way out."""
    found = analysed(tmp_path, place, monkeypatch, "import ship", {"ship/__init__.py": b"from ship import hull\n",
                                                                   "ship/hull.py": OPENS})
    said = problem(lambda: objections.refuse(found))
    hull = f"{found.packages.site}/ship/hull.py:2"
    assert said.startswith(f"{hull}: libwater.so.1 is opened, and a static program opens no library: ")


@pytest.mark.parametrize("app", ["try:\n    import ship\nexcept OSError:\n    pass", "def f():\n    import ship\n    f()"])
def test_an_app_that_can_do_without(
    tmp_path: Path, place: Workplace, monkeypatch: pytest.MonkeyPatch, told: list[str], app: str
) -> None:
    """It is told only."""
    found = analysed(tmp_path, place, monkeypatch, app, {"ship.py": OPENS})
    objections.refuse(found)
    objections.tell(found)
    assert ["a static program cannot open libwater.so.1: see ship.py:2"] == told


def test_programs_are_told(
    tmp_path: Path, place: Workplace, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    """Each once, with all places, in the app and in packages; as the file stands now, whatever the analysis kept."""
    app = "import os, ship, subprocess\nship.log()\ndef f():\n    subprocess.run(['git'])\n"
    objections.tell(analysed(tmp_path, place, monkeypatch, app, {"ship.py": STARTS}))
    assert ["the device has no git: see page.py:4, ship.py:3"] == told
    again = written(tmp_path / "app", f"\n{app}    os.system('ls')\nPATHS = []\n")
    told.clear()
    objections.tell(analyse(again, place.interpreter, install(choose(again), place)))
    assert ["the device has no git: see page.py:5, ship.py:3", "the device has no shell: see page.py:6"] == told
