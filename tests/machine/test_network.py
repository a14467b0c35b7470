"""A device on a network that lies to it, on an honest one, and on another one after its cable was moved."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path

import pytest

from appliance.emulating.emulate import Machine
from appliance.emulating.surroundings import Surroundings
from appliance.emulating.wire import wire_end
from appliance.fetching.recipes import Board
from tests.machine.laptop import MAC, Laptop, laptop_at
from tests.machine.servers import (
    ACK,
    DECLINE,
    DISCOVER,
    NAK,
    OFFER,
    REQUEST,
    Lease,
    Request,
    Timekeeper,
    honest,
    option,
    packed,
    serving,
)
from tests.machine.time_server import TimeServer

A, AAAA = 1, 28
# What the kernel makes of the card's address 52:54:00:12:35:01 (RFC 4291, appendix A).
BY_ITSELF = "fe80::5054:ff:fe12:3501"
NOW = datetime(2031, 5, 4, 12, tzinfo=timezone.utc).timestamp()
FIRST = Lease(seconds=10, more=option(3, packed("9.9.9.9")) + option(6, packed("10.1.0.1") + packed("127.0.0.1"))
              + option(42, packed("10.1.0.2")))
SECOND = Lease("10.2.0.20", "10.2.0.1", more=option(3, packed("10.2.0.1")) + option(6, packed("10.2.0.1")))


def lies(request: Request) -> list[bytes]:
    """All that a server may say in place of the truth, none of which gives an address; then one good offer, that it takes back
    in as many ways when it is accepted."""
    if request.kind == DISCOVER:
        good = Lease().message(OFFER, request)
        spoilt = [good[:240], good[:243], good[:-1] + bytes([6, 250, 1]), good.replace(bytes([99, 130, 83, 99]), bytes(4)),
                  good[:-1] + option(52, bytes([3])) + bytes(1200) + b"\xff", good.ljust(1472, b"\xfe"), b"", b"\2",
                  Lease().message(OFFER, request, xid=b"else"), Lease().message(OFFER, request, mac=b"others")]
        spoilt += [Lease(address).message(OFFER, request) for address in (
            "10.1.0.0", "10.1.0.255", "127.0.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.0")]
        spoilt += [lease.message(OFFER, request) for lease in (Lease(server="0.0.0.0"), Lease(mask="0.255.0.0"))]
        return [*spoilt, good]
    refused = [Lease(server="10.1.0.66").message(kind, request) for kind in (ACK, NAK)]
    return [*refused, Lease(seconds=0).message(ACK, request), Lease("10.1.0.255").message(ACK, request),
            *[Lease().message(NAK, request)] * 50]


def lends_anothers(request: Request) -> list[bytes]:
    """A server that lends an address of the laptop's, which answers for it; who has missed that is asked to begin again."""
    lease = Lease("10.1.0.2", seconds=10)
    if request.kind == REQUEST and request.held == lease.address:
        return [lease.message(NAK, request)]
    return honest(lease)(request)


@pytest.fixture
def wired(
    hello_image: Path, pc: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Machine, Laptop]]:
    """A machine of which only the second card has a cable, and the laptop at its other end."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with ExitStack() as stack:
        laptop = stack.enter_context(laptop_at(stack.enter_context(wire_end("cable"))))
        around = Surroundings(cable=False, wire="cable")
        yield stack.enter_context(Machine(hello_image, pc, firmware="bios", around=around, echo=print)), laptop


def until_taken_back(heard: socket.socket, address: str) -> None:
    """Until the device has said that its name has this address no more (RFC 6762, section 10.1)."""
    while struct.pack(">2HIH", A, 1, 0, 4) + packed(address) not in heard.recv(2048):
        pass


def names_of(status: list[str], key: str) -> list[str]:
    """The values of all lines with this key."""
    return [line.partition(" ")[2] for line in status if line.startswith(f"{key} ")]


def test_a_device_finds_its_way_through_networks(wired: tuple[Machine, Laptop]) -> None:
    """Whatever a DHCP server says, the device is reached by the addresses that it has by itself, and declines what another
    has; of an honest one it takes what makes sense, asks the time server and renews its lease; and when its cable is moved,
    nothing of the old network is left. What its name stands for no more is taken back."""
    machine, laptop = wired
    laptop.have("169.254.7.7/16", "10.1.0.1/24", "10.1.0.2/24")
    with serving(laptop, lies, "fd00:1::") as (server, router):
        machine.wait_for("listening on port 80")
        assert laptop.get(BY_ITSELF) == "Hello World!!"
        own = machine.wait_for(r"address (169\.254\.\S+) \(eth1\)")[1]
        assert laptop.get(own) == "Hello World!!"
        assert laptop.resolve("hello.local", A, False) == packed(own)
        assert ipaddress.IPv6Address(laptop.resolve("hello.local", AAAA, True)) in (
            ipaddress.IPv6Address(BY_ITSELF), ipaddress.IPv6Address(BY_ITSELF.replace("fe80", "fd00:1")))

        with laptop.hear_names(six=True) as heard, contextlib.closing(Timekeeper(laptop, "10.1.0.2", TimeServer(NOW))):
            server.policy = lends_anothers
            server.wait_for(DECLINE, "0.0.0.0")
            machine.wait_for(rf"eth1: 10\.1\.0\.2 is the address of {MAC}, too")
            server.policy = honest(FIRST)
            machine.wait_for(r"address 10\.1\.0\.20 \(eth1\)")
            until_taken_back(heard, own)
            machine.wait_for(r"clock: 2031-05-04 12:\d\d:\d\d UTC, trusted sntp 10\.1\.0\.2")
        server.wait_for(REQUEST, "10.1.0.20")
        server.policy = honest(Lease(seconds=2**32 - 1, more=FIRST.more))
        server.wait_for(REQUEST, "10.1.0.20")
        status = laptop.status("10.1.0.20")
        assert {key: names_of(status, key) for key in ("address", "gateway", "dns", "ntp")} == {
            "address": ["10.1.0.20"], "gateway": [], "dns": ["10.1.0.1"], "ntp": ["10.1.0.2"]}
        assert sorted(names_of(status, "address6")) == ["fd00:1::5054:ff:fe12:3501", BY_ITSELF]

        machine.ask("set_link", name="wire", up=False)
        machine.wait_for("eth1: no cable")
        laptop.have("10.2.0.1/24")
        server.policy, router.prefix = honest(SECOND), "fd00:2::"
        with laptop.hear_names() as heard:
            machine.ask("set_link", name="wire", up=True)
            machine.wait_for(r"address 10\.2\.0\.20 \(eth1\)")
            while struct.pack(">2HIH", A, 0x8001, 120, 4) + packed("10.2.0.20") not in heard.recv(2048):
                pass
        machine.wait_for(r"hello answers at http://\[fd00:2::5054:ff:fe12:3501\]/")
        status = laptop.status("10.2.0.20")
        assert names_of(status, "address") == ["10.2.0.20"]
        assert sorted(names_of(status, "address6")) == ["fd00:2::5054:ff:fe12:3501", BY_ITSELF]
        assert laptop.get("fd00:2::5054:ff:fe12:3501") == "Hello World!!"
        with laptop.hear_names(six=True) as heard:
            machine.press_power_button()
            until_taken_back(heard, "10.2.0.20")
    assert not [line for line in machine.console if re.search("segfault|has ended|Oops|panic", line)]
