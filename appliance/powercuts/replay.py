"""A disk as a power cut leaves it: a copy of what it was, on which a record of writes is replayed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from appliance.common.sparse import data_extents
from appliance.formats.write_log import Event, Flush, Write
from appliance.powercuts.cuts import Cut, torn

_PORTION = 1 << 20


class Replay:
    """``disk`` is the working copy, which is written to. Cuts must be looked at in the order of their points."""

    def __init__(self, disk: Path, happened: Sequence[Event]) -> None:
        self.size = disk.stat().st_size
        self.happened = happened
        self._file = os.open(disk, os.O_RDWR | os.O_CLOEXEC)
        self._safe = 0  # events whose writes the copy has
        self._point = 0
        self._overlay: list[tuple[int, bytes]] = []

    def __enter__(self) -> Replay:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self._file)

    def move_to(self, cut: Cut) -> None:
        """From now on this is the disk behind that cut."""
        self._advance(cut.point)
        self._overlay = []
        for kept in cut.kept:
            write = self.happened[kept.number]
            assert isinstance(write, Write)
            before = self.read(write.at, len(write.data)) if kept.tear else b""
            self._overlay.append((write.at, torn(write, kept.tear, before) if kept.tear else write.data))

    def read(self, offset: int, length: int) -> bytes:
        """Bytes of the disk."""
        data = bytearray(os.pread(self._file, length, offset))
        for at, written in self._overlay:
            start, end = max(at, offset), min(at + len(written), offset + len(data))
            if start < end:
                data[start - offset : end - offset] = written[start - at : end - at]
        return bytes(data)

    def copy(self, start: int, end: int, file: Path) -> None:
        """These bytes of the disk as a file of their own; holes stay holes."""
        with file.open("wb") as out:
            out.truncate(end - start)
            for offset, length in data_extents(self._file, start, end):
                for at in range(offset, offset + length, _PORTION):
                    os.pwrite(out.fileno(), os.pread(self._file, min(_PORTION, offset + length - at), at), at - start)
            for at, written in self._overlay:
                first, last = max(at, start), min(at + len(written), end)
                if first < last:
                    os.pwrite(out.fileno(), written[first - at : last - at], first - start)

    def _advance(self, point: int) -> None:
        """Make safe what the flushes before ``point`` have made safe."""
        assert point >= self._point, "cuts are judged in the order of their points"
        self._point = point
        flushes = [number for number in range(self._safe, point) if isinstance(self.happened[number], Flush)]
        if flushes:
            for event in self.happened[self._safe : flushes[-1]]:
                if isinstance(event, Write):
                    os.pwrite(self._file, event.data, event.at)
            self._safe = flushes[-1] + 1


class Areas:
    """Which writes touch which area of a disk, so that what was found in one need not be looked for again.

    ``key`` is the same for two cuts, of the same or another run, when an area's bytes are.
    """

    def __init__(self, areas: dict[str, tuple[int, int]], happened: Sequence[Event], origin: str) -> None:
        """``areas``: name -> (first byte, first byte behind); ``origin`` says what the disk was before."""
        self._digests = [hashlib.sha256(event.data).hexdigest()[:16] if isinstance(event, Write) else "" for event in happened]
        self._touched = [{name for name, (start, end) in areas.items() if _touches(event, start, end)} for event in happened]
        self._places = [event.at if isinstance(event, Write) else 0 for event in happened]
        self._happened = happened
        self._origin = origin
        self._chains = {name: self._chain(name) for name in areas}

    def key(self, area: str, cut: Cut) -> str:
        """What the bytes of an area follow from."""
        kept = ((self._places[each.number], self._digests[each.number], each.tear) for each in cut.kept
                if area in self._touched[each.number])
        return hashlib.sha256(f"{area} {self._chains[area][cut.point]} {list(kept)}".encode()).hexdigest()[:32]

    def _chain(self, area: str) -> list[str]:
        """For every point, a digest of the writes to an area that are safe by then."""
        safe = self._origin
        pending: list[str] = []
        chain = [safe]
        for number, event in enumerate(self._happened):
            if isinstance(event, Flush):
                safe = hashlib.sha256("".join([safe, *pending]).encode()).hexdigest() if pending else safe
                pending = []
            elif area in self._touched[number]:
                pending.append(f" {self._places[number]} {self._digests[number]}")
            chain.append(safe)
        return chain


def _touches(event: Event, start: int, end: int) -> bool:
    return isinstance(event, Write) and event.at < end and event.end > start
