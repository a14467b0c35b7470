"""Sees when a file of the app changes: what `fapws4 --reload` runs in each worker.

The files are those of all modules that are imported, looked at again and again: a changed time or size counts. A file
that is gone does not: editors put a new one in its place. The supervisor, which is this process's parent, is then told by
SIGHUP and starts a new worker; this one goes on until the new one serves, and keeps looking, since the new one may not be
importable yet.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

import fapws4

INTERVAL = 0.5  # seconds between two looks

Stamp = tuple[int, int]


def watch() -> None:
    """Begin to look; called by the server, on its thread."""
    watcher = Watcher(os.getppid())
    fapws4.add_timer(INTERVAL, watcher.look)


class Watcher:
    """What the files were at the last look."""

    def __init__(self, supervisor: int) -> None:
        self.supervisor = supervisor
        self.stamps = {file: stamp(file) for file in imported_files()}

    def look(self) -> bool | None:
        """Tell the supervisor what has changed since the last look; False, which ends the looks, when it is no more."""
        if os.getppid() != self.supervisor:
            return False
        changed = self.changed_files()
        if changed:
            more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            sys.stderr.write(f"fapws4: changed: {changed[0]}{more}\n")
            sys.stderr.flush()
            os.kill(self.supervisor, signal.SIGHUP)
        return None

    def changed_files(self) -> list[str]:
        """The files that are not as they were; from now on they are as they are now."""
        now = {file: stamp(file) or self.stamps.get(file) for file in imported_files()}
        changed = [file for file, mark in now.items() if self.stamps.get(file) not in (None, mark)]
        self.stamps = now
        return changed


def imported_files() -> Iterable[str]:
    """The source files of all modules that are imported now."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return sorted({file for file in files if isinstance(file, str)})


def stamp(file: str) -> Stamp | None:
    """Time of the last change and size; None for a file that is not there."""
    try:
        status = Path(file).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
