"""The version that a disk image holds: what it says of itself, and the bytes of its slot.

An image is read as the firmware and the kernel read it: partition table, file system, unified kernel image, initramfs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from appliance.common.errors import Problem
from appliance.formats import cpio, fat, gpt, pe
from appliance.imaging.slot import FILES


@dataclass(frozen=True)
class Disk:
    """Where an image's partitions lie: name -> (first byte, bytes)."""

    path: Path
    places: dict[str, tuple[int, int]]

    @property
    def slots(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Both slots."""
        return self.places["slota"], self.places["slotb"]

    def read(self, partition: str) -> bytes:
        """All bytes of a partition."""
        start, length = self.places[partition]
        with self.path.open("rb") as file:
            return _bytes_at(file, start, length)


@dataclass(frozen=True)
class PlacedPart:
    """A part of a slot as its manifest says it; ``digest`` is "-" where it does not know."""

    name: str
    offset: int
    length: int
    digest: str


@dataclass(frozen=True)
class Version:
    """What a slot holds: ``files`` are those of its /etc that say what it is, ``data`` its bytes up to its end."""

    files: dict[str, bytes]
    data: bytes
    parts: tuple[PlacedPart, ...]

    def says(self, key: str) -> str:
        """The value of a key of appliance.conf; "" when it has none."""
        lines = self.files["appliance.conf"].decode().splitlines()
        return next((line.partition("=")[2] for line in lines if line.startswith(f"{key}=")), "")

    def part(self, placed: PlacedPart) -> bytes:
        """The bytes of one of its parts."""
        return self.data[placed.offset : placed.offset + placed.length]


def open_disk(image: Path) -> Disk:
    """An image with a state, two slots, and nothing said yet of what is in them."""
    if not image.is_file():
        raise Problem(f"there is no image {image}", "make it with: invoke build-appliance app.py --keys FILE")
    with image.open("rb") as file:
        try:
            partitions, _ = gpt.read_table(lambda offset, length: _bytes_at(file, offset, length))
        except ValueError as error:
            raise Problem(f"{image} is not a disk image: {error}", "name one that invoke build-appliance made") from error
    places = {part.name: (part.first * gpt.SECTOR, part.sectors * gpt.SECTOR) for part in partitions}
    if absent := [name for name in ("state", "slota", "slotb") if name not in places]:
        raise Problem(f"{image} has no partition {absent[0]}", "name an image that invoke build-appliance made")
    return Disk(image, places)


def read_version(disk: Disk, slot: str) -> Version:
    """What the slot a or b holds."""
    data = disk.read(f"slot{slot}")
    try:
        start, size = fat.find_file(data, "linux.efi")
        section = next(section for section in pe.sections(data[start : start + size]) if section.name == ".initrd")
        found = cpio.files_in(data[start + section.offset : start + section.offset + section.size])
        files = {name: found[f"etc/{name}"] for name in FILES if f"etc/{name}" in found}
        head, *lines = files["appliance.manifest"].decode().splitlines()
        parts = tuple(PlacedPart(name, int(offset), int(length), digest)
                      for _, name, offset, length, digest in (line.split() for line in lines))
        return Version(files, data[: int(head.split()[1])], parts)
    except (ValueError, KeyError, StopIteration, IndexError) as error:
        raise Problem(f"slot {slot} of {disk.path} does not hold a version that says what it is ({error!r})",
                      "make the image anew with: invoke build-appliance") from error


def _bytes_at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)
