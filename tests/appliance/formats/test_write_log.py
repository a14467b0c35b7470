"""Records of writes: what was packed is read again, and what was cut off ends them."""

from __future__ import annotations

import struct

import pytest

from appliance.formats.write_log import SECTOR, Event, Flush, Write, events, packed

HAPPENED: list[Event] = [
    Write(0, b"a" * SECTOR), Flush(), Write(7 * SECTOR, b"b" * 3 * SECTOR), Write(SECTOR, b"c" * SECTOR), Flush()]


def test_what_was_recorded_is_read() -> None:
    """Every event, in order."""
    assert HAPPENED == list(events(packed(HAPPENED)))


@pytest.mark.parametrize("cut", range(0, 9 * SECTOR, SECTOR // 2))
def test_a_record_that_was_cut_off_has_its_first_events(cut: int) -> None:
    """Whoever recorded was killed: what is whole counts."""
    log = packed(HAPPENED)
    found = list(events(log[: len(log) - cut]))
    assert HAPPENED[: len(found)] == found
    assert (len(found) < len(HAPPENED)) == (cut > 0)


def test_a_discarded_range_is_zero() -> None:
    """Its entry has no bytes behind it."""
    entry = struct.pack("<QQQQ", 4, 2, 4, 0).ljust(SECTOR, b"\0")
    log = packed([]) + entry + packed(HAPPENED[:1])[SECTOR:]
    assert [Write(4 * SECTOR, bytes(2 * SECTOR)), *HAPPENED[:1]] == list(events(log))


def test_a_write_that_flushes_first() -> None:
    """What was written before it is safe."""
    entry = struct.pack("<QQQQ", 4, 1, 1, 0).ljust(SECTOR, b"\0") + b"x" * SECTOR
    assert [Flush(), Write(4 * SECTOR, b"x" * SECTOR)] == list(events(packed([]) + entry))


@pytest.mark.parametrize("data", [b"", b"x" * 4096, bytes(4096)])
def test_other_files_are_no_records(data: bytes) -> None:
    """They are refused."""
    with pytest.raises(ValueError, match="no record"):
        list(events(data))
