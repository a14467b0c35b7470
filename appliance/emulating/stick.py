"""What an emulated USB stick holds: a disk image as it is, or a file or the files of a folder on a FAT file system."""

from __future__ import annotations

import uuid
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import SOURCE_DATE_EPOCH
from appliance.formats import fat, gpt

_LEAST = 288 << 20  # bytes; with these clusters it is FAT32, as on sticks that are sold
_CLUSTER = 4096
_FIRST = (1 << 20) // gpt.SECTOR
_IDENTITY = uuid.uuid5(uuid.NAMESPACE_URL, "fapws4/stick")


def stick_image(content: Path, scratch: Path) -> Path:
    """The disk image of a stick with ``content``; made in the folder ``scratch`` unless it is one already."""
    if not content.exists():
        raise Problem(f"there is no {content} to put on the USB stick", "name a disk image, a file or a folder")
    if content.is_file() and gpt.begins_disk(_beginning(content)):
        return content
    tree = _tree(content) if content.is_dir() else {content.name: content.read_bytes()}
    size = max(_LEAST, _rounded(_bytes_of(content) * 5 // 4))
    stick = scratch / "stick.img"
    try:
        pieces = fat.volume(tree, size, label="stick", serial=_IDENTITY.int & 0xFFFFFFFF, cluster=_CLUSTER,
                            epoch=SOURCE_DATE_EPOCH, hidden=_FIRST)
    except ValueError as error:
        raise Problem(f"{content} cannot be put on the USB stick: {error}", "rename it, or make it smaller") from error
    partition = gpt.Partition("stick", gpt.BASIC_DATA, uuid.uuid5(_IDENTITY, "partition"), _FIRST, size // gpt.SECTOR)
    total = _FIRST + partition.sectors + _FIRST
    with stick.open("wb") as file:
        file.truncate(total * gpt.SECTOR)
        for offset, data in [*((_FIRST * gpt.SECTOR + at, piece) for at, piece in pieces),
                             *gpt.table([partition], _IDENTITY, total)]:
            file.seek(offset)
            file.write(data)
    return stick


def _beginning(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(2 * gpt.SECTOR)


def _tree(folder: Path) -> dict[str, bytes | fat.Tree]:
    return {each.name: _tree(each) if each.is_dir() else each.read_bytes() for each in sorted(folder.iterdir())}


def _bytes_of(content: Path) -> int:
    """What a file, or everything in a folder, takes on the stick: whole clusters each."""
    return sum(_CLUSTER + each.stat().st_size for each in ([content] if content.is_file() else content.rglob("*")))


def _rounded(size: int) -> int:
    return -(-size // (1 << 20)) << 20
