"""Which slot is started, whatever happened to the disk: GRUB's decisions, seen on the console of a real boot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board
from appliance.imaging.bootloader import STATE_SIZE, SlotState
from tests.machine.disk import Disk

_STARTS = r"starting slot (\w) \(state: copy (\d?), seq (\d*), good (\w?), try (\w?), tries (\d?)\)"
# A kernel that panics before it has started anything, and restarts the machine at once.
_PANIC = "rdinit=/absent panic=-1 console=ttyS0"


@pytest.fixture
def disk(hello_image: Path, pc: Board, tmp_path: Path) -> Disk:
    """An image whose slots a test may spoil."""
    return Disk(hello_image, tmp_path / "disk.img", pc)


def torn(old: SlotState, new: SlotState, at: int) -> bytes:
    """A sector whose first bytes are new and the rest old."""
    return new.block()[:at] + old.block()[at:]


def test_a_bad_new_slot_gets_three_tries_and_then_the_old_one_is_back(disk: Disk) -> None:
    """A new version whose kernel dies is started three times, each one counted, and then the old version runs."""
    disk.fill_slot_b(_PANIC)
    disk.write_state(SlotState(4, "a"), SlotState(5, "a", "b", 3))
    with Machine(disk.path, disk.board, echo=print, firmware="bios", keep=True) as machine:
        starts = [machine.wait_for(_STARTS).groups() for _ in range(4)]
    assert starts == [
        ("b", "1", "5", "a", "b", "2"),
        ("b", "0", "5", "a", "b", "1"),
        ("b", "1", "5", "a", "b", "0"),
        ("a", "0", "5", "a", "b", "0"),
    ]
    assert [copy["end"] for copy in disk.state()] == ["5.a.b.0", "5.a.b.1"]


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_a_new_slot_that_cannot_be_loaded_costs_no_restart(disk: Disk, firmware: str) -> None:
    """A new version with a damaged kernel file is passed over at once, in the same boot."""
    disk.fill_slot_b()
    disk.damage_kernel_of_slot_b()
    disk.write_state(SlotState(4, "a"), SlotState(5, "a", "b", 3))
    with Machine(disk.path, disk.board, echo=print, firmware=firmware, keep=True) as machine:
        assert machine.wait_for(_STARTS)[1] == "b"
        machine.wait_for("slot b cannot be started")
        assert machine.wait_for(_STARTS)[1] == "a"
        machine.wait_for("answers at")
    assert [copy["end"] for copy in disk.state()] == ["5.a.b.2", "6.a..0"]


DAMAGES: dict[str, Callable[[SlotState, SlotState], bytes]] = {
    "zeroed": lambda old, new: bytes(STATE_SIZE),
    "garbage": lambda old, new: bytes(range(256)) * 2,
    "erased flash": lambda old, new: b"\xff" * STATE_SIZE,
    "cut in its first field": lambda old, new: torn(old, new, len("# GRUB Environment Block\nseq=6")),
    "cut before its last field": lambda old, new: torn(old, new, new.block().index(b"end=")),
    "without its end": lambda old, new: new.block()[: new.block().index(b"end=")].ljust(STATE_SIZE, b"#"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_state_copy_does_not_count(disk: Disk, damage: str) -> None:
    """When the copy that was being written is torn, zeroed or garbage, the other one decides."""
    disk.fill_slot_b()
    whole = SlotState(5, "b")
    disk.write_state(DAMAGES[damage](SlotState(4, "a"), SlotState(6, "a")), whole)
    with Machine(disk.path, disk.board, echo=print, firmware="bios") as machine:
        assert machine.wait_for(_STARTS).groups() == ("b", "1", "5", "b", "", "0")


def test_without_any_state_the_first_slot_starts(disk: Disk) -> None:
    """Losing both copies does not keep a device from starting."""
    disk.write_state(bytes(STATE_SIZE), bytes(STATE_SIZE))
    with Machine(disk.path, disk.board, echo=print, firmware="bios") as machine:
        machine.wait_for("no slot state can be read")
        assert machine.wait_for(_STARTS).groups() == ("a", "", "", "a", "", "")


def test_a_good_slot_that_is_gone_is_replaced_by_the_other(disk: Disk) -> None:
    """When the confirmed slot holds nothing any more, the other one starts instead of none, and becomes the good one."""
    disk.write_state(SlotState(2, "b"), SlotState(1, "b"))
    with Machine(disk.path, disk.board, echo=print, firmware="bios", keep=True) as machine:
        machine.wait_for("slot b is empty")
        assert machine.wait_for(_STARTS)[1] == "a"
        machine.wait_for("slot b, the good one, could not be started")
        machine.wait_for("slot a is the good one from now on")
    assert [copy["end"] for copy in disk.state()] == ["2.b..0", "3.a..0"]


def test_a_state_that_cannot_be_written_starts_the_good_slot(disk: Disk) -> None:
    """A try that cannot be counted is not made: otherwise a bad version would be started for ever."""
    disk.fill_slot_b()
    disk.write_state(bytes(STATE_SIZE), SlotState(5, "a", "b", 3))
    with Machine(disk.path, disk.board, echo=print, firmware="bios") as machine:
        machine.wait_for("slot b is not tried")
        assert machine.wait_for(_STARTS)[1] == "a"


def test_with_no_slot_at_all_it_tries_again_without_a_prompt(disk: Disk) -> None:
    """A disk with nothing to start leads to a restart and never to a boot loader's prompt."""
    disk.write("slota", 0, bytes(1 << 20))
    with Machine(disk.path, disk.board, echo=print, firmware="bios") as machine:
        for _ in range(2):
            machine.wait_for("no slot can be started; once more in 5 seconds")
        assert not [line for line in machine.console if "grub>" in line or "rescue" in line]
