"""Reading a FAT file system as far as a writer of disks must: how much of it is used, and where a file of its root lies.

The other direction of fat.py, with the same limits. ``read(offset, length)`` gives bytes of the volume.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from appliance.formats.fat import SECTOR

Read = Callable[[int, int], bytes]

_ENTRY = 32
_VOLUME_OR_LONG_NAME = 0x08


@dataclass(frozen=True)
class _Shape:
    """Geometry: offsets and sizes in bytes."""

    table_at: int
    table_size: int
    root_at: int
    root_size: int
    data_at: int
    cluster: int
    clusters: int

    @property
    def bits(self) -> int:
        return 12 if self.clusters < 4085 else 16 if self.clusters < 65525 else 32


def is_fat(beginning: bytes) -> bool:
    """Whether a volume that begins with this sector is one of ours."""
    return beginning[SECTOR - 2 : SECTOR] == b"\x55\xaa" and (beginning[54:57] == b"FAT" or beginning[82:85] == b"FAT")


def used_length(read: Read) -> int:
    """Bytes from the volume's beginning to the end of its last cluster in use. Nobody ever reads what lies behind."""
    shape = _shape(read)
    table = read(shape.table_at, shape.table_size)
    last = next((number for number in range(shape.clusters + 1, 1, -1) if _entry(table, number, shape.bits)), 1)
    return shape.data_at + (last - 1) * shape.cluster


def place_of(read: Read, short_name: bytes) -> tuple[int, int] | None:
    """Where a file of the root folder begins in the volume, and its size; None when there is none of these 11 bytes.

    Of FAT12 and FAT16 only; files of fat.py are in one piece.
    """
    shape = _shape(read)
    root = read(shape.root_at, shape.root_size)
    for at in range(0, len(root), _ENTRY):
        name, attributes, cluster, size = struct.unpack_from("<11sB14xHI", root, at)
        if name == short_name and not attributes & _VOLUME_OR_LONG_NAME:
            return shape.data_at + (cluster - 2) * shape.cluster, size
    return None


def _shape(read: Read) -> _Shape:
    boot = read(0, SECTOR)
    sector, per_cluster, reserved, tables, roots, small, short, large, wide = struct.unpack_from("<HBHBHHxH8xII", boot, 11)
    if sector != SECTOR or not per_cluster or not tables:
        raise ValueError(f"a FAT file system with sectors of {sector} bytes")
    table, root_at = short or wide, reserved + tables * (short or wide)
    data_at = root_at + -(-roots * _ENTRY // SECTOR)
    clusters = ((small or large) - data_at) // per_cluster
    return _Shape(reserved * SECTOR, table * SECTOR, root_at * SECTOR, roots * _ENTRY, data_at * SECTOR,
                  per_cluster * SECTOR, clusters)


def _entry(table: bytes, number: int, bits: int) -> int:
    at = number * bits // 8
    value = int.from_bytes(table[at : at + (bits + 7) // 8], "little")
    if bits == 12:
        return value >> 4 if number % 2 else value & 0xFFF
    return value & 0x0FFFFFFF
