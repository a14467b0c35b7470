"""Where an app keeps its files."""

from __future__ import annotations

from pathlib import Path

import pytest

import fapws4
from fapws4 import data_folder


def test_beside_a_device_it_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below XDG_DATA_HOME, under the name of the module that asks; nobody else can read it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folder = fapws4.data_dir()
    assert tmp_path / "fapws4" / __name__.partition(".")[0] == folder
    assert (True, 0o700) == (folder.is_dir(), folder.stat().st_mode & 0o777)
    assert folder == fapws4.data_dir()


@pytest.mark.parametrize("value", ["", "data"])
def test_the_home_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Without XDG_DATA_HOME, and with one that is no full path, which its specification says to ignore."""
    monkeypatch.setenv("XDG_DATA_HOME", value)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path / ".local" / "share" / "fapws4" / "gadget" == fapws4.data_dir("gadget")


def test_on_a_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that init has mounted for the app."""
    monkeypatch.setattr(data_folder, "DEVICE", tmp_path)
    assert tmp_path == fapws4.data_dir("gadget")


@pytest.mark.parametrize("name", ["a/b", "..", "."])
def test_names_that_lead_elsewhere(name: str) -> None:
    """It is one folder's name."""
    with pytest.raises(ValueError, match="takes the name of a folder"):
        fapws4.data_dir(name)
