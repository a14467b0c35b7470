"""Questions to time servers: which answers count, what they say, and what is made of several."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable
from typing import Any

import pytest

GOOD, ALIEN, POOR, RATE, DENY = range(5)
WAIT, ASK, TELL, DOUBT = range(4)
NONCE = 0x0123456789ABCDEF
BUILT = 1_700_000_000
NOW = BUILT + 500_000
SENT, RECEIVED = 60_000_000, 60_040_000  # us since the start; 40 ms on the way
EPOCH = 2_208_988_800  # seconds from 1900 to 1970
SECOND = 1_000_000


def stamp(seconds: float) -> bytes:
    """A time since 1970 as it stands in a packet, of whatever era."""
    whole = int(seconds // 1)
    return struct.pack(">II", (whole + EPOCH) % 2**32, int((seconds - whole) * 2**32))


def answer(now: float, nonce: int = NONCE, **other: Any) -> bytes:
    """What a good server says at this time, having taken 10 ms for it; or not so good a one."""
    fields: dict[str, Any] = {
        "first": 0b00_100_100, "stratum": 2, "delay": 0.02, "dispersion": 0.01, "reference": b"\x0a\0\0\1",
        "receive": stamp(now - 0.01), "transmit": stamp(now), **other}
    shorts = [int(fields[name] * 65536) for name in ("delay", "dispersion")]
    head = struct.pack(">BBBBII4s", fields["first"], fields["stratum"], 6, 0xEC, *shorts, fields["reference"])
    return b"".join([head, stamp(now - 100), struct.pack(">Q", nonce), fields["receive"], fields["transmit"]])


def read(pure: Any, packet: bytes, nonce: int = NONCE, received: int = RECEIVED) -> tuple[int, int, int]:
    """The verdict, and the sample's time at the start in us, and its error."""
    sample = pure.ffi.new("struct sntp_sample *")
    block = pure.exact(packet)
    data = pure.ffi.cast("uint8_t *", block)
    verdict = pure.lib.sntp_read(data, len(packet), nonce, SENT, received, BUILT, sample)
    return int(verdict), int(sample.started_us), int(sample.error_us)


def test_a_question_says_nothing_but_a_number(pure: Any) -> None:
    """Version 4, client; where others send their time, what the answer must repeat."""
    packet = pure.ffi.new("uint8_t[48]")
    pure.lib.sntp_write(NONCE, packet)
    assert bytes([0b00_100_011]) + bytes(39) + NONCE.to_bytes(8, "big") == bytes(packet)


@pytest.mark.parametrize("now", [BUILT + 1, 1_900_000_000.25, 2_085_978_495.999, 2_085_978_496.5, 2_300_000_000.125])
def test_the_time_by_half_of_the_way(pure: Any, now: float) -> None:
    """Also after February 2036, when the seconds of the protocol begin at 0 again."""
    verdict, started, error = read(pure, answer(now + 1))
    assert GOOD == verdict
    assert abs(started - ((now + 1) * SECOND + 15_000 - RECEIVED)) < 5
    assert 34_900 <= error <= 35_100


@pytest.mark.parametrize("packet", [
    b"", answer(BUILT)[:47], answer(BUILT, NONCE + 1), answer(BUILT, 0), answer(BUILT, first=0b00_100_011),
    answer(BUILT, first=0b00_100_101), answer(BUILT, first=0b00_010_100), answer(BUILT, first=0b00_101_100),
])
def test_no_answer_to_this_question(pure: Any, packet: bytes) -> None:
    """Too short, another number, a client's or a broadcast, another version: it changes nothing."""
    assert ALIEN == read(pure, packet)[0]


@pytest.mark.parametrize("other", [
    {"first": 0b11_100_100}, {"stratum": 16}, {"stratum": 255}, {"transmit": bytes(8)}, {"receive": bytes(8)},
    {"delay": 2.5}, {"dispersion": 1.1}, {"delay": 65535.9, "dispersion": 65535.9},
    {"receive": stamp(NOW + 1)}, {"receive": stamp(NOW - 1)},
    {"stratum": 0, "reference": b"INIT"}, {"stratum": 0, "reference": bytes(4)},
])
def test_a_server_that_does_not_know_the_time(pure: Any, other: dict[str, Any]) -> None:
    """It says so itself (leap 3, stratum 0 or 16, root dispersion), or what it says cannot be."""
    assert POOR == read(pure, answer(NOW, **other))[0]


def test_an_answer_that_was_long_on_its_way(pure: Any) -> None:
    """It says too little about the time."""
    assert POOR == read(pure, answer(NOW), received=SENT + 4_000_001)[0]
    assert GOOD == read(pure, answer(NOW), received=SENT + 4_000_000)[0]


@pytest.mark.parametrize(("reason", "verdict"), [(b"RATE", RATE), (b"DENY", DENY), (b"RSTR", DENY)])
def test_a_kiss_of_death(pure: Any, reason: bytes, verdict: int) -> None:
    """A server that wants to be asked less often, or never again; a forged one changes nothing."""
    packet = answer(BUILT, first=0b11_100_100, stratum=0, reference=reason, receive=bytes(8), transmit=bytes(8))
    assert verdict == read(pure, packet)[0]
    assert ALIEN == read(pure, packet, NONCE + 2)[0]


def test_a_signature_behind_it_is_passed_over(pure: Any) -> None:
    """And version 3 is as good."""
    assert GOOD == read(pure, answer(NOW, first=0b00_011_100) + bytes(20))[0]


class Rounds:
    """A client, servers that are asked by it, and a clock that only the test moves."""

    def __init__(self, pure: Any, count: int = 1, known: float = 0) -> None:
        self.pure, self.lib, self.now = pure, pure.lib, 1_000 * SECOND
        self.client = pure.ffi.new("struct sntp_client *")
        self.servers = pure.ffi.new("struct host_address[]", [
            pure.lib.host_address_of(int(ipaddress.IPv4Address(f"10.0.0.{number + 1}"))) for number in range(count)])
        self.lib.sntp_client_begin(self.client, self.servers, count, BUILT, BUILT + 1_000_000_000, int(known * SECOND),
                                   self.lib.chosen_number, self.now)

    def due(self) -> int:
        """Moves the clock to the next thing to do, and does it; how long that was, in whole seconds."""
        before, self.now = self.now, max(self.now, self.client.due_us)
        self.act = int(self.lib.sntp_client_due(self.client, self.now))
        return round((self.now - before) / SECOND)

    def asked(self) -> list[int]:
        """Which servers are asked now."""
        packet = self.pure.ffi.new("uint8_t[48]")
        return [number for number in range(len(self.servers)) if self.lib.sntp_client_question(self.client, number, packet)]

    def says(self, number: int, started: float, nonce: int | None = None, **other: Any) -> int:
        """What follows from a server's answer that it was that time at the clock's 0."""
        known = self.client.servers[number].nonce if nonce is None else nonce
        packet = answer(started + self.now / SECOND, known, **{"receive": stamp(started + self.now / SECOND), **other})
        block = self.pure.exact(packet)
        data = self.pure.ffi.cast("uint8_t *", block)
        return int(self.lib.sntp_client_receive(self.client, self.servers + number, data, len(packet), self.now))

    def round(self, *started: float | None) -> int:
        """A round in which each server says this, or nothing; what it leads to."""
        while not self.client.asking:
            self.due()
        acts = [self.says(number, time) for number, time in enumerate(started) if time is not None]
        if self.client.asking:
            self.due()
            acts.append(self.act)
        assert not any(acts[:-1])
        return acts[-1]

    @property
    def told(self) -> tuple[int, str]:
        """The time, in seconds, and whose it is."""
        best = self.client.best
        return round(best.sample.started_us / SECOND), str(ipaddress.IPv6Address(bytes(best.server.bytes)).ipv4_mapped)


@pytest.fixture
def rounds(pure: Any, choose: Callable[[int], None]) -> Callable[..., Rounds]:
    """Makes them, without chance."""
    choose(0)
    return lambda *given, **named: Rounds(pure, *given, **named)


def test_one_server(rounds: Callable[..., Rounds]) -> None:
    """What it says is the time; it is asked again later and later, up to every two hours."""
    one = rounds()
    assert (0, ASK, [0]) == (one.due(), one.act, one.asked())
    assert TELL == one.says(0, NOW)
    assert (NOW, "10.0.0.1") == one.told
    pauses = []
    for _ in range(5):
        pauses.append(one.due())
        assert (ASK, TELL) == (one.act, one.says(0, NOW))
    assert [922, 1843, 3686, 7373, 7373] == pauses  # nine tenths: chance is 0


def test_nobody_answers(rounds: Callable[..., Rounds]) -> None:
    """They are asked again after half a minute, a minute, and so on up to a quarter of an hour."""
    none = rounds(2)
    pauses = []
    for _ in range(8):
        pauses.append(none.due())
        assert (5, WAIT) == (none.due(), none.act)
    assert [0, 29, 58, 115, 230, 461, 922, 922] == pauses


def test_chance_keeps_devices_apart(rounds: Callable[..., Rounds], choose: Callable[[int], None]) -> None:
    """A tenth less or more; two questions have different numbers."""
    one = rounds()
    one.due()
    choose(0xFFFFFFFF)
    one.says(0, NOW)
    assert 921 <= one.due() <= 1127
    assert 0xFFFFFFFFFFFFFFFF == one.client.servers[0].nonce


def test_who_lies_alone_is_not_believed(rounds: Callable[..., Rounds]) -> None:
    """Most of those that answer must agree; one of two does not do."""
    assert TELL == (three := rounds(3)).round(NOW + 9_000, NOW, NOW + 0.05)
    assert three.told[0] == NOW
    assert WAIT == rounds(2).round(NOW, NOW + 9_000)
    assert TELL == rounds(3).round(None, NOW, None)
    assert WAIT == rounds(3).round(NOW, NOW + 9_000, NOW + 18_000)


@pytest.mark.parametrize("started", [BUILT - 86_400 * 400, BUILT + 1_000_000_001])
def test_a_time_that_cannot_be(rounds: Callable[..., Rounds], started: int) -> None:
    """From before the device was built, or long after."""
    assert WAIT == rounds().round(started)


def test_far_from_what_is_known(rounds: Callable[..., Rounds]) -> None:
    """Doubted three times; believed when it is said a fourth time in a row, and not when the fourth time is as before."""
    far = rounds(known=NOW)
    assert [DOUBT, DOUBT, DOUBT, TELL] == [far.round(NOW + 1_001) for _ in range(4)]
    assert TELL == far.round(NOW + 1_001)
    moment = rounds(known=NOW)
    assert [DOUBT, DOUBT, DOUBT, TELL] == [moment.round(time) for time in (NOW - 5_000, NOW - 5_000, NOW - 5_000, NOW + 900)]
    assert DOUBT == moment.round(NOW - 5_000)


def test_a_server_that_will_not_be_asked(rounds: Callable[..., Rounds]) -> None:
    """It is not, and the other one is; one that is asked too often has two hours of rest."""
    two = rounds(2)
    two.due()
    refusal: dict[str, Any] = {"first": 0b11_100_100, "stratum": 0, "receive": bytes(8), "transmit": bytes(8)}
    assert WAIT == two.says(0, NOW, reference=b"DENY", **refusal)
    assert TELL == two.says(1, NOW)
    two.due()
    assert [1] == two.asked()
    assert WAIT == two.says(1, NOW, reference=b"RATE", **refusal)
    assert 7373 == two.due()


def test_forged_answers_do_not_end_a_question(rounds: Callable[..., Rounds]) -> None:
    """Who does not know the number, or asks from elsewhere, is not heard; an answer counts once."""
    one = rounds()
    one.due()
    assert WAIT == one.says(0, NOW + 9_000, nonce=5)
    nonce = one.client.servers[0].nonce
    assert TELL == one.says(0, NOW)
    assert WAIT == one.says(0, NOW + 9_000, nonce=nonce)
    assert NOW == one.told[0]


def test_no_more_servers_than_there_is_room_for(pure: Any, rounds: Callable[..., Rounds]) -> None:
    """The first eight are asked."""
    many = rounds(12)
    many.due()
    assert 8 == many.client.count
