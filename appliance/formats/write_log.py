"""Records of what was written to a disk: the format of Linux' dm-log-writes, which QEMU's blklogwrites writes too.

A head sector; then for each write, in the order in which they were begun, a sector that says where and how long, and the
bytes. Left out: marks, sectors of other sizes than 512 bytes, that a write was to be there for good when it ended (FUA: it
counts as any other, which promises less), and the number of entries in the head, which is behind when
whoever wrote it was killed: an entry that is not whole ends the record.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SECTOR = 512

_MAGIC = 0x6A736677736872
_HEAD = struct.Struct("<QQQI")
_ENTRY = struct.Struct("<QQQQ")
_FLUSH, _DISCARD = 1, 4


@dataclass(frozen=True)
class Write:
    """Bytes that were written ``at`` this byte of the disk."""

    at: int
    data: bytes

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.at + len(self.data)


@dataclass(frozen=True)
class Flush:
    """All that was written before is on the disk for good."""


Event = Write | Flush


def events(log: bytes) -> Iterator[Event]:
    """What happened, in order. A discarded range reads as zeros. ValueError when it is no such record."""
    if len(log) < SECTOR or _HEAD.unpack_from(log)[0] != _MAGIC or _HEAD.unpack_from(log)[3] != SECTOR:
        raise ValueError("it is no record of writes")
    at = SECTOR
    while at + SECTOR <= len(log):
        sector, sectors, flags, _ = _ENTRY.unpack_from(log, at)
        stored = 0 if flags & _DISCARD else sectors * SECTOR
        at += SECTOR
        if (not sectors and not flags) or at + stored > len(log):
            return
        if flags & _FLUSH:
            yield Flush()
        if sectors:
            data = log[at : at + stored] if stored else bytes(sectors * SECTOR)
            yield Write(sector * SECTOR, data)
        at += stored


def packed(happened: Iterable[Event]) -> bytes:
    """The record of these events."""
    entries = [_packed(event) for event in happened]
    return _HEAD.pack(_MAGIC, 1, len(entries), SECTOR).ljust(SECTOR, b"\0") + b"".join(entries)


def _packed(event: Event) -> bytes:
    if isinstance(event, Flush):
        return _ENTRY.pack(0, 0, _FLUSH, 0).ljust(SECTOR, b"\0")
    return _ENTRY.pack(event.at // SECTOR, len(event.data) // SECTOR, 0, 0).ljust(SECTOR, b"\0") + event.data
