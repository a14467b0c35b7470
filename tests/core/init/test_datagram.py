"""IP and UDP around a message, on an interface without an address."""

import random
import struct
from typing import Any

import pytest

SOURCE, DESTINATION = 0x0A000202, 0xFFFFFFFF


def write(pure: Any, payload: bytes, size: int = 600) -> bytes:
    """datagram_write into a block of `size` bytes."""
    content = pure.exact(payload)
    datagram = pure.ffi.new(
        "struct datagram *",
        [SOURCE, DESTINATION, 67, 68, pure.ffi.cast("uint8_t *", content), len(payload)],
    )
    packet = pure.exact(bytes(size))
    length = pure.lib.datagram_write(datagram, pure.ffi.cast("uint8_t *", packet), size)
    return bytes(pure.ffi.buffer(packet, length))


def read(pure: Any, packet: bytes, trust: bool = False) -> tuple[Any, ...] | None:
    """The fields of datagram_read, or None when the packet is refused."""
    block = pure.exact(packet)
    datagram = pure.ffi.new("struct datagram *")
    if not pure.lib.datagram_read(pure.ffi.cast("uint8_t *", block), len(packet), trust, datagram):
        return None
    payload = bytes(pure.ffi.buffer(datagram.payload, datagram.length))
    return datagram.source, datagram.destination, datagram.source_port, datagram.destination_port, payload


def ones_sum(data: bytes) -> int:
    """RFC 1071, written another way than the C code."""
    total = sum(struct.unpack(f">{len(data + b'x') // 2}H", data + b"\0" * (len(data) % 2)))
    return int(total % 65535)


@pytest.mark.parametrize("payload", [b"", b"x", b"DHCP", bytes(range(255)), b"\xff" * 548])
def test_what_is_written_is_read_back(pure: Any, payload: bytes) -> None:
    """Sender, receiver and every byte survive, link padding behind them or not."""
    packet = write(pure, payload)
    assert (SOURCE, DESTINATION, 67, 68, payload) == read(pure, packet)
    assert (SOURCE, DESTINATION, 67, 68, payload) == read(pure, packet + bytes(18))


def test_checksums_are_those_of_the_rfcs(pure: Any) -> None:
    """Both sums come out as all ones when added up with what they cover."""
    packet = write(pure, b"odd length!")
    udp = packet[20:]
    pseudo = packet[12:20] + struct.pack(">HH", 17, len(udp))
    assert [ones_sum(packet[:20]), ones_sum(pseudo + udp)] == [0, 0]


def test_too_small_a_block_is_refused(pure: Any) -> None:
    """Nothing is written when it would not fit."""
    assert write(pure, b"four", 31) == b""
    assert len(write(pure, b"four", 32)) == 32


@pytest.mark.parametrize("at", range(40))
def test_every_damaged_byte_is_noticed(pure: Any, at: int) -> None:
    """A flipped bit anywhere in headers or payload makes the packet worthless."""
    packet = bytearray(write(pure, b"twelve bytes"))
    packet[at] ^= 0x10
    assert read(pure, bytes(packet)) is None


def test_cut_packets_are_refused(pure: Any) -> None:
    """A packet that ends early is refused at whatever byte it ends."""
    packet = write(pure, b"payload")
    assert [None] * len(packet) == [read(pure, packet[:n]) for n in range(len(packet))]


def test_a_sender_on_the_same_machine_needs_no_sum(pure: Any) -> None:
    """The sum that a network card would have filled in is not missed, but only when the kernel says so."""
    packet = bytearray(write(pure, b"payload"))
    packet[26] ^= 1
    assert read(pure, bytes(packet)) is None
    assert read(pure, bytes(packet), trust=True) is not None
    packet[26:28] = b"\0\0"
    assert read(pure, bytes(packet)) is not None


def test_random_packets_do_no_harm(pure: Any) -> None:
    """Whatever comes off the wire is never read beyond its end."""
    chance = random.Random(7)
    good = write(pure, bytes(40))
    for _ in range(5000):
        packet = bytearray(good[: chance.randrange(1, len(good) + 1)])
        for _ in range(chance.randrange(4)):
            packet[chance.randrange(len(packet))] = chance.randrange(256)
        read(pure, bytes(packet), trust=True)
