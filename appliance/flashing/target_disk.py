"""A disk that is being overwritten: exclusively ours while it is open, past the page cache in both directions.

What is written by way of the page cache would be read back from there too, and its progress would be that of memory.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import mmap
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.sparse import data_extents
from appliance.flashing.disks import Disk

MIB = 1 << 20
_PORTION = 4 * MIB  # bytes in one go: large enough for any stick's speed, small enough to show it
_SECTOR = 512

# ioctls of <linux/fs.h>
_REREAD_TABLE, _FLUSH_BUFFERS, _ZERO_OUT = 0x125F, 0x1261, 0x127F

Advance = Callable[[int], None]


class TargetDisk:
    """The disk behind ``handle``; offsets and lengths are whole sectors."""

    def __init__(self, handle: int, size: int) -> None:
        self._handle = handle
        self._memory = mmap.mmap(-1, _PORTION)  # O_DIRECT wants aligned memory
        self.size = size

    def write(self, offset: int, data: bytes) -> None:
        """Write bytes, at most 4 MiB."""
        self._memory[: len(data)] = data
        done = os.pwrite(self._handle, memoryview(self._memory)[: len(data)], offset)
        if done != len(data):
            raise OSError(errno.EIO, f"only {done} of {len(data)} bytes were written at {offset}")

    def zero(self, offset: int, length: int) -> None:
        """Write zeros; a disk that can do so by itself does."""
        fcntl.ioctl(self._handle, _ZERO_OUT, struct.pack("QQ", offset, length))

    def digest(self, offset: int, length: int, advance: Advance) -> bytes:
        """sha256 of what the medium has there."""
        total = hashlib.sha256()
        for at in range(offset, offset + length, _PORTION):
            view = memoryview(self._memory)[: min(_PORTION, offset + length - at)]
            done = os.preadv(self._handle, [view], at)
            if done != len(view):
                raise OSError(errno.EIO, f"only {done} of {len(view)} bytes could be read at {at}")
            total.update(view)
            advance(done)
        return total.digest()

    def copy(self, image: int, offset: int, length: int, advance: Advance) -> bytes:
        """Write a range of an image to the same place, its holes as zeros; the sha256 of the image's bytes."""
        total, end = hashlib.sha256(), offset + length
        for start, stored in [*_extents(image, offset, end), (end, 0)]:
            for at in range(offset, start, _PORTION):
                amount = min(_PORTION, start - at)
                self.zero(at, amount)
                total.update(bytes(amount))
                advance(amount)
            for at in range(start, start + stored, _PORTION):
                data = os.pread(image, min(_PORTION, start + stored - at), at)
                self.write(at, data)
                total.update(data)
                advance(len(data))
            offset = start + stored
        return total.digest()

    def settle(self) -> None:
        """Everything is on the medium, and nothing of it in memory."""
        os.fsync(self._handle)
        fcntl.ioctl(self._handle, _FLUSH_BUFFERS, 0)

    def announce(self) -> None:
        """Let the kernel look at the new partition table; one that does not read such tables is no failure."""
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._handle, _REREAD_TABLE, 0)


@contextmanager
def opened(disk: Disk) -> Iterator[TargetDisk]:
    """The disk, while nobody else can mount it or use it for anything."""
    with ExitStack() as stack:
        try:
            handle = os.open(disk.node, os.O_RDWR | os.O_EXCL | os.O_DIRECT | os.O_CLOEXEC)
        except OSError as error:
            raise Problem(f"{disk} cannot be opened ({error.strerror})", _REMEDIES.get(error.errno or 0, "nothing was written")
                          ) from error
        stack.callback(os.close, handle)
        size = os.lseek(handle, 0, os.SEEK_END)
        if size != disk.size or Path(f"/sys/class/block/{disk.name}/size").read_text().strip() != str(size // _SECTOR):
            raise Problem(f"{disk} has been changed meanwhile", "nothing was written; run the same command again")
        yield TargetDisk(handle, size)


_REMEDIES = {
    errno.EBUSY: "something uses it, in a container perhaps; nothing was written",
    errno.EACCES: "run the command as root (sudo); nothing was written",
    errno.EPERM: "run the command as root (sudo); nothing was written",
    errno.EROFS: "it is read-only; nothing was written",
    errno.ENOMEDIUM: "put the card in; nothing was written",
}


def _extents(image: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The stored parts of a range, in whole sectors."""
    for offset, length in data_extents(image, start, end):
        first = offset // _SECTOR * _SECTOR
        yield first, min(-(-(offset + length) // _SECTOR) * _SECTOR, end) - first
