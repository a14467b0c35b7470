"""A virtual wire: Ethernet between two emulated machines, whatever starts them and whenever.

A wire is a folder with a datagram socket for each of its two ends; QEMU sends each frame from its own to the other. Whoever
holds an end has a lock on it, which ends with his process. No port of the host is taken and nothing leaves it.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import own_folder

_LONGEST_PATH = 100  # bytes; the kernel takes 107 for a socket
_ENDS = (0, 1)


@dataclass(frozen=True)
class End:
    """One end of a wire: the socket to receive on, the one to send to, and the address of the network card there."""

    number: int
    own: Path
    other: Path

    @property
    def mac(self) -> str:
        """QEMU gives the same addresses to every machine; on a wire they must differ."""
        return f"52:54:00:12:35:{self.number:02x}"


@contextmanager
def wire_end(name: str) -> Iterator[End]:
    """A free end of the wire ``name``, held while the block runs; a Problem when both are taken."""
    folder = _folder(name)
    sockets = [folder / str(number) for number in _ENDS]
    with ExitStack() as stack:
        for number in _ENDS:
            lock = os.open(folder / f"{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            stack.callback(os.close, lock)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            sockets[number].unlink(missing_ok=True)
            stack.callback(sockets[number].unlink, missing_ok=True)
            yield End(number, sockets[number], sockets[1 - number])
            return
    raise Problem(f"both ends of the wire {name} are taken", "name another wire, or end one of the machines on it")


def _folder(name: str) -> Path:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", name):
        raise Problem(f"a wire cannot be called {name}", "use letters, digits, - and _, 32 at most")
    folder = own_folder("wires", "XDG_RUNTIME_DIR") / name
    folder.mkdir(mode=0o700, exist_ok=True)
    if len(os.fsencode(folder)) > _LONGEST_PATH:
        raise Problem(f"the path of the wire, {folder}, is too long for a socket", "set XDG_RUNTIME_DIR to a shorter one")
    return folder
