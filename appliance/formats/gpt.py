"""GUID partition tables (UEFI 2.10, chapter 5) for disks with sectors of 512 bytes.

Left out: other sector sizes, more than the usual 128 entries, attribute bits and hybrid MBRs; no disk of ours needs them.
The protective MBR may carry boot code, which is how a BIOS starts. Of a disk that is read, only the first table is.
"""

from __future__ import annotations

import struct
import uuid
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SECTOR = 512
BIOS_BOOT = uuid.UUID("21686148-6449-6e6f-744e-656564454649")
EFI_SYSTEM = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
BASIC_DATA = uuid.UUID("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7")
LINUX_DATA = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4")

_ENTRIES, _ENTRY_SIZE = 128, 128
_TABLE_SECTORS = _ENTRIES * _ENTRY_SIZE // SECTOR
FIRST_USABLE = 2 + _TABLE_SECTORS  # after the MBR, the header and the table
BACKUP_SECTORS = 1 + _TABLE_SECTORS  # the second table and header, at the very end of the disk
_BOOT_CODE_SIZE = 440


@dataclass(frozen=True)
class Partition:
    """One entry: ``first`` and ``sectors`` count 512-byte sectors; ``name`` has at most 36 UTF-16 units."""

    name: str
    kind: uuid.UUID
    identity: uuid.UUID
    first: int
    sectors: int


def table(
    partitions: Sequence[Partition], disk: uuid.UUID, total: int, boot_code: bytes = b""
) -> list[tuple[int, bytes]]:
    """Protective MBR, both headers and both tables of a disk of ``total`` sectors, as pieces (byte offset, bytes).

    ValueError when partitions overlap, leave the disk, or are too many, or when the boot code exceeds 440 bytes.
    """
    _check(partitions, total, boot_code)
    entries = b"".join(_entry(partition) for partition in partitions).ljust(_ENTRIES * _ENTRY_SIZE, b"\0")
    last, backup_table = total - 1, total - BACKUP_SECTORS
    return [
        (0, _protective_mbr(disk, total, boot_code) + _header(1, last, 2, entries, disk, total) + entries),
        (backup_table * SECTOR, entries + _header(last, 1, backup_table, entries, disk, total)),
    ]


def begins_disk(beginning: bytes) -> bool:
    """Whether these are the first two sectors of a disk with a table."""
    return beginning[SECTOR - 2 : SECTOR] == b"\x55\xaa" and beginning[SECTOR : SECTOR + 8] == b"EFI PART"


def read_table(read: Callable[[int, int], bytes]) -> tuple[list[Partition], int]:
    """The partitions of a disk, in order, and its number of sectors, from the table at its beginning.

    ``read(offset, length)`` gives bytes of the disk. ValueError when the table is not whole.
    """
    header, entries = read(SECTOR, SECTOR), read(2 * SECTOR, _TABLE_SECTORS * SECTOR)
    if not begins_disk(read(0, SECTOR) + header) or len(entries) < _TABLE_SECTORS * SECTOR:
        raise ValueError("it has no GUID partition table")
    checksum, last, entries_checksum = struct.unpack_from("<16xI12xQ48xI", header)
    if zlib.crc32(header[:16] + bytes(4) + header[20:92]) != checksum or zlib.crc32(entries) != entries_checksum:
        raise ValueError("its partition table is damaged")
    found = [struct.unpack_from("<16s16sQQQ72s", entries, at) for at in range(0, len(entries), _ENTRY_SIZE)]
    partitions = [Partition(name.decode("utf-16-le").rstrip("\0"), uuid.UUID(bytes_le=kind), uuid.UUID(bytes_le=identity),
                            first, end - first + 1)
                  for kind, identity, first, end, _, name in found if any(kind)]
    return sorted(partitions, key=lambda partition: partition.first), last + 1


def _check(partitions: Sequence[Partition], total: int, boot_code: bytes) -> None:
    if len(boot_code) > _BOOT_CODE_SIZE:
        raise ValueError(f"boot code of {len(boot_code)} bytes, at most {_BOOT_CODE_SIZE} fit")
    if len(partitions) > _ENTRIES:
        raise ValueError(f"{len(partitions)} partitions, at most {_ENTRIES} fit")
    free = FIRST_USABLE
    for partition in partitions:
        if partition.first < free or partition.sectors < 1:
            raise ValueError(f"partition {partition.name} begins before sector {free} or is empty")
        free = partition.first + partition.sectors
    if free > total - BACKUP_SECTORS:
        raise ValueError(f"the partitions end at sector {free}, the disk's space at {total - BACKUP_SECTORS}")


def _entry(partition: Partition) -> bytes:
    name = partition.name.encode("utf-16-le")
    if len(name) > 72:
        raise ValueError(f"the partition name {partition.name} is longer than 36 characters")
    last = partition.first + partition.sectors - 1
    return struct.pack("<16s16sQQQ72s", partition.kind.bytes_le, partition.identity.bytes_le,
                       partition.first, last, 0, name)


def _header(own: int, other: int, entries_at: int, entries: bytes, disk: uuid.UUID, total: int) -> bytes:
    def packed(checksum: int) -> bytes:
        return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x00010000, 92, checksum, 0, own, other, FIRST_USABLE,
                           total - BACKUP_SECTORS - 1, disk.bytes_le, entries_at, _ENTRIES, _ENTRY_SIZE,
                           zlib.crc32(entries))

    return packed(zlib.crc32(packed(0))).ljust(SECTOR, b"\0")


def _protective_mbr(disk: uuid.UUID, total: int, boot_code: bytes) -> bytes:
    covered = min(total - 1, 0xFFFFFFFF)
    record = struct.pack("<B3sB3sII", 0, b"\x00\x02\x00", 0xEE, b"\xff\xff\xff", 1, covered)
    signature = disk.int & 0xFFFFFFFF
    return boot_code.ljust(_BOOT_CODE_SIZE, b"\0") + struct.pack("<IH", signature, 0) + record.ljust(64, b"\0") + b"\x55\xaa"
