"""What a machine is in the midst of, as a file: its memory and its devices, so that it can go on from there many times.

Left out: its disks, which are files already. Whoever saves a machine copies them before it runs on, and whoever resumes it
gives it disks with the same bytes. A file is for the QEMU, and the machine, that it came from.
"""

from __future__ import annotations

import shlex
import time
from pathlib import Path

from appliance.common.errors import Problem
from appliance.emulating.emulate import Machine

_NO_LIMIT = 1 << 40  # bytes per second; QEMU's default is as slow as a network
_GLANCE = 0.02  # s
_PATIENCE = 60.0  # s; it takes less than one


def save(machine: Machine, file: Path) -> None:
    """Stop the machine, and write its state to the file. It does not go on."""
    machine.ask("stop")
    machine.ask("migrate-set-parameters", **{"max-bandwidth": _NO_LIMIT})
    machine.ask("migrate", uri=f"exec:cat > {shlex.quote(str(file))}")
    _wait(machine, "be saved")


def saved_in(file: Path) -> list[str]:
    """QEMU's arguments for a machine that begins with this state, by `resume`."""
    return ["-S", "-incoming", f"exec:cat {shlex.quote(str(file))}"]


def resume(machine: Machine) -> None:
    """Let a machine that began with `saved_in` go on."""
    _wait(machine, "go on from what was saved")
    machine.ask("cont")


def written(machine: Machine) -> tuple[int, int]:
    """How often the machine has written to its disk, and how many bytes."""
    [disk] = [device["stats"] for device in machine.ask("query-blockstats") if device["device"] == "disk"]
    return disk["wr_operations"], disk["wr_bytes"]


def _wait(machine: Machine, what: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while (found := machine.ask("query-migrate")).get("status") != "completed":
        if found.get("status") == "failed":
            raise Problem(f"the machine cannot {what}", f"QEMU says: {found.get('error-desc', 'nothing')}")
        if time.monotonic() > deadline:
            raise Problem(f"the machine takes longer than {_PATIENCE:.0f} s to {what}", "see what else runs here")
        time.sleep(_GLANCE)
