"""The finished program is tried once on the machine that builds: it imports the app and looks at its PATHS.

What is wrong with the app is then said here and not by the device. What only this machine lacks (a sensor, a file, a
network) is no fault of the app: that is told, and the app goes into the device untried. A program for another processor
is tried by QEMU's user emulation.
"""

from __future__ import annotations

import builtins
import platform
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import cache_folder, scratch_folder
from appliance.common.progress import note, step
from appliance.common.shell import Failed, TooLong, run
from appliance.fetching.recipes import Target

EMULATORS = "qemu-user-static"  # Debian's package

_NOTHING: Mapping[str, str] = {}

_LIMIT = 60.0  # seconds; an app that takes longer, or whose threads never end, goes untried
_FRAME = re.compile(r'^  File "/appliance/app/([^"]+)", line (\d+)', re.MULTILINE)
_NOT_PACKED = re.compile(r"(?:FileNotFound|NotADirectory)Error: .*'/appliance/app/([^']+)'")


def try_program(program: Path, app: Path, target: Target, declared: Mapping[str, str] = _NOTHING) -> None:
    """Run ``program --check`` if this machine can; a Problem says what the app must mend.

    ``declared`` is what a device tells the app of its own project.
    """
    command = command_for(program, target)
    if not command:
        note(f"{app.name} was not tried: {program.name} is for another processor, and {_emulator(target)} "
             f"(package {EMULATORS}) is not here")
        return
    with step(f"try {app.name}"), scratch_folder(cache_folder("work")) as scratch:
        try:
            run([*command, "--check"], cwd=scratch, limit=_LIMIT,
                env={"XDG_DATA_HOME": str(scratch), **declared}, what=f"trying {app.name}")
        except TooLong:
            note(f"{app.name} was not tried: importing it did not end within {_LIMIT:.0f} s")
        except Failed as failure:
            _judge(failure, app)


def command_for(program: Path, target: Target) -> list[str | Path]:
    """How a program for a target is started on this machine; empty when it cannot be."""
    if platform.machine() == target.machine:
        return [program]
    emulator = shutil.which(_emulator(target))
    return [emulator, program] if emulator else []


def _emulator(target: Target) -> str:
    return f"qemu-{target.processor}-static"


def _judge(failure: Failed, app: Path) -> None:
    said = failure.tail.strip()
    last = said.splitlines()[-1].strip() if said else str(failure)
    if last.startswith("fapws4: "):
        raise Problem(f"{app}: {last.removeprefix('fapws4: ')}", "mend the app") from failure
    frames = _FRAME.findall(said)
    place = f"{app.parent / frames[-1][0]}:{frames[-1][1]}" if frames else str(app)
    lacking = _NOT_PACKED.match(last)
    if lacking and (app.parent / lacking[1]).exists():
        raise Problem(f"{place}: {lacking[1]} is beside the app, but not in the program",
                      f'--add-data {lacking[1]}, or in pyproject.toml beside the app: [tool.fapws4] data = ["{lacking[1]}"]'
                      ) from failure
    if _is_of_this_machine(last.partition(":")[0]) and "'/appliance/" not in last:
        note(f"{app.name} was not tried, this machine lacks something ({place}: {last})")
    else:
        raise Problem(f"{place}: {last}", f"{app.name} must be importable; mend it") from failure


def _is_of_this_machine(error: str) -> bool:
    """Whether an exception of this name is about what is outside of the program."""
    kind = getattr(builtins, error, None)
    return error.startswith("socket.") or (isinstance(kind, type) and issubclass(kind, OSError))
