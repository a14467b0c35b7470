"""Which disks may be overwritten, decided over made-up trees of what the kernel tells, and over this machine's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.common.errors import Problem
from appliance.flashing.disks import Disk, Kernel, check, human_size, obstacles

STICK = Disk("sdb", 31_914_983_424, 512, "usb", "SanDisk Ultra", True, False)
NEEDED = 409_993_216


class Made:
    """A tree like /sys and /proc, with a stick of two partitions (sdb), a built-in disk (sda) and whatever a test adds."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.block("sda", "devices/pci0/ata1/host0/block/sda", "8:0", "1000215216", removable="0")
        self.block("sdb", "devices/pci0/usb2/2-1/block/sdb", "8:16", "62333952", removable="1",
                   **{"device/vendor": "SanDisk ", "device/model": "Ultra   "})
        for number in (1, 2):
            self.partition("sdb", number, f"8:{16 + number}")
        self.file("proc/self/mountinfo", "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n")
        self.file("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n")

    def file(self, place: str, text: str) -> None:
        """A file of the tree."""
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def add(self, place: str, text: str) -> None:
        """A line at the end of a file of the tree."""
        self.file(place, (self.root / place).read_text() + text + "\n")

    def block(self, name: str, place: str, number: str, sectors: str, **files: str) -> None:
        """A block device with its files in /sys."""
        for file, text in {"dev": number, "size": sectors, "ro": "0", "queue/logical_block_size": "512", **files}.items():
            self.file(f"sys/{place}/{file}", f"{text}\n")
        self._link(f"sys/class/block/{name}", f"sys/{place}")
        self._link(f"sys/dev/block/{number}", f"sys/{place}")
        self.file(f"dev/{name}", "")

    def partition(self, disk: str, number: int, device: str) -> None:
        """A partition of a disk."""
        inside = (self.root / "sys/class/block" / disk).resolve().relative_to(self.root / "sys")
        self.block(f"{disk}{number}", f"{inside}/{disk}{number}", device, "2048", partition=str(number))

    def holder(self, below: str, name: str, number: str, **files: str) -> None:
        """A device that is made of another one."""
        self.block(name, f"devices/virtual/block/{name}", number, "2048", **files)
        self._link(f"sys/class/block/{below}/holders/{name}", f"sys/devices/virtual/block/{name}")

    def _link(self, place: str, target: str) -> None:
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(self.root / target)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A machine with a stick in it that is not used for anything."""
    return Made(tmp_path)


def uses(made: Made, name: str = "sdb") -> tuple[str, ...]:
    """What is said to be done with a disk."""
    return Kernel(made.root).disk(name).uses


def test_a_stick_is_known_by_model_size_and_bus(made: Made) -> None:
    """What a person needs to tell one disk from another; built-in disks are not offered."""
    assert Kernel(made.root).removable_disks() == [replace(STICK, size=62333952 * 512)]
    assert str(STICK) == "/dev/sdb (SanDisk Ultra, 31.9 GB, usb)"


def test_the_disk_that_the_machine_runs_from_is_in_use(made: Made) -> None:
    """The root file system counts by its device number."""
    made.partition("sda", 1, "8:1")
    assert uses(made, "sda") == ("this machine's system is on it",)


def mounted(made: Made) -> None:
    """A partition with a space in its mount point."""
    made.add("proc/self/mountinfo", r"30 22 8:18 / /media/my\040stick rw - vfat /dev/sdb2 rw")


def mounted_whole(made: Made) -> None:
    """A file system without a partition table."""
    made.add("proc/self/mountinfo", "30 22 8:16 / /mnt rw - ext4 /dev/sdb rw")


def mounted_btrfs(made: Made) -> None:
    """btrfs shows a device number of its own."""
    made.add("proc/self/mountinfo", "30 22 0:55 / /mnt rw - btrfs /dev/sdb1 rw")


def second_of_btrfs(made: Made) -> None:
    """A btrfs over several disks names only the first."""
    (made.root / "sys/fs/btrfs/UUID/devices").mkdir(parents=True)
    (made.root / "sys/fs/btrfs/UUID/devices/sdb1").symlink_to(made.root / "sys/class/block/sdb1")


def swapped_to(made: Made) -> None:
    """A swap partition, by another of its names."""
    (made.root / "dev/disk/by-label").mkdir(parents=True)
    (made.root / "dev/disk/by-label/swap").symlink_to("../../sdb2")
    made.add("proc/swaps", "/dev/disk/by-label/swap\tpartition\t1048572\t0\t-2")


def encrypted_and_mounted(made: Made) -> None:
    """LVM on dm-crypt on a partition, one volume of which is mounted."""
    made.holder("sdb1", "dm-0", "253:0", **{"dm/name": "luks"})
    made.holder("dm-0", "dm-1", "253:1", **{"dm/name": "vg-home"})
    made.add("proc/self/mountinfo", "30 22 253:1 / /srv rw - ext4 /dev/mapper/vg-home rw")


def raid(made: Made) -> None:
    """A member of a RAID that nothing is mounted from."""
    made.holder("sdb2", "md0", "9:0")


def looped(made: Made) -> None:
    """A loop device over a partition."""
    made.block("loop3", "devices/virtual/block/loop3", "7:3", "2048", **{"loop/backing_file": "/dev/sdb1"})


IN_USE = {
    mounted: ("mounted at /media/my stick",),
    mounted_whole: ("mounted at /mnt",),
    mounted_btrfs: ("mounted at /mnt",),
    second_of_btrfs: ("it belongs to a btrfs that is mounted",),
    swapped_to: ("this machine swaps to it",),
    encrypted_and_mounted: ("mounted at /srv", "/dev/dm-0 is made of it (device mapper, luks)",
                            "/dev/dm-1 is made of it (device mapper, vg-home)"),
    raid: ("/dev/md0 is made of it (RAID)",),
    looped: ("/dev/loop3 is made of it (loop device)",),
}


@pytest.mark.parametrize("case", IN_USE, ids=lambda case: case.__name__)
def test_a_disk_in_use_is_recognised(made: Made, case) -> None:  # type: ignore[no-untyped-def]
    """Whatever uses a disk, a partition of it, or something that is made of either."""
    assert uses(made) == ()
    case(made)
    assert uses(made) == IN_USE[case]


@pytest.mark.parametrize(("name", "place", "files", "bus", "removable"), [
    ("mmcblk0", "devices/platform/mmc0/block/mmcblk0", {"device/type": "SD", "removable": "0"}, "SD card", True),
    ("mmcblk1", "devices/platform/mmc1/block/mmcblk1", {"device/type": "MMC", "removable": "0"}, "eMMC", False),
    ("nvme0n1", "devices/pci0/nvme/nvme0/nvme0n1", {"removable": "0"}, "nvme", False),
    ("sdc", "devices/pci0/usb3/3-1/block/sdc", {"removable": "0"}, "usb", True),
    ("vdb", "devices/pci0/virtio3/block/vdb", {"removable": "0"}, "virtio", False),
    ("loop0", "devices/virtual/block/loop0", {"removable": "0", "loop/backing_file": "/x.img"}, "loop", True),
])
def test_what_can_be_taken_out(made: Made, name: str, place: str, files: dict[str, str], bus: str, removable: bool) -> None:
    """USB disks say that they are not removable and SD cards too; eMMC and NVMe are built in; loop devices are allowed."""
    made.block(name, place, "99:0", "2048", **files)
    disk = Kernel(made.root).disk(name)
    assert (disk.bus, disk.removable) == (bus, removable)


@pytest.mark.parametrize(("name", "said"), [
    ("sdb1", "/dev/sdb1 is a partition: name the whole disk: /dev/sdb"),
    *((name, f"/dev/{name} is no disk that an image can be written to: leave the device out to see which disks are there")
      for name in ("dm-0", "md127", "sr0", "zram0", "ram0", "mmcblk0boot0", "nbd0", "bcache0")),
])
def test_what_is_no_whole_disk_is_refused(made: Made, name: str, said: str) -> None:
    """Partitions with the disk that they are on, and devices that no machine starts from."""
    if name != "sdb1":
        made.block(name, f"devices/virtual/block/{name}", "99:0", "2048")
    with pytest.raises(Problem) as problem:
        Kernel(made.root).disk(name)
    assert str(problem.value) == said


@pytest.mark.parametrize(("device", "said"), [
    ("/dev/no-such-disk", "there is no /dev/no-such-disk (No such file or directory)"),
    ("/dev/null", "/dev/null is not a disk"),
    ("/etc/passwd", "/etc/passwd is not a disk"),
])
def test_what_is_no_block_device_is_refused(device: str, said: str) -> None:
    """Files are not written over, and a name with a slip is said."""
    with pytest.raises(Problem, match="leave the device out to see which disks are there") as problem:
        Kernel().disk_at(device)
    assert problem.value.what == said


MOUNTED = ("mounted at /mnt",)
REFUSALS = [  # the disk, what is said with and without --force
    (STICK, "", ""),
    (replace(STICK, uses=MOUNTED), "is in use: mounted at /mnt", "is in use: mounted at /mnt"),
    (replace(STICK, size=0), "has no medium", "has no medium"),
    (replace(STICK, read_only=True), "is read-only", "is read-only"),
    (replace(STICK, sector=4096), "has sectors of 4096 bytes (4Kn)", "has sectors of 4096 bytes (4Kn)"),
    (replace(STICK, size=NEEDED - 1), "is too small: the image takes 410.0 MB", "is too small: the image takes 410.0 MB"),
    (replace(STICK, size=NEEDED), "", ""),
    (replace(STICK, size=2 << 40), "", ""),
    (replace(STICK, size=(2 << 40) + 512), "is larger than 2.2 TB", ""),
    (replace(STICK, removable=False), "cannot be taken out of this machine", ""),
    (replace(STICK, removable=False, uses=MOUNTED), "is in use: mounted at /mnt", "is in use: mounted at /mnt"),
    (replace(STICK, removable=False, size=4 << 40), "is larger than 2.2 TB", ""),
]


@pytest.mark.parametrize(("disk", "without", "forced"), REFUSALS)
def test_what_speaks_against_a_disk(disk: Disk, without: str, forced: str) -> None:
    """--force goes over size and place of a disk, and over nothing else."""
    for force, said in ((False, without), (True, forced)):
        if said:
            with pytest.raises(Problem) as problem:
                check(disk, NEEDED, force)
            assert problem.value.what.startswith(f"{disk} {said}")
            assert problem.value.hint
        else:
            check(disk, NEEDED, force)


def test_every_obstacle_has_a_remedy() -> None:
    """The list is worst first, so that a mounted disk is called mounted and not merely built in."""
    found = list(obstacles(Disk("sda", 1, 4096, "ata", "", False, True, ("swap", "mounted")), NEEDED))
    assert [obstacle.forced for obstacle in found] == [False, False, False, False, False, True]
    assert all(obstacle.remedy for obstacle in found)


@pytest.mark.parametrize(("size", "text"), [(409_993_216, "410.0 MB"), (31_914_983_424, "31.9 GB"),
                                            (2_000_398_934_016, "2.0 TB")])
def test_sizes_are_those_of_labels(size: int, text: str) -> None:
    """Decimal units."""
    assert human_size(size) == text


def test_this_machine_runs_from_a_disk_that_is_refused() -> None:
    """The real tree: every disk that something is mounted from is in use, force or not."""
    kernel = Kernel()
    rows = Path("/proc/self/mountinfo").read_text().splitlines()
    number = next(row.split()[2] for row in rows if not row.split()[2].startswith("0:"))
    block = Path("/sys/dev/block", number).resolve()
    disk = kernel.disk(block.parent.name if (block / "partition").exists() else block.name)
    assert disk.uses
    with pytest.raises(Problem, match="is in use"):
        check(disk, 0, True)
