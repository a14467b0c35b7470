"""How the last run ended: what a device that was cut off says about it at the next start."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board
from appliance.imaging.bootloader import SlotState
from tests.machine.disk import Disk


@pytest.fixture
def disk(hello_image: Path, pc: Board, tmp_path: Path) -> Disk:
    """A disk of its own with the image."""
    return Disk(hello_image, tmp_path / "disk.img", pc)


@pytest.mark.long
def test_a_power_cut_is_told_from_an_orderly_end(disk: Disk) -> None:
    """After a cut the next start says so, after a power-off it does not."""
    for expected, orderly in ((False, False), (True, True), (False, True)):
        with Machine(disk.path, disk.board, echo=print, firmware="bios", keep=True) as machine:
            machine.wait_for("answers at")
            said = [line for line in machine.console if "the last run did not end in an orderly way" in line]
            assert bool(said) == expected
            if orderly:
                machine.press_power_button()
                assert machine.wait_for_end() == 0


@pytest.mark.long
def test_the_last_words_of_a_kernel_are_kept_by_uefi(disk: Disk) -> None:
    """What a dying kernel wrote to UEFI's store is shown at the next start, kept on /data, and gone from the store."""
    disk.fill_slot_b("console=ttyS0 panic=10 oops=panic unknown_nmi_panic")
    disk.write_state(SlotState(4, "a"), SlotState(5, "b"))
    with Machine(disk.path, disk.board, echo=print, firmware="uefi", keep=True) as machine:
        machine.wait_for("answers at")
        machine.ask("inject-nmi")
        machine.wait_for("the last run did not end in an orderly way: the kernel has died")
        machine.wait_for("its last lines are in /data/.fapws4/reset/last")
        machine.wait_for("answers at")
        machine.ask("system_reset")
        machine.wait_for("the last run did not end in an orderly way: power cut or reset")
        machine.wait_for("its last lines are in /data/.fapws4/reset/last")
    kept = disk.kept("reset/before")
    assert kept.startswith("the kernel has died\n")
    assert "Kernel panic - not syncing: NMI: Not continuing" in kept
