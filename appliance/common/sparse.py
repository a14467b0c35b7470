"""Files with holes: where the bytes are, and copies that keep the holes."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

_PORTION = 1 << 20


def data_extents(file: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """(offset, length) of what is stored of the bytes from ``start`` to ``end``; what lies between reads as zero."""
    while start < end:
        try:
            data = os.lseek(file, start, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:  # no more data
                raise
            return
        hole = min(os.lseek(file, data, os.SEEK_HOLE), end)
        if data < end:
            yield data, hole - data
        start = hole


def copy_sparse(original: Path, copy: Path) -> None:
    """A copy with the same bytes and holes."""
    with original.open("rb") as source, copy.open("wb") as target:
        size = os.fstat(source.fileno()).st_size
        target.truncate(size)
        for offset, length in data_extents(source.fileno(), 0, size):
            for at in range(offset, offset + length, _PORTION):
                portion = os.pread(source.fileno(), min(_PORTION, offset + length - at), at)
                os.pwrite(target.fileno(), portion, at)
