"""An hour of a machine that does nothing, in seconds, and what it has written meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from appliance.emulating.emulate import Machine
from appliance.emulating.machine_state import written
from appliance.emulating.surroundings import Surroundings
from appliance.fetching.recipes import Board
from appliance.imaging.bootloader import SlotState
from tests.machine.disk import Disk

Echo = Callable[[str], None] | None

SETTLED = 60  # seconds from the first answer until what a start has written is on the disk


def hurried(board: Board) -> Board:
    """The board with a clock that jumps to the next event whenever the processor has nothing to do. Its disk is as slow as
    ever, so that a watchdog would see it hang."""
    arguments = [*board.emulate.arguments, "-icount", "shift=auto,sleep=off"]
    return replace(board, emulate=replace(board.emulate, arguments=arguments))


def idle_hour(disk: Disk, echo: Echo = print) -> tuple[tuple[int, int], tuple[int, int]]:
    """What a start of apps/moody.py writes until it has come to rest, and what it has written an hour later; by the machine's
    own clock."""
    disk.fill_slot_b("console=ttyS0 quiet fapws4.nowatchdog")
    disk.write_state(SlotState(4, "a"), SlotState(5, "b"))
    with Machine(disk.path, hurried(disk.board), echo=echo, firmware="bios", keep=True) as machine:
        assert machine.get(f"/rest/{SETTLED}") == (200, b"rested")
        settled = written(machine)
        assert machine.get("/rest/3600") == (200, b"rested")
        later = written(machine)
        machine.press_power_button()
        assert machine.wait_for_end() == 0
    return settled, later


def grow(disk: Disk, size: int, echo: Echo = print) -> None:
    """The first start on a larger disk, until /data has grown."""
    with Machine(disk.path, disk.board, echo=echo, firmware="bios", keep=True, around=Surroundings(size)) as machine:
        machine.wait_for(rf"/data has grown to {(size >> 20) - 375} MiB")
        machine.press_power_button()
        assert machine.wait_for_end() == 0
    assert not [line for line in machine.console if "fapws4: cannot" in line]
