"""The console of a device, from its first boot on: in a browser, against the image on an emulated machine.

What each page does is shown on this machine (tests/fapws4/test_console.py, tests/browser/test_console.py); here is what only a
whole device can show. `invoke test --pictures` keeps the pictures that are taken on the way.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance.build import build, make_plan
from appliance.common.places import REPOSITORY
from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board
from appliance.imaging.keys import PrivateKey
from appliance.updating.bundle import make_bundle, write_bundle
from fapws4.console.table import PAGES
from tests.browser.webdriver import Browser, running_browser
from tests.machine.disk import Disk

KEY = PrivateKey(b"k" * 32)
PASSWORD = "analytical engine"
SAMPLE = REPOSITORY / "samples" / "console"

NO_SENSOR = """
import os

if os.path.isdir("/data/app"):  # on a device; where it is built, it is tried
    raise SystemExit("no sensor")
"""

# Files, what has no end, and what is shown only to who has not logged in.
NO_PAGES = ("/claim", "/login", "/logs/stream", "/logs/bundle")


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The image of the sample, and a bundle of a version of it that cannot start."""
    folder = tmp_path_factory.mktemp("releases")
    trusted = folder / "trusted.pub"
    trusted.write_text(f"threshold 1\nkey {KEY.public.hex()}\n")
    app = folder / "console.py"
    images = []
    for counter, more in ((1, ""), (2, NO_SENSOR)):
        app.write_text((SAMPLE / "console.py").read_text().replace('"1.0"', f'"{counter}.0"') + more)
        plan = make_plan(str(app), "pc", str(folder / str(counter)), 0, False, keys=str(trusted), counter=counter)
        build(plan)
        images.append(plan.image)
    write_bundle(make_bundle(images[1], [KEY]), folder / "console.update")
    return [images[0], folder / "console.update"]


def fill(browser: Browser, button: str, **fields: str) -> None:
    """Types into the fields of these names, and presses a button."""
    for name, text in fields.items():
        browser.find(f"input[name={name}]").type(text)
    browser.find(f"//main//button[.='{button}']").click()


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


def test_a_device_and_its_owner(releases: list[Path], pc: Board, tmp_path: Path) -> None:
    """The first administrator by the code on the screen; other settings of the network, which nobody keeps and which go back
    by themselves; each page meanwhile; an update that fails, and the old version, which says why; nobody else is asked."""
    image, bundle = releases
    disk = Disk(image, tmp_path / "disk.img", pc)
    with Machine(disk.path, pc, echo=print, firmware="bios", keep=True) as machine, running_browser() as browser:
        code = machine.wait_for(r"claim code (\S+)")[1]
        start = f"{machine.url().rstrip('/')}/device"
        assert start.startswith("https://")
        browser.open(start)
        fill(browser, "Make this administrator", code=code, name="ada", password=PASSWORD, again=PASSWORD)
        browser.find("//h1[.='Status']")

        browser.open(f"{start}/network")
        browser.find("select[name=v4]").type("the one below")
        fill(browser, "Try these settings", address4="10.0.2.15/24", gateway="10.0.2.2")
        browser.find("//*[@data-countdown]")
        keep_picture(browser, "network")

        for path in (route.path for route in PAGES if route.method == "GET" and "." not in route.path):
            if path not in NO_PAGES:
                browser.open(f"{start}{path}")
                assert 0 == browser.count("[role=alert]"), path
        put_settings_back(browser, start, tmp_path / "settings.backup")
        machine.wait_for("network: the old settings are back")
        browser.open(f"{start}/network")
        assert "dhcp" == browser.find("select[name=v4]").value("value")

        browser.open(f"{start}/update")
        fill(browser, "Send it to the device", bundle=str(bundle))
        browser.find("//p[contains(., 'Version 2.0 is installed.')]")
        machine.wait_for("console 2.0 on pc, slot b")
        machine.wait_for("the trial of version 2.0 has failed: ")
        machine.wait_for("console 1.0 on pc, slot a")
        machine.wait_for("answers at https")
        browser.open(f"{start}/login")
        fill(browser, "Log in", name="ada", password=PASSWORD)
        assert "version 2.0" in browser.find("//p[contains(., 'A new version has failed')]").text()
        keep_picture(browser, "status")
        asked = browser.requests()
    assert [] == [url for url in asked if not url.startswith((f"{start}/", start, "data:"))]
