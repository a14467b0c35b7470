"""An address that was given (RFC 5227): asked for before it is used, defended, and not taken from who has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.core.init.test_link_local import MAC, NEVER, OTHER, packet

ADDRESS, ELSEWHERE = 0x0A090014, 0x0A090015
THIRD = bytes.fromhex("525400111111")


class Host:
    """An interface with an address to claim, a clock that only the test moves, and what others say."""

    def __init__(self, pure: Any, yields: bool = False) -> None:
        self.pure, self.lib, self.now = pure, pure.lib, 1_000_000
        self.acd = pure.ffi.new("struct acd *")
        self.lib.acd_begin(self.acd, MAC, ADDRESS, yields, self.lib.chosen_number, self.now)

    def due(self) -> int:
        """Moves the clock to the next thing to do, and does it."""
        self.now = max(self.now, self.acd.due_ms)
        return int(self.lib.acd_due(self.acd, self.now))

    def hear(self, data: bytes) -> int:
        """What an ARP message leads to."""
        heard = self.pure.ffi.new("struct arp *")
        block = self.pure.exact(data)
        assert self.lib.arp_read(self.pure.ffi.cast("uint8_t *", block), len(data), heard)
        return int(self.lib.acd_receive(self.acd, heard, self.now))

    def message(self) -> bytes:
        """What it would send now."""
        out = self.pure.ffi.new("uint8_t[28]")
        self.lib.arp_write(self.pure.ffi.new("struct arp *", self.lib.acd_message(self.acd)), out)
        return bytes(out)

    def settle(self) -> None:
        """Three questions, and the address is its own."""
        assert [self.due() for _ in range(4)] == [self.lib.ACD_SEND] * 3 + [self.lib.ACD_GAINED]


@pytest.fixture
def host(pure: Any, choose: Callable[[int], None]) -> Host:
    """One with a fixed address that has not asked yet."""
    choose(0)
    return Host(pure)


@pytest.fixture
def guest(pure: Any, choose: Callable[[int], None]) -> Host:
    """One to which a DHCP server has lent its address, and that has not asked yet."""
    choose(0)
    return Host(pure, yields=True)


def test_it_asks_three_times_in_a_second_and_says_twice_that_it_has_it(host: Host) -> None:
    """Questions without a sender's address, then announcements two seconds apart."""
    began = host.now
    assert host.due() == host.lib.ACD_SEND
    assert host.message() == packet(sender=MAC, target=ADDRESS)
    assert [host.due(), host.due(), host.due()] == [host.lib.ACD_SEND, host.lib.ACD_SEND, host.lib.ACD_GAINED]
    assert host.now - began == 1000
    assert host.message() == packet(sender=MAC, address=ADDRESS, target=ADDRESS)
    held = host.now
    assert (host.due(), host.now - held) == (host.lib.ACD_SEND, 2000)
    assert host.acd.due_ms == NEVER


def test_nothing_is_done_before_its_time_or_without_an_address(host: Host) -> None:
    """Called too early, and when there is nothing to claim, it waits."""
    host.due()
    assert host.lib.acd_due(host.acd, host.now + 299) == host.lib.ACD_WAIT
    host.lib.acd_end(host.acd)
    assert (host.acd.due_ms, host.lib.acd_due(host.acd, NEVER)) == (NEVER, host.lib.ACD_WAIT)
    assert host.hear(packet(operation=2, address=0)) == host.lib.ACD_WAIT


CLAIMS = [
    packet(operation=2, address=ADDRESS, target=ADDRESS),
    packet(address=ADDRESS, target=ADDRESS),
    packet(address=ADDRESS, target=ELSEWHERE),
    packet(target=ADDRESS),
]


@pytest.mark.parametrize("said", CLAIMS)
def test_an_address_that_another_has_or_wants_is_not_taken(host: Host, said: bytes) -> None:
    """His answer, his announcement, his other messages, his own question: then it waits for about a minute, and asks anew."""
    host.due()
    assert host.hear(said) == host.lib.ACD_REFUSED
    assert bytes(host.acd.rival) == OTHER
    assert host.hear(said) == host.lib.ACD_WAIT
    refused = host.now
    host.settle()
    assert host.now - refused == 50_000 + 1000


def test_two_that_want_it_at_the_same_moment_ask_again_at_different_ones(host: Host, choose: Callable[[int], None]) -> None:
    """Chance moves the next question by up to twenty seconds."""
    host.due()
    choose(12_345)
    host.hear(packet(target=ADDRESS))
    assert host.acd.due_ms - host.now == 62_345


@pytest.mark.parametrize("said", [
    packet(sender=MAC, address=ADDRESS, target=ADDRESS),
    packet(sender=MAC, target=ADDRESS),
    packet(address=ELSEWHERE, target=ADDRESS),
    packet(target=ELSEWHERE),
    packet(operation=2, address=ELSEWHERE, target=ADDRESS),
])
def test_what_does_not_claim_the_address_does_not_matter(host: Host, said: bytes) -> None:
    """What it has sent itself, who looks for it, and who wants another one."""
    host.due()
    assert host.hear(said) == host.lib.ACD_WAIT
    assert host.acd.state == host.lib.ACD_PROBING


def test_an_address_in_use_is_defended_and_never_given_up(host: Host) -> None:
    """At once, and then not more often than every ten seconds, whoever uses it and however often."""
    host.settle()
    acts = []
    for second in range(25):
        acts += [second] if host.hear(packet(sender=THIRD, address=ADDRESS)) == host.lib.ACD_DEFENDED else []
        host.now += 1000
    assert acts == [0, 10, 20]
    assert (host.acd.state, bytes(host.acd.rival)) == (host.lib.ACD_HELD, THIRD)


def test_who_only_asks_for_an_address_in_use_is_no_rival(host: Host) -> None:
    """The kernel answers him."""
    host.settle()
    assert host.hear(packet(target=ADDRESS)) == host.lib.ACD_WAIT


@pytest.mark.parametrize("said", CLAIMS)
def test_a_lent_address_that_another_has_is_given_back(guest: Host, said: bytes) -> None:
    """At once and for good: the server has others."""
    guest.due()
    assert guest.hear(said) == guest.lib.ACD_REFUSED
    assert (bytes(guest.acd.rival), guest.acd.due_ms, guest.hear(said)) == (OTHER, NEVER, guest.lib.ACD_WAIT)


@pytest.mark.parametrize(("pause", "act"), [(9_999, "ACD_LOST"), (10_000, "ACD_DEFENDED")])
def test_a_lent_address_in_use_is_defended_once(guest: Host, pause: int, act: str) -> None:
    """Who takes no notice for ten seconds gets it (2.4 b)."""
    guest.settle()
    assert guest.hear(packet(address=ADDRESS)) == guest.lib.ACD_DEFENDED
    guest.now += pause
    assert guest.hear(packet(sender=THIRD, address=ADDRESS)) == getattr(guest.lib, act)
    assert bytes(guest.acd.rival) == THIRD
    assert (guest.acd.state == guest.lib.ACD_OFF) == (act == "ACD_LOST")
