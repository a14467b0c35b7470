"""USB sticks, on emulated machines: updates that are asked for, installed by themselves and pulled, and a factory reset."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.emulating.emulate import Machine
from appliance.emulating.surroundings import Surroundings
from appliance.fetching.recipes import Board
from appliance.imaging.image import compose
from appliance.imaging.release import Release
from appliance.imaging.tools import run_tool
from tests.appliance.versions import TRUSTED, Versions
from tests.machine.exfat import exfat_volume

OFFERED = r"USB stick sda1 has version 8\.0 of hello \(hello-8-0\.update\): press Enter here to install it"


@pytest.fixture(scope="module")
def versions(hello_binary: Path, pc: Board, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """Of hello."""
    return Versions(hello_binary, pc, tmp_path_factory.mktemp("versions"))


@contextmanager
def device(versions: Versions, stick: Path, usb_update: str) -> Iterator[Machine]:
    """A machine that runs the version with the counter 7, and has a stick in it: a FAT with the files of a folder, or this
    image of a file system."""
    path = stick.parent / "device.img"
    extra = [] if stick.is_dir() else [
        "-device", "qemu-xhci,id=usb", "-drive", f"if=none,id=stick,format=raw,snapshot=on,file={stick}",
        "-device", "usb-storage,id=plugged-stick,bus=usb.0,drive=stick,removable=on"]
    around = Surroundings(stick=stick if stick.is_dir() else None)
    compose(versions.binary, "hello", "7.0", versions.board, path, Release(7, keys=TRUSTED, usb_update=usb_update))
    with Machine(path, versions.board, firmware="bios", keep=True, around=around, extra=extra, echo=print) as machine:
        yield machine


def with_updates(versions: Versions, folder: Path, *counters: int) -> Path:
    """What is on a stick: these versions, and what nobody should read."""
    stick = folder / "stick"
    stick.mkdir()
    for counter in counters:
        bundle = versions.bundle(counter)
        (stick / bundle.name).write_bytes(bundle.read_bytes())
    (stick / "notes.txt").write_text("nobody reads this")
    return stick


def test_nothing_happens_until_somebody_presses_enter(versions: Versions, tmp_path: Path) -> None:
    """The newest is offered; with the key it is installed, tried and confirmed."""
    with device(versions, with_updates(versions, tmp_path, 6, 8), "ask") as machine:
        machine.wait_for(OFFERED)
        assert not any("is being installed" in line for line in machine.console)
        machine.ask("send-key", keys=[{"type": "qcode", "data": "ret"}])
        machine.wait_for(r"USB stick sda1: version 8\.0 is being installed")
        machine.wait_for(r"USB stick sda1: version 8\.0 is installed")
        machine.wait_for(r"hello 8\.0 on pc, slot b")
        machine.wait_for(r"version 8\.0 is confirmed: slot b is the good one")
        machine.wait_for(r"USB stick sda1: hello-6-0\.update: the bundle is older than the version that runs")


def test_by_itself(versions: Versions, tmp_path: Path) -> None:
    """Nobody is asked; afterwards what is on the stick is nothing new."""
    with device(versions, with_updates(versions, tmp_path, 8), "auto") as machine:
        machine.wait_for(r"USB stick sda1: version 8\.0 is being installed \(hello-8-0\.update\)")
        machine.wait_for(r"USB stick sda1: version 8\.0 is installed")
        machine.wait_for(r"version 8\.0 is confirmed: slot b is the good one")
        machine.wait_for(r"USB stick sda1: hello-8-0\.update: the version of this bundle runs already")


def plug(machine: Machine, name: str, image: bytes, folder: Path) -> None:
    """Put a stick with this content into the machine; ``name`` is what it is pulled by."""
    file = folder / name
    file.write_bytes(image)
    machine.ask("blockdev-add", **{"node-name": f"{name}-disk", "driver": "raw",
                                   "file": {"driver": "file", "filename": str(file)}})
    machine.ask("device_add", driver="usb-storage", id=name, bus="usb.0", drive=f"{name}-disk", removable=True)


def test_sticks_that_are_pulled(versions: Versions, tmp_path: Path) -> None:
    """The offer ends with the stick, and Enter is an ordinary key again. Each is one file system without partitions: ext4,
    exFAT, and one that no device reads, of which it is said."""
    stick, updates = tmp_path / "stick.img", with_updates(versions, tmp_path, 8)
    run_tool("mke2fs", ["-q", "-F", "-O", "has_journal,extents", "-d", updates, stick, "64M"])
    with device(versions, stick, "ask") as machine:
        machine.wait_for(OFFERED.replace("sda1", "sda"))
        machine.ask("device_del", id="plugged-stick")
        machine.wait_for(r"USB stick sda: hello-8-0\.update is gone")
        plug(machine, "exfat", exfat_volume({file.name: file.read_bytes() for file in updates.iterdir()}), tmp_path)
        machine.wait_for(OFFERED.replace("sda1", "sd[ab]"))
        machine.ask("device_del", id="exfat")
        machine.wait_for(r"USB stick sd[ab]: hello-8-0\.update is gone")
        plug(machine, "ntfs", b"\xeb\x52\x90NTFS    ".ljust(510, b"\0") + b"\x55\xaa" + bytes(1 << 20), tmp_path)
        machine.wait_for("USB stick sd[abc]: this device reads FAT, exFAT and ext4, and finds none of these")
        machine.ask("send-key", keys=[{"type": "qcode", "data": "ret"}])
        machine.press_power_button()
        assert 0 == machine.wait_for_end()
        assert not any("is being installed" in line for line in machine.console)


def said(machine: Machine, *patterns: str) -> list[str]:
    """What these patterns' groups find in the next lines, in whatever order these come."""
    found: dict[int, str] = {}
    while len(found) < len(patterns):
        match = machine.wait_for("|".join(patterns))
        found[match.lastindex or 0] = match[match.lastindex or 0]
    return [found[number + 1] for number in range(len(patterns))]


def test_a_forgotten_password(versions: Versions, tmp_path: Path) -> None:
    """A stick that names the device makes it as new, once, unless it is pulled in time."""
    other, mine = tmp_path / "other.img", exfat_volume({"fapws4-factory-reset.txt": b"HELLO\r\n"})
    other.write_bytes(exfat_volume({"fapws4-factory-reset.txt": b"meter\n"}))
    with device(versions, other, "ask") as machine:
        code, _ = said(machine, r"claim code (\S+)", r"stick sda: (fapws4-factory-reset\.txt does not name this device)")
        plug(machine, "mine", mine, tmp_path)
        machine.wait_for("USB stick sdb: FACTORY RESET of hello in 30 s: all its data, users and settings will be erased; "
                         "pull the stick out to stop it")
        machine.wait_for("USB stick sdb: FACTORY RESET of hello in 20 s")
        machine.ask("device_del", id="mine")
        machine.wait_for("USB stick sdb is gone: no factory reset, nothing is changed")
        plug(machine, "again", mine, tmp_path)
        machine.wait_for("FACTORY RESET of hello in 30 s")
        machine.wait_for("FACTORY RESET of hello in 10 s")
        machine.wait_for("a factory reset was ordered")
        machine.wait_for("all data was erased, as was ordered")
        new_code, _ = said(machine, r"claim code (\S+)", r"no factory reset: (this stick has had it already)")
        assert code != new_code
        machine.press_power_button()
        assert 0 == machine.wait_for_end()
    assert 1 == sum("a factory reset was ordered" in line for line in machine.console)
