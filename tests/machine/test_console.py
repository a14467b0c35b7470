"""The console of a device, from its first boot on: in a browser, against the image on an emulated machine.

What each page does is shown on this machine (tests/fapws4/test_console.py, tests/browser/test_console.py); here is what only a
whole device can show. `invoke test --pictures` keeps the pictures that are taken on the way.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from appliance.common.places import REPOSITORY
from appliance.emulating.emulate import Machine
from appliance.emulating.surroundings import Surroundings
from appliance.fetching.recipes import Board
from tests.browser.webdriver import Browser, running_browser
from tests.fapws4.console_side import SHOWN
from tests.machine.consoles import FEW, PASSWORD, SMALL, Consoles
from tests.machine.disk import Disk

SAMPLE = REPOSITORY / "samples" / "console"


def fill(browser: Browser, button: str, **fields: str) -> None:
    """Types into the fields of these names, and presses a button."""
    for name, text in fields.items():
        browser.find(f"input[name={name}]").type(text)
    browser.press(f"//main//button[.='{button}']")


def keep_picture(browser: Browser, name: str) -> None:
    """What is shown, in light and dark, if somebody wants the pictures."""
    if "FAPWS_PICTURES" in os.environ:
        for scheme in ("light", "dark"):
            browser.emulate(prefers_color_scheme=scheme)
            SAMPLE.joinpath(f"{name}-{scheme}.png").write_bytes(browser.picture(1000, 720))
        browser.emulate()


BACKUP = """
const form = document.querySelector("main form"), done = arguments[0];
fetch(form.action, {method: "POST", body: new URLSearchParams(new FormData(form))})
    .then(answer => answer.bytes()).then(bytes => done([...bytes]));
"""


def put_settings_back(browser: Browser, start: str, file: Path) -> None:
    """The time zone as it was: kept in a backup, changed, seen as a difference, restored."""
    browser.open(f"{start}/time")
    fill(browser, "Set the time zone", zone="Europe/Paris")
    browser.open(f"{start}/backup")
    file.write_bytes(bytes(browser.result(BACKUP)))
    browser.open(f"{start}/time")
    browser.find("input[name=zone]").type("\ue009a\ue009\ue003")
    fill(browser, "Set the time zone", zone="Asia/Tokyo")
    browser.find("//dd[.='Asia/Tokyo']")
    for button, said in (("Show what would change", "//td[.='Asia/Tokyo']"),
                         ("Restore these settings", "//p[.='The settings are restored.']")):
        if button.startswith("Show"):
            browser.open(f"{start}/backup")
        fill(browser, button, password=PASSWORD, backup=str(file))
        browser.find(said)
    browser.open(f"{start}/time")
    browser.find("//dd[.='Europe/Paris']")


def test_a_device_and_its_owner(consoles: Consoles, pc: Board, tmp_path: Path) -> None:
    """By an empty battery and with little memory: the first administrator by the code on the screen; a restore; other
    settings of the network; each page; an update that fails, and the old version, which says why. Another browser sees it
    all in the log. The device is known by one certificate, and nobody else is asked."""
    disk = Disk(consoles.image, tmp_path / "disk.img", pc)
    around = Surroundings(clock="1970-01-01T00:00:00")
    with (Machine(disk.path, pc, echo=print, firmware="bios", keep=True, around=around, extra=SMALL) as machine,
          running_browser() as browser, running_browser() as other):
        start = place_of(machine)
        leave_little(machine)
        claim(machine, browser, start)
        browser.find("//p[starts-with(., 'The clock may be wrong')]")
        follow_the_log(other, start)
        put_settings_back(browser, start, tmp_path / "settings.backup")

        try_settings(browser, start)
        keep_picture(browser, "network")
        machine.wait_for("network: v4=10.0.2.15/24")
        browser.open(f"{start}/network")
        browser.press("//main//button[.='Keep these settings']")
        browser.find("//p[.='These settings are kept.']")
        other.find("//pre[@data-live and contains(., 'network: the new settings are kept')]")
        for path in SHOWN:
            browser.open(f"{start}{path}")
            assert 0 == browser.count("[role=alert]"), path

        browser.open(f"{start}/update")
        fill(browser, "Send it to the device", bundle=str(consoles.bundle))
        browser.find("//p[contains(., 'Version 2.0 is installed.')]")
        machine.wait_for("console 2.0 on pc, slot b")
        machine.wait_for("the trial of version 2.0 has failed: ")
        machine.wait_for("console 1.0 on pc, slot a")
        machine.wait_for("answers at https")
        browser.find("//h1[.='Log in']")  # the page has waited for the device
        fill(browser, "Log in", name="ada", password=PASSWORD)
        assert "version 2.0" in browser.find("//p[contains(., 'A new version has failed')]").text()
        keep_picture(browser, "status")
        asked = browser.requests() + other.requests()
    assert [] == [url for url in asked if not url.startswith((f"{start}/", start, "data:"))]
    assert not [line for line in machine.console if re.search("Out of memory|signal 9", line)]
    assert 1 == len({line for line in machine.console if line.startswith("fapws4: certificate ")})


@pytest.mark.long
def test_settings_that_nobody_keeps(consoles: Consoles, pc: Board) -> None:
    """The page counts down for two minutes, and shows the old ones when they are back."""
    with Machine(consoles.image, pc, echo=print, firmware="bios") as machine, running_browser() as browser:
        start = place_of(machine)
        claim(machine, browser, start)
        try_settings(browser, start)
        machine.wait_for("network: the old settings are back", 240)
        assert "dhcp" == browser.find("select[name=v4]").value("value")


def place_of(machine: Machine) -> str:
    """Where its console is, once it answers."""
    start = f"{machine.url().rstrip('/')}/device"
    assert start.startswith("https://")
    return start


def claim(machine: Machine, browser: Browser, start: str) -> None:
    """By who stands in front of it."""
    code = machine.wait_for(r"claim code (\S+)")[1]
    browser.open(start)
    fill(browser, "Make this administrator", code=code, name="ada", password=PASSWORD, again=PASSWORD)
    browser.find("//h1[.='Status']")


def try_settings(browser: Browser, start: str) -> None:
    """A fixed address, which is the one that DHCP has given."""
    browser.open(f"{start}/network")
    browser.find("select[name=v4]").type("the one below")
    fill(browser, "Try these settings", address4="10.0.2.15/24", gateway="10.0.2.2")
    browser.find("//*[@data-countdown]")


def leave_little(machine: Machine) -> None:
    """Has the app take the rest."""
    assert int(machine.get(f"/leave/{FEW}")[1]) <= FEW * 1024


def follow_the_log(browser: Browser, start: str) -> None:
    """In another browser, which has a session of its own."""
    browser.open(f"{start}/logs")
    fill(browser, "Log in", name="ada", password=PASSWORD)
    browser.find("//pre[@data-live]")
