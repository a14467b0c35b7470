"""A migration that is cut off at its first file operation, at its second ..., each time from the same beginning: a program
that prints for each of them what then stands there, and what the next start makes of it. Its argument is a folder for that.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from fapws4.migrations import migrate

# What Python tells its auditors of (PEP 578): every one of these changes a file or could be the last that was done.
OPERATIONS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.chmod", "os.utime", "os.scandir",
              "fcntl.flock")
CUT = 9  # exit code

BEFORE = {"data_version": "1\n", "word": "as it was", "deep/word": "deep"}
AFTER = {"data_version": "3\n", "letter": "as it was, changed", "deep/word": "deep, changed"}


def nothing(settings: Path) -> None:
    """Was done long ago."""
    raise AssertionError(settings)


def change(settings: Path) -> None:
    """Changes both."""
    for file in (settings / "word", settings / "deep" / "word"):
        file.write_text(file.read_text() + ", changed")


def rename(settings: Path) -> None:
    """Of what the step before has made."""
    (settings / "word").rename(settings / "letter")


STEPS = {1: nothing, 2: change, 3: rename}


def found(folder: Path) -> dict[str, str]:
    """All files below a folder, which need not be there."""
    return {path.relative_to(folder).as_posix(): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def names(folder: Path) -> list[str]:
    """What stands directly in it."""
    return sorted(path.name for path in folder.iterdir())


def lay_out(folder: Path) -> None:
    """The settings as they are before."""
    for name, text in BEFORE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def cut_off(folder: Path, number: int) -> bool:
    """Migrates in a process that ends at an operation; false when there are not so many."""
    child = os.fork()
    if child == 0:
        left = [number]

        def audit(event: str, _: object) -> None:
            left[0] -= event in OPERATIONS
            if left[0] == 0:
                os._exit(CUT)

        sys.addaudithook(audit)
        migrate(folder, STEPS)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == CUT


def main() -> None:
    """One line of JSON for every operation: what stands in the place, all names beside it, and the same after a start."""
    number = 0
    going = True
    while going:
        number += 1
        data = Path(sys.argv[1]) / str(number)
        folder = data / "settings"
        lay_out(folder)
        going = cut_off(folder, number)
        seen = {"cut": found(folder), "there": folder.exists()}
        migrate(folder, STEPS)
        sys.stdout.write(json.dumps({**seen, "next": found(folder), "beside": names(data)}) + "\n")


if __name__ == "__main__":
    main()
