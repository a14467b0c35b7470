"""Programs that are missing: installed by root on Debian, otherwise named in one command."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.fetching import preflight
from appliance.fetching.preflight import require
from tests.appliance.cases import problem

NEEDED = {"sh": "dash", "no-such-program": "its-package", "/no/such/*": "another", "no-such-thing": "its-package"}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would be run."""
    commands: list[list[str]] = []
    monkeypatch.setattr(preflight, "run", lambda command, **options: commands.append(list(command)))
    return commands


def test_nothing_is_done_when_all_is_there(installed: list[list[str]]) -> None:
    """No command is run."""
    require({"sh": "dash", "/dev/null": "x", "/*/nul*": "x"}, "building")
    assert [] == installed


def test_a_user_is_told_one_command(installed: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not root gets the one command to type, and nothing else happens."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    said = "building needs programs that are not here: type: sudo apt-get install another its-package"
    assert (said, []) == (problem(lambda: require(NEEDED, "building")), installed)


def test_root_without_apt_is_told_too(
    installed: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where there is no apt-get nothing is tried."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert problem(lambda: require(NEEDED, "building")).endswith("type: apt-get install another dash its-package")
    assert [] == installed


def test_root_on_debian_gets_them(installed: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly the missing packages are installed, each once."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name: name if name in ("sh", "apt-get") else None)
    require(NEEDED, "building")
    assert [["apt-get", "install", "-qq", "-y", "--no-install-recommends", "another", "its-package"]] == installed
