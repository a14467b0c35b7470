"""The DHCP client's life: asking, holding, renewing and losing an address (RFC 2131 figure 5)."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable
from typing import Any

import pytest

MAC = bytes.fromhex("525400123456")
OFFER, ACK, NAK = 2, 5, 6
HOUR = 3_600_000  # ms


def packed(text: str) -> bytes:
    """An address on the wire."""
    return ipaddress.IPv4Address(text).packed


class Wire:
    """A client, a clock that only the test moves, and the bytes of a server."""

    def __init__(self, pure: Any, remembered: str = "0.0.0.0") -> None:
        self.pure, self.lib, self.now = pure, pure.lib, 1_000_000
        self.client = pure.ffi.new("struct dhcp_client *")
        self.name = pure.ffi.new("char[]", b"hello")
        number = int(ipaddress.IPv4Address(remembered))
        pure.lib.dhcp_client_init(self.client, MAC, self.name, number, pure.lib.chosen_number, self.now)

    def due(self) -> int:
        """Moves the clock to the next thing to do, and does it."""
        self.now = max(self.now, self.client.due_ms)
        return int(self.lib.dhcp_client_due(self.client, self.now))

    def answer(self, kind: int, *, server: str = "10.0.2.2", seconds: int = 7200, address: str = "10.0.2.15",
               mac: bytes = MAC, xid: int | None = None) -> int:
        """Gives the client a server's message."""
        xid = self.client.xid if xid is None else xid
        head = struct.pack(">BBBBIHH4s4s8x", 2, 1, 6, 0, xid, 0, 0, b"", packed(address))
        options = b"\x35\x01" + bytes([kind]) + b"\x36\x04" + packed(server) + b"\x01\x04" + packed("255.255.255.0")
        options += b"\x33\x04" + struct.pack(">I", seconds) + b"\xff"
        packet = head + mac.ljust(208, b"\0") + bytes([99, 130, 83, 99]) + options
        block = self.pure.exact(packet)
        data = self.pure.ffi.cast("uint8_t *", block)
        return int(self.lib.dhcp_client_receive(self.client, data, len(packet), self.now))

    def request(self) -> Any:
        """What the client would send now."""
        return self.lib.dhcp_client_request(self.client, self.now)

    def bind(self, seconds: int = 7200) -> None:
        """The four messages of a first lease."""
        assert self.due() == self.lib.DHCP_BROADCAST
        assert self.answer(OFFER, seconds=seconds) == self.lib.DHCP_BROADCAST
        assert self.answer(ACK, seconds=seconds) == self.lib.DHCP_CHECK
        assert self.lib.dhcp_client_use(self.client) == self.lib.DHCP_GAINED


def granted(wire: Wire) -> int:
    """An ACK, and nobody else has the address."""
    assert wire.answer(ACK) == wire.lib.DHCP_CHECK
    return int(wire.lib.dhcp_client_use(wire.client))


@pytest.fixture
def wire(pure: Any, choose: Callable[[int], None]) -> Wire:
    """A client that has asked nothing yet."""
    choose(0)
    return Wire(pure)


def test_an_address_takes_four_messages(wire: Wire) -> None:
    """DISCOVER, OFFER, REQUEST, ACK, and, when nobody else has it, the address is ours."""
    wire.bind()
    assert str(ipaddress.IPv4Address(wire.client.lease.address)) == "10.0.2.15"


def test_silence_is_met_with_patience(wire: Wire) -> None:
    """Without a server the question is repeated after 1, 2, 4 ... 64 s, less a quarter by chance, for ever."""
    moments = []
    for _ in range(9):
        assert wire.due() == wire.lib.DHCP_BROADCAST
        moments.append(wire.client.due_ms - wire.now)
    assert moments == [750, 1500, 3000, 6000, 12000, 24000, 48000, 48000, 48000]


def test_machines_that_wake_together_spread_out(pure: Any, choose: Callable[[int], None]) -> None:
    """Chance moves each wait by up to a quarter to either side."""
    choose(500)
    wire = Wire(pure)
    wire.due()
    assert wire.client.due_ms - wire.now == 1250


def test_what_is_sent_in_which_state(wire: Wire) -> None:
    """Each message carries exactly what table 4 of RFC 2131 allows in its state."""
    wire.due()
    seen = []
    for step in (lambda: wire.answer(OFFER), lambda: granted(wire), lambda: None, lambda: None):
        request = wire.request()
        seen.append((request.kind, request.current_address > 0, request.wanted_address > 0, request.server > 0))
        step()
        if wire.client.state == wire.lib.DHCP_BOUND:
            wire.due()
    assert seen[:3] == [(1, False, False, False), (3, False, True, True), (3, True, False, False)]


def test_an_address_held_before_is_asked_for(pure: Any, choose: Callable[[int], None]) -> None:
    """After a pulled cable the device hopes for its old address."""
    choose(0)
    wire = Wire(pure, remembered="10.0.2.99")
    wire.due()
    assert str(ipaddress.IPv4Address(wire.request().wanted_address)) == "10.0.2.99"


def test_a_lease_is_renewed_at_half_its_time(wire: Wire) -> None:
    """At T1 our own server is asked, by unicast, and the lease counts anew."""
    wire.bind()
    bound = wire.now
    assert wire.due() == wire.lib.DHCP_UNICAST
    assert wire.now - bound == HOUR
    assert wire.answer(ACK) == wire.lib.DHCP_GAINED
    assert (wire.lib.DHCP_BOUND, wire.now + 2 * HOUR) == (wire.client.state, wire.client.expire_ms)


def test_a_lost_server_is_replaced(wire: Wire) -> None:
    """From T2 every server is asked, and the answer of a new one is good."""
    wire.bind()
    bound = wire.now
    while (act := wire.due()) == wire.lib.DHCP_UNICAST:
        assert wire.answer(ACK, server="10.0.2.7") == wire.lib.DHCP_WAIT
    assert (act, wire.now - bound) == (wire.lib.DHCP_BROADCAST, 7200_000 * 7 // 8)
    assert wire.answer(ACK, server="10.0.2.7") == wire.lib.DHCP_GAINED


def test_an_expired_lease_is_given_up(wire: Wire) -> None:
    """When nobody has renewed it the address goes, exactly at its end, and the search begins again."""
    wire.bind()
    bound = wire.now
    asked = 0
    while (act := wire.due()) != wire.lib.DHCP_LOST:
        assert act in (wire.lib.DHCP_UNICAST, wire.lib.DHCP_BROADCAST)
        asked += 1
    assert wire.now - bound == 2 * HOUR
    assert 5 < asked < 30
    assert wire.due() == wire.lib.DHCP_BROADCAST
    assert wire.request().kind == 1


def test_an_endless_lease_is_left_alone(wire: Wire) -> None:
    """A lease for ever never wakes the client."""
    wire.bind(seconds=0xFFFFFFFF)
    assert wire.lib.dhcp_client_due(wire.client, wire.now + 10**15) == wire.lib.DHCP_WAIT


@pytest.mark.parametrize("seconds", [1, 9, 59, 119])
def test_very_short_leases_do_not_flood_the_network(wire: Wire, seconds: int) -> None:
    """However short a lease, a renewal is asked for at most every five seconds."""
    wire.bind(seconds=seconds)
    bound = wire.now
    assert wire.due() == wire.lib.DHCP_UNICAST
    assert wire.now - bound >= 4000


def test_a_refusal_starts_over_after_a_pause(wire: Wire) -> None:
    """A NAK while asking means to begin again, not at once."""
    wire.due()
    wire.answer(OFFER)
    assert wire.answer(NAK) == wire.lib.DHCP_WAIT
    assert wire.client.due_ms - wire.now == 3000
    assert (wire.due(), wire.request().kind) == (wire.lib.DHCP_BROADCAST, 1)


def test_a_refused_renewal_takes_the_address(wire: Wire) -> None:
    """A NAK for an address in use means that it is ours no more."""
    wire.bind()
    wire.due()
    assert wire.answer(NAK) == wire.lib.DHCP_LOST
    assert wire.client.remembered == 0


def test_a_server_that_falls_silent_after_its_offer_is_left(wire: Wire) -> None:
    """Four unanswered requests, then the search begins again."""
    wire.due()
    wire.answer(OFFER)
    kinds = []
    for _ in range(5):
        wire.due()
        kinds.append(wire.request().kind)
    assert kinds == [3, 3, 3, 1, 1]


def test_other_servers_do_not_interfere(wire: Wire) -> None:
    """Once an offer is chosen, only its server counts."""
    wire.due()
    wire.answer(OFFER)
    assert wire.answer(ACK, server="10.0.2.66") == wire.lib.DHCP_WAIT
    assert wire.answer(NAK, server="10.0.2.66") == wire.lib.DHCP_WAIT
    assert wire.answer(ACK) == wire.lib.DHCP_CHECK


@pytest.mark.parametrize(
    ("address", "server"),
    [("127.0.0.1", "10.0.2.2"), ("0.0.0.0", "10.0.2.2"), ("10.0.2.255", "10.0.2.2"), ("10.0.2.15", "0.0.0.0")],
)
def test_senseless_offers_are_not_chosen(wire: Wire, address: str, server: str) -> None:
    """An offer that could not work is as good as none."""
    wire.due()
    assert wire.answer(OFFER, address=address, server=server) == wire.lib.DHCP_WAIT
    assert wire.client.state == wire.lib.DHCP_SELECTING


def test_an_ack_nobody_asked_for_is_nothing(wire: Wire) -> None:
    """An ACK before a request, or once more after it, changes nothing."""
    wire.due()
    assert wire.answer(ACK) == wire.lib.DHCP_WAIT
    wire.answer(OFFER)
    granted(wire)
    assert wire.answer(ACK, address="10.0.2.77") == wire.lib.DHCP_WAIT
    assert str(ipaddress.IPv4Address(wire.client.lease.address)) == "10.0.2.15"


def test_nothing_is_done_before_its_time(wire: Wire) -> None:
    """Waking early changes nothing."""
    wire.bind()
    assert wire.lib.dhcp_client_due(wire.client, wire.client.due_ms - 1) == wire.lib.DHCP_WAIT


def test_the_shortest_lease_is_ten_seconds_for_all(wire: Wire) -> None:
    """What PID 1 is told of a lease lasts until it can have been renewed."""
    wire.bind(seconds=1)
    assert wire.client.lease.seconds == 10
    assert wire.client.expire_ms - wire.now == 10_000


# What a server may say in place of the truth: fields of Wire.answer.
LIES: list[dict[str, Any]] = [
    *({"kind": OFFER, "address": address} for address in (
        "10.0.2.0", "10.0.2.255", "127.0.0.1", "224.0.0.1", "255.255.255.255")),
    {"kind": OFFER, "server": "0.0.0.0"}, {"kind": ACK, "address": "10.0.2.255"}, {"kind": ACK, "seconds": 0},
    {"kind": ACK, "server": "10.0.2.66"}, {"kind": NAK}, {"kind": NAK, "server": "10.0.2.66"},
    {"kind": 4}, {"kind": 8}, {"kind": 0}, {"kind": 255},
]


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_a_server_that_lies_for_hours_is_asked_with_patience(wire: Wire, lie: dict[str, Any]) -> None:
    """It gets no address used; and however often it lies, it is not asked more often than every three quarters of a second,
    nor is it given up."""
    asked = 0
    began = wire.now
    while wire.now < began + HOUR:
        asked += wire.due() == wire.lib.DHCP_BROADCAST
        if wire.client.state == wire.lib.DHCP_SELECTING and lie["kind"] != OFFER:
            assert wire.answer(OFFER) == wire.lib.DHCP_BROADCAST
        for _ in range(3):
            assert wire.answer(**lie) in (wire.lib.DHCP_WAIT, wire.lib.DHCP_BROADCAST)
        assert wire.client.state in (wire.lib.DHCP_SELECTING, wire.lib.DHCP_REQUESTING)
    assert 50 < asked < 4800


@pytest.mark.parametrize("lie", [lie for lie in LIES if lie != {"kind": ACK, "server": "10.0.2.66"}], ids=str)
def test_a_server_that_begins_to_lie_leaves_the_lease_its_time(wire: Wire, lie: dict[str, Any]) -> None:
    """Whatever it says, the lease ends when it ends, unless our server refuses it, or, when that is silent, another one."""
    wire.bind()
    bound = wire.now
    while wire.due() != wire.lib.DHCP_LOST and wire.answer(**lie) != wire.lib.DHCP_LOST:
        pass
    refused = {"{'kind': 6}": HOUR, "{'kind': 6, 'server': '10.0.2.66'}": 2 * HOUR * 7 // 8}
    assert wire.now - bound == refused.get(str(lie), 2 * HOUR)


def test_an_address_that_another_has_is_declined(wire: Wire) -> None:
    """RFC 2131, table 5: DECLINE names address and server and nothing else; after ten seconds all begins again."""
    wire.due()
    wire.answer(OFFER)
    asked = wire.client.xid
    assert wire.answer(ACK) == wire.lib.DHCP_CHECK
    assert [wire.answer(kind) for kind in (OFFER, ACK, NAK)] == [wire.lib.DHCP_WAIT] * 3
    wire.now += 700
    assert wire.lib.dhcp_client_decline(wire.client, wire.now) == wire.lib.DHCP_BROADCAST
    said = wire.request()
    assert (said.kind, said.current_address, said.seconds) == (4, 0, 0)
    assert [ipaddress.IPv4Address(number).packed for number in (said.wanted_address, said.server)] == [
        packed("10.0.2.15"), packed("10.0.2.2")]
    assert [wire.answer(kind, xid=asked) for kind in (OFFER, ACK, NAK)] == [wire.lib.DHCP_WAIT] * 3
    declined = wire.now
    assert (wire.due(), wire.now - declined) == (wire.lib.DHCP_BROADCAST, 10_000)
    assert (wire.request().kind, wire.request().wanted_address) == (1, 0)


def test_an_address_in_use_can_be_declined(wire: Wire) -> None:
    """Somebody has taken it, and goes on."""
    wire.bind()
    assert wire.lib.dhcp_client_decline(wire.client, wire.now) == wire.lib.DHCP_BROADCAST
    assert wire.request().kind == 4
    wire.due()
    assert wire.request().kind == 1


def test_another_address_at_a_renewal_is_looked_at_first(wire: Wire) -> None:
    """It is new to the device, whatever the server calls it."""
    wire.bind()
    wire.due()
    assert wire.answer(ACK, address="10.0.2.16") == wire.lib.DHCP_CHECK
    assert wire.lib.dhcp_client_due(wire.client, wire.now + 10**9) == wire.lib.DHCP_WAIT


@pytest.mark.parametrize("another", [{"xid": 77}, {"mac": bytes.fromhex("525400654321")}], ids=str)
def test_anothers_answer_is_nobodys(wire: Wire, another: dict[str, Any]) -> None:
    """What answers another client's question, or another card's, is not heard in any state."""
    wire.due()
    assert wire.answer(OFFER, **another) == wire.lib.DHCP_WAIT
    wire.answer(OFFER)
    assert wire.answer(ACK, **another) == wire.lib.DHCP_WAIT
    assert wire.answer(NAK, **another) == wire.lib.DHCP_WAIT
    assert wire.client.state == wire.lib.DHCP_REQUESTING
