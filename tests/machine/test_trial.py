"""A new version in slot B, armed to be tried once: it proves itself, or the old one is back and says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board
from appliance.imaging.bootloader import SlotState
from tests.machine.disk import Disk
from tests.machine.freeze import debugger_door, freeze
from tests.machine.status import status

NOTE = "version 1.0\ndisk yes\naddress yes\nend\n"
ARMED = (SlotState(4, "a"), SlotState(5, "a", "b", 1))


@pytest.fixture
def disk(moody_image: Path, pc: Board, tmp_path: Path) -> Disk:
    """A device on which slot B is on trial, started with a command line of its own."""
    return Disk(moody_image, tmp_path / "disk.img", pc)


def armed(disk: Disk, arguments: str | None = None, note: str = NOTE) -> Disk:
    """Slot B is armed."""
    disk.fill_slot_b(arguments)
    disk.write_state(*ARMED)
    if note:
        disk.keep("trial", note)
    return disk


@pytest.mark.parametrize("firmware", ["bios", pytest.param("uefi", marks=pytest.mark.long)])
def test_a_good_new_version_is_confirmed(disk: Disk, firmware: str) -> None:
    """It answers at its own address, becomes the good slot, and is started again after a power cut."""
    armed(disk)
    for start in range(2):
        with Machine(disk.path, disk.board, echo=print, firmware=firmware, keep=True) as machine:
            machine.wait_for("starting slot b ")
            if start == 0:
                machine.wait_for("version 1.0 is on trial: it has 600 s to prove itself")
                machine.wait_for("version 1.0 is confirmed: slot b is the good one")
            else:
                machine.wait_for("answers at")
    assert sorted(copy["end"] for copy in disk.state()) == ["5.a.b.0", "6.b..0"]
    assert disk.kept("trial") == ""


SHORT = "console=ttyS0 fapws4.trial=20 "
BAD = {
    "app exits": ("console=ttyS0 mood=exit", "the app ended again and again", "I cannot go on"),
    "app answers 500": (SHORT + "mood=500", "the app answers with an error of the server", "I am ill"),
    "app does not answer": (SHORT + "mood=silent", "the app listens and does not answer", "has not answered"),
    "app does not listen": (SHORT + "mood=deaf", "the app does not listen", "on trial"),
    "no network": (SHORT + "module_blacklist=virtio_net", "there is no network interface, and before there was an address",
                   "on trial"),
}


@pytest.mark.parametrize("bad", ["app answers 500", *(pytest.param(name, marks=pytest.mark.long) for name in BAD
                                                      if name != "app answers 500")])
def test_a_bad_new_version_is_given_up_and_the_old_one_says_why(disk: Disk, bad: str) -> None:
    """The trial ends with a restart; the old version names the reason and shows the last lines of the new one."""
    arguments, reason, line = BAD[bad]
    armed(disk, arguments)
    with Machine(disk.path, disk.board, echo=print, firmware="bios", keep=True) as machine:
        machine.wait_for("starting slot b ")
        machine.wait_for(f"the trial of version 1.0 has failed: {reason}")
        machine.wait_for("starting slot a ")
        machine.wait_for(f"version 1.0 has not passed its trial: {reason}")
        machine.wait_for(rf"fapws4: \| .*{line}")
        machine.wait_for("answers at")
        told = status(machine)
        assert (told["state"], told["slot"]) == ("confirmed", "a")
        assert told["failed"] == f"version 1.0 has not passed its trial: {reason}"
        machine.press_power_button()
        assert machine.wait_for_end() == 0
    assert sorted(copy["end"] for copy in disk.state()) == ["5.a.b.0", "6.a..0"]
    assert disk.kept("failed").startswith(f"trial 5, version 1.0 has not passed its trial: {reason}")
    assert disk.kept("trial") == ""


NO_WORD = r"it left no word \(a panic, a hang or a power cut before it had /data\)"
NO_END = r"it came to no end of it \(a panic, a hang or a power cut\)"
HANGS = {
    "a panic before PID 1": ("rdinit=/absent panic=-1 console=ttyS0", NO_WORD),
    "a hang before PID 1": ("rdinit=/absent panic=0 console=ttyS0", NO_WORD),
    "a panic after PID 1": ("console=ttyS0 unknown_nmi_panic mood=deaf", NO_END),
}


@pytest.mark.long
@pytest.mark.parametrize("hang", HANGS)
def test_a_new_version_that_dies_is_given_up(disk: Disk, hang: str) -> None:
    """A kernel that dies costs one restart, one that hangs is ended by hand or the watchdog; the old version says so."""
    arguments, reason = HANGS[hang]
    armed(disk, arguments)
    with Machine(disk.path, disk.board, echo=print, firmware="bios", keep=True) as machine:
        machine.wait_for("starting slot b ")
        if "after" in hang:
            machine.wait_for("address 10.0.2.15")
            machine.ask("inject-nmi")
        if hang == "a hang before PID 1":
            machine.wait_for("end Kernel panic")
            machine.ask("system_reset")
        machine.wait_for("starting slot a ")
        machine.wait_for(f"version 1.0 has not passed its trial: {reason}")
        if reason == NO_END:
            machine.wait_for(r"fapws4: \| .*version 1.0 is on trial")
        machine.wait_for("answers at")
    assert sorted(copy["end"] for copy in disk.state()) == ["5.a.b.0", "6.a..0"]


@pytest.mark.long
def test_a_new_version_that_hangs_is_ended_by_the_watchdog(disk: Disk) -> None:
    """A kernel that stands still in the midst of its trial is reset without anybody's hand; the old version says so."""
    armed(disk, "console=ttyS0 mood=deaf")
    door = disk.path.with_name("door")
    with Machine(disk.path, disk.board, echo=print, firmware="bios", keep=True, extra=debugger_door(door)) as machine:
        machine.wait_for("starting slot b ")
        machine.wait_for("address 10.0.2.15")
        freeze(door)
        machine.wait_for("starting slot a ", 240)
        machine.wait_for("the last run did not end in an orderly way: the watchdog has reset the machine")
        machine.wait_for(f"version 1.0 has not passed its trial: {NO_END}")
        machine.wait_for("answers at")
    assert sorted(copy["end"] for copy in disk.state()) == ["5.a.b.0", "6.a..0"]


def test_an_app_that_cannot_start_leaves_the_device_up(disk: Disk) -> None:
    """A confirmed version whose app fails is not restarted for ever: the device stays, with its network, and says so."""
    disk.fill_slot_b("console=ttyS0 mood=exit")
    disk.write_state(SlotState(4, "a"), SlotState(5, "b"))
    with Machine(disk.path, disk.board, echo=print, firmware="bios", keep=True) as machine:
        machine.wait_for("address 10.0.2.15")
        machine.wait_for("recovery: moody has failed 3 times; from now on it is started once a minute")
        machine.wait_for("it starts again in 60 s")
        told = status(machine)
        assert told["state"].startswith("recovery moody has failed 3 times; it ended after ")
        assert told["app"] == "ended"
        machine.press_power_button()
        assert machine.wait_for_end() == 0
    assert "I cannot go on" in disk.kept("log")
    assert [copy["end"] for copy in disk.state()] == ["4.a..0", "5.b..0"]
