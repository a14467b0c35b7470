"""A device and a laptop on one cable, without any server: addresses of their own choice, and a name for the device."""

from __future__ import annotations

import ipaddress
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from appliance.emulating.emulate import Machine
from appliance.emulating.surroundings import Surroundings
from appliance.emulating.wire import wire_end
from appliance.fetching.recipes import Board

LAPTOP_MAC, LAPTOP = bytes.fromhex("525400facade"), ipaddress.IPv4Address("169.254.7.7")
GROUP_MAC, GROUP = bytes.fromhex("01005e0000fb"), ipaddress.IPv4Address("224.0.0.251")
HELLO = b"\5hello\5local\0"
_PATIENCE = 120


class Laptop:
    """What is plugged into the other end: frames as they come, collected all the time, and frames of its own."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire
        self._frames: list[bytes] = []
        self._came = threading.Condition()
        threading.Thread(target=self._collect, daemon=True).start()

    def _collect(self) -> None:
        while frame := self._wire.recv(2048):
            with self._came:
                self._frames.append(frame)
                self._came.notify()

    def wait_for(self, part: bytes) -> bytes:
        """The next frame that has these bytes in it."""
        found: list[bytes] = []

        def look() -> bool:
            while self._frames and not found:
                found.extend(frame for frame in [self._frames.pop(0)] if part in frame)
            return bool(found)

        with self._came:
            assert self._came.wait_for(look, _PATIENCE)
        return found[0]

    def multicast(self, message: bytes, to: str) -> None:
        """A message of multicast DNS, in UDP, IPv4 and Ethernet, without the UDP checksum that IPv4 lets one leave out."""
        udp = struct.pack(">HHHH", 5353, 5353, 8 + len(message), 0) + message
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 255, 17, 0, LAPTOP.packed, GROUP.packed)
        total = sum(struct.unpack(">10H", head))
        total = (total & 0xFFFF) + (total >> 16)
        head = head[:10] + struct.pack(">H", ~total & 0xFFFF) + head[12:]
        self._wire.sendto(GROUP_MAC + LAPTOP_MAC + b"\x08\0" + head + udp, to)


@pytest.fixture
def wired(
    hello_image: Path, pc: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Machine, Laptop, str]]:
    """A machine whose second card is on a wire, what is at the other end, and where frames to the machine go."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with ExitStack() as stack:
        end = stack.enter_context(wire_end("cable"))
        wire = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        wire.bind(str(end.own))
        stack.callback(wire.shutdown, socket.SHUT_RD)
        around = Surroundings(wire="cable")
        machine = stack.enter_context(Machine(hello_image, pc, firmware="bios", around=around, echo=print))
        yield machine, Laptop(wire), str(end.other)


def test_a_device_on_a_laptops_cable_has_an_address_and_a_name(wired: tuple[Machine, Laptop, str]) -> None:
    """It takes an address once it has asked three times, answers for its name there, and leaves the name to who insists."""
    machine, laptop, device = wired
    machine.wait_for("answers at http://hello.local/")
    address = ipaddress.IPv4Address(machine.wait_for(r"address (169\.254\.\S+) \(eth1\)")[1])
    claimed = laptop.wait_for(b"\x08\x06\0\1\x08\0\6\4\0\1")
    assert claimed[28:32] == bytes(4), "it has asked before"
    laptop.wait_for(HELLO + b"\0\1\x80\1\0\0\0\x78\0\4" + address.packed)

    laptop.multicast(struct.pack(">HHHHHH", 0, 0, 1, 0, 0, 0) + HELLO + b"\0\1\0\1", device)
    answer = laptop.wait_for(b"\x84\0\0\0\0\1\0\0\0\0" + HELLO + b"\0\1\x80\1\0\0\0\x78\0\4" + address.packed)
    assert answer[:6] == GROUP_MAC

    insists = HELLO + b"\0\x1c\x80\1\0\0\0\x78\0\x10" + ipaddress.IPv6Address("fe80::ffff:ffff:ffff:ffff").packed
    laptop.multicast(struct.pack(">HHHHHH", 0, 0x8400, 0, 1, 0, 0) + insists, device)
    machine.wait_for("answers at http://hello-2.local/")
