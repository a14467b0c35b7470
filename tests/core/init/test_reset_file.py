"""The file on a USB stick that orders a factory reset: which device it names, and which stick it is on."""

from __future__ import annotations

from typing import Any

import pytest


def names(pure: Any, text: bytes) -> bool:
    """Whether this names the device that is called cold-store."""
    span, _block = pure.span(text)
    return bool(pure.lib.reset_file_names(span[0], b"Meter_2", b"cold-store"))


@pytest.mark.parametrize("text", [
    b"Meter_2", b"meter_2\n", b"  METER_2 \r\nanything", b"cold-store\n", b"Cold-Store.local", b"\xef\xbb\xbfMeter_2\r\n",
    b"\xff\xfe" + "meter_2\r\n".encode("utf-16-le")])
def test_it_names_this_device(pure: Any, text: bytes) -> None:
    """By its product or its host name, as people and their editors write."""
    assert names(pure, text)


@pytest.mark.parametrize("text", [
    b"", b"\n", b"\nMeter_2", b"Meter_", b"Meter_22", b"Meter_2.local", b"cold-stor", b"cold-store2", b"cold-store.loca",
    b"cold-store.local.", b".local", b"*", b"other\nMeter_2", b"Meter_2" + b"x" * 100, b"x" * 1024])
def test_it_names_another_one(pure: Any, text: bytes) -> None:
    """Or none."""
    assert not names(pure, text)


def test_a_device_without_a_host_name(pure: Any) -> None:
    """Nothing stands for it."""
    span, _block = pure.span(b".local")
    assert not pure.lib.reset_file_names(span[0], b"Meter_2", b"")


def test_the_stick(pure: Any) -> None:
    """It is another one when its file system or the text is another, and never none."""

    def stick(beginning: bytes, text: bytes) -> int:
        first, _block = pure.span(beginning)
        second, _other = pure.span(text)
        return int(pure.lib.reset_file_stick(first[0], second[0]))

    assert stick(b"a" * 2048, b"meter") == stick(b"a" * 2048, b"meter")
    assert 4 == len({stick(a, b) for a in (b"a" * 2048, b"b" * 2048) for b in (b"meter", b"meter\n2")} - {0})
