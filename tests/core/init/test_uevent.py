"""The kernel's word that a device has appeared."""

import random
from typing import Any

import pytest

MESSAGE = b"add@/devices/x\0ACTION=add\0DEVPATH=/devices/x\0SUBSYSTEM=block\0DEVNAME=sda1\0SEQNUM=7\0"


def value(pure: Any, message: bytes, key: str) -> bytes | None:
    """uevent_value, or None."""
    span, _block = pure.span(message)
    found = pure.lib.uevent_value(span[0], key.encode())
    return pure.ffi.string(found) if found else None


@pytest.mark.parametrize(
    ("key", "expected"),
    [("ACTION", b"add"), ("DEVNAME", b"sda1"), ("SEQNUM", b"7"), ("DEV", None), ("MODALIAS", None)],
)
def test_fields_are_found_by_their_whole_name(pure: Any, key: str, expected: bytes | None) -> None:
    """A field counts only under its own name."""
    assert expected == value(pure, MESSAGE, key)


@pytest.mark.parametrize("message", [b"", b"add@/x", b"ACTION=add", b"\0", b"\0\0\0"])
def test_cut_messages_say_nothing(pure: Any, message: bytes) -> None:
    """A message that does not end properly is not believed."""
    assert value(pure, message, "ACTION") is None


@pytest.mark.parametrize(("subsystem", "expected"), [("block", True), ("net", False), ("bloc", False)])
def test_additions_are_told_by_subsystem(pure: Any, subsystem: str, expected: bool) -> None:
    """Only an added device of the asked kind counts."""
    span, _block = pure.span(MESSAGE)
    assert expected == pure.lib.uevent_adds(span[0], subsystem.encode())
    removed, _other = pure.span(MESSAGE.replace(b"=add", b"=remove"))
    assert not pure.lib.uevent_adds(removed[0], subsystem.encode())
    assert expected == pure.lib.uevent_removes(removed[0], subsystem.encode())
    assert not pure.lib.uevent_removes(span[0], subsystem.encode())


def test_random_bytes_do_no_harm(pure: Any) -> None:
    """No message, however damaged, is read beyond its end."""
    chance = random.Random(4)
    for _ in range(2000):
        message = bytearray(MESSAGE[: chance.randrange(len(MESSAGE) + 1)])
        for _ in range(3):
            if message:
                message[chance.randrange(len(message))] = chance.choice(b"\0=A\xff")
        value(pure, bytes(message), "SEQNUM")
