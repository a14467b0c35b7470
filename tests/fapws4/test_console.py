"""The console, asked as browsers and programs ask; the manager is the real one, PID 1 behind it is played by the test."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from appliance.common.places import REPOSITORY
from fapws4.console.table import PAGES, PROGRAMS, ROUTES, Route
from fapws4.console.visit import NOBODY, ROLES, VIEWER
from fapws4.device import Client
from fapws4.device.calls import CALLS
from tests.fapws4.conftest import place_of
from tests.fapws4.console_side import NAMES, ROOT, House, Person, house, multipart, new_device
from tests.fapws4.device_side import NAME, PASSWORD
from tests.fapws4.root_side import CODE, bundle
from tests.http.certificates import make_pair
from tests.http.conftest import Command, end_server, start_server
from tests.http.wire import TIMEOUT

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
OWN = {"password": PASSWORD}

# A form of each route that takes one, such that it is done; in the order of the table each finds what those before it made.
FORMS: dict[str, dict[str, str]] = {
    "/claim": {"code": CODE, "name": "eve", "password": PASSWORD, "again": PASSWORD},
    "/login": {"name": NAME, "password": PASSWORD}, "/language": {"language": "fr", "back": "/login"},
    "/account/password": {"password": PASSWORD, "new_password": PASSWORD, "again": PASSWORD},
    "/account/revoke": {"id": "none"},
    "/network": {"name": "meter", "v4": "static", "address4": "192.168.9.9/24", "v6": "auto"},
    "/time": {"date": "2027-03-28", "hour": "14:05"}, "/time/zone": {"zone": "Europe/Paris"},
    "/users": {"name": "carl", "role": "viewer", "new_password": PASSWORD, **OWN},
    "/users/role": {"name": "carl", "role": "operator", **OWN},
    "/users/password": {"name": "carl", "new_password": PASSWORD, **OWN}, "/users/remove": {"name": "carl", **OWN},
    "/tokens": {"name": "logger", "role": "viewer", "days": "7", **OWN}, "/tokens/remove": {"name": "logger"},
    "/power/reset": {"sure": "on", **OWN}}

FOREIGN: tuple[dict[str, str], ...] = (
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"})

# What else a right request may be answered with than 200 or 303: the device played here has no such thing.
ELSE = {"/claim": 403, "/account/revoke": 404, "/certificate": 422, "/update": 400,
        "/backup/compare": 422, "/backup/restore": 422}


@pytest.fixture(scope="module")
def home(command: Command, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all tests of this file."""
    with house(command, tmp_path_factory.mktemp("console")) as found:
        yield found


def named(route: Route) -> str:
    """For reports."""
    return f"{route.method} {route.path}"


def below(role: str) -> str | None:
    """The role that is not enough; None where there is none."""
    return ROLES[ROLES.index(role) - 1] if ROLES.index(role) > ROLES.index(VIEWER) else None


def body_of(route: Route, csrf: str) -> tuple[bytes | None, dict[str, str]]:
    """What to send to a route of the pages."""
    if route.method == "GET":
        return None, {}
    if route.upload:
        name = "bundle" if route.path == "/update" else "backup"
        return multipart({"csrf": csrf, **OWN}, name, b""), {"Content_Type": "multipart/form-data; boundary=part-of-a-form"}
    return urlencode({"csrf": csrf, **FORMS.get(route.path, {})}).encode(), {}


# ---- the sweep: every route, every method, everybody ----


@pytest.mark.parametrize("path", ROUTES)
def test_only_the_methods_of_the_table(home: House, path: str) -> None:
    """All others are answered 405 with those that there are, to whomever."""
    for method in METHODS:
        if method not in ROUTES[path] and not (method == "HEAD" and "GET" in ROUTES[path]):
            answer = home.person("admin").ask(path, method)
            assert (405, True) == (answer.status, set(ROUTES[path]) <= set(answer.headers["allow"].split(", "))), method


@pytest.mark.parametrize("path", ROUTES)
def test_foreign_hosts_and_origins(home: House, path: str) -> None:
    """A name that is not the device's is answered 421, what other sites have sent 403; also with session and token."""
    before = list(home.side.orders)
    for method, route in ROUTES[path].items():
        person = home.program("admin") if route in PROGRAMS else home.person("admin")
        body, headers = body_of(route, "") if route in PAGES else (b"{}", {})
        assert 421 == person.ask(path, method, body, Host="device.evil.example", **headers).status
        for foreign in FOREIGN if method == "POST" else ():
            assert 403 == person.ask(path, method, body, **foreign, **headers).status, foreign
    assert before == home.side.orders


@pytest.mark.parametrize("route", PAGES, ids=named)
def test_pages_for_everybody(home: House, route: Route) -> None:
    """Nobody is led to the login, too little a role is refused, so is a form without the token of its session."""
    before = list(home.side.orders)
    if route.role != NOBODY:
        body, headers = body_of(route, "")
        answer = Person(home.server).ask(route.path, route.method, body, **headers)
        assert (303, True) == (answer.status, answer.headers["location"].startswith(f"{ROOT}/login"))
        assert 303 == Person(home.server, "0" * 64).ask(route.path, route.method, body, **headers).status
    least = below(route.role) if route.role != NOBODY else None
    if least:
        poor = home.person(least)
        body, headers = body_of(route, poor.csrf())
        assert 403 == poor.ask(route.path, route.method, body, **headers).status
    if route.method == "POST":
        for token in ("", "0" * 64, home.person("viewer").csrf()):
            person = home.person(route.role if route.role not in (NOBODY, VIEWER) else "admin")
            body, headers = body_of(route, token)
            assert 403 == person.ask(route.path, route.method, body, **headers).status, token
    assert before == home.side.orders


@pytest.mark.parametrize("route", PAGES, ids=named)
def test_pages_for_the_right_people(home: House, route: Route) -> None:
    """Each is shown, each form is done."""
    role = route.role if route.role != VIEWER else "viewer"
    if route.path in ("/logout", "/account/password"):  # which end sessions
        person = Person(home.server, Client().login(NAMES["viewer"], PASSWORD)["session"])
    else:
        person = home.person(role)
    if route.path == "/logs/stream":
        return  # has no end: test_the_log_as_it_goes_on
    if route.path == "/certificate" and route.method == "POST":
        answer = person.send(route.path, {"certificate": "x", "key": "y", **OWN})
    else:
        body, headers = body_of(route, person.csrf() if person.session else "")
        answer = person.ask(route.path, route.method, body, **headers)
    assert answer.status in (200, 303, ELSE.get(route.path)), answer.body
    assert "login" not in answer.headers.get("location", "") or route.role == NOBODY or route.path == "/logout"
    if route.path == "/account/password":
        home.sessions["viewer"] = Client().login(NAMES["viewer"], PASSWORD)["session"]


@pytest.mark.parametrize("route", PROGRAMS, ids=named)
def test_programs(home: House, route: Route) -> None:
    """No token 401, too little a role 403, a cookie is none; whoever may, is not refused for who it is."""
    body = None if route.method == "GET" else b"[]"
    if route.role != NOBODY:
        stranger = Person(home.server, headers={"Authorization": "Bearer x"})
        for nobody in (Person(home.server), home.person("admin"), stranger):
            answer = nobody.ask(route.path, route.method, body)
            assert (401, "Bearer") == (answer.status, answer.headers["www-authenticate"])
            assert "no-session" == json.loads(answer.body)["error"]
        least = below(route.role)
        if least:
            poor = home.program(least).ask(route.path, route.method, body)
            assert (403, "forbidden") == (poor.status, json.loads(poor.body)["error"])
    answer = home.program(route.role or "viewer").ask(route.path, route.method, body)
    assert answer.status in ((200,) if route.method == "GET" else (400, 422)), answer.body


def test_every_answer_is_locked_up(home: House) -> None:
    """Nothing is loaded from elsewhere, nothing inside a page is run, nobody frames it; only style and script are kept."""
    for path, person in (("/", home.person("viewer")), ("/login", Person(home.server)), ("/absent", Person(home.server)),
                         ("/style.css", Person(home.server)), ("/api/v1/status", home.program("viewer"))):
        answer = person.ask(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "nosniff" == answer.headers["x-content-type-options"]
        assert ("immutable" if path == "/style.css" else "no-store") in answer.headers["cache-control"]
        assert not re.search(rb"<script>|<style| style=| on\w+=|javascript:", answer.body)


# ---- the table ----


CHANGED = """import sys
from importlib.machinery import SourceFileLoader
_, name, old, new = sys.argv
read = SourceFileLoader.get_data
changed = lambda path, data: data.replace(old.encode(), new.encode()) if path.endswith(name) else data
SourceFileLoader.get_data = lambda self, path: changed(path, read(self, path))
import fapws4.console
"""


@pytest.mark.parametrize(("name", "old", "new", "said"), [
    ("pages/power.py", "def power(", "def stray(visit): ...\n\n\ndef power(",
     "fapws4.console.pages.power.stray must stand in the table of routes once"),
    ("device/calls.py", 'Call("logs.follow"', 'Call("logs.tail"', "differ in logs.follow"),
    ("device/calls.py", 'Call("update.begin", "operator"', 'Call("update.begin", "viewer"', "differ in update.begin"),
    ("console/table.py", "if call.name not in NOT_FOR_PROGRAMS)", 'if call.name not in {*NOT_FOR_PROGRAMS, "bill"})',
     "differ in bill"),
    ("console/table.py", '"GET", "/licences.txt"', '"GET", "/licences"', "GET /licences stands in the table of routes twice")])
def test_a_table_that_is_not_whole(tmp_path: Path, name: str, old: str, new: str, said: str) -> None:
    """It keeps the console from being imported, so that neither a page nor a call can be forgotten there."""
    done = subprocess.run([sys.executable, "-c", CHANGED, name, old, new], cwd=REPOSITORY, capture_output=True, text=True,
                          check=False, env={**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)})
    assert "ImportError: " in done.stderr
    assert said in done.stderr


def test_roles_of_calls() -> None:
    """None that nobody could have."""
    assert {call.role for call in CALLS.values()} <= set(ROLES)


# ---- who ----


def test_the_first_administrator(command: Command, tmp_path: Path) -> None:
    """With the code of the device; then its first page, as the one who has made it."""
    with new_device(command, tmp_path) as (_, server):
        person = Person(server)
        assert f"{ROOT}/claim" == person.ask("/login").headers["location"]
        for fields, said in (({"code": "WRONG"}, "The claim code is wrong."), ({"again": "other"}, "are not the same"),
                             ({"password": "short", "again": "short"}, "characters")):
            answer = person.send("/claim", {**FORMS["/claim"], **fields})
            assert (403, True) == (answer.status, said in answer.body.decode()), fields
        made = person.send("/claim", {**FORMS["/claim"], "code": f" {CODE.lower()} ".upper()})
        assert (303, f"{ROOT}/") == (made.status, made.headers["location"])
        cookie = made.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        person.session = re.findall(r"console=(\w+)", cookie)[0]
        assert "eve</a>" in person.page("/")
        assert f"{ROOT}/login" == person.ask("/claim").headers["location"]
        assert 403 == Person(server).send("/claim", FORMS["/claim"]).status


def test_login_and_logout(home: House) -> None:
    """A wrong password says so, the right one leads to where one was going; after the logout the session is none."""
    person = Person(home.server)
    there = person.ask("/network").headers["location"]
    assert f"{ROOT}/login?next=/network" == there
    assert 'value="/network"' in person.page("/login?next=/network")
    assert 'value="/"' in person.page("/login?next=//evil.example")
    wrong = person.send("/login", {"name": NAME, "password": "wrong"})
    assert (403, True) == (wrong.status, b"The name or the password is wrong." in wrong.body)
    right = person.send("/login", {"name": NAME, "password": PASSWORD, "next": "/network"})
    assert (303, f"{ROOT}/network") == (right.status, right.headers["location"])
    person.session = re.findall(r"console=(\w+)", right.headers["set-cookie"])[0]
    assert ">this one<" in person.page("/account")
    assert 303 == person.send("/logout").status
    assert 303 == person.ask("/").status


def test_https_has_a_cookie_for_this_host_only(command: Command, tmp_path: Path) -> None:
    """By the prefix that browsers know, and never in the clear."""
    with new_device(command, tmp_path) as (side, plain):
        side.claim()
        pair = make_pair(tmp_path, "device")
        server = start_server(command, tmp_path, REPOSITORY / "samples/console/console.py", *pair.words,
                              environment=side.environment)
        server.context = pair.context()
        try:
            answer = Person(server).send("/login", FORMS["/login"])
            assert re.fullmatch(r"__Host-console=\w+; Path=/; SameSite=Strict; Secure; HttpOnly", answer.headers["set-cookie"])
            assert "Secure" not in Person(plain).send("/login", FORMS["/login"]).headers["set-cookie"]
        finally:
            end_server(server)


def test_sessions_are_ended_from_elsewhere(home: House) -> None:
    """The list names the browser; the one that was ended is led to the login."""
    other = Person(home.server)
    answer = other.send("/login", {"name": NAMES["viewer"], "password": PASSWORD}, User_Agent="Browser of vera <1>")
    other.session = re.findall(r"console=(\w+)", answer.headers["set-cookie"])[0]
    listed = home.person("viewer").page("/account")
    assert "Browser of vera &lt;1&gt;" in listed
    row = listed[listed.index("Browser of vera &lt;1&gt;"):]
    ident = re.findall(r'name="id" value="([^"]+)"', row)[0]
    assert 303 == home.person("viewer").send("/account/revoke", {"id": ident}).status
    assert 303 == other.ask("/").status


def test_a_cookie_of_somebody_else(home: House) -> None:
    """One of the same name that another app at this host has set does not keep anybody from logging in."""
    foreign = Person(home.server, "x" * 200)
    assert 303 == foreign.ask("/").status
    assert 200 == foreign.ask("/login").status
    both = {"Cookie": f"console={'x' * 200}; console={home.sessions['viewer']}"}
    assert 200 == Person(home.server, headers=both).ask("/").status


# ---- what is said ----


def test_french(home: House) -> None:
    """By what the browser asks for, or by the cookie, which goes before it; each page whole."""
    viewer = home.person("viewer")
    page = viewer.page("/", Accept_Language="fr-CH, de;q=0.5")
    assert '<html lang="fr">' in page
    assert "<h1>État</h1>" in page
    chosen = viewer.send("/language", {"language": "fr", "back": "/network"})
    assert (f"{ROOT}/network", True) == (chosen.headers["location"], "language=fr;" in chosen.headers["set-cookie"])
    kept = Person(home.server).page("/login", Cookie="language=fr", Accept_Language="en")
    assert "<h1>Se connecter</h1>" in kept
    assert f"{ROOT}/" == viewer.send("/language", {"language": "xx", "back": "//evil"}).headers["location"]


def test_what_the_device_says_is_text(home: House) -> None:
    """Also what looks like markup: in the log, in the status, in a failed version."""
    home.side.say("app: <b>bold</b> & more")
    home.side.status += "failed version 9: <i>no answer</i>\n"
    page = home.person("viewer").page("/logs")
    assert "app: &lt;b&gt;bold&lt;/b&gt; &amp; more\n" in page
    page = home.person("viewer").page("/")
    assert "A new version has failed, and the old one is back: version 9: &lt;i&gt;no answer" in page


def test_a_machine_that_is_no_device(command: Command, tmp_path: Path) -> None:
    """The pages say so, for people and for programs."""
    server = start_server(command, tmp_path, REPOSITORY / "samples/console/console.py",
                          environment={"FAPWS_RUN": str(tmp_path)})
    try:
        answer = Person(server).ask("/login")
        assert (503, True) == (answer.status, b"no device of fapws4" in answer.body)
        assert 503 == Person(server).ask("/api/v1/status.public").status
    finally:
        end_server(server)


# ---- what is done ----


def test_a_change_of_the_network(home: House) -> None:
    """It is tried, with the new address as link and code; then kept, or taken back; or applied at once."""
    admin = home.person("admin")
    page = admin.send("/network", FORMS["/network"]).body.decode()
    host, port = place_of(home.server)
    assert f'href="http://192.168.9.9:{port}{ROOT}/network"' in page
    assert 'class="qr"' in page
    assert 'data-countdown="120"' in page
    tried = admin.page("/network")
    assert f'action="{ROOT}/network/keep"' in tried
    assert "network/keep" not in home.person("viewer").page("/network")
    assert "The settings from before are back." in admin.page(admin.send("/network/revert").headers["location"][len(ROOT):])
    admin.send("/network", FORMS["/network"])
    assert 303 == admin.send("/network/keep").status
    assert 'value="192.168.9.9/24"' in admin.page("/network")
    at_once = admin.send("/network", {"name": "meter", "v4": "dhcp", "v6": "auto", "now": "on"}).body.decode()
    assert "These settings are kept." in at_once
    words = [order.split(" ")[0] for order in home.side.orders if order.startswith("network")]
    assert ["network", "network-revert", "network", "network-keep", "network-now"] == words[-5:]
    assert host


@pytest.mark.parametrize(("changed", "said"), [
    ({"v4": "static", "address4": "10.0.2.300/24"}, "Fixed address (IPv4): 10.0.2.300/24 is no address"),
    ({"v4": "static", "address4": "10.0.2.3"}, "Fixed address (IPv4): with the length of the network, like 10.0.2.3/16"),
    ({"v4": "static", "address4": " "}, "Type the fixed address, too."),
    ({"v6": "static"}, "Type the fixed address, too."),
    ({"gateway6": "fe80::1/64"}, "Gateway (IPv6): an address alone"),
    ({"dns": "192.0.2.1 here"}, "DNS servers: here is no address"),
    ({"name": "a b"}, "Name: no blanks, commas or '=' in it"),
    ({"name": "n" * 64}, "Name: at most 63 characters")])
def test_settings_that_are_none(home: House, changed: dict[str, str], said: str) -> None:
    """They are refused by the name that the field has on the page, and nothing is tried."""
    before = list(home.side.orders)
    answer = home.person("admin").send("/network", {"name": "meter", "v4": "dhcp", "v6": "auto", **changed})
    assert (422, True) == (answer.status, said in answer.body.decode()), answer.body
    assert before == home.side.orders


def test_a_factory_reset_wants_the_tick_as_well(home: House) -> None:
    """Not only browsers look for it."""
    before = list(home.side.orders)
    answer = home.person("admin").send("/power/reset", OWN)
    assert (422, True) == (answer.status, b"Tick the box first" in answer.body)
    assert before == home.side.orders


def test_all_that_helps_to_find_a_fault(home: House) -> None:
    """A text, and called one."""
    for person, path in ((home.person("operator"), "/logs/bundle"), (home.program("operator"), "/api/v1/logs.bundle")):
        answer = person.ask(path)
        assert "text/plain; charset=utf-8" == answer.headers["content-type"]
        assert '-logs.txt"' in answer.headers["content-disposition"]
        assert answer.body.startswith(b"==== status ====\nproduct ")
        assert b"\n==== /proc/meminfo ====\nMemTotal:" in answer.body


def test_graphs_of_the_last_hour(home: House) -> None:
    """From what PID 1 has noted to now, at their minutes; the same as a table."""
    page = home.person("viewer").page("/")
    lines = re.findall(r'<polyline points="([^"]+)"', page)
    assert 2 == len(lines)
    for line in lines:
        points = [tuple(map(float, point.split(","))) for point in line.split(" ")]
        assert points == sorted(points, key=lambda point: point[0])
        assert 240.0 == points[-1][0]
        assert all(0 <= x <= 240 and 0 <= y <= 60 for x, y in points)
    assert '<th scope="row">0</th>' in page


def test_the_clock(home: House) -> None:
    """A time in UTC; one that is none is refused."""
    operator = home.person("operator")
    assert 303 == operator.send("/time", FORMS["/time"]).status
    assert f"clock {int(time.mktime((2027, 3, 28, 14, 5, 0, 0, 0, 0)) - time.timezone)}" in home.side.orders
    for hour in ("25:00", "x", "", "14:05:61"):
        assert 422 == operator.send("/time", {"date": "2027-03-28", "hour": hour}).status
    assert 422 == operator.send("/time", {"date": "2027-02-30", "hour": "12:00"}).status


def test_the_log_as_it_goes_on(home: House) -> None:
    """Each line that is not on the page is an event; of those with a filter only what has the text."""
    connection = http.client.HTTPConnection(*place_of(home.server), timeout=TIMEOUT)
    home.side.say("app: meter of before")
    page = home.person("viewer").page("/logs?contains=METER")
    assert "app: meter of before\n</pre>" in page
    since = re.search(r'data-since="(\d+)"', page)[1]  # type: ignore[index]
    home.side.say("app: meter 0")  # before the script has connected
    connection.request("GET", f"{ROOT}/logs/stream?since={since}&contains=meter",
                       headers={"Cookie": f"console={home.sessions['viewer']}"})
    response = connection.getresponse()
    assert "text/event-stream" == response.headers["content-type"]
    assert response.readline().startswith(b":")
    for number in (1, 2):
        home.side.say(f"app: pump {number}")
        home.side.say(f"app: meter {number}")
    found: list[bytes] = []
    while len(found) < 3:
        line = response.readline()
        found += [line] if line.startswith(b"data:") else []
    connection.close()
    assert [f"data: app: meter {number}\n".encode() for number in range(3)] == found


def test_who_has_made_the_certificate(home: House) -> None:
    """The device itself, which says so before the first line of PEM, or somebody else."""
    kept = home.side.data / ".fapws4" / "certificate.pem"
    given = kept.read_text()
    try:
        assert "Somebody has given the device this certificate." in home.person("viewer").page("/certificate")
        kept.write_text(f"Made by this device for meter\n{given}")
        assert "The device has made its certificate itself" in home.person("viewer").page("/certificate")
    finally:
        kept.write_text(given)


def test_a_log_longer_than_one_answer(home: House) -> None:
    """The page has its last lines, as many as it shows."""
    for number in range(3000):
        home.side.say(f"app: long {number}")
    lines = home.person("viewer").page("/logs?contains=long").partition("<pre")[2].partition(">")[2].split("</pre>")[0]
    assert [f"app: long {number}" for number in range(2000, 3000)] == lines.splitlines()


@pytest.mark.parametrize("since", ["", "-1", "x", "9" * 19, "\N{SUPERSCRIPT TWO}"])
def test_a_stream_from_nowhere(home: House, since: str) -> None:
    """It is refused, not begun anywhere."""
    answer = home.person("viewer").ask(f"/logs/stream?{urlencode({'since': since})}")
    assert (422, True) == (answer.status, b"The log has no such position." in answer.body)


def test_an_update_from_a_browser(home: House) -> None:
    """It is installed, or only looked at, or refused in the updater's own words."""
    operator = home.person("operator")
    data = bundle()
    assert b"This device would accept version 2.0" in operator.upload("/update", "bundle", data, {"verify": "on"}).body
    done = operator.upload("/update", "bundle", data)
    assert (200, True) == (done.status, b"Version 2.0 is installed." in done.body)
    assert ["verify", "parts"] == home.side.modes[-2:]
    home.side.refusals = {"head": "it is for <another> board"}
    refused = operator.upload("/update", "bundle", data)
    home.side.refusals = {}
    assert (422, True) == (refused.status, b"it is for &lt;another&gt; board" in refused.body)
    assert 422 == operator.upload("/update", "bundle", b"GIF89a" * 1000).status
    assert 400 == operator.upload("/update", "other", data).status


def test_the_bundle_of_logs_is_what_it_is_called(home: House) -> None:
    """A text, for people and for programs."""
    for answer in (home.person("operator").ask("/logs/bundle"), home.program("operator").ask("/api/v1/logs.bundle")):
        assert answer.headers["content-disposition"].endswith('-logs.txt"')
        assert "text/plain; charset=utf-8" == answer.headers["content-type"]
        assert "==== status ====" in answer.body.decode()


def test_a_form_of_many_fields(home: House) -> None:
    """They are not all kept until the file comes."""
    fields = {f"field{number}": "x" for number in range(100)}
    assert 413 == home.person("admin").upload("/backup/compare", "backup", b"", {**fields, **OWN}).status


def test_an_update_from_a_program(home: House) -> None:
    """The body is the bundle."""
    program = home.program("operator")
    answer = program.ask("/api/v1/update?mode=verify", "POST", bundle())
    assert {"outcome": "verified", "version": "2.0", "counter": "8"} == json.loads(answer.body)
    assert 422 == program.ask("/api/v1/update?mode=force", "POST", b"").status


def test_settings_go_into_a_file_and_back(home: House) -> None:
    """What would change is shown first; with a passphrase and by programs too."""
    admin = home.person("admin")
    backup = admin.send("/backup", {"passphrase": "all the secrets"})
    assert "attachment" in backup.headers["content-disposition"]
    fields = {"passphrase": "all the secrets", **OWN}
    assert b"Nothing would change." in admin.upload("/backup/compare", "backup", backup.body, fields).body
    Client(home.sessions["admin"]).users_add("zoe", "viewer", PASSWORD, PASSWORD)
    compared = admin.upload("/backup/compare", "backup", backup.body, fields)
    assert b"zoe" in compared.body
    assert b"/backup/restore" in compared.body
    assert b"The settings are restored." in admin.upload("/backup/restore", "backup", backup.body, fields).body
    assert "zoe" not in home.person("admin").page("/users")


def test_a_token_is_shown_once(home: House) -> None:
    """And opens the API until it is taken back."""
    admin = home.person("admin")
    page = admin.send("/tokens", {"name": "reader", "role": "viewer", "days": "", **OWN}).body.decode()
    token = re.findall(r"<pre [^>]*>([^<]+)</pre>", page)[0]
    assert token not in admin.page("/tokens")
    program = Person(home.server, headers={"Authorization": f"Bearer {token}"})
    assert "viewer" == json.loads(program.ask("/api/v1/whoami").body)["role"]
    assert 422 == admin.send("/tokens", {"name": "other", "role": "viewer", "days": "x", **OWN}).status
    admin.send("/tokens/remove", {"name": "reader"})
    assert 401 == program.ask("/api/v1/whoami").status


@pytest.mark.parametrize("body", [b"csrf=%zz", b"csrf=%", b"x" * 70000])
def test_malformed_forms(home: House, body: bytes) -> None:
    """They are refused, and nothing else happens."""
    assert home.person("admin").ask("/power/restart", "POST", body).status in (400, 413)


# ---- the description of the API ----


def test_the_api_is_as_its_description_says(home: House, tmp_path: Path) -> None:
    """schemathesis makes requests of all kinds from it, right ones and wrong ones. That what has the right form is also done
    cannot be asked for: there is no such time zone, or no such session."""
    host, port = place_of(home.server)
    command = ["schemathesis", "run", f"http://{host}:{port}{ROOT}/api/v1/openapi.json", "--max-examples=15", "--seed=1",
               "--workers=2", "--phases=examples,coverage,fuzzing", "--suppress-health-check=all", "--request-timeout=30",
               "--exclude-checks=positive_data_acceptance",
               "--generation-database=none", f"--header=Authorization: Bearer {home.tokens['admin']}"]
    done = subprocess.run([str(Path(sys.executable).parent / command[0]), *command[1:]], cwd=tmp_path, text=True,
                          capture_output=True, check=False)
    assert 0 == done.returncode, done.stdout[-6000:]
