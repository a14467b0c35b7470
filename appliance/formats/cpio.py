"""cpio archives in the "newc" format, as the Linux kernel unpacks an initramfs.

Source: Documentation/driver-api/early-userspace/buffer-format.rst of the kernel. Left out: hard links, symbolic links,
sockets and the "070702" checksums, because an initramfs of ours has none; owners (all 0) and times (all 0), because they
would only make the bytes differ. A path's folders must stand before it; an archive may be followed by another one.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass

_ALIGNMENT = 4
_MAGIC = b"070701"
_HEADER = 110
_TRAILER = "TRAILER!!!"


@dataclass(frozen=True)
class Entry:
    """One member. ``mode`` holds type and permissions as st_mode does; ``device`` is (major, minor)."""

    path: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def folder(path: str, permissions: int = 0o755) -> Entry:
    """A directory."""
    return Entry(path, stat.S_IFDIR | permissions)


def file(path: str, data: bytes, permissions: int = 0o644) -> Entry:
    """A regular file of at most 4 GiB."""
    return Entry(path, stat.S_IFREG | permissions, data)


def character_device(path: str, major: int, minor: int, permissions: int = 0o600) -> Entry:
    """A character device node."""
    return Entry(path, stat.S_IFCHR | permissions, device=(major, minor))


def archive(entries: Iterable[Entry]) -> bytes:
    """The archive, its trailer included; a multiple of 4 bytes long."""
    members = [_member(number, entry) for number, entry in enumerate(entries, 1)]
    return b"".join([*members, _member(0, Entry(_TRAILER, 0))])


def files_in(archives: bytes) -> dict[str, bytes]:
    """The regular files of a row of archives, up to the first byte that belongs to none: a compressed one, or the end."""
    found, at = {}, 0
    while (header := archives[at : at + _HEADER])[:6] == _MAGIC and len(header) == _HEADER:
        mode, size, name_size = (int(header[start : start + 8], 16) for start in (14, 54, 94))
        name = archives[at + _HEADER : at + _HEADER + name_size - 1].decode()
        data = _after(at + _HEADER + name_size)
        if stat.S_ISREG(mode):
            found[name] = archives[data : data + size]
        at = _after(data + size)
        while name == _TRAILER and at < len(archives) and archives[at] == 0:
            at += 1
    return found


def _after(place: int) -> int:
    return place + -place % _ALIGNMENT


def _member(inode: int, entry: Entry) -> bytes:
    name = entry.path.strip("/").encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    owner = group = time = checksum = 0
    fields = (inode, entry.mode, owner, group, links, time, len(entry.data), 0, 0, *entry.device, len(name), checksum)
    header = _MAGIC + b"".join(b"%08X" % field for field in fields)
    return _padded(header + name) + _padded(entry.data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT)
