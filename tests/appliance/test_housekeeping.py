"""What a project says of its devices' clock and log, and how devices are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.common.places import SOURCE_DATE_EPOCH
from appliance.fetching.recipes import Board
from appliance.imaging.housekeeping import Housekeeping
from appliance.imaging.image import device_member
from appliance.imaging.release import NO_UPDATES, Release, release_of
from tests.appliance.cases import problem


@pytest.fixture(autouse=True)
def _no_time_of_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


def said(folder: Path, text: str) -> Release:
    """What the project of an app says with this in its file."""
    (folder / "pyproject.toml").write_text(f"[tool.fapws4]\n{text}\n")
    return release_of(folder / "meter.py", "1.0")


def test_what_is_said_stands_in_the_image(tmp_path: Path, pc: Board) -> None:
    """Servers, the size of the log, and the time of the build."""
    release = said(tmp_path, 'ntp = ["192.0.2.1", "10.0.0.1"]\nlog_size = 128')
    assert Housekeeping(SOURCE_DATE_EPOCH, 128 << 10, ("192.0.2.1", "10.0.0.1")) == release.housekeeping
    lines = f"built={SOURCE_DATE_EPOCH}\nlog_size=131072\nntp=192.0.2.1,10.0.0.1\n".encode()
    assert lines in device_member("meter", "1.0", pc, release, "slot 0\n")
    assert said(tmp_path, "") == NO_UPDATES


@pytest.mark.parametrize(("environment", "built"), [
    ("1900000000", 1_900_000_000), ("5", SOURCE_DATE_EPOCH), ("", SOURCE_DATE_EPOCH)])
def test_the_time_of_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: str, built: int) -> None:
    """As everywhere in reproducible builds; never before fapws4 itself."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", environment)
    assert built == said(tmp_path, "").housekeeping.built


@pytest.mark.parametrize("environment", ["yesterday", "-5", "1e9", str(1 << 34)])
def test_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: str) -> None:
    """The Problem says what it is."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", environment)
    assert problem(lambda: said(tmp_path, "")).startswith(f"SOURCE_DATE_EPOCH is '{environment}' in the environment: ")


@pytest.mark.parametrize(("text", "fault"), [
    ('ntp = ["pool.ntp.org"]', "names 'pool.ntp.org': name time servers by IPv4 addresses"),
    ('ntp = ["224.0.1.1"]', "names 224.0.1.1, which is no host"),
    ('ntp = ["255.255.255.255"]', "names 255.255.255.255, which is no host"),
    ('ntp = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]', "names 4 servers: name 3 at most"),
    ("log_size = 15", "is 15 KiB: it is from 16 to 4096"),
    ("log_size = 4097", "is 4097 KiB: it is from 16 to 4096"),
])
def test_what_makes_no_sense(tmp_path: Path, text: str, fault: str) -> None:
    """The Problem says what it may be."""
    assert fault in problem(lambda: said(tmp_path, text))
