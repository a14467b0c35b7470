"""The device's name in multicast DNS (RFC 6762): asking before it is used, answering, and conflicts."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable
from typing import Any

import pytest

A, AAAA, ANY, IN, TOP = 1, 28, 255, 1, 0x8000
OWN4, OWN6 = ipaddress.ip_address("10.0.2.15").packed, ipaddress.ip_address("fe80::15").packed
LESS, MORE = ipaddress.ip_address("fe80::1").packed, ipaddress.ip_address("fe80::ff").packed


def encoded(name: str) -> bytes:
    """A name on the wire, without compression."""
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def question(name: str = "hello.local", kind: int = A, group: int = IN) -> bytes:
    """One question."""
    return encoded(name) + struct.pack(">HH", kind, group)


def record(data: bytes, name: str = "hello.local", seconds: int = 120, group: int = IN) -> bytes:
    """One record with an address."""
    return encoded(name) + struct.pack(">HHIH", A if len(data) == 4 else AAAA, group, seconds, len(data)) + data


def message(questions: list[bytes], answers: list[bytes], authorities: list[bytes], flags: int = 0, number: int = 0) -> bytes:
    """A whole message."""
    head = struct.pack(">HHHHHH", number, flags, len(questions), len(answers), len(authorities), 0)
    return head + b"".join(questions + answers + authorities)


def query(*questions: bytes, known: tuple[bytes, ...] = (), wanted: tuple[bytes, ...] = ()) -> bytes:
    """What somebody asks; with ``wanted``, a probe."""
    return message(list(questions), list(known), list(wanted))


def response(*answers: bytes) -> bytes:
    """What somebody says."""
    return message([], list(answers), [], 0x8400)


# What an interface with both addresses takes back.
GOODBYE = response(record(OWN4, seconds=0), record(OWN6, seconds=0))


class Name:
    """A name on an interface with one address of each kind, and a clock that only the test moves."""

    def __init__(self, pure: Any, label: bytes = b"hello") -> None:
        self.pure, self.lib, self.now = pure, pure.lib, 1_000_000
        self.mdns = pure.ffi.new("struct mdns *")
        self.own = pure.ffi.new("struct mdns_addresses *", {"ipv4": OWN4, "has_ipv4": True, "ipv6": [OWN6], "ipv6_count": 1})
        self.lib.mdns_begin(self.mdns, pure.ffi.new("char[]", label), self.lib.chosen_number, self.now)

    @property
    def text(self) -> str:
        """The name as it is now."""
        return str(self.pure.ffi.string(self.mdns.name).decode())

    def due(self) -> int:
        """Moves the clock to the next thing to do, and does it."""
        self.now = max(self.now, self.mdns.due_ms)
        return int(self.lib.mdns_due(self.mdns, self.now))

    def hear(self, data: bytes, port: int = 5353) -> int:
        """What a message leads to."""
        block = self.pure.exact(data)
        bytes_of = self.pure.ffi.cast("uint8_t *", block)
        return int(self.lib.mdns_receive(self.mdns, bytes_of, len(data), port, self.own, self.now))

    def says(self, kind: str) -> bytes:
        """The probe, announcement, answer or goodbye that it would send."""
        out = self.pure.ffi.new("uint8_t[1024]")
        length = getattr(self.lib, f"mdns_write_{kind}")(self.mdns, self.own, out)
        return bytes(out)[:length]

    def settle(self) -> None:
        """Three questions, two announcements: the name is its own."""
        assert self.due() == self.lib.MDNS_PROBE
        self.settle_from_probes()

    def settle_from_probes(self) -> None:
        """The same after the first question."""
        assert [self.due() for _ in range(4)] == [self.lib.MDNS_PROBE] * 2 + [self.lib.MDNS_ANNOUNCE] * 2
        assert self.mdns.state == self.lib.MDNS_HELD


@pytest.fixture
def name(pure: Any, choose: Callable[[int], None]) -> Name:
    """One that has not asked yet."""
    choose(0)
    return Name(pure)


def test_it_asks_three_times_and_announces_twice(name: Name) -> None:
    """Sections 8.1 and 8.3: what it wants stands in the probe; an announcement replaces what others remember."""
    began = name.now
    assert name.due() == name.lib.MDNS_PROBE
    assert name.says("probe") == query(question(kind=ANY), wanted=(record(OWN4), record(OWN6)))
    assert [name.due() for _ in range(3)] == [name.lib.MDNS_PROBE] * 2 + [name.lib.MDNS_ANNOUNCE]
    assert name.now - began == 750
    assert name.says("announcement") == response(record(OWN4, group=IN | TOP), record(OWN6, group=IN | TOP))
    assert name.due() == name.lib.MDNS_ANNOUNCE
    assert (name.now - began, name.mdns.due_ms) == (1750, 2**63 - 1)


CASES = {
    "an address": (query(question()), 5353, "MDNS_ANSWER", [OWN4]),
    "the newer kind": (query(question(kind=AAAA)), 5353, "MDNS_ANSWER", [OWN6]),
    "anything": (query(question(kind=ANY)), 5353, "MDNS_ANSWER", [OWN4, OWN6]),
    "both in two questions": (query(question(), question(kind=AAAA)), 5353, "MDNS_ANSWER", [OWN4, OWN6]),
    "in capitals": (query(question("HELLO.Local")), 5353, "MDNS_ANSWER", [OWN4]),
    "among others": (query(question("other.local"), question()), 5353, "MDNS_ANSWER", [OWN4]),
    "by unicast": (query(question(group=IN | TOP)), 5353, "MDNS_REPLY", [OWN4]),
    "known already": (query(question(), known=(record(OWN4),)), 5353, "MDNS_WAIT", None),
    "known for a short while yet": (query(question(), known=(record(OWN4, seconds=59),)), 5353, "MDNS_ANSWER", [OWN4]),
    "another address known": (query(question(), known=(record(LESS[:4]),)), 5353, "MDNS_ANSWER", [OWN4]),
    "somebody probes it": (query(question(kind=ANY), wanted=(record(MORE),)), 5353, "MDNS_ANSWER", [OWN4, OWN6]),
    "another name": (query(question("hallo.local")), 5353, "MDNS_WAIT", None),
    "a longer name": (query(question("hello.local.lan")), 5353, "MDNS_WAIT", None),
    "another kind": (query(question(kind=16)), 5353, "MDNS_WAIT", None),
    "another class": (query(question(group=3)), 5353, "MDNS_WAIT", None),
    "damaged": (query(question(), question())[:-1], 5353, "MDNS_WAIT", None),
    "an update": (message([question()], [], [], 0x2800), 5353, "MDNS_WAIT", None),
    "an error": (message([question()], [], [], 3), 5353, "MDNS_WAIT", None),
    "no header": (b"\0" * 11, 5353, "MDNS_WAIT", None),
}


@pytest.mark.parametrize(("heard", "port", "act", "told"), CASES.values(), ids=CASES)
def test_questions(name: Name, heard: bytes, port: int, act: str, told: list[bytes] | None) -> None:
    """What is asked is answered, to all or to the one who asked; nothing else is."""
    name.settle()
    assert name.hear(heard, port) == getattr(name.lib, act)
    if told is not None:
        assert name.says("answer") == response(*(record(data, group=IN | TOP) for data in told))


def test_a_simple_resolver_gets_its_question_back(name: Name) -> None:
    """Section 6.7: by unicast, with its id, for ten seconds, without the bit that it does not know."""
    name.settle()
    assert name.hear(message([question()], [], [], 0, 77), 40000) == name.lib.MDNS_REPLY
    assert name.says("answer") == message([question()], [record(OWN4, seconds=10)], [], 0x8400, 77)


def test_nothing_is_answered_before_the_name_is_its_own(name: Name) -> None:
    """While it asks, somebody else may have it."""
    name.due()
    assert name.hear(query(question())) == name.lib.MDNS_WAIT


def test_who_has_the_name_keeps_it(name: Name) -> None:
    """An answer to a probe, whatever the address, and the next name is tried; then the one after that."""
    name.due()
    assert name.hear(response(record(LESS))) == name.lib.MDNS_WAIT
    assert name.text == "hello-2.local"
    name.due()
    name.hear(response(record(LESS, "hello-2.local")))
    assert name.text == "hello-3.local"
    name.settle()
    assert name.hear(query(question("hello-3.local"))) == name.lib.MDNS_ANSWER


@pytest.mark.parametrize(("rival", "waits"), [(MORE, True), (LESS, False), (OWN6, False)])
def test_of_two_that_ask_at_once_the_greater_goes_first(name: Name, rival: bytes, waits: bool) -> None:
    """Section 8.2: the other waits a second and asks again, and then hears that the name is taken."""
    name.due()
    assert name.hear(query(question(kind=ANY), wanted=(record(rival),))) == name.lib.MDNS_WAIT
    assert (name.mdns.sent == 0, name.mdns.due_ms - name.now) == ((True, 1000) if waits else (False, 250))
    assert name.text == "hello.local"


@pytest.mark.parametrize("rivals", [[LESS], [b"\x0a\0\0\1", LESS]])
def test_two_that_have_it_settle_it(name: Name, rivals: list[bytes]) -> None:
    """Two networks become one: the lesser gives way, the greater says so again, once a second at most."""
    name.settle()
    claim = response(*(record(rival) for rival in rivals))
    assert name.hear(claim) == name.lib.MDNS_ANNOUNCE
    name.now += 999
    assert name.hear(claim) == name.lib.MDNS_WAIT
    name.now += 1
    assert name.hear(claim) == name.lib.MDNS_ANNOUNCE
    assert name.hear(response(record(MORE))) == name.lib.MDNS_LEAVE
    assert name.says("goodbye") == GOODBYE
    name.lib.mdns_leave(name.mdns, name.now)
    assert (name.text, name.says("goodbye")) == ("hello-2.local", b"")


def test_one_of_the_two_always_gives_way(pure: Any, choose: Callable[[int], None]) -> None:
    """Whatever addresses they have, also when one has only the older kind."""
    choose(0)
    kinds = [([OWN4], [LESS]), ([LESS[:4]], [OWN6]), ([OWN4], []), ([MORE[:4]], []), ([], [MORE])]
    for mine in kinds:
        for other in kinds:
            gave_way = []
            for ours, theirs in ((mine, other), (other, mine)):
                name = Name(pure)
                name.own.has_ipv4, name.own.ipv6_count = bool(ours[0]), len(ours[1])
                if ours[0]:
                    name.own.ipv4 = ours[0][0]
                if ours[1]:
                    name.own.ipv6[0] = ours[1][0]
                name.settle()
                heard = name.hear(response(*(record(data) for data in [*theirs[0], *theirs[1]])))
                gave_way.append(heard == name.lib.MDNS_LEAVE)
            assert gave_way in ([True, False], [False, True]) if mine != other else gave_way == [False, False]


def test_ones_own_data_from_elsewhere_is_no_conflict(name: Name) -> None:
    """A relay repeats what was said, and a record of another name is none of our business."""
    name.settle()
    for heard in (response(record(OWN4), record(OWN6)), response(record(MORE, "other.local")),
                  message([question()], [record(MORE)], [], 0x8400), response(record(MORE))[:-1]):
        assert name.hear(heard) == name.lib.MDNS_WAIT
    assert name.hear(response(record(MORE)), 40000) == name.lib.MDNS_WAIT
    assert name.text == "hello.local"


def test_new_addresses_are_asked_for_and_announced(name: Name) -> None:
    """A cable elsewhere may lead to a namesake."""
    name.settle()
    name.lib.mdns_again(name.mdns, name.now)
    name.settle()


def test_a_name_that_was_told_is_taken_back(name: Name) -> None:
    """Section 10.1: what others may remember is said again, to be forgotten; also while it is asked for anew."""
    name.due()
    assert name.says("goodbye") == b""
    name.settle_from_probes()
    assert name.says("goodbye") == GOODBYE
    name.lib.mdns_again(name.mdns, name.now)
    assert name.says("goodbye") == GOODBYE


def test_who_takes_the_name_back_does_not_claim_it(name: Name) -> None:
    """Neither while it is asked for, nor later."""
    left = response(record(MORE, seconds=0))
    name.due()
    assert name.hear(left) == name.lib.MDNS_WAIT
    name.settle_from_probes()
    assert (name.hear(left), name.text) == (name.lib.MDNS_WAIT, "hello.local")


@pytest.mark.parametrize(("before", "now", "gone"), [
    ((OWN4, [OWN6]), (OWN4, [OWN6]), []),
    ((OWN4, [OWN6]), (None, [OWN6]), [OWN4]),
    ((OWN4, [OWN6]), (LESS[:4], [OWN6]), [OWN4]),
    ((OWN4, [LESS, OWN6]), (OWN4, [OWN6, MORE]), [LESS]),
    ((OWN4, [LESS, OWN6]), (None, []), [OWN4, LESS, OWN6]),
    ((None, []), (OWN4, [OWN6]), []),
])
def test_addresses_that_are_gone_are_taken_back(
    name: Name, before: tuple[bytes | None, list[bytes]], now: tuple[bytes | None, list[bytes]], gone: list[bytes]
) -> None:
    """Those and no others, whatever their order."""
    name.settle()
    sets = [name.pure.ffi.new("struct mdns_addresses *", {"ipv4": four or bytes(4), "has_ipv4": four is not None,
                                                          "ipv6": six, "ipv6_count": len(six)}) for four, six in (before, now)]
    name.own[0] = name.lib.mdns_gone(*sets)
    assert name.says("goodbye") == (response(*(record(data, seconds=0) for data in gone)) if gone else b"")


def test_without_an_address_there_is_nothing_to_say(name: Name) -> None:
    """Neither a probe nor an answer."""
    name.own.has_ipv4, name.own.ipv6_count = False, 0
    assert (name.says("probe"), name.says("announcement")) == (b"", b"")


@pytest.mark.parametrize(("label", "text"),
                         [(b"meter-7", "meter-7.local"), (b"a.b", "a.local"), (b"x" * 70, "x" * 63 + ".local")])
def test_names_are_cut_to_what_a_label_may_have(pure: Any, label: bytes, text: str, choose: Callable[[int], None]) -> None:
    """63 bytes, and no dot; with a number behind it still 63."""
    choose(0)
    name = Name(pure, label)
    assert name.text == text
    name.due()
    name.hear(response(record(MORE, text)))
    first = name.text.removesuffix(".local")
    assert first.endswith("-2")
    assert len(first) <= 63
