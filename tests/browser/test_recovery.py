"""The device's own pages as a person sees them; the root side behind them is played by the test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.webdriver import Browser
from tests.fapws4.root_side import CODE, RootSide, bundle, root_side
from tests.http.certificates import make_pair
from tests.http.conftest import Command, end_server, start_server

TAB = "\ue004"
ENTER = "\ue007"
TRIAL = "version 2.0\nstate trial 590\nmissing an answer of the app\n"


@dataclass(frozen=True)
class Visit:
    """A person in front of a device's pages."""

    browser: Browser
    side: RootSide
    start: str

    def open(self, path: str) -> None:
        """One of its pages."""
        self.browser.open(self.start + path)


@pytest.fixture
def visit(window: Browser, command: Command, tmp_path: Path) -> Iterator[Visit]:
    """Nothing may come to the browser's console but that something was refused, and nobody but the device may have been
    asked."""
    with root_side() as side:
        server = start_server(command, tmp_path, None, "-m", "fapws4.recovery.pages", *make_pair(tmp_path, "device").words,
                              environment={"FAPWS_RUN": str(side.folder)})
        window.forget()
        start = f"https://127.0.0.1:{server.address[1]}"
        yield Visit(window, side, start)
        complaints, asked = window.complaints(), window.requests()
        window.emulate()
        window.open("about:blank")
        end_server(server)
    assert [] == [text for text in complaints if "the server responded with a status of 4" not in text]
    assert [] != asked
    assert [] == [url for url in asked if not url.startswith((f"{start}/", "data:"))]


def send(visit: Visit, file: Path, code: str = CODE, verify: bool = False) -> str:
    """Uploads a file, from the status page on; what the device says."""
    visit.open("/")
    visit.browser.find("//a[.='Update']").click()
    visit.browser.find("input[name=code]").type(code)
    visit.browser.find("input[type=file]").type(str(file))
    if verify:
        visit.browser.find("input[name=verify]").click()
    visit.browser.press("//button[.='Send it to the device']")
    return visit.browser.find(".note").text()


def test_an_update(visit: Visit, tmp_path: Path) -> None:
    """It is sent and the outcome is shown; the status reloads itself until the new version has proved itself."""
    file = tmp_path / "meter.update"
    file.write_bytes(bundle())
    assert send(visit, file).startswith("Version 2.0 is installed. The device restarts and tries it")
    assert 1 == len(visit.side.taken)
    visit.side.status = TRIAL
    visit.browser.press("//a[.='Status']")
    assert "590 s to prove itself" in visit.browser.find(".note").text()
    visit.side.status = "version 2.0\nstate confirmed\n"
    assert "confirmed" == visit.browser.find("//dt[.='State']/following::dd[1][.='confirmed']").text()
    assert 0 == visit.browser.count(".note")


def test_only_a_question(visit: Visit, tmp_path: Path) -> None:
    """Whether it would be accepted."""
    file = tmp_path / "meter.update"
    file.write_bytes(bundle())
    assert "This device would accept version 2.0. Nothing was written." == send(visit, file, verify=True)
    assert ["verify"] == visit.side.modes


def test_refusals(visit: Visit, tmp_path: Path) -> None:
    """In the device's own words, also when they come in the midst of a long file."""
    file = tmp_path / "meter.update"
    file.write_bytes(bundle() + bytes(20 << 20))
    assert "Refused: the claim code is wrong" == send(visit, file, "WRONG")
    visit.side.refusals = {"head": "it is for <another> board"}
    assert "Refused: it is for <another> board" == send(visit, file)
    visit.side.refusals = {}
    assert "Refused: there is more in this file than its manifest says" == send(visit, file)
    assert [] == visit.side.taken


def test_restart_and_reset_with_the_keyboard_alone(visit: Visit) -> None:
    """The first stop is the way past the navigation; every field says what it is for."""
    visit.open("/device")
    visit.browser.find("body").type(TAB)
    assert "To the content" == visit.browser.active().text()
    visit.browser.active().type(ENTER)
    visit.browser.active().type(TAB)
    assert "code" == visit.browser.active().value("name")
    visit.browser.active().type(CODE + ENTER)
    assert "The device restarts." in visit.browser.find(".note").text()
    assert ["restart"] == visit.side.orders
    visit.browser.find("//a[.='Back']").click()
    visit.browser.find("//h2[.='Factory reset']/following::input[@name='code']").type(CODE)
    visit.browser.find("//button[.='Erase all data']").click()  # the browser itself wants the box
    assert ["restart"] == visit.side.orders
    visit.browser.find("input[name=sure]").click()
    visit.browser.find("//button[.='Erase all data']").click()
    assert "erases all data" in visit.browser.find(".note").text()
    assert ["restart", "reset"] == visit.side.orders


def test_the_log_and_a_failed_version(visit: Visit) -> None:
    """Text as it is, also what looks like a tag."""
    visit.side.status += "failed version 2.0: no answer\n"
    visit.side.failed_log = "trial 5, version 2.0: no answer\nTraceback <module>\n"
    visit.open("/")
    assert "A new version has failed: version 2.0: no answer" in visit.browser.find("[role=alert]").text()
    visit.browser.find("//a[.='Log']").click()
    assert "fapws4: one line\n<b>another</b>" == visit.browser.find("pre").text()
    assert "Traceback <module>" in visit.browser.find("pre[aria-label='Log of the failed version']").text()


def test_light_and_dark(visit: Visit) -> None:
    """As the person prefers it; the style sheet is in force."""
    found = []
    for scheme in ("light", "dark"):
        visit.browser.emulate(prefers_color_scheme=scheme)
        visit.open("/device")
        found.append((visit.browser.find("h1").style("color"), visit.browser.find("button.grave").style("background-color")))
    assert [("rgba(0, 0, 0, 1)", "rgba(179, 38, 30, 1)"), ("rgba(255, 255, 255, 1)", "rgba(242, 184, 181, 1)")] == found
