"""The disks of this machine, as the kernel tells of them in /sys and /proc, and what forbids to overwrite one."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.common.errors import Problem

_SECTOR = 512  # of /sys/block/*/size, whatever the disk's own are
_LARGEST = 2 << 40  # bytes; the image's tables and the data partition reach no further
_SEE = "leave the device out to see which disks are there"
# Block devices that are no disks: optical drives, floppies, memory, network, parts of an eMMC, and what is made of others.
_NO_DISKS = re.compile(r"sr\d+|fd\d+|ram\d+|zram\d+|nbd\d+|mtdblock\d+|mmcblk\d+(boot\d+|rpmb)|(dm-|md|bcache)\d+")
_SYSTEM = {"/", "/boot", "/boot/efi", "/boot/firmware", "/efi", "/usr", "/var", "/home"}


@dataclass(frozen=True)
class Disk:
    """A whole disk. ``uses`` says what this machine does with it, or with something on it, at the moment."""

    name: str  # sdb
    size: int  # bytes
    sector: int  # bytes of its own sectors
    bus: str
    model: str
    removable: bool
    read_only: bool
    uses: tuple[str, ...] = ()

    @property
    def node(self) -> str:
        return f"/dev/{self.name}"

    def __str__(self) -> str:
        return f"{self.node} ({', '.join(part for part in (self.model, human_size(self.size), self.bus) if part)})"


@dataclass(frozen=True)
class Obstacle:
    """Why a disk is not written to, and what to do about it. ``forced``: --force goes over it."""

    what: str
    remedy: str
    forced: bool = False


def obstacles(disk: Disk, needed: int) -> Iterator[Obstacle]:
    """Everything that speaks against writing an image of ``needed`` bytes to a disk, the worst first."""
    for use in disk.uses:
        yield Obstacle(f"{disk} is in use: {use}", "free it first, or name another disk")
    if not disk.size:
        yield Obstacle(f"{disk} has no medium", "put the card in, or set the loop device up")
        return
    if disk.read_only:
        yield Obstacle(f"{disk} is read-only", "look for a lock on the card, or name another disk")
    if disk.sector != _SECTOR:
        yield Obstacle(f"{disk} has sectors of {disk.sector} bytes (4Kn), and the image's partition table counts in {_SECTOR}",
                       "use a disk with sectors of 512 bytes; most have them (512n, 512e)")
    if disk.size < needed:
        yield Obstacle(f"{disk} is too small: the image takes {human_size(needed)}", "use a larger one")
    if disk.size > _LARGEST:
        yield Obstacle(f"{disk} is larger than {human_size(_LARGEST)}", "say --force if it is the right one", forced=True)
    if not disk.removable:
        yield Obstacle(f"{disk} cannot be taken out of this machine", "say --force if it is the right one", forced=True)


def check(disk: Disk, needed: int, force: bool) -> None:
    """A Problem that names the first obstacle that ``force`` does not go over."""
    for obstacle in obstacles(disk, needed):
        if not (force and obstacle.forced):
            raise Problem(obstacle.what, obstacle.remedy)


def human_size(size: int) -> str:
    """Decimal, as on the label of a disk: 31.9 GB."""
    for unit, name in ((10**12, "TB"), (10**9, "GB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / 1e6:.1f} MB"


class Kernel:
    """What the kernel tells; ``root`` is another folder than / only in tests."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._blocks = root / "sys/class/block"

    def removable_disks(self) -> list[Disk]:
        """Disks that can be taken out, with a medium in them."""
        names = sorted(path.name for path in self._blocks.iterdir()
                       if not (path / "partition").exists() and not _NO_DISKS.fullmatch(path.name))
        disks = [self.disk(name) for name in names if not name.startswith("loop")]
        return [disk for disk in disks if disk.removable and disk.size]

    def disk_at(self, device: str) -> Disk:
        """The disk with this device node; a Problem when it is not one."""
        try:
            status = Path(device).stat()
        except OSError as error:
            raise Problem(f"there is no {device} ({error.strerror})", _SEE) from error
        if not stat.S_ISBLK(status.st_mode):
            raise Problem(f"{device} is not a disk", _SEE)
        number = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
        return self.disk((self._root / "sys/dev/block" / number).resolve().name)

    def disk(self, name: str) -> Disk:
        """The disk of this name; a Problem when it is something else."""
        block = self._blocks / name
        if (block / "partition").exists():
            raise Problem(f"/dev/{name} is a partition", f"name the whole disk: /dev/{block.resolve().parent.name}")
        if _NO_DISKS.fullmatch(name):
            raise Problem(f"/dev/{name} is no disk that an image can be written to", _SEE)
        bus = self._bus(name)
        removable = bus in ("usb", "SD card", "loop") or self._text(f"{name}/removable") == "1"
        return Disk(name, int(self._text(f"{name}/size") or 0) * _SECTOR,
                    int(self._text(f"{name}/queue/logical_block_size") or _SECTOR), bus, self._model(name), removable,
                    self._text(f"{name}/ro") == "1", tuple(self._uses(name)))

    def _bus(self, name: str) -> str:
        path = self._blocks.joinpath(name).resolve().as_posix()
        if name.startswith("loop"):
            return "loop"
        if name.startswith("mmcblk"):
            return "SD card" if self._text(f"{name}/device/type") == "SD" else "eMMC"
        known = {"usb": r"/usb\d", "nvme": r"/nvme", "ata": r"/ata\d", "virtio": r"/virtio\d"}
        return next((bus for bus, sign in known.items() if re.search(sign, path)), "")

    def _model(self, name: str) -> str:
        parts = [self._text(f"{name}/device/{file}") for file in ("vendor", "model", "name")]
        said = " ".join(part for part in parts if not part.startswith("0x"))  # PCI's number of a maker
        return " ".join(said.split()) or self._text(f"{name}/loop/backing_file")

    def _uses(self, disk: str) -> Iterator[str]:
        family = self._family(disk)
        numbers = {self._text(f"{name}/dev") for name in family}
        for number, source, target in self._mounts():
            if number in numbers or self._name(source) in family:
                yield "this machine's system is on it" if target in _SYSTEM else f"mounted at {target}"
        for row in self._lines("proc/swaps")[1:]:
            if self._name(row.split()[0]) in family:
                yield "this machine swaps to it"
        for path in sorted(self._root.glob("sys/fs/btrfs/*/devices/*")):
            if path.name in family:
                yield "it belongs to a btrfs that is mounted"
        for name in sorted(family):
            if name != disk and not (self._blocks / name / "partition").exists():
                yield f"/dev/{name} is made of it ({self._kind(name)})"

    def _family(self, disk: str) -> set[str]:
        """A disk, its partitions, and all that is made of either: LVM, encryption, RAID, loop devices, and so on."""
        found: set[str] = set()
        waiting = [disk]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [path.parent.name for path in (self._blocks / name).glob("*/partition")]
                waiting += [path.name for path in (self._blocks / name).glob("holders/*")]
                waiting += [path.parents[1].name for path in self._blocks.glob("loop*/loop/backing_file")
                            if self._name(path.read_text().strip()) == name]
        return found

    def _kind(self, name: str) -> str:
        if name.startswith("dm-"):
            return f"device mapper, {self._text(f'{name}/dm/name')}"
        return {"md": "RAID", "lo": "loop device"}.get(name[:2], "holder")

    def _mounts(self) -> Iterator[tuple[str, str, str]]:
        """(number, source, target) of everything that is mounted (proc_pid_mountinfo(5))."""
        for row in self._lines("proc/self/mountinfo"):
            fields = row.split(" ")
            source = fields[fields.index("-") + 2]
            yield fields[2], source, re.sub(r"\\(\d{3})", lambda match: chr(int(match[1], 8)), fields[4])

    def _name(self, path: str) -> str:
        """The kernel's name of a device node, which may be a link; "" for anything else."""
        if not path.startswith("/dev/"):
            return ""
        return Path(os.path.realpath(self._root / path[1:])).name

    def _text(self, place: str) -> str:
        try:
            return (self._blocks / place).read_text().strip()
        except OSError:
            return ""

    def _lines(self, place: str) -> list[str]:
        try:
            return (self._root / place).read_text().splitlines()
        except OSError:
            return []
