"""Which bytes of an image a disk must hold, and the same as a .bmap file, for bmaptool.

All of them but what lies behind the last cluster in use of a FAT file system, of which nobody ever reads a byte: most of an
image. That a file has holes says nothing: a file system's tables are full of zeros that count, as do the zeros of a journal
(what a disk's earlier life has left there could be taken for transactions), and copying or compressing an image may turn any
run of zeros into a hole.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.common.errors import Problem
from appliance.formats import gpt
from appliance.formats.fat_map import is_fat, used_length

BLOCK = 4096

_PORTION = 1 << 20
_CHECKSUM_PLACE = "0" * 64  # stands in for the file's own checksum while that is computed


@dataclass(frozen=True)
class BlockMap:
    """The image, its partitions, and what of it must be on a disk: (offset, length), whole blocks, in order, apart."""

    image: Path
    size: int
    partitions: list[gpt.Partition]
    ranges: list[tuple[int, int]]

    @property
    def mapped(self) -> int:
        """Bytes to be written."""
        return sum(length for _, length in self.ranges)


def map_image(image: Path) -> BlockMap:
    """What a disk must hold of an image; a Problem when it is none, or not whole."""
    with image.open("rb") as file:
        size = os.fstat(file.fileno()).st_size

        def read(offset: int, length: int) -> bytes:
            return os.pread(file.fileno(), length, offset)

        try:
            partitions, sectors = gpt.read_table(read)
        except ValueError as error:
            raise Problem(f"{image} is no disk image: {error}", "make one with: invoke build-appliance app.py") from error
        if size != sectors * gpt.SECTOR:
            raise Problem(f"{image} is not whole: it has {size} bytes and should have {sectors * gpt.SECTOR}",
                          "copy or build it again")
        try:
            return BlockMap(image, size, partitions, _ranges(partitions, size, read))
        except ValueError as error:
            raise Problem(f"{image} is damaged: it has {error}", "copy or build it again") from error


def bmap_text(blocks: BlockMap) -> str:
    """The .bmap file (version 2.0, sha256) of an image."""
    rows = []
    with blocks.image.open("rb") as file:
        for offset, length in blocks.ranges:
            first, last = offset // BLOCK, (offset + length - 1) // BLOCK
            rows.append(f'        <Range chksum="{_digest(file.fileno(), offset, length)}"> '
                        f'{first if first == last else f"{first}-{last}"} </Range>\n')
    text = ('<?xml version="1.0" ?>\n<bmap version="2.0">\n'
            f"    <ImageSize> {blocks.size} </ImageSize>\n    <BlockSize> {BLOCK} </BlockSize>\n"
            f"    <BlocksCount> {-(-blocks.size // BLOCK)} </BlocksCount>\n"
            f"    <MappedBlocksCount> {-(-blocks.mapped // BLOCK)} </MappedBlocksCount>\n"
            f"    <ChecksumType> sha256 </ChecksumType>\n    <BmapFileChecksum> {_CHECKSUM_PLACE} </BmapFileChecksum>\n"
            f"    <BlockMap>\n{''.join(rows)}    </BlockMap>\n</bmap>\n")
    return text.replace(_CHECKSUM_PLACE, hashlib.sha256(text.encode()).hexdigest(), 1)


def _ranges(partitions: list[gpt.Partition], size: int, read: Callable[[int, int], bytes]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    begun = 0
    for partition in partitions:
        start, length = partition.first * gpt.SECTOR, partition.sectors * gpt.SECTOR
        if is_fat(read(start, gpt.SECTOR)):
            used = used_length(lambda offset, count, start=start: read(start + offset, count))  # type: ignore[misc]
            end = start + min(length, -(-used // BLOCK) * BLOCK)
            found.append((begun, end - begun))
            begun = start + length
    return [*found, (begun, size - begun)]


def _digest(file: int, offset: int, length: int) -> str:
    total = hashlib.sha256()
    for at in range(offset, offset + length, _PORTION):
        total.update(os.pread(file, min(_PORTION, offset + length - at), at))
    return total.hexdigest()
