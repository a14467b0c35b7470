"""The console where a device really is: without a network at first, lied to, moved, asked by two at once, with little memory
and in 1970. Asked as a browser asks, from a laptop at the other end of its cable."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.emulating.emulate import Machine
from appliance.emulating.surroundings import Surroundings
from appliance.emulating.wire import wire_end
from appliance.fetching.recipes import Board
from tests.fapws4.console_side import ROOT, SHOWN
from tests.machine.consoles import FEW, PASSWORD, SMALL, Consoles
from tests.machine.disk import Disk
from tests.machine.laptop import Laptop, laptop_at
from tests.machine.servers import DhcpServer, Lease, honest, option, packed, serving
from tests.machine.test_network import BY_ITSELF, lies
from tests.machine.visitor import Visitor

FIRST = Lease(more=option(3, packed("10.1.0.1")) + option(6, packed("10.1.0.1")))
SECOND = Lease("10.2.0.20", "10.2.0.1", more=option(3, packed("10.2.0.1")))
TRIED = {"name": "", "v4": "static", "address4": "10.1.0.30/24", "gateway": "10.1.0.1", "v6": "auto"}
CLAIM = {"name": "ada", "password": PASSWORD, "again": PASSWORD}


@dataclass(frozen=True)
class Field:
    """A device, the laptop that its second card leads to, and who tells addresses there."""

    machine: Machine
    laptop: Laptop
    server: DhcpServer

    def visitor(self, host: str) -> Visitor:
        """Somebody at the laptop who has compared the fingerprint."""
        shown = next(found[1] for line in self.machine.console if (found := re.search(r"fapws4: certificate (\S+)", line)))
        return Visitor(self.laptop, host, shown)


@pytest.fixture
def field(consoles: Consoles, pc: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Field]:
    """Its first boot, by an empty battery; of its two cards one has a cable, to a network where nobody tells the truth."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    disk = Disk(consoles.image, tmp_path / "disk.img", pc)
    around = Surroundings(clock="1970-01-01T00:00:00", cable=False, wire="cable")
    with ExitStack() as until:
        laptop = until.enter_context(laptop_at(until.enter_context(wire_end("cable"))))
        laptop.have("169.254.7.7/16", "10.1.0.1/24")
        server, _ = until.enter_context(serving(laptop, lies, "fd00:1::"))
        machine = until.enter_context(
            Machine(disk.path, pc, firmware="bios", keep=True, around=around, extra=SMALL, echo=print))
        yield Field(machine, laptop, server)
    assert not [line for line in machine.console if re.search("segfault|has ended|Oops|panic", line)]


@pytest.mark.long
def test_a_console_in_the_field(field: Field, consoles: Consoles) -> None:
    """Its pages are there from the address of its own choice on, and the session that began there goes on through all that
    comes: a time that jumps, somebody else, another network, and the end of the app."""
    own = lied_to(field)
    ada = claimed(field, own)
    in_1970(ada)
    field.server.policy = honest(FIRST)
    field.machine.wait_for(r"address 10\.1\.0\.20 \(eth1\)")
    ada.host = ada.name = "10.1.0.20"
    two_at_once(field, ada)
    moved(field, ada)
    kept(ada)
    starved(field, ada)
    updated(field, ada, consoles.bundle)


def leave_little(visitor: Visitor) -> None:
    """Has the app take the rest of the memory."""
    with closing(visitor.connection()) as connection:
        connection.request("GET", f"/leave/{FEW}")
        assert int(connection.getresponse().read()) <= FEW * 1024


def lied_to(field: Field) -> str:
    """The address of its own choice, at which the app is."""
    own = field.machine.wait_for(r"address (169\.254\.\S+) \(eth1\)")[1]
    field.machine.wait_for(f"console answers at https://{re.escape(own)}/")
    leave_little(field.visitor(own))
    return own


def claimed(field: Field, own: str) -> Visitor:
    """By its link-local address of IPv6. Nothing that was a lie is on the page of the network."""
    code = next(found[1] for line in field.machine.console if (found := re.search(r"claim code (\S+)", line)))
    ada = field.visitor(BY_ITSELF)
    ada.enter("/claim", code=code, **CLAIM)
    page = ada.page("/network")
    assert re.search(r"eth0, [0-9a-f:]{17}: no cable<", page)
    assert re.search(r"eth1, [0-9a-f:]{17}: cable is in<", page)
    assert {own} == set(re.findall(r"<dd>(\d+\.\d+\.\d+\.\d+)", page))
    assert all(200 == ada.ask(path).status for path in SHOWN)
    return ada


def in_1970(ada: Visitor) -> None:
    """What the clock cannot say is not promised; set, it goes on by years under the session."""
    assert "The clock may be wrong" in ada.page("/time")
    week = {"name": "week", "role": "viewer", "days": "7", "password": PASSWORD}
    refused = ada.send("/tokens", week)
    assert (409, True) == (refused.status, b"set it first" in refused.body)
    assert 303 == ada.send("/time", {"date": "2031-05-04", "hour": "12:00"}).status
    page = ada.page("/time")
    assert ("2031-05-04" in page, "The clock may be wrong" in page) == (True, False)
    assert 200 == ada.send("/tokens", week).status


def two_at_once(field: Field, ada: Visitor) -> None:
    """Each sees all pages; settings of the network that one tries are on trial for the other, too, who takes them back."""
    otto = {"name": "otto", "role": "admin", "new_password": PASSWORD, "password": PASSWORD}
    assert 303 == ada.send("/users", otto).status
    other = field.visitor(ada.host)
    other.enter("/login", name="otto", password=PASSWORD)
    both = (ada, other)
    with ThreadPoolExecutor() as pool:
        answers = [pool.submit(person.ask, path) for path in SHOWN for person in both]
        assert {200} == {answer.result().status for answer in answers}
    assert 200 == ada.send("/network", TRIED).status
    field.machine.wait_for(r"address 10\.1\.0\.30 \(eth1\)")
    for person in both:
        person.host = person.name = "10.1.0.30"
        assert "Keep these settings" in person.page("/network")
    assert 303 == other.send("/network/revert").status
    field.machine.wait_for(r"address 10\.1\.0\.20 \(eth1\)")
    ada.host = ada.name = "10.1.0.20"
    assert "Try these settings" in ada.page("/network")


def moved(field: Field, ada: Visitor) -> None:
    """To another network. The name leads to the session; the log goes on where the page ended, which it showed before."""
    position = re.findall(r'data-since="(\d+)"', ada.page("/logs"))[0]
    field.machine.ask("set_link", name="wire", up=False)
    field.machine.wait_for("eth1: no cable")
    field.laptop.have("10.2.0.1/24")
    field.server.policy = honest(SECOND)
    field.machine.ask("set_link", name="wire", up=True)
    field.machine.wait_for(r"address 10\.2\.0\.20 \(eth1\)")
    ada.name = "console.local"
    ada.host = ".".join(map(str, field.laptop.resolve(ada.name, 1, False)))
    assert "10.2.0.20" == ada.host
    assert {"10.2.0.20", "10.2.0.1"} == set(re.findall(r"<dd>(\d+\.\d+\.\d+\.\d+)", ada.page("/network")))
    with closing(ada.connection()) as connection:
        connection.request("GET", f"{ROOT}/logs/stream?since={position}&contains=eth1",
                           headers={"Cookie": f"__Host-console={ada.session}"})
        said = events(connection.getresponse(), "address 10.2.0.20")
    assert "eth1: no cable" in said


def events(answer: http.client.HTTPResponse, last: str) -> str:
    """What comes, up to the event that has this text."""
    found = ""
    while last not in found:
        line = answer.readline()
        assert line, found
        found += line.decode()
    return found


def kept(ada: Visitor) -> None:
    """In a backup, and nothing that was asked until now was too much."""
    backup = ada.send("/backup", {"passphrase": "twelve monkeys"})
    assert 200 == backup.status
    own = {"password": PASSWORD, "passphrase": "twelve monkeys"}
    assert b"Nothing would change." in ada.upload("/backup/compare", "backup", backup.body, own).body
    assert [] == killed(ada)


def killed(ada: Visitor) -> list[str]:
    """What the kernel has said of those that it has ended, for want of memory, as the page of the log shows it."""
    return re.findall("Out of memory: Killed process.*", ada.page("/logs?contains=Killed"))


def starved(field: Field, ada: Visitor) -> None:
    """The app takes all memory: it is ended before all others, and comes back to a manager that has stayed."""
    with closing(ada.connection()) as connection:
        connection.request("GET", "/leave/-1")
        with pytest.raises((OSError, http.client.HTTPException)):
            connection.getresponse()
    field.machine.wait_for(r"console ended after \d+ s \(signal 9\)")
    field.machine.wait_for("listening on port 443")
    [said] = killed(ada)
    assert re.search(r" UID:1000 .* oom_score_adj:500$", said)


def updated(field: Field, ada: Visitor, bundle: Path) -> None:
    """With what memory there is."""
    leave_little(ada)
    answer = ada.upload("/update", "bundle", bundle.read_bytes())
    assert (200, True) == (answer.status, b"Version 2.0 is installed." in answer.body)
    field.machine.wait_for("console 2.0 on pc, slot b")
