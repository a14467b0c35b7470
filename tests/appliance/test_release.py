"""What an image says of its version: from the project and from options, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.build import make_plan
from appliance.imaging.keys import KeySet
from appliance.imaging.release import NO_UPDATES, Release, release_of
from tests.appliance.cases import problem

KEY = "11" * 32


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The path of an app with keys.txt beside it."""
    (tmp_path / "keys.txt").write_text(f"key {KEY}\n")
    return tmp_path / "meter.py"


def project(app: Path, text: str) -> None:
    """Its pyproject.toml."""
    (app.parent / "pyproject.toml").write_text(f"[tool.fapws4]\n{text}\n")


def test_without_keys_no_update_is_accepted(app: Path) -> None:
    """An app that says nothing gets an image that trusts nobody."""
    assert NO_UPDATES == release_of(app, "0")


def test_the_project_says_it_and_options_go_before_it(app: Path) -> None:
    """Keys and counter may stand in pyproject.toml; a counter from CI goes before that of the file."""
    project(app, 'keys = "keys.txt"\ncounter = 7\ndata_version = 2\nsettings = "conf/now"')
    keys = KeySet(1, (bytes.fromhex(KEY),))
    assert Release(7, 2, "conf/now", keys) == release_of(app, "1.0")
    assert Release(8, 2, "conf/now", keys) == release_of(app, "1.0", counter=8)


def test_usb_sticks(app: Path) -> None:
    """Asked before unless the project says otherwise; another word is refused."""
    project(app, 'keys = "keys.txt"\ncounter = 7')
    assert "ask" == release_of(app, "1.0").usb_update
    project(app, 'keys = "keys.txt"\ncounter = 7\nusb_update = "auto"')
    assert "auto" == release_of(app, "1.0").usb_update
    project(app, 'usb_update = "off"')
    assert Release(usb_update="off") == release_of(app, "1.0")
    project(app, 'usb_update = "yes"')
    assert problem(lambda: release_of(app, "1.0")).endswith("is 'yes': it is one of ask, auto, off")


def test_keys_need_a_counter(app: Path) -> None:
    """The Problem says where to get one."""
    said = problem(lambda: release_of(app, "1.0", str(app.parent / "keys.txt")))
    assert said.startswith("an image that accepts updates needs a counter, which grows with every release: --counter N, or ")


def test_a_counter_needs_keys(app: Path) -> None:
    """Whoever gives a counter expects updates, so that lacking keys are told."""
    assert problem(lambda: release_of(app, "1.0", counter=3)).startswith("a counter (3) without keys: ")


@pytest.mark.parametrize(("counter", "version", "name", "said"), [
    (-1, "1", "meter.py", "the counter -1 is not a number from 0 to"),
    (1 << 63, "1", "meter.py", "is not a number from 0 to"),
    (1, "one two", "meter.py", "VERSION of meter.py is 'one two', which a device cannot compare or show"),
    (1, "1" * 64, "meter.py", "VERSION of meter.py"),
    (1, "1", "mètre.py", "mètre.py cannot be updated under this name"),
])
def test_what_a_device_could_not_read_is_refused(app: Path, counter: int, version: str, name: str, said: str) -> None:
    """Numbers and texts that the device's strict reader refuses are refused when the image is made."""
    assert said in problem(lambda: release_of(app.with_name(name), version, str(app.parent / "keys.txt"), counter))


@pytest.mark.parametrize(("line", "said"), [
    ('VERSION = "one two"', "VERSION of meter.py is 'one two', which a device cannot compare or show"),
    ('VERSION = "1\\nusb_update=auto"', "VERSION of meter.py"), ('HEALTH = "well"', "HEALTH of meter.py is 'well'"),
    ('HEALTH = "/well?deeply=1"', "which a device cannot ask for: let it be a path like /health"),
    (f'HEALTH = "/{"x" * 127}"', "HEALTH of meter.py"), ('HEALTH = "/well\\nusb_update=auto"', "HEALTH of meter.py")])
def test_what_a_device_would_pass_over_is_refused_for_images(app: Path, line: str, said: str) -> None:
    """Also for those that accept no updates; programs for other machines may say what they like."""
    app.write_text(f"{line}\nPATHS = []\n")
    assert said in problem(lambda: make_plan(str(app), "pc", "", 0, False))
    assert said in problem(lambda: make_plan(str(app), "pc", "", 0, False, formats=(), for_device=True))
    assert make_plan(str(app), "pc", "", 0, False, formats=()).app == app


def test_a_health_that_a_device_can_ask_for(app: Path) -> None:
    """As long as it may be."""
    app.write_text(f'HEALTH = "/a-b_c.d~e/%20{"x" * 113}"\nPATHS = []\n')
    assert 127 == len(make_plan(str(app), "pc", "", 0, False).release.health)


def test_what_is_converted_must_be_put_back(app: Path) -> None:
    """A version whose data differ needs a settings folder where it may be an update; elsewhere nobody goes back."""
    project(app, 'keys = "keys.txt"\ncounter = 7\ndata_version = 2')
    said = problem(lambda: release_of(app, "1"))
    assert said.startswith("data_version = 2 of ")
    assert said.endswith('say settings = "FOLDER"')
    project(app, "data_version = 2")
    assert Release(0, 2) == release_of(app, "1")


@pytest.mark.parametrize("folder", ["../x", "/x", "a//b", "a/", ".hidden", "a b", "x" * 64])
def test_settings_outside_of_the_data_are_refused(app: Path, folder: str) -> None:
    """Only a folder below the app's own is put back on fall-back."""
    project(app, f'settings = "{folder}"')
    assert "is not a folder below the app's data" in problem(lambda: release_of(app, "1"))
