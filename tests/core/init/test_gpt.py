"""The partition table as PID 1 reads and corrects it, against the builder's own tables and sgdisk."""

from __future__ import annotations

import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from appliance.fetching.recipes import Board, load_board
from appliance.formats import gpt
from appliance.imaging.image import layout

MIB = 2048
DISK = uuid.UUID("11111111-2222-3333-4444-555555555555")
PC = load_board("pc")
PARTITIONS = layout(PC, "hello")
DATA = len(PARTITIONS)
OLD_TOTAL = PARTITIONS[-1].first + PARTITIONS[-1].sectors + MIB
BOOT_CODE = bytes(range(200))


def disk(total: int, partitions: list[gpt.Partition] | None = None) -> tuple[bytes, bytes]:
    """The first 34 sectors of a disk that was made this large, and its last 33."""
    pieces = dict(gpt.table(partitions or PARTITIONS, DISK, total, BOOT_CODE))
    (front, back) = pieces.values()
    return front, back


def grown(total: int) -> list[gpt.Partition]:
    """The partitions as they should be on a disk of this size: data ends with the last whole MiB before the backup."""
    data = PARTITIONS[-1]
    last = (total - gpt.BACKUP_SECTORS) // MIB * MIB
    return [*PARTITIONS[:-1], gpt.Partition(data.name, data.kind, data.identity, data.first, last - data.first)]


def table(pure: Any, header: bytes, entries: bytes) -> Any:
    """A struct gpt."""
    return pure.ffi.new("struct gpt *", {"header": header, "entries": entries})


def front(pure: Any, sectors: bytes) -> Any:
    """The struct gpt of a disk's first sectors."""
    return table(pure, sectors[512:1024], sectors[1024:])


def copy(pure: Any, value: Any) -> bytes:
    """A struct gpt as it stands in front of a disk."""
    return bytes(pure.ffi.buffer(value))


@pytest.mark.parametrize("total", [OLD_TOTAL, OLD_TOTAL + 1, OLD_TOTAL + MIB - 1, OLD_TOTAL + MIB, 7_744_512, 64 << 21,
                                   1 << 31, (1 << 32) + 12345, 16 << 31])
def test_a_grown_disk_gets_the_table_that_the_builder_would_write(pure: Any, total: int) -> None:
    """Both copies and the protective record are, byte for byte, those of a disk that was made this large."""
    expected, backup = disk(total, grown(total))
    before, _ = disk(OLD_TOTAL)
    value = front(pure, before)
    assert pure.lib.gpt_is_whole(value, 1)
    assert pure.lib.gpt_fit(value, DATA, total)
    assert copy(pure, value) == expected[512:]
    out = pure.exact(bytes(len(backup)))
    pure.lib.gpt_backup(value, out)
    assert bytes(pure.ffi.buffer(out, len(backup))) == backup
    sector = pure.exact(before[:512])
    assert pure.lib.gpt_protect(sector, total) == (before[:512] != expected[:512])
    assert bytes(pure.ffi.buffer(sector, 512)) == expected[:512]


def test_sgdisk_agrees(pure: Any, tmp_path: Path) -> None:
    """A corrected disk has no problem, and its data partition the room behind it."""
    total = 64 << 21
    path = tmp_path / "disk"
    value = front(pure, disk(OLD_TOTAL)[0])
    assert pure.lib.gpt_fit(value, DATA, total)
    out = pure.exact(bytes(33 * 512))
    pure.lib.gpt_backup(value, out)
    with path.open("wb") as file:
        file.write(disk(total)[0][:512] + copy(pure, value))
        file.truncate(total * 512)
        file.seek(-33 * 512, 2)
        file.write(pure.ffi.buffer(out, 33 * 512))
    assert "No problems found" in subprocess.run(["sgdisk", "-v", path], capture_output=True, text=True, check=True).stdout
    said = subprocess.run(["sgdisk", "-i", str(DATA), path], capture_output=True, text=True, check=True).stdout
    assert f"Last sector: {grown(total)[-1].first + grown(total)[-1].sectors - 1} " in said
    assert str(PARTITIONS[-1].identity).upper() in said


def test_it_is_corrected_once(pure: Any) -> None:
    """What has been fitted to a disk is not changed by fitting it again: no boot writes without need."""
    value = front(pure, disk(OLD_TOTAL)[0])
    assert pure.lib.gpt_fit(value, DATA, 64 << 21)
    once = copy(pure, value)
    assert pure.lib.gpt_fit(value, DATA, 64 << 21)
    assert copy(pure, value) == once
    assert pure.lib.gpt_is_whole(value, 1)


def test_the_backup_alone_is_enough(pure: Any) -> None:
    """From the copy at the end of a disk, the one in front is made again."""
    expected, backup = disk(64 << 21, grown(64 << 21))
    value = table(pure, backup[-512:], backup[:-512])
    assert pure.lib.gpt_is_whole(value, (64 << 21) - 1)
    assert not pure.lib.gpt_is_whole(value, 1)
    assert pure.lib.gpt_fit(value, DATA, 64 << 21)
    assert copy(pure, value) == expected[512:]


@pytest.mark.parametrize("total", [0, 1, 33, 34, PARTITIONS[-1].first, OLD_TOTAL - MIB, OLD_TOTAL - MIB + 32])
def test_a_disk_that_is_too_small_is_left_alone(pure: Any, total: int) -> None:
    """An image that was cut short, or a stick that lies about its size, never makes a partition smaller."""
    value = front(pure, disk(OLD_TOTAL)[0])
    before = copy(pure, value)
    assert not pure.lib.gpt_fit(value, DATA, total)
    assert copy(pure, value) == before


def test_a_partition_behind_data_stays_where_it_is(pure: Any) -> None:
    """Who has put a partition of his own behind ours keeps it: only the backup table moves."""
    extra = gpt.Partition("own", gpt.LINUX_DATA, uuid.uuid5(DISK, "own"), OLD_TOTAL, MIB)
    before = [*PARTITIONS, extra]
    value = front(pure, disk(OLD_TOTAL + 2 * MIB, before)[0])
    assert pure.lib.gpt_fit(value, DATA, 64 << 21)
    assert copy(pure, value) == disk(64 << 21, before)[0][512:]


@pytest.mark.parametrize("at", [512, 512 + 16, 512 + 24, 512 + 40, 512 + 88, 1024, 1024 + 128 * 5 + 32, 34 * 512 - 1])
def test_damage_is_noticed(pure: Any, at: int) -> None:
    """A bit that has changed in the header or in any entry makes a copy unusable."""
    sectors = bytearray(disk(OLD_TOTAL)[0])
    sectors[at] ^= 1
    assert not pure.lib.gpt_is_whole(front(pure, bytes(sectors)), 1)


def test_partitions_are_found(pure: Any) -> None:
    """By GUID and by name; what is not there is not found, and an unused entry is nobody's."""
    value = front(pure, disk(OLD_TOTAL)[0])
    guid, first, sectors = pure.ffi.new("uint8_t[16]"), pure.ffi.new("uint64_t *"), pure.ffi.new("uint64_t *")
    for number, partition in enumerate(PARTITIONS, 1):
        assert pure.lib.gpt_guid(str(partition.identity).encode(), guid)
        assert bytes(guid) == partition.identity.bytes_le
        assert pure.lib.gpt_find(value, guid) == number
        assert pure.lib.gpt_find_name(value, partition.name.encode()) == number
        pure.lib.gpt_place(value, number, first, sectors)
        assert (first[0], sectors[0]) == (partition.first, partition.sectors)
    assert pure.lib.gpt_find(value, bytes(16)) == 0
    assert pure.lib.gpt_find_name(value, b"dat") == 0
    assert pure.lib.gpt_find_name(value, b"") == 0
    assert pure.lib.gpt_find_name(value, b"d" * 40) == 0


@pytest.mark.parametrize("text", ["", "data", str(DISK)[:-1], str(DISK) + "0", str(DISK).replace("-", "+"),
                                  str(DISK)[:-1] + "g", str(DISK.hex), "11111111-2222-3333-44445-55555555555", "é" * 18])
def test_what_is_no_guid_is_refused(pure: Any, text: str) -> None:
    """A configuration with anything else leads to no disk."""
    assert not pure.lib.gpt_guid(text.encode(), pure.ffi.new("uint8_t[16]"))


@pytest.mark.parametrize("sector", [bytes(512), bytes(446) + b"\x80\0\0\0\x83" + bytes(59) + b"\x55\xaa"])
def test_a_first_sector_that_protects_nothing_is_left_alone(pure: Any, sector: bytes) -> None:
    """A sector without a protective record is somebody else's."""
    assert not pure.lib.gpt_protect(pure.exact(sector), 1000)


def superblock(blocks: int, per_group: int = 32768, shift: int = 2, magic: int = 0xEF53) -> bytes:
    """What ext4_target looks at."""
    block = bytearray(1024)
    fields = {4: blocks & 0xFFFFFFFF, 24: shift, 32: per_group, 56: magic, 336: blocks >> 32}
    for at, value in fields.items():
        size = 2 if at == 56 else 4
        block[at : at + size] = value.to_bytes(size, "little")
    return bytes(block)


GROUP = 32768 * 4096


@pytest.mark.parametrize(
    ("blocks", "size", "target"),
    [
        (4096, 4096 * 4096, 0),
        (4096, 4097 * 4096, 4097),
        (4096, 4097 * 4096 + 4095, 4097),
        (4096, GROUP, 32768),
        (4096, GROUP + 2047 * 4096, 32768),
        (32768, GROUP + 2047 * 4096, 0),
        (4096, GROUP + 2048 * 4096, 32768 + 2048),
        (4096, 4095 * 4096, 0),
        (1 << 32, (1 << 45) + GROUP, (1 << 33) + 32768),
    ],
)
def test_how_far_a_file_system_grows(pure: Any, blocks: int, size: int, target: int) -> None:
    """To its partition's whole blocks, without a last group that is too small for anything; never down."""
    block_size = pure.ffi.new("uint32_t *")
    assert pure.lib.ext4_target(pure.exact(superblock(blocks)), size, block_size) == target
    assert block_size[0] == 4096


@pytest.mark.parametrize("block", [bytes(1024), b"\xff" * 1024, superblock(4096, magic=0xEF52), superblock(4096, per_group=0),
                                   superblock(4096, shift=7)])
def test_what_is_no_ext4_does_not_grow(pure: Any, block: bytes) -> None:
    """A damaged or foreign superblock is never asked for anything."""
    assert pure.lib.ext4_target(pure.exact(block), 1 << 40, pure.ffi.new("uint32_t *")) == 0


def test_the_builders_own_file_system_grows(pure: Any, hello_image: Path, pc: Board) -> None:
    """The superblock that mke2fs writes is understood: 64 GiB for what was made with 16 MiB."""
    data = layout(pc, "hello")[-1]
    with hello_image.open("rb") as file:
        file.seek(data.first * 512 + 1024)
        block = file.read(1024)
    block_size = pure.ffi.new("uint32_t *")
    assert pure.lib.ext4_target(pure.exact(block), data.sectors * 512, block_size) == 0
    assert pure.lib.ext4_target(pure.exact(block), 64 << 30, block_size) == (64 << 30) // 4096
