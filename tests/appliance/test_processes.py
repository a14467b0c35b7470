"""Processes that an app starts from inside the static program: itself as a Python, and what multiprocessing makes of that."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.build import Plan, build_binary, make_plan
from tests.appliance.running import TIMEOUT, Running, running

PROCESSES = Path(__file__).parent / "apps" / "processes" / "processes.py"


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The frozen app `processes`."""
    plan = make_plan(str(PROCESSES), "pc", str(tmp_path_factory.mktemp("processes")), 0, False)
    build_binary(plan)
    return plan


@pytest.fixture(scope="module")
def processes(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The app, running with words of its own that a python would take for options."""
    log = tmp_path_factory.mktemp("log") / "log"
    with running([plan.binary, "--server", "127.0.0.1:0", "-c", "words", "--multiprocessing-fork"], log) as program:
        yield program


@pytest.mark.parametrize(
    ("page", "answer"),
    [
        ("command", [0, '["-c", "--server", "x", "--check"]\n', ""]),
        ("module", ["42", "/appliance/app/jobs/double.py"]),
        ("standard_input", [0, "42\n", ""]),
        ("failing", [1, "", "ValueError: no"]),
        ("absent", [1, "", "/appliance/bin/python: No module named wave"]),
        ("version", [0, "Python 3.13.5\n", ""]),
        ("facts", [["-c", "words", "--multiprocessing-fork"], "/appliance/bin/python", True, True]),
        ("exec_and_spawn", [7, 7, 7, 8, 8, 8]),
        ("nested", [0, "RecursionError\nRecursionError\n", ""]),
    ],
)
def test_the_program_as_its_own_python(processes: Running, page: str, answer: Any) -> None:
    """sys.executable takes -c, -m and a program on stdin, however it is started; the app's own words stay the app's."""
    assert answer == processes.told(f"/{page}")


@pytest.mark.parametrize(
    ("page", "answer"),
    [
        ("process_and_queue", [[6, "processes", "__main__", True], 0]),
        ("pool", [1, 2, 3, 4]),
        ("executor", [1, 4, 9]),
        ("forked", [1, 2]),
        ("shared", 200),
    ],
)
def test_multiprocessing(processes: Running, page: str, answer: Any) -> None:
    """Processes that are spawned import the app under its own name; queues, pools, shared memory and locks work."""
    assert answer == processes.told(f"/{page}")


def test_where_there_is_no_proc(plan: Plan, tmp_path: Path) -> None:
    """In an empty root, too, the program finds itself."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "app").write_bytes(plan.binary.read_bytes())
    (tmp_path / "app").chmod(0o755)
    with running(["chroot", tmp_path, "/app", "--server", "127.0.0.1:0"], tmp_path / "log") as program:
        assert [0, "42\n", ""] == program.told("/standard_input")


def test_a_profile_of_the_start(plan: Plan) -> None:
    """--import-time shows on stderr, for each module, its own time and that with what it imports, in microseconds."""
    command: list[str | Path] = [plan.binary, "--import-time", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=True)
    lines = [re.fullmatch(r"import time: +(\d+) \| +(\d+) \| ( *)(\S+)", line) for line in done.stderr.splitlines()[1:]]
    assert None not in lines
    found = {line[4]: (int(line[1]), int(line[2]), len(line[3])) for line in lines if line}
    own, together, depth = found["processes"]
    assert 0 == depth
    assert 0 <= own < together
    assert found["multiprocessing"][1] <= together
