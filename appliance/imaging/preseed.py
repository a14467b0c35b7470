"""What one device is told before its first boot: name, address, time zone, claim code, certificate. Never part of an image.

`invoke flash --config` writes it into the place that an image keeps free for it, and PID 1 takes it over once and overwrites
it (core/init/storage/preseed.c, which knows the same format): one head line

    fapws4-preseed 1 LENGTH CRC32

with the length of the body and its CRC-32 (8 hexadecimal digits), then the body: entries ``KEY LENGTH``, a line end, so many
bytes, a line end. The rest is zero.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass

from appliance.common.errors import Problem
from appliance.formats import gpt
from appliance.formats.fat import Placed, Tree
from appliance.formats.fat_map import is_fat, place_of
from appliance.imaging.blockmap import BlockMap

# The place: a file in the state partition, in an erase block of its own (see STATE_COPIES_AT in bootloader.py).
PRESEED_AT = 12 << 20
PRESEED_SIZE = 64 << 10

# Where PID 1 notes that an operator wants a factory reset (core/init/storage/reset_order.h).
RESET_AT = PRESEED_AT + PRESEED_SIZE
RESET_SIZE = 4096

_FILE = "PRESEED"


@dataclass(frozen=True)
class Preseed:
    """The entries, in the order that PID 1 expects them in."""

    entries: dict[str, bytes]

    def block(self) -> bytes:
        """What is written to the disk."""
        body = b"".join(b"%s %d\n%s\n" % (key.encode(), len(value), value) for key, value in self.entries.items())
        head = b"fapws4-preseed 1 %d %08x\n" % (len(body), zlib.crc32(body))
        return (head + body).ljust(PRESEED_SIZE, b"\0")


def free_place() -> Tree:
    """The files of an image that keep the places free."""
    return {_FILE: Placed(bytes(PRESEED_SIZE), PRESEED_AT), "RESET": Placed(bytes(RESET_SIZE), RESET_AT)}


def find_place(blocks: BlockMap) -> int:
    """Where the place begins on a disk with this image."""
    with blocks.image.open("rb") as file:
        for partition in blocks.partitions:
            start = partition.first * gpt.SECTOR
            if partition.name == "state" and is_fat(os.pread(file.fileno(), gpt.SECTOR, start)):
                found = place_of(lambda offset, length, start=start: os.pread(file.fileno(), length, start + offset),  # type: ignore[misc]
                                 _FILE.ljust(11).encode())
                if found and found[1] == PRESEED_SIZE:
                    return start + found[0]
    raise Problem(f"{blocks.image.name} has no place for --config", "build it again with this version")
