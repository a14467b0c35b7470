"""The load generator (load.c) at work on one server."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path

from appliance.common.errors import Problem
from tests.bench.cases import Case
from tests.bench.compiled import load_program
from tests.bench.processes import Running, processor_seconds

CONNECTIONS = 64
_LIMIT = 60  # seconds that a slice may take beside its own


@dataclass(frozen=True)
class Slice:
    """What one turn of load found: CPU microseconds of the server per request, requests a second, latencies."""

    cpu: float
    rate: float
    p50: float
    p99: float
    failed: int
    reconnects: int
    busy: float  # how much of its core the generator used: near 1, it was the generator that limited the rate


def load_core() -> int:
    """The core of the load: the first."""
    return min(os.sched_getaffinity(0))


def server_cores(processes: int = 1) -> Set[int]:
    """As many cores as a server has processes, the load's own left out; on a machine of one core nothing is bound."""
    return set(sorted(os.sched_getaffinity(0))[1 : 1 + processes])


def press(server: Running, case: Case, seconds: float, connections: int = CONNECTIONS) -> Slice:
    """One turn of load; what it costs to connect, and to shake hands, is not in it."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(b"".join(case.requests))
        command = [load_program(case.tls), server.port, connections, seconds, case.depth, "close" if case.close else "keep",
                   len(case.requests[0]), file.name]
        process = subprocess.Popen(["taskset", "-c", str(load_core()), *map(str, command)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with process, limited(process, seconds + _LIMIT):
            assert process.stdout is not None
            process.stdout.readline()
            before = processor_seconds(server.family())
            said, wrong = process.communicate(b"\n")
            used = processor_seconds(server.family()) - before
    if process.returncode:
        raise Problem(f"the load of {case.name} failed", wrong.decode().strip())
    return slice_of(json.loads(said), used, case.close)


@contextlib.contextmanager
def limited(process: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
    """Kill a process that is not over in time."""
    clock = threading.Timer(seconds, process.kill)
    clock.start()
    try:
        yield
    finally:
        clock.cancel()


def slice_of(said: dict[str, float], used: float, close: bool) -> Slice:
    """What the generator said, and the CPU seconds that the server used meanwhile."""
    count = said["requests"]
    if not said["batches"]:
        raise Problem("requests that were sent together were not all answered")
    if said["failed"] > count / 100:
        raise Problem(f"{said['failed']:.0f} of {count:.0f} requests failed")
    return Slice(cpu=used / count * 1e6, rate=count / said["seconds"], p50=said["p50"], p99=said["p99"],
                 failed=int(said["failed"]), reconnects=0 if close else int(said["reconnects"]), busy=said["busy"])


