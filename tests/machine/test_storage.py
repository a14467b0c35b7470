"""/data on real boots: it grows with the disk, and a device whose /data is damaged works all the same."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board
from appliance.imaging.image import layout
from tests.machine.disk import Disk
from tests.machine.hurry import grow, idle_hour
from tests.machine.status import status


@pytest.fixture
def disk(hello_image: Path, pc: Board, tmp_path: Path) -> Disk:
    """A disk of its own with the image."""
    return Disk(hello_image, tmp_path / "disk.img", pc)


def tables(disk: Disk) -> bytes:
    """Everything of a disk that is neither a partition nor free: both partition tables."""
    with disk.path.open("rb") as file:
        front = file.read(34 * 512)
        file.seek(-33 * 512, 2)
        return front + file.read()


def checked(*command: str | Path) -> str:
    """What a program says that must find nothing wrong."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("size", [64 << 30, pytest.param(1 << 40, marks=pytest.mark.long)], ids=["64 GiB", "1 TiB"])
def test_data_grows_at_the_first_boot(moody_image: Path, pc: Board, tmp_path: Path, size: int) -> None:
    """On a larger disk the app gets all of it, and every checker is content. The second boot changes no table, and once it
    has come to rest, an hour in which nobody asks for anything writes nothing at all."""
    disk = Disk(moody_image, tmp_path / "disk.img", pc)
    grow(disk, size)
    assert "No problems found" in checked("sgdisk", "-v", disk.path)
    once = tables(disk)
    data = layout(disk.board, "moody")[-1]
    place = f"{disk.path}?offset={data.first * 512}"
    checked("e2fsck", "-f", "-n", place)
    facts = dict(line.split(":", 1) for line in checked("dumpe2fs", "-h", place).splitlines() if ":" in line)
    assert int(facts["Block count"]) * 4096 == size - (375 << 20)
    settled, later = idle_hour(disk)
    assert settled[1] < 1 << 20  # nothing fills the new part of the file system with zeros
    assert later == settled
    assert tables(disk) == once


def test_a_damaged_data_partition_is_said_and_left_alone(moody_image: Path, pc: Board, tmp_path: Path) -> None:
    """The app answers from memory and knows it, a person is told, and not one byte of the partition changes."""
    disk = Disk(moody_image, tmp_path / "disk.img", pc)
    disk.write("data", 1024, bytes(1024))
    before = disk.read("data")
    with Machine(disk.path, disk.board, echo=print, firmware="bios", keep=True) as machine:
        machine.wait_for("cannot mount /data from /dev/vda6: Invalid argument; nothing on it was changed")
        machine.wait_for("/data is in memory only")
        environment = machine.get("/environ")[1].decode().splitlines()
        assert "FAPWS_DATA=memory" in environment
        assert not [line for line in environment if line.startswith("FAPWS_RESCUE")]
        assert status(machine)["data"] == "memory"
    assert disk.read("data") == before


@pytest.mark.long
def test_a_device_without_its_data_partition_works(moody_image: Path, pc: Board, tmp_path: Path) -> None:
    """Somebody has deleted it: after ten seconds the app answers from memory, and nothing is made in its place."""
    disk = Disk(moody_image, tmp_path / "disk.img", pc)
    checked("sgdisk", "-d", str(len(layout(pc, "moody"))), disk.path)
    before = tables(disk)
    with Machine(disk.path, disk.board, echo=print, firmware="bios", keep=True) as machine:
        machine.wait_for("no disk with the data partition of this image after 10 s")
        assert "FAPWS_DATA=memory" in machine.get("/environ")[1].decode().splitlines()
        assert status(machine)["data"] == "memory"
        machine.press_power_button()
        assert machine.wait_for_end() == 0
    assert tables(disk) == before


@pytest.mark.long
def test_what_is_on_a_damaged_partition_is_offered(moody_image: Path, pc: Board, tmp_path: Path) -> None:
    """A partition whose journal cannot be replayed is read without it: the app finds its files, nobody can change them."""
    disk = Disk(moody_image, tmp_path / "disk.img", pc)
    with Machine(disk.path, disk.board, echo=print, firmware="bios", keep=True) as machine:
        machine.get("/")
        machine.press_power_button()
        assert machine.wait_for_end() == 0
    disk.damage_journal()
    before = disk.read("data")
    with Machine(disk.path, disk.board, echo=print, firmware="bios", keep=True) as machine:
        machine.wait_for("what is on /dev/vda6 can be read below /run/data")
        assert "FAPWS_RESCUE=/run/data/app" in machine.get("/environ")[1].decode().splitlines()
    assert disk.read("data") == before


@pytest.mark.long
def test_a_full_data_partition_stops_nothing(moody_image: Path, pc: Board, tmp_path: Path) -> None:
    """With no byte left on /data the device starts, answers, and goes on and off as ever."""
    disk = Disk(moody_image, tmp_path / "disk.img", pc)
    for _ in range(2):
        with Machine(disk.path, disk.board, echo=print, firmware="bios", keep=True) as machine:
            assert machine.get("/fill") == (200, b"[Errno 28] No space left on device")
            assert machine.get("/") == (200, b"well")
            assert status(machine)["data"] == "ok"
            machine.press_power_button()
            assert machine.wait_for_end() == 0
        assert not [line for line in machine.console if "cannot mount" in line]


def test_what_a_power_cut_tears_is_made_good(disk: Disk) -> None:
    """A torn partition table, which its backup replaces, and a torn superblock: /data is there, and whole from then on."""
    with disk.path.open("r+b") as file:
        file.seek(512 + 16)
        file.write(b"torn")
    disk.write("data", 1024 + 1020, b"torn")
    with Machine(disk.path, disk.board, echo=print, firmware="bios", keep=True) as machine:
        machine.wait_for("a power cut has torn the superblock of /dev/vda6; it is whole again")
        machine.wait_for("/data is /dev/vda6")
        machine.press_power_button()
        assert machine.wait_for_end() == 0
    assert "No problems found" in checked("sgdisk", "-v", disk.path)
    checked("e2fsck", "-f", "-n", f"{disk.path}?offset={disk.place('data')[0]}")


@pytest.mark.long
def test_another_disk_with_a_partition_called_data_is_not_taken(disk: Disk, tmp_path: Path) -> None:
    """A disk of another device is neither mounted nor written."""
    other = tmp_path / "other.img"
    subprocess.run(["cp", "--sparse=always", disk.path, other], check=True)
    subprocess.run(["sgdisk", "-G", other], capture_output=True, check=True)
    before = tables(Disk(other, tmp_path / "copy.img", disk.board))
    extra = ["-drive", f"if=none,id=other,format=raw,file={other}", "-device", "ide-hd,drive=other,bus=ide.0"]
    with Machine(disk.path, disk.board, echo=print, firmware="bios", keep=True, extra=extra) as machine:
        machine.wait_for("/data is /dev/vda6")
        assert machine.get("/") == (200, b"Hello World!!")
    assert tables(Disk(other, tmp_path / "after.img", disk.board)) == before
