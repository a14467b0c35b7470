"""The one door to other programs."""

from __future__ import annotations

import os
import re
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import FREE_SPACE

_DISK_FULL = re.compile(r"No space left on device|NoSpaceLeft|Disk quota exceeded")
_TAIL = 25  # lines of a failed program's output that are shown


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    stdin: bytes | None = None,
    limit: float | None = None,
    what: str = "",
) -> str:
    """Run a program to its end and return what it wrote to standard output.

    ``env`` is added to the present environment. With ``log``, both output streams go to that file instead.
    ``what`` names the work in the Problem that is raised when the program fails, is not there, or is not over after
    ``limit`` seconds.
    """
    arguments = [str(part) for part in command]
    purpose = what or Path(arguments[0]).name
    environment = {**os.environ, **(env or {})}
    output = log.open("wb") if log else subprocess.PIPE
    try:
        done = subprocess.run(arguments, cwd=cwd, env=environment, input=stdin, check=False, timeout=limit,
                              stdin=subprocess.DEVNULL if stdin is None else None,
                              stdout=output, stderr=subprocess.STDOUT if log else subprocess.PIPE)
    except subprocess.TimeoutExpired as error:
        raise TooLong(f"{purpose} is not over after {limit:.0f} s", "the program was ended") from error
    except FileNotFoundError as error:
        raise Problem(f"{purpose} needs the program {arguments[0]}, which is not there", "install it") from error
    finally:
        if log and not isinstance(output, int):
            output.close()
    if done.returncode != 0:
        said = log.read_bytes() if log else done.stdout + done.stderr
        raise _failure(purpose, done.returncode, said.decode(errors="replace").splitlines())
    return "" if log else done.stdout.decode(errors="replace")


def follow(
    command: Sequence[str | Path],
    tell: Callable[[str], None],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    what: str = "",
) -> None:
    """Run a program that takes long, and ``tell`` each line that it writes (to either output) when it writes it."""
    arguments = [str(part) for part in command]
    purpose = what or Path(arguments[0]).name
    last: deque[str] = deque(maxlen=_TAIL)
    with subprocess.Popen(arguments, cwd=cwd, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") as program:
        assert program.stdout is not None
        try:
            for line in program.stdout:
                last.append(line.rstrip("\n"))
                tell(last[-1])
        except BaseException:
            program.terminate()
            raise
    if program.returncode != 0:
        raise _failure(purpose, program.returncode, list(last))


def _failure(purpose: str, returncode: int, lines: Sequence[str]) -> Problem:
    """Why a program has ended so, by the last lines that it wrote."""
    tail = "\n".join(lines[-_TAIL:])
    if _DISK_FULL.search(tail):
        return Problem(f"the disk is full ({purpose})", FREE_SPACE)
    return Failed(purpose, returncode, tail)


class TooLong(Problem):
    """A program was not over after the time that it had."""


class Failed(Problem):
    """A program ended with an exit code other than 0; ``tail`` holds the last lines that it wrote."""

    def __init__(self, purpose: str, returncode: int, tail: str) -> None:
        self.tail = tail
        ended = f"was ended by signal {-returncode}" if returncode < 0 else f"failed (exit code {returncode})"
        last = tail.strip().splitlines()[-1].strip() if tail.strip() else ""
        super().__init__(f"{purpose} {ended}", last)
