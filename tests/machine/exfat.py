"""A USB stick's exFAT file system with some files in its root folder, as Microsoft's specification (revision 1.00) has it."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Mapping

_SECTOR, _CLUSTER = 512, 4096
_FAT_AT, _FAT_SECTORS = 128, 128  # sectors
_HEAP_AT = _FAT_AT + _FAT_SECTORS
_IN_USE, _NO_CHAIN = 1, 2
_END = 0xFFFFFFFF


def exfat_volume(files: Mapping[str, bytes]) -> bytes:
    """The bytes of a file system; each file lies in one piece."""
    upcase = _upcase_table()
    contents = [b"", upcase, b"", *files.values()]  # bitmap and root folder are made when the rest has its place
    total = sum(map(_clusters, contents)) + 2 + 64
    places = [2]
    bitmap_clusters = max(1, -(-total // 8 // _CLUSTER))
    for size in (bitmap_clusters, _clusters(upcase), 1, *map(_clusters, files.values())):
        places.append(places[-1] + size)
    used = places[-1] - 2
    bitmap = ((1 << used) - 1).to_bytes(-(-total // 8), "little")
    folder = b"".join([
        struct.pack("<BB18xIQ", 0x81, 0, places[0], len(bitmap)),
        struct.pack("<B3xI12xIQ", 0x82, _sum32(upcase), places[1], len(upcase)),
        *(_entries(name, data, place) for (name, data), place in zip(files.items(), places[3:])),
    ])
    heap = b"".join(data.ljust(_clusters(data) * _CLUSTER, b"\0") for data in (bitmap, upcase, folder, *files.values()))
    chains = [0xFFFFFFF8, _END]
    for first, behind in itertools.pairwise(places):
        chains += [*range(first + 1, behind), _END]
    fat = struct.pack(f"<{len(chains)}I", *chains).ljust(_FAT_SECTORS * _SECTOR, b"\0")
    boot = _boot_region(total, places[2])
    return (boot + boot).ljust(_FAT_AT * _SECTOR, b"\0") + fat + heap.ljust(total * _CLUSTER, b"\0")


def _boot_region(clusters: int, root: int) -> bytes:
    """The boot sector, eight that could extend it, two that are reserved, and one that repeats the sum of all these."""
    sectors = _HEAP_AT + clusters * _CLUSTER // _SECTOR
    boot = struct.pack("<3s8s53xQQIIIIIIHHBBBBB7x390sH", b"\xeb\x76\x90", b"EXFAT   ", 0, sectors, _FAT_AT, _FAT_SECTORS,
                       _HEAP_AT, clusters, root, 0x12345678, 0x100, 0, 9, 3, 1, 0x80, 0, bytes(390), 0xAA55)
    extended = (bytes(508) + b"\0\0\x55\xaa") * 8
    region = boot + extended + bytes(2 * _SECTOR)
    return region + struct.pack("<I", _boot_sum(region)) * (_SECTOR // 4)


def _entries(name: str, data: bytes, place: int) -> bytes:
    """A file's set of folder entries: times and kind, place and length, name."""
    units = name.encode("utf-16-le")
    names = [units[at : at + 30] for at in range(0, len(units), 30)]
    stream = struct.pack("<BBxBH2xQ4xIQ", 0xC0, _IN_USE | _NO_CHAIN, len(name), _name_sum(name), len(data), place, len(data))
    rest = stream + b"".join(struct.pack("<BB30s", 0xC1, 0, part) for part in names)
    when = (44 << 25) | (1 << 21) | (1 << 16)  # 2024-01-01
    head = struct.pack("<BBHH2xIII12x", 0x85, 1 + len(names), 0, 0x20, when, when, when)
    return head[:2] + struct.pack("<H", _sum16(head, rest)) + head[4:] + rest


def _upcase_table() -> bytes:
    """Small ASCII letters have large ones; the rest is as it is, told in runs (0xFFFF, how many)."""
    units = [0xFFFF, 0x61, *range(0x41, 0x5B), 0xFFFF, 0x10000 - 0x7B]
    return struct.pack(f"<{len(units)}H", *units)


def _clusters(data: bytes) -> int:
    return max(1, -(-len(data) // _CLUSTER))


def _sum32(data: bytes) -> int:
    total = 0
    for byte in data:
        total = ((total << 31 | total >> 1) + byte) & 0xFFFFFFFF
    return total


def _boot_sum(region: bytes) -> int:
    """Without what changes while it is mounted: flags and how much is in use."""
    return _sum32(bytes(byte for at, byte in enumerate(region) if at not in (106, 107, 112)))


def _sum16(head: bytes, rest: bytes) -> int:
    """Over a set of entries, without the place of the sum itself."""
    total = 0
    for byte in head[:2] + head[4:] + rest:
        total = ((total << 15 | total >> 1) + byte) & 0xFFFF
    return total


def _name_sum(name: str) -> int:
    total = 0
    for byte in name.upper().encode("utf-16-le"):
        total = ((total << 15 | total >> 1) + byte) & 0xFFFF
    return total
