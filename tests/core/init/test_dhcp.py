"""DHCP messages as bytes, checked against a second reading of RFC 2131 and 2132 in Python."""

from __future__ import annotations

import ipaddress
import random
import struct
from typing import Any

import pytest

MAC = bytes.fromhex("525400123456")
XID = 0x12345678
COOKIE = bytes([99, 130, 83, 99])
OFFER, ACK, NAK = 2, 5, 6


def number(text: str) -> int:
    """An address in host byte order."""
    return int(ipaddress.IPv4Address(text))


def option(code: int, value: bytes) -> bytes:
    """One option of RFC 2132."""
    return bytes([code, len(value)]) + value


def addresses(*texts: str) -> bytes:
    """Addresses as they stand in options."""
    return b"".join(ipaddress.IPv4Address(text).packed for text in texts)


def message(options: bytes, *, sname: bytes = b"", file: bytes = b"", yiaddr: str = "10.0.2.15") -> bytes:
    """A server's message, figure 1 of RFC 2131."""
    head = struct.pack(">BBBBIHH4s4s4s4s", 2, 1, 6, 0, XID, 0, 0, b"", addresses(yiaddr), b"", b"")
    return head + MAC.ljust(16, b"\0") + sname.ljust(64, b"\0") + file.ljust(128, b"\0") + COOKIE + options


COMPLETE = message(
    option(53, bytes([ACK]))
    + option(54, addresses("10.0.2.2"))
    + b"\0\0"
    + option(1, addresses("255.255.255.0"))
    + option(3, addresses("10.0.2.2", "10.0.2.1"))
    + option(6, addresses("10.0.2.3", "9.9.9.9"))
    + option(42, addresses("10.0.2.4"))
    + option(51, (86400).to_bytes(4, "big"))
    + option(58, (1000).to_bytes(4, "big"))
    + option(59, (2000).to_bytes(4, "big"))
    + option(200, b"unknown")
    + b"\xff"
)


def read(pure: Any, packet: bytes, xid: int = XID, mac: bytes = MAC) -> tuple[int, Any]:
    """dhcp_read of a block of exactly the packet's size: its kind, and the reply."""
    reply = pure.ffi.new("struct dhcp_reply *")
    block = pure.exact(packet)
    data = pure.ffi.cast("uint8_t *", block)
    return pure.lib.dhcp_read(data, len(packet), xid, mac, reply), reply


def written(pure: Any, **fields: Any) -> tuple[bytes, dict[int, bytes]]:
    """dhcp_write: the fixed part, and the options by code."""
    name = pure.ffi.new("char[]", fields.pop("hostname", b""))
    request = pure.ffi.new("struct dhcp_request *", {"mac": MAC, "xid": XID, "hostname": name, **fields})
    block = pure.exact(bytes(pure.lib.DHCP_MESSAGE_SIZE))
    length = pure.lib.dhcp_write(request, pure.ffi.cast("uint8_t *", block))
    packet = bytes(pure.ffi.buffer(block, length))
    options, at = {}, 240
    while packet[at] != 255:
        options[packet[at]] = packet[at + 2 : at + 2 + packet[at + 1]]
        at += 2 + packet[at + 1]
    assert not any(packet[at + 1 :])
    return packet[:240], options


def test_everything_asked_for_is_read(pure: Any) -> None:
    """An ACK of a usual home router gives address, mask, router, name and time servers and the times."""
    kind, reply = read(pure, COMPLETE)
    lease = reply.lease
    assert kind == ACK
    assert (number("10.0.2.15"), number("255.255.255.0"), number("10.0.2.2")) == (
        lease.address,
        lease.netmask,
        lease.router,
    )
    assert [number("10.0.2.3"), number("9.9.9.9"), 0] == list(lease.dns)
    assert [number("10.0.2.4"), 0, 0] == list(lease.ntp)
    assert (number("10.0.2.2"), 86400, 1000, 2000) == (
        lease.server,
        lease.seconds,
        reply.renew_seconds,
        reply.rebind_seconds,
    )


def test_discover_is_what_servers_expect(pure: Any) -> None:
    """A first question carries who we are and what we want to know, and no address."""
    head, options = written(pure, kind=1, seconds=5, hostname=b"hello")
    assert struct.pack(">BBBBIHH", 1, 1, 6, 0, XID, 5, 0) + bytes(16) + MAC == head[:34]
    assert head[236:] == COOKIE
    wanted = bytes([1, 3, 6, 42, 51, 54, 58, 59])
    expected = {53: b"\x01", 61: b"\x01" + MAC, 12: b"hello", 57: (548).to_bytes(2, "big"), 55: wanted}
    assert expected == options


def test_request_names_address_and_server(pure: Any) -> None:
    """The choice of one offer says whose and which; a renewal says neither but its own address."""
    _, options = written(pure, kind=3, wanted_address=number("10.0.2.15"), server=number("10.0.2.2"))
    assert (addresses("10.0.2.15"), addresses("10.0.2.2")) == (options[50], options[54])
    head, options = written(pure, kind=3, current_address=number("10.0.2.15"))
    assert addresses("10.0.2.15") == head[12:16]
    assert {50, 54} & set(options) == set()


def test_decline_says_no_more_than_whose_and_which(pure: Any) -> None:
    """RFC 2131, table 5: no name, no wishes."""
    _, options = written(pure, kind=4, hostname=b"hello", wanted_address=number("10.0.2.15"), server=number("10.0.2.2"))
    assert {53: b"\x04", 61: b"\x01" + MAC, 50: addresses("10.0.2.15"), 54: addresses("10.0.2.2")} == options


@pytest.mark.parametrize("name", [b"n" * 63, b"n" * 64, b"n" * 300])
def test_long_host_names_do_not_burst_the_message(pure: Any, name: bytes) -> None:
    """A name that is no DNS label is left out."""
    _, options = written(pure, kind=1, hostname=name)
    assert (name if len(name) <= 63 else None) == options.get(12)


def test_short_messages_are_padded_for_old_relays(pure: Any) -> None:
    """No message is shorter than BOOTP's 300 bytes (RFC 1542)."""
    request = pure.ffi.new("struct dhcp_request *", {"kind": 1, "hostname": pure.ffi.NULL})
    empty = pure.ffi.new("char[]", b"")
    request.hostname = empty
    block = pure.exact(bytes(pure.lib.DHCP_MESSAGE_SIZE))
    assert pure.lib.dhcp_write(request, pure.ffi.cast("uint8_t *", block)) == 300


@pytest.mark.parametrize("kind", [0, 1, 3, 4, 7, 8, 255])
def test_only_a_servers_kinds_count(pure: Any, kind: int) -> None:
    """DISCOVER, DECLINE and whatever else is not a server's answer is nothing to us."""
    assert read(pure, message(option(53, bytes([kind])) + b"\xff"))[0] == 0


@pytest.mark.parametrize(
    ("at", "byte"),
    [(0, 1), (1, 6), (2, 16), (4, 0x13), (28, 0x53), (236, 0)],
    ids=["op", "type", "length", "xid", "mac", "cookie"],
)
def test_messages_for_others_are_passed_over(pure: Any, at: int, byte: int) -> None:
    """Another's answer, or no DHCP at all, is never taken for ours."""
    packet = bytearray(COMPLETE)
    packet[at] = byte
    assert read(pure, bytes(packet))[0] == 0


def test_options_may_overflow_into_the_old_fields(pure: Any) -> None:
    """A server short of room puts options where file and server name were (option 52)."""
    head = option(53, bytes([ACK])) + option(52, b"\x03") + b"\xff"
    packet = message(
        head, file=option(1, addresses("255.255.0.0")) + b"\xff", sname=option(3, addresses("10.0.9.9")) + b"\xff"
    )
    kind, reply = read(pure, packet)
    assert (ACK, number("255.255.0.0"), number("10.0.9.9")) == (kind, reply.lease.netmask, reply.lease.router)
    assert read(pure, packet.replace(option(52, b"\x03"), option(52, b"\x00")))[1].lease.router == 0


@pytest.mark.parametrize(
    ("address", "mask"),
    [("10.0.2.15", "255.0.0.0"), ("172.16.0.5", "255.255.0.0"), ("192.168.1.5", "255.255.255.0")],
)
def test_without_a_mask_the_class_decides(pure: Any, address: str, mask: str) -> None:
    """A server that sends no mask means that of the old classes."""
    reply = read(pure, message(option(53, bytes([OFFER])) + b"\xff", yiaddr=address))[1]
    assert number(mask) == reply.lease.netmask


@pytest.mark.parametrize("length", range(len(COMPLETE)))
def test_cut_messages_are_never_overread(pure: Any, length: int) -> None:
    """A message cut at any byte is either refused or read within its bounds."""
    kind, _ = read(pure, COMPLETE[:length])
    assert kind in (0, ACK)
    assert kind == 0 or length >= 243


@pytest.mark.parametrize("options", [b"\x35", b"\x35\x01", b"\x35\x01\x05\x03\x05\x00", b"\x35\x01\x05\x0c\xff"])
def test_an_option_beyond_the_end_spoils_the_message(pure: Any, options: bytes) -> None:
    """A length that lies makes the whole message worthless, also inside the overflow fields."""
    assert read(pure, message(options))[0] == 0
    overload = option(53, bytes([ACK])) + option(52, b"\x01") + b"\xff"
    assert read(pure, message(overload, file=b"\x03\x7f".rjust(128, b"\0")))[0] == 0


@pytest.mark.parametrize("length", [0, 1, 3, 5, 255])
def test_odd_lengths_are_taken_for_what_they_hold(pure: Any, length: int) -> None:
    """Too short a value counts as absent, too long a one by its beginning."""
    packet = message(option(53, bytes([ACK])) + option(3, b"\x0a" * length) + option(6, b"\x0b" * length) + b"\xff")
    _, reply = read(pure, packet)
    assert (0x0A0A0A0A if length >= 4 else 0) == reply.lease.router
    assert [0x0B0B0B0B if (i + 1) * 4 <= length else 0 for i in range(3)] == list(reply.lease.dns)


def test_random_damage_does_no_harm(pure: Any) -> None:
    """Ten thousand damaged messages, and the sanitizer never has to speak."""
    chance = random.Random(2131)
    for _ in range(10_000):
        packet = bytearray(COMPLETE[: chance.randrange(236, len(COMPLETE) + 1)])
        for _ in range(chance.randrange(1, 6)):
            packet[chance.randrange(28, len(packet))] = chance.choice([0, 1, 3, 6, 52, 53, 127, 255, chance.randrange(256)])
        read(pure, bytes(packet))
