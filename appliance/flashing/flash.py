"""Write an image to a disk, so that the disk starts only if all of it is there and has been read back.

The first MiB, with the boot code and the partition table, is zeroed first and written last, after everything else has been
compared; so is the last MiB, where an earlier table may have left its backup. The image's bytes are written unchanged: the
backup of its own table moves to the end of the disk at the first boot. What one device only is told (``preseed``) is put
into the place that the image keeps free for it, before the first MiB.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import own_folder
from appliance.common.progress import meter
from appliance.flashing.disks import Disk, Kernel, check
from appliance.flashing.target_disk import MIB, Advance, TargetDisk, opened
from appliance.flashing.unpacked_image import unpacked_image
from appliance.imaging.blockmap import BlockMap, map_image
from appliance.imaging.preseed import Preseed, find_place

DAMAGED = 2  # exit code: the disk was written to and is not finished
_INTERRUPTED = 130

Ranges = list[tuple[int, int]]


def flash(
    image: Path, device: str, agreed: Callable[[str], bool], *, force: bool = False, preseed: Preseed | None = None
) -> str:
    """Write an image, compressed or not, to a disk and compare; what was done, for people.

    ``agreed`` is asked one question before anything is written. ``force`` goes over those refusals that allow it.
    """
    kernel = Kernel()
    disk = kernel.disk_at(device)
    check(disk, 0, force)
    with unpacked_image(image, own_folder("flash")) as plain:
        blocks = map_image(plain)
        place = find_place(blocks) if preseed else 0
        check(disk, blocks.size, force)
        if not agreed(f"Write {image.name} to {disk}? All that is on it will be lost."):
            raise Problem("nothing was written", "the answer was not yes")
        check(kernel.disk_at(device), blocks.size, force)  # a while has passed
        with opened(disk) as target:
            _write_and_say(target, disk, blocks, [(place, preseed.block())] if preseed else [])
    return f"{image.name} is on {disk.node}, read back and compared; the disk can be taken out"


def agreed_on_terminal(question: str) -> bool:
    """Ask the person at the terminal; whoever has none has to say --yes."""
    if not sys.stdin.isatty():
        raise Problem("there is nobody to ask whether the disk may be overwritten", "say --yes if it may; nothing was written")
    return input(f"{question} Type yes: ").strip().lower() == "yes"


def _write_and_say(target: TargetDisk, disk: Disk, blocks: BlockMap, additions: list[tuple[int, bytes]]) -> None:
    """Write; if that ends early, say what state the disk is in."""
    remedy = f"{disk.node} has no partition table now and starts no machine; run the same command again, or use another disk"
    try:
        _write(target, blocks, additions)
    except KeyboardInterrupt:
        raise Problem("interrupted", remedy, code=_INTERRUPTED) from None
    except OSError as error:
        raise Problem(f"{disk} fails ({error.strerror or error})", remedy, code=DAMAGED) from error
    except Differs as error:
        raise Problem(f"{disk} does not hold what was written to it, {error}", f"it is broken or a fake; {remedy}",
                      code=DAMAGED) from error


class Differs(Exception):
    """What was read back is not what was written."""


def _write(target: TargetDisk, blocks: BlockMap, additions: list[tuple[int, bytes]]) -> None:
    head, rest = _split(blocks.ranges)
    target.zero(0, MIB)
    target.zero(target.size - MIB, MIB)
    target.settle()
    with blocks.image.open("rb") as file:
        with meter("write", blocks.mapped - head) as advance:
            written = [(offset, length, target.copy(file.fileno(), offset, length, advance)) for offset, length in rest]
            target.settle()
        with meter("compare", blocks.mapped) as advance:
            _compare(target, written, advance)
            for offset, data in additions:
                target.write(offset, data)
            target.settle()
            _compare(target, [(offset, len(data), hashlib.sha256(data).digest()) for offset, data in additions], advance)
            try:
                begun = [(0, head, target.copy(file.fileno(), 0, head, lambda _: None))]
                target.settle()
                _compare(target, begun, advance)
            except BaseException:
                target.zero(0, MIB)  # no disk starts that has not been compared to its end
                raise
    target.announce()


def _split(ranges: Ranges) -> tuple[int, Ranges]:
    """The length of what comes last, from the disk's beginning on, and the rest."""
    (_, length), *others = ranges
    head = min(length, MIB)
    return head, [(head, length - head), *others] if length > head else others


def _compare(target: TargetDisk, written: list[tuple[int, int, bytes]], advance: Advance) -> None:
    for offset, length, digest in written:
        if target.digest(offset, length, advance) != digest:
            raise Differs(f"somewhere between byte {offset} and {offset + length}")
