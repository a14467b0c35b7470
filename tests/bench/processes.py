"""A server under measurement: started alone or under a measuring program, looked at in /proc, stopped."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from appliance.common.errors import Problem

PATIENCE = 60  # seconds for a start or an end, under valgrind too
_POLL = 0.002
_OWN_FILES = 256


@dataclass(frozen=True)
class Server:
    """How a server is started. ``{port}`` in its command stands for a free port.

    Without one the server chooses the port and tells it on the descriptor FAPWS_READY_FD, as fapws4 does.
    """

    name: str
    command: tuple[str | Path, ...]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Running:
    """A server that listens."""

    port: int
    process: subprocess.Popen[bytes]

    def family(self) -> list[int]:
        """Its process and all below it."""
        return family(self.process.pid)


def environment(extra: dict[str, str]) -> dict[str, str]:
    """What measured programs see: the same on every run, whatever environment the benchmark was started from."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    return kept | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"} | extra


@contextlib.contextmanager
def running(server: Server, wrapper: Sequence[str | Path] = (), cores: Set[int] = frozenset()) -> Iterator[Running]:
    """Start a server, below the program ``wrapper`` if given, and wait until it listens; stop it at the end."""
    announces = "{port}" not in " ".join(str(word) for word in server.command)
    port = 0 if announces else free_port()
    command = [str(word).replace("{port}", str(port)) for word in (*wrapper, *server.command)]
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as said, os.fdopen(reading, "rb") as ready:
        process = subprocess.Popen(
            command, env=environment({**server.environment, "FAPWS_READY_FD": str(writing)}), pass_fds=[writing],
            stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)
        os.close(writing)
        try:
            _prefer(process.pid, cores)
            listening = _announced(ready) if announces else _connects(port, process)
            if not listening:
                said.seek(0)
                last = said.read().decode(errors="replace").strip().rpartition("\n")[2]
                raise Problem(f"{server.name} did not start", last)
            yield Running(listening, process)
        finally:
            stop(process, traced=wrapper[:1] == ["strace"])


def stop(process: subprocess.Popen[bytes], traced: bool = False) -> None:
    """End a process and all below it; a tracer is not asked itself, it ends with what it traces."""
    members = family(process.pid)
    asked = members[1] if traced and len(members) > 1 else process.pid
    with contextlib.suppress(ProcessLookupError):
        os.kill(asked, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE)
    for member in members:
        with contextlib.suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    """A port that nobody uses just now, for servers that cannot choose one themselves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def room_for_connections(count: int) -> None:
    """Raise the limit of open files, which servers inherit, so that each side can have so many connections."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < count + _OWN_FILES:
        raise Problem(f"only {most:,} files may be open here", f"raise the limit: ulimit -Hn {count + _OWN_FILES}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most if most != resource.RLIM_INFINITY else count + _OWN_FILES, most))


def family(process: int) -> list[int]:
    """A process and all below it, the eldest first."""
    found = [process]
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            for child in (thread / "children").read_text().split():
                found += family(int(child))
    return found


def processor_seconds(processes: Sequence[int]) -> float:
    """CPU time that these processes' threads have used, in user and in system mode."""
    nanoseconds = 0
    for process in processes:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for thread in Path(f"/proc/{process}/task").iterdir():
                nanoseconds += int((thread / "schedstat").read_text().split()[0])
    return nanoseconds / 1e9


def resident(processes: Sequence[int]) -> int:
    """Resident bytes of these processes together."""
    total = 0
    for process in processes:
        found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
        total += int(found[1]) * 1024 if found else 0
    return total


def _prefer(process: int, cores: Set[int]) -> None:
    """Bind a timed process to cores, and put its session before the machine's other work where that is allowed."""
    if not cores:
        return
    os.sched_setaffinity(process, cores)
    with contextlib.suppress(OSError):  # only root may, and only where the kernel groups sessions
        Path(f"/proc/{process}/autogroup").write_text("-19")


def _announced(ready: IO[bytes]) -> int:
    words = ready.readline().split()  # no more: a tracer keeps the descriptor open
    return int(words[2]) if len(words) in (3, 4) else 0  # the fourth says https


def _connects(port: int, process: subprocess.Popen[bytes]) -> int:
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return port
        time.sleep(_POLL)
    return 0
