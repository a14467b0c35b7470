"""What a start costs: instructions from exec to the first answer."""

from __future__ import annotations

import itertools
import sys
import tempfile
from pathlib import Path

from appliance.common.shell import run
from tests.bench.cases import KEEP_ALIVE
from tests.bench.client import drive
from tests.bench.counting import callgrind, require_programs, total_in, under_callgrind
from tests.bench.processes import Server, environment
from tests.bench.servers import frozen, installed
from tests.bench.tables import Outcome, Table, judged, ratio

FROZEN_MUST = 40_000_000
ABOVE_PYTHON_MUST = 10_000_000


def start() -> Outcome:
    """The frozen hello, and the installed server beside `python -c pass` in the same environment."""
    require_programs()
    found = {"frozen": until_answer(frozen("hello"))} | installed_and_python()
    python = found["python -c pass"]
    above = found["installed"] - python
    rows = [
        ["frozen hello", f"<= {FROZEN_MUST / 1e6:.0f}", f"{found['frozen'] / 1e6:.1f}", ratio(found["frozen"], python)],
        ["installed hello", "-", f"{found['installed'] / 1e6:.1f}", ratio(found["installed"], python)],
        ["installed, above python", f"<= {ABOVE_PYTHON_MUST / 1e6:.0f}", f"{above / 1e6:.1f}", "-"],
        ["python -c pass", "-", f"{python / 1e6:.1f}", ratio(python, python)],
    ]
    columns = ["start", "must", "million instructions", "over python -c pass"]
    notes = [f"Frozen: {judged(found['frozen'] <= FROZEN_MUST)}; installed: {judged(above <= ABOVE_PYTHON_MUST)}."]
    return Outcome([Table("Instructions from exec to the first answer", columns, rows, notes)], found)


def installed_and_python() -> dict[str, int]:
    """The installed server, serving samples/hello, and Python alone in the same environment."""
    with tempfile.TemporaryDirectory() as prefix:
        server = installed("hello", Path(prefix))
        return {"installed": until_answer(server), "python -c pass": python_alone(server)}


def until_answer(server: Server) -> int:
    """Instructions from exec to the first answer."""
    with under_callgrind(server) as (started, counted):
        drive(started.port, itertools.cycle(KEEP_ALIVE.requests), 0, 1)
        return counted()


def python_alone(server: Server) -> int:
    """Instructions of `python -c pass` in the environment of a server."""
    with tempfile.TemporaryDirectory() as scratch:
        run(["env", "-i", *(f"{name}={value}" for name, value in environment(server.environment).items()),
             *callgrind(Path(scratch)), sys.executable, "-c", "pass"], what="python under callgrind")
        return total_in(Path(scratch, "dump").read_text())
