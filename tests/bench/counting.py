"""Costs that repeat: user instructions by callgrind and system calls by strace, per request.

A cost is the difference of two runs of unequal length, so that what a connection or a start costs is not in it.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.shell import run
from appliance.fetching.preflight import require
from tests.bench.cases import Case
from tests.bench.client import drive
from tests.bench.processes import Running, Server, running

SHORT, LONG = 320, 1_920  # requests; the cost of one repeats to 0.5 % between runs of this length
_WARM = 160  # requests before any is counted: caches and the interpreter's specialisation settle

Counter = Callable[[], int]


def require_programs() -> None:
    """valgrind and strace, seen to before anything is done."""
    require({"valgrind": "valgrind", "vgdb": "valgrind", "strace": "strace"}, "counting instructions and calls")


def instructions_of(server: Server, cases: tuple[Case, ...], short: int = SHORT, long: int = LONG) -> dict[str, float]:
    """User instructions per request of each case, by its name, all asked of one process."""
    with under_callgrind(server) as (started, counted):
        return {case.name: instructions_per_request(started.port, counted, case, short, long) for case in cases}


def instructions_per_request(port: int, counted: Counter, case: Case, short: int, long: int) -> float:
    """User instructions per request of a server that runs under callgrind."""
    turn = itertools.cycle(case.requests)

    def cost(count: int) -> int:
        counted()
        drive(port, turn, count, case.depth, case.tls)
        return counted()

    drive(port, turn, min(short, _WARM), case.depth, case.tls)
    return per_request(cost, short, long)


def calls_of(server: Server, case: Case, short: int = SHORT, long: int = LONG) -> dict[str, float]:
    """System calls per request, by their names."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "calls")

        def count(requests: int) -> dict[str, int]:
            with running(server, ["strace", "-f", "-c", "-U", "calls,name", "-o", report]) as started:
                drive(started.port, itertools.cycle(case.requests), requests, case.depth, case.tls)
            return calls_in(report.read_text())

        few, many = count(short), count(long)
    return {name: number for name in many if (number := (many[name] - few.get(name, 0)) / (long - short)) > 0.001}


def per_request(cost: Callable[[int], int], short: int, long: int) -> float:
    """What one more request costs."""
    few = cost(short)
    return (cost(long) - few) / (long - short)


@contextlib.contextmanager
def under_callgrind(server: Server) -> Iterator[tuple[Running, Counter]]:
    """A server under callgrind, and what counts its instructions since it was last asked (first: since exec)."""
    with tempfile.TemporaryDirectory() as scratch, running(server, callgrind(Path(scratch))) as started:
        yield started, counter(started.process.pid, Path(scratch))


def callgrind(scratch: Path) -> list[str | Path]:
    """The beginning of a command that is to be counted."""
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={scratch}/dump", f"--log-file={scratch}/log",
            f"--vgdb-prefix={scratch}/vgdb"]


def counter(process: int, scratch: Path) -> Counter:
    """Counts by having callgrind write down what it has, which begins its count anew."""
    numbers = itertools.count(1)

    def counted() -> int:
        run(["vgdb", f"--vgdb-prefix={scratch}/vgdb", f"--pid={process}", "dump"], what="vgdb")
        return total_in(Path(scratch, f"dump.{next(numbers)}").read_text())

    return counted


def total_in(dump: str) -> int:
    """The instructions that a dump of callgrind sums up to."""
    found = re.search(r"^totals: (\d+)$", dump, re.MULTILINE)
    if not found:
        raise Problem("callgrind's dump has no totals", "is this another valgrind than 3.19 to 3.25?")
    return int(found[1])


def calls_in(report: str) -> dict[str, int]:
    """The system calls that strace's summary lists, without its total."""
    return {name: int(count) for count, name in re.findall(r"^ *(\d+) +(\w+)$", report, re.MULTILINE) if name != "total"}
