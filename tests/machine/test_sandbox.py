"""An app that tries to leave its place on a real boot: it cannot, the log says what it tried, and honest work goes on."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.build import build, make_plan
from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board

HOSTILE = Path(__file__).parent / "apps" / "hostile.py"


@pytest.fixture(scope="module", params=["debian-amd64", pytest.param("small", marks=pytest.mark.long)])
def machine(pc: Board, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Machine]:
    """The image of apps/hostile.py, running on this kernel."""
    plan = make_plan(str(HOSTILE), "pc", str(tmp_path_factory.mktemp("hostile")), 0, False, kernel=request.param)
    build(plan)
    with Machine(plan.image, pc, echo=print, firmware="bios") as machine:
        yield machine


def told(machine: Machine, path: str) -> Any:
    """What a page of the app says."""
    status, body = machine.get(path)
    assert status == 200, body.decode()
    return json.loads(body)


def test_nothing_of_the_machine_is_reached(machine: Machine) -> None:
    """Each attempt is answered with an error: system calls with EPERM, those by files with one that says so."""
    said = told(machine, "/attack")
    assert said.pop("a call of 32 bits") in (-errno.EPERM, "SIGSEGV")  # the small kernel has none
    calls = {name: answer for name, answer in said.items() if isinstance(answer, int)}
    files = {name: answer for name, answer in said.items() if name not in calls}
    assert calls.pop("io_uring_setup") == -errno.ENOSYS
    assert {} == {name: answer for name, answer in calls.items() if answer != -errno.EPERM}
    assert len(files) > 15
    assert {} == {name: answer for name, answer in files.items()
                  if answer not in ("EPERM", "EACCES", "EROFS", "ENOENT", "ESRCH")}
    tried = [line for line in machine.console if "refused: system call" in line]
    assert "ptrace of process" in tried[0]
    assert 5 < len(tried) < len(calls)


def test_honest_work_goes_on(machine: Machine) -> None:
    """Threads, SQLite, processes of its own, sockets, files and shared memory."""
    assert told(machine, "/work") == {
        "threads": [0, 1, 4, 9],
        "data base": [7],
        "subprocess": "42\n",
        "spawn": [4, 9],
        "asyncio": "there and back",
        "name": "127.0.0.1",
        "shared memory": "shared",
        "temporary file": 4,
        "who": [1000, 1000, []],
    }
