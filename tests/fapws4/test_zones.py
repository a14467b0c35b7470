"""Time zones by name: from the table of a program, and from a host's database, which must be the same."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from appliance.packaging.timezones import zone_rules, zone_table
from fapws4.device import zones

DATABASE = str(files("tzdata").joinpath("zoneinfo"))


@pytest.fixture(autouse=True)
def _nothing_is_known() -> Iterator[None]:
    zones._rules.clear()
    yield
    zones._rules.clear()


def test_a_programs_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names in order, each with its rule; a name that is none has none."""
    monkeypatch.setattr(zones, "_TABLE", str(zone_table()))
    assert list(zone_rules()) == zones.names()
    assert ("CET-1CEST,M3.5.0,M10.5.0/3", "UTC0", "") == tuple(map(zones.rule, ("Europe/Vienna", "UTC", "../passwd")))


def test_a_host_reads_the_same_from_a_database() -> None:
    """Without what is there only for old programs."""
    assert zone_rules() == zones.read_database(DATABASE)


def test_a_host_finds_its_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The system's, or the package's."""
    monkeypatch.setattr(zones, "_TABLE", str(tmp_path / "absent"))
    assert "CET-1CEST,M3.5.0,M10.5.0/3" == zones.rule("Europe/Vienna")


def test_a_host_without_any(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is said what to install."""
    monkeypatch.setattr(zones, "_TABLE", str(tmp_path / "absent"))
    monkeypatch.setattr("os.path.isdir", lambda _path: False)
    with pytest.raises(LookupError, match="install tzdata"):
        zones.names()


def test_every_rule_is_one_that_pid_1_takes() -> None:
    """Name and rule fit, and have no character that an order must not have (core/init/settings.c)."""
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-/")
    for name, rule in zone_rules().items():
        assert (set(), set()) == (set(name) - allowed - {"_"}, set(rule) - allowed - set("<>,.:"))
        assert max(len(name), len(rule)) < 64
