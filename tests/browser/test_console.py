"""The console as people see it: with a mouse, with the keyboard alone, with and without scripts, in light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.fetching.sources import unpacked
from fapws4.device import Client
from tests.browser.webdriver import Browser, running_browser
from tests.fapws4.console_side import NAMES, ROOT, SHOWN, House, house, new_device
from tests.fapws4.device_side import NAME, PASSWORD, DeviceSide
from tests.fapws4.root_side import CODE, bundle
from tests.http.conftest import Command

TAB, ENTER = "\ue004", "\ue007"
SAMPLES = "".join(f"{60 * minute} {20 + minute * 7 % 60} {120000 - 900 * (minute * 13 % 40)}\n" for minute in range(60))


@dataclass(frozen=True)
class Visit:
    """A person in front of a device's console."""

    browser: Browser
    side: DeviceSide
    start: str

    def open(self, path: str) -> None:
        """One of its pages."""
        self.browser.open(self.start + ROOT + path)

    def fill(self, **fields: str) -> None:
        """Types into the fields of these names, the first of each on the page."""
        for name, text in fields.items():
            self.browser.find(f"input[name={name}]").type(text)

    def press(self, button: str) -> None:
        """A button by what it says."""
        self.browser.press(f"//main//button[.='{button}']")

    def log_in(self, name: str = NAME) -> None:
        """As that user."""
        self.open("/login")
        self.fill(name=name, password=PASSWORD)
        self.press("Log in")
        self.browser.find("//h1[.='Status']")

    def log_in_in_french(self) -> None:
        """The language is chosen by a button that is on each page."""
        self.open("/login")
        self.browser.press("//button[.='Français']")
        self.browser.find("//h1[.='Se connecter']")
        self.fill(name=NAME, password=PASSWORD)
        self.press("Se connecter")
        self.browser.find("//h1[.='État']")

    def sees(self, text: str) -> None:
        """A note with that text, as soon as it is there."""
        self.browser.find(f'//main//p[contains(@class, "note") and contains(., "{text}")]')


@pytest.fixture(scope="module")
def home(command: Command, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A device that is lived with, for all tests of this file."""
    with house(command, tmp_path_factory.mktemp("console")) as found:
        found.side.samples = SAMPLES
        yield found


def watched(browser: Browser, start: str) -> Iterator[None]:
    """Nothing may come to the browser's console but that something was refused, and nobody but the device may be asked."""
    browser.forget()
    yield
    complaints, asked = browser.complaints(), browser.requests()
    browser.emulate()
    browser.scripts(on=True)
    browser.open("about:blank")
    assert [] == [text for text in complaints if "the server responded with a status of 4" not in text]
    assert [] != asked
    assert [] == [url for url in asked if not url.startswith((f"{start}/", "data:"))]


@pytest.fixture
def visit(window: Browser, home: House) -> Iterator[Visit]:
    """Somebody who has not logged in yet."""
    start = f"http://127.0.0.1:{home.server.address[1]}"
    for _ in watched(window, start):
        yield Visit(window, home.side, start)


@pytest.fixture
def first_visit(window: Browser, command: Command, tmp_path: Path) -> Iterator[Visit]:
    """Of a device that nobody owns yet."""
    with new_device(command, tmp_path) as (side, server):
        start = f"http://127.0.0.1:{server.address[1]}"
        for _ in watched(window, start):
            yield Visit(window, side, start)


# What axe looks at in each scheme: in the dark only the rules about colours, since all else is the same page.
RULES = {"light": "{}", "dark": "{runOnly: ['color-contrast', 'link-in-text-block']}"}


def hindrances(browser: Browser, scheme: str) -> list[str]:
    """What axe finds on the page that keeps people from using it."""
    library = (unpacked("axe-core") / "axe.min.js").read_text()
    found = browser.result(f"{library}\naxe.run({RULES[scheme]}).then(arguments[arguments.length - 1])")
    return [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found["violations"]
            if each["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("scheme", RULES)
def test_nothing_hinders_people(visit: Visit, scheme: str) -> None:
    """No page has what axe calls serious or critical, in light and in dark."""
    visit.browser.emulate(prefers_color_scheme=scheme)
    visit.open("/login")
    found = {"/login": hindrances(visit.browser, scheme)}
    visit.log_in()
    for path in SHOWN:
        visit.open(path)
        visit.browser.result("document.querySelectorAll('details').forEach(each => { each.open = true; }); arguments[0]()")
        found[path] = hindrances(visit.browser, scheme)
    assert {path: [] for path in found} == found


def test_no_page_is_wider_than_a_telephone(visit: Visit) -> None:
    """Of 320 pixels, which is also what a large screen has left at 400 % (WCAG 2.2, 1.4.10); in French, which is longer."""
    visit.browser.narrow(320)
    visit.log_in_in_french()
    found = {}
    for path in SHOWN:
        visit.open(path)
        found[path] = visit.browser.result(
            "document.querySelectorAll('details').forEach(each => { each.open = true; });"
            "const page = document.documentElement; arguments[0](page.scrollWidth - page.clientWidth)")
    assert dict.fromkeys(found, 0) == found


def test_the_first_boot_with_the_keyboard_alone(first_visit: Visit) -> None:
    """From the claim code to the first page; the first stop is the way past the navigation."""
    first_visit.open("/")
    assert "Welcome" == first_visit.browser.find("h1").text()
    first_visit.browser.find("body").type(TAB)
    assert "To the content" == first_visit.browser.active().text()
    first_visit.browser.active().type(ENTER)
    for text in (CODE, "eve", PASSWORD, PASSWORD):
        first_visit.browser.active().type(TAB)
        first_visit.browser.active().type(text)
    first_visit.browser.active().type(ENTER)
    first_visit.browser.find("//h1[.='Status']")
    assert "eve" == first_visit.browser.find(".account a").text()


def test_an_update(visit: Visit, tmp_path: Path) -> None:
    """It is sent with its progress shown; the outcome takes the place of the form; a refusal is in the updater's words."""
    file = tmp_path / "meter.update"
    file.write_bytes(bundle())
    visit.log_in(NAMES["operator"])
    for refusal, said in (("it is for <another> board", "it is for <another> board"), ("", "Version 2.0 is installed.")):
        visit.side.refusals = {"head": refusal} if refusal else {}
        visit.open("/update")
        visit.fill(bundle=str(file))
        visit.press("Send it to the device")
        visit.sees(said)
    assert "Waiting for the device." == visit.browser.find("[data-return]").text()


def test_why_the_old_version_is_back(visit: Visit) -> None:
    """A version that has failed says so where one looks."""
    before = visit.side.status
    visit.side.status += "failed version 2.0: no answer of the app\n"
    visit.log_in()
    visit.sees("A new version has failed, and the old one is back: version 2.0: no answer of the app")
    visit.open("/update")
    assert "no answer of the app" in visit.browser.find("[role=alert]").text()
    visit.side.status = before


def test_a_change_of_the_network(visit: Visit) -> None:
    """It counts down, with the new address to go to; when nobody keeps it, the page says that the old settings are back."""
    visit.log_in()
    visit.open("/network")
    visit.browser.find("select[name=v4]").type("the one below")
    visit.fill(address4="192.168.9.9/24")
    visit.press("Try these settings")
    visit.sees("The new settings are being tried.")
    visit.browser.find("svg.qr path")
    visit.browser.find("//span[@data-countdown and . < 120]")
    visit.browser.find("//a[.='On to keeping them']").click()
    visit.press("Keep these settings")
    visit.sees("These settings are kept.")


def test_the_log_as_it_goes_on(visit: Visit) -> None:
    """A line is on the page as soon as it is said, as text; a filter keeps the others away."""
    visit.log_in(NAMES["viewer"])
    visit.open("/logs")
    visit.fill(contains="meter")
    visit.press("Filter")
    visit.browser.find("//input[@name='contains' and @value='meter']")
    visit.browser.find("//pre[@data-live]")
    visit.side.say("app: pump 7")
    visit.side.say("app: meter <b>7</b>")
    visit.browser.find("//pre[contains(., 'app: meter <b>7</b>')]")
    assert "pump 7" not in visit.browser.find("pre").text()


def test_two_browsers_at_once(visit: Visit, home: House) -> None:
    """Each has a session of its own; one ends that of the other, who is led to the login."""
    visit.log_in()
    with running_browser() as browser:
        other = Visit(browser, visit.side, visit.start)
        Client(home.sessions["admin"]).users_add("zoe", "operator", PASSWORD, PASSWORD)
        other.log_in("zoe")
        visit.open("/account")
        visit.browser.press("//tr[th='zoe']//button")
        visit.sees("The session has ended.")
        other.open("/network")
        assert "Log in" == browser.find("h1").text()
    visit.open("/network")
    assert "Network" == visit.browser.find("h1").text()


def test_french(visit: Visit) -> None:
    """By a button on each page; it stays so."""
    visit.log_in_in_french()
    visit.open("/network")
    visit.browser.find("//h1[.='Réseau']")


def test_without_scripts(first_visit: Visit, tmp_path: Path) -> None:
    """The core tasks: first boot, login, network, update, restart, logout."""
    first_visit.browser.scripts(on=False)
    first_visit.open("/")
    first_visit.fill(code=CODE, name="eve", password=PASSWORD, again=PASSWORD)
    first_visit.press("Make this administrator")
    first_visit.browser.find("//h1[.='Status']")
    first_visit.browser.find("//button[.='Log out']").click()
    first_visit.fill(name="eve", password=PASSWORD)
    first_visit.press("Log in")
    first_visit.browser.find("//a[.='Network']").click()
    first_visit.press("Try these settings")
    first_visit.browser.find("//a[.='On to keeping them']").click()
    first_visit.press("Back to those from before")
    first_visit.sees("The settings from before are back.")
    file = tmp_path / "meter.update"
    file.write_bytes(bundle())
    first_visit.browser.find("//a[.='Update']").click()
    first_visit.fill(bundle=str(file))
    first_visit.press("Send it to the device")
    first_visit.sees("Version 2.0 is installed.")
    first_visit.browser.find("//a[.='Restart and reset']").click()
    first_visit.press("Restart the device")
    first_visit.sees("The device restarts.")
    assert "restart" in first_visit.side.orders
