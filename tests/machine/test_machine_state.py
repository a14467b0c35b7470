"""A machine's state in a file, from which it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.emulating.emulate import Machine
from appliance.emulating.machine_state import resume, save, saved_in, written
from appliance.fetching.recipes import Board
from tests.appliance.cases import problem

# A boot sector that says A on the serial port, waits for a key, says B and stops.
WAITS_FOR_A_KEY = bytes.fromhex(
    "ba f803"  # mov dx, 0x3f8
    "b0 41 ee  b0 0a ee"  # mov al, 'A'; out dx, al; and a newline
    "b4 00 cd 16"  # the BIOS waits for a key
    "ba f803  b0 42 ee  b0 0a ee"
    "eb fe"  # jmp here
)


@pytest.fixture
def waiting(tmp_path: Path) -> Path:
    """A disk that starts that."""
    disk = tmp_path / "disk.img"
    disk.write_bytes(WAITS_FOR_A_KEY.ljust(510, b"\0") + b"\x55\xaa" + bytes(1 << 20))
    return disk


def test_a_saved_machine_goes_on_as_often_as_one_likes(waiting: Path, pc: Board, tmp_path: Path) -> None:
    """It does not begin again, and the one that was saved stands still."""
    state = tmp_path / "a machine's state"
    with Machine(waiting, pc, firmware="bios", keep=True) as machine:
        machine.wait_for("^A$")
        save(machine, state)
        assert machine.ask("query-status")["status"] == "postmigrate"
    for _ in range(2):
        with Machine(waiting, pc, firmware="bios", keep=True, extra=saved_in(state)) as machine:
            resume(machine)
            machine.ask("send-key", keys=[{"type": "qcode", "data": "ret"}])
            machine.wait_for("B")
            assert ["B"] == machine.console
            assert (0, 0) == written(machine)


def test_a_state_that_is_none(waiting: Path, pc: Board, tmp_path: Path) -> None:
    """It is a Problem, and QEMU ends."""
    state = tmp_path / "state"
    state.write_bytes(b"no state of a machine")
    with Machine(waiting, pc, firmware="bios", keep=True, extra=saved_in(state)) as machine:
        problem(lambda: resume(machine))
        assert 1 == machine.wait_for_end()
