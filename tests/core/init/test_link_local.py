"""An address of one's own choice (RFC 3927): looking, holding, defending and giving way; and the ARP messages for it."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable
from typing import Any

import pytest

MAC, OTHER = bytes.fromhex("525400123456"), bytes.fromhex("525400abcdef")
NEVER = 2**63 - 1


def packet(*, operation: int = 1, sender: bytes = OTHER, address: int = 0, target: int = 0) -> bytes:
    """An ARP message as it stands on the wire."""
    return struct.pack(">HHBBH6sI6xI", 1, 0x800, 6, 4, operation, sender, address, target)


class Neighbour:
    """An interface that looks for an address, a clock that only the test moves, and what others say."""

    def __init__(self, pure: Any) -> None:
        self.pure, self.lib, self.now = pure, pure.lib, 1_000_000
        self.local = pure.ffi.new("struct link_local *")
        self.lib.link_local_begin(self.local, MAC, self.lib.chosen_number, self.now)

    def due(self) -> int:
        """Moves the clock to the next thing to do, and does it."""
        self.now = max(self.now, self.local.due_ms)
        return int(self.lib.link_local_due(self.local, self.now))

    def hear(self, data: bytes) -> int:
        """What an ARP message leads to."""
        heard = self.pure.ffi.new("struct arp *")
        block = self.pure.exact(data)
        assert self.lib.arp_read(self.pure.ffi.cast("uint8_t *", block), len(data), heard)
        return int(self.lib.link_local_receive(self.local, heard, self.now))

    def message(self) -> bytes:
        """What it would send now."""
        out = self.pure.ffi.new("uint8_t[28]")
        self.lib.arp_write(self.pure.ffi.new("struct arp *", self.lib.link_local_message(self.local)), out)
        return bytes(out)

    def settle(self) -> None:
        """Three questions, and the address is its own."""
        assert [self.due() for _ in range(4)] == [self.lib.LINK_LOCAL_SEND] * 3 + [self.lib.LINK_LOCAL_GAINED]


@pytest.fixture
def neighbour(pure: Any, choose: Callable[[int], None]) -> Neighbour:
    """One that has not asked yet."""
    choose(0)
    return Neighbour(pure)


def test_it_asks_three_times_takes_the_address_and_says_so_twice(neighbour: Neighbour) -> None:
    """RFC 3927, sections 2.2.1 and 2.4: probes without a sender's address, then two announcements, two seconds apart."""
    began = neighbour.now
    address = neighbour.local.address
    assert ipaddress.IPv4Address("169.254.1.0") <= ipaddress.IPv4Address(address) <= ipaddress.IPv4Address("169.254.254.255")
    assert neighbour.due() == neighbour.lib.LINK_LOCAL_SEND
    assert neighbour.message() == packet(sender=MAC, target=address)
    assert [neighbour.due() for _ in range(2)] == [neighbour.lib.LINK_LOCAL_SEND] * 2
    assert neighbour.due() == neighbour.lib.LINK_LOCAL_GAINED
    assert neighbour.now - began == 2 * 1000 + 2000
    assert neighbour.message() == packet(sender=MAC, address=address, target=address)
    assert neighbour.due() == neighbour.lib.LINK_LOCAL_SEND
    assert neighbour.local.due_ms == NEVER


def test_nothing_is_done_before_its_time(neighbour: Neighbour) -> None:
    """Called too early, it waits."""
    neighbour.due()
    assert neighbour.lib.link_local_due(neighbour.local, neighbour.now + 999) == neighbour.lib.LINK_LOCAL_WAIT
    assert neighbour.lib.link_local_due(neighbour.local, neighbour.now + 1000) == neighbour.lib.LINK_LOCAL_SEND


def test_the_same_card_begins_with_the_same_address(pure: Any, neighbour: Neighbour) -> None:
    """A person who has noted the address finds the device there the next time."""
    assert Neighbour(pure).local.address == neighbour.local.address


@pytest.mark.parametrize("kind", ["answer", "claim", "probe"])
def test_an_address_of_somebody_else_is_left_to_him(neighbour: Neighbour, kind: str) -> None:
    """While it asks: an answer, a claim, or somebody who asks for the same address at the same time."""
    neighbour.due()
    wanted = neighbour.local.address
    data = {"answer": packet(operation=2, address=wanted), "claim": packet(address=wanted, target=wanted),
            "probe": packet(target=wanted)}[kind]
    assert neighbour.hear(data) == neighbour.lib.LINK_LOCAL_WAIT
    assert neighbour.local.address != wanted
    neighbour.settle()


@pytest.mark.parametrize("data", [packet(address=1, target=2), packet(sender=MAC, target=0), packet(operation=2)])
def test_what_others_say_to_each_other_is_nothing_to_it(neighbour: Neighbour, data: bytes) -> None:
    """Only its own address counts."""
    wanted = neighbour.local.address
    neighbour.due()
    assert neighbour.hear(data) == neighbour.lib.LINK_LOCAL_WAIT
    assert neighbour.hear(packet(sender=MAC, address=wanted)) == neighbour.lib.LINK_LOCAL_WAIT
    assert neighbour.local.address == wanted


def test_it_defends_its_address_once_and_then_gives_way(neighbour: Neighbour) -> None:
    """Section 2.5 (b): a second conflict within ten seconds, and another address is looked for."""
    neighbour.settle()
    address = neighbour.local.address
    rival = packet(address=address, target=address)
    assert neighbour.hear(rival) == neighbour.lib.LINK_LOCAL_SEND
    assert neighbour.message() == packet(sender=MAC, address=address, target=address)
    neighbour.now += 10_000
    assert neighbour.hear(rival) == neighbour.lib.LINK_LOCAL_SEND
    neighbour.now += 9_999
    assert neighbour.hear(rival) == neighbour.lib.LINK_LOCAL_LOST
    assert neighbour.local.address != address
    neighbour.settle()


def test_a_question_for_its_address_is_no_conflict(neighbour: Neighbour) -> None:
    """Once held, the kernel answers such questions, also those of somebody who is only probing."""
    neighbour.settle()
    assert neighbour.hear(packet(address=5, target=neighbour.local.address)) == neighbour.lib.LINK_LOCAL_WAIT
    assert neighbour.hear(packet(target=neighbour.local.address)) == neighbour.lib.LINK_LOCAL_WAIT


def test_on_a_wire_where_everything_is_taken_it_slows_down(neighbour: Neighbour) -> None:
    """Ten conflicts, then one try a minute: no storm, whatever sits at the other end."""
    seen = set()
    for _ in range(10):
        neighbour.due()
        seen.add(neighbour.local.address)
        neighbour.hear(packet(operation=2, address=neighbour.local.address))
    assert len(seen) == 10
    assert neighbour.local.due_ms - neighbour.now == 60_000


def test_it_ends_when_an_address_has_come(neighbour: Neighbour) -> None:
    """From then on it sends nothing, and hears nothing."""
    neighbour.settle()
    neighbour.lib.link_local_end(neighbour.local)
    assert neighbour.local.due_ms == NEVER
    assert neighbour.lib.link_local_due(neighbour.local, NEVER) == neighbour.lib.LINK_LOCAL_WAIT
    assert neighbour.hear(packet(address=neighbour.local.address)) == neighbour.lib.LINK_LOCAL_WAIT


STRANGE = {
    "nothing": b"",
    "short": packet()[:27],
    "RARP": packet(operation=3),
    "a strange operation": packet(operation=0x101),
    "no Ethernet": b"\0\6" + packet()[2:],
    "no IPv4": packet()[:2] + b"\x86\xdd" + packet()[4:],
    "longer hardware addresses": packet()[:4] + b"\x08" + packet()[5:],
    "the length of IPv6": packet()[:5] + b"\x10" + packet()[6:],
}


@pytest.mark.parametrize("data", STRANGE.values(), ids=STRANGE)
def test_other_messages_are_not_read(pure: Any, data: bytes) -> None:
    """Requests and replies about IPv4 over Ethernet, and nothing else."""
    heard = pure.ffi.new("struct arp *")
    block = pure.exact(data)
    assert not pure.lib.arp_read(pure.ffi.cast("uint8_t *", block), len(data), heard)


@pytest.mark.parametrize(("address", "answer"), [("169.254.0.0", True), ("169.254.255.255", True), ("169.253.255.255", False),
                                                 ("169.255.0.0", False), ("10.0.2.15", False), ("0.0.0.0", False)])
def test_which_addresses_are_link_local(pure: Any, address: str, answer: bool) -> None:
    """169.254.0.0/16."""
    assert pure.lib.link_local_is(int(ipaddress.IPv4Address(address))) == answer
