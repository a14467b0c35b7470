"""The model of what starts from a disk, against those whom it models: GRUB's own configuration, PID 1, e2fsprogs."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.common.shell import run
from appliance.fetching.recipes import Board
from appliance.formats import gpt
from appliance.imaging.bootloader import MOST_TRIES, STATE_SIZE, SlotState, read_state, starts
from appliance.imaging.image import data_volume, layout
from appliance.powercuts import comeback
from appliance.powercuts.comeback import Device, Failure
from appliance.powercuts.data_files import Unmountable, files_in
from tests.core.init.grub import decisions

STATES = [SlotState(*fields) for fields in itertools.product((9, 10), "ab", ("", "a", "b"), range(MOST_TRIES + 1))]
DAMAGED = [bytes(STATE_SIZE), b"\xff" * STATE_SIZE, SlotState(11, "b").block().replace(b"end=11", b"end=10"),
           SlotState(11, "b").block().replace(b"seq=11", b"seq="), b"# GRUB Environment Block\n".ljust(STATE_SIZE, b"#")]
OLD, NEW = SlotState(9, "a", "b", 1), SlotState(10, "b")


def torn() -> set[bytes]:
    """A newer state that was cut while it replaced an older one, at every byte, and the other way round."""
    pairs = ((OLD.block(), NEW.block()), (NEW.block(), OLD.block()))
    return {new[:at] + old[at:] for at in range(STATE_SIZE) for old, new in pairs}


def test_the_slot_is_the_one_that_grub_starts(tmp_path: Path) -> None:
    """Whatever both copies hold, damage included."""
    sectors = [*(state.block() for state in STATES), *DAMAGED, *sorted(torn())]
    first = range(len(STATES) + len(DAMAGED))
    pairs = [*itertools.product(first, first), *((len(first) // 3, at) for at in range(len(first), len(sectors)))]
    expected = [decision.slot for decision in decisions(sectors, pairs, tmp_path)]
    assert expected == [starts([sectors[one], sectors[other]])[0] for one, other in pairs]
    assert {"a", "b"} == set(expected)


def test_a_state_is_read_as_it_was_written() -> None:
    """Every state; and of torn ones only the old and the new."""
    assert STATES == [read_state(state.block()) for state in STATES]
    assert {OLD, NEW, None} == {read_state(sector) for sector in torn()}


VERSION = b"a version"


@pytest.fixture
def table(pc: Board) -> tuple[bytearray, Device]:
    """The disk of an image without anything in it, but for its tables."""
    partitions = layout(pc, "hello")
    total = partitions[-1].first + partitions[-1].sectors + 2048
    disk = bytearray(total * gpt.SECTOR)
    for at, data in gpt.table(partitions, partitions[0].identity, total):
        disk[at : at + len(data)] = data
    places = {part.name: (part.first * gpt.SECTOR, (part.first + part.sectors) * gpt.SECTOR) for part in partitions}
    return disk, Device(places, {"old": VERSION + b'\nset arguments="quiet gpt"\n'}, {})


def said(call: Callable[[], object]) -> str:
    """How a device fails; "" when it does not."""
    try:
        call()
    except Failure as failure:
        return str(failure)
    return ""


def test_a_torn_table_is_seen(table: tuple[bytearray, Device]) -> None:
    """A kernel that is told to looks at the backup; one that is not finds nothing; GRUB knows only the first."""
    disk, device = table
    plain = Device(device.places, {"old": b'set arguments="quiet"'}, {})

    def found(which: Device) -> str:
        return said(lambda: comeback.check_table(lambda at, size: bytes(disk[at : at + size]), which, len(disk)))

    assert ("", "") == (found(device), found(plain))
    disk[gpt.SECTOR + 40] ^= 1
    assert "" == found(device)
    assert "the kernel does not find the partitions: the table is not whole, so /data is not there" == found(plain)
    disk[-gpt.SECTOR + 40] ^= 1
    assert "the kernel does not find the partitions: the table is not whole, so /data is not there" == found(device)
    struct.pack_into("<Q", disk, 2 * gpt.SECTOR + 3 * 128 + 32, 9)
    assert "the boot loader does not find the partitions" == found(device)


def test_settings_are_old_or_new() -> None:
    """File by file; what belongs to one boot, or was not finished, does not count."""
    old = {"app/a": "1", "app/b": "2", ".fapws4/log": "3"}
    new = {"app/a": "4", "app/c": "5", ".fapws4/log": "6", "app/a.part": "7"}
    cases = {"old": old, "new": new, "mixed": {"app/a": "4", "app/b": "2"}}
    for age, found in cases.items():
        assert ("", age) == (said(lambda: comeback.check_settings(found, old, new)), comeback.age(found, old, new))  # noqa: B023
    assert "/data/app/a has neither its old nor its new content" == said(
        lambda: comeback.check_settings({"app/a": "8"}, old, new))
    assert "/data/app/a is not there" == said(lambda: comeback.check_settings({"app/b": "2"}, old, new))


def test_settings_that_are_being_migrated() -> None:
    """Between two renames the old folder is there by another name; before and after, what stands beside counts for nothing."""
    away = {"app/my/.conf.old/a": "1", "app/my/.conf.old/deep/b": "2", "app/my/.conf.new/a": "3", "app/other": "4"}
    back = {"app/my/conf/a": "1", "app/my/conf/deep/b": "2"}
    assert {**away, **back} == comeback.settled(away)
    there = {**away, "app/my/conf/a": "3"}
    assert there == comeback.settled(there)
    assert {**away, **back, "app/my/conf.d/a": "3"} == comeback.settled({**away, "app/my/conf.d/a": "3"})


def test_after_a_reset_all_is_old_or_nothing_is() -> None:
    """What was there before, or as much as there is yet of what comes: never some of both."""
    old, new = {"app/a": "1", "app/b": "2", ".fapws4/claim": "3"}, {"app/a": "1", ".fapws4/claim": "4"}
    for found in (old, new, {}, {".fapws4/claim": "4"}):
        assert "" == said(lambda: comeback.check_erased(found, old, new))  # noqa: B023
    assert "/data/app/b is not there" == said(lambda: comeback.check_erased({"app/a": "1", ".fapws4/claim": "3"}, old, new))
    mixed = {"app/a": "1", "app/b": "2", ".fapws4/claim": "4"}
    assert "/data/.fapws4/claim has neither its old nor its new content" == said(
        lambda: comeback.check_erased(mixed, old, new))


@pytest.fixture
def volume(pc: Board, tmp_path: Path) -> Path:
    """A data partition with one file in it."""
    file, volume = tmp_path / "file", tmp_path / "data"
    file.write_text("kept\n")
    with volume.open("wb") as out:
        out.truncate(16 << 20)
        for at, data in data_volume(16 << 20, pc, "hello"):
            out.seek(at)
            out.write(data)
    run(["debugfs", "-w", "-R", "mkdir app", volume])
    run(["debugfs", "-w", "-R", f"write {file} app/file", volume])
    return volume


def patched(volume: Path, at: int, data: bytes) -> Path:
    """The volume with other bytes at a place."""
    with volume.open("r+b") as file:
        file.seek(at)
        file.write(data)
    return volume


def test_files_of_a_volume(volume: Path) -> None:
    """Those of the folders that are asked for; a folder that is not there has none. A torn superblock is no damage."""
    found = files_in(volume, ("app", ".fapws4"))
    assert ["app/file"] == list(found)
    assert {} == files_in(volume, (".fapws4",))
    assert found == files_in(patched(volume, 1024 + 1020, b"torn"), ("app",))


@pytest.mark.parametrize("at", [1024 + 56, 4096], ids=["superblock", "group descriptors"])
def test_a_damaged_volume_is_none(volume: Path, at: int) -> None:
    """What no kernel mounts, or what the checker would have to mend, is said."""
    with pytest.raises(Unmountable, match=r"\w"):
        files_in(patched(volume, at, b"\xff" * 64), ("app",))
