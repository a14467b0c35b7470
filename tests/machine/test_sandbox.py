"""Processes that try to leave their place on a real boot: they cannot, the log says so, and honest work goes on."""

from __future__ import annotations

import errno
import http.client
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.build import build, make_plan
from appliance.common.places import PACKAGE, cache_folder, digest_of, tree_digest, whole_folder
from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board
from appliance.freezing import analysis

HOSTILE = Path(__file__).parent / "apps" / "hostile.py"
PAGES_PORT = 8080

# What is put at the end of files of the package: in this image the manager and the recovery pages are hostile, too.
TAKEN_OVER = {
    "manager/server.py": """
_honest = main


def main() -> None:
    import taken

    taken.attack_as_manager()
    _honest()
""",
    "recovery/pages.py": """
import taken

PATHS.insert(0, ("/attack", taken.attack_as_pages))
""",
}


def taken_over() -> Path:
    """A copy of the package fapws4 whose processes on the device attack it; kept, since an analysis names its files."""
    place = cache_folder("tests", digest_of("taken over", tree_digest(PACKAGE), str(TAKEN_OVER))[:16]) / "fapws4"
    if not place.exists():
        with whole_folder(place) as package:
            shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
            for name, text in TAKEN_OVER.items():
                with (package / name).open("a") as file:
                    file.write(text)
    return place


@pytest.fixture(scope="module", params=["debian-amd64", pytest.param("small", marks=pytest.mark.long)])
def machine(pc: Board, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Machine]:
    """The image of apps/hostile.py with a package that has been taken over, running on this kernel."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analysis, "PACKAGE", taken_over())
        plan = make_plan(str(HOSTILE), "pc", str(tmp_path_factory.mktemp("hostile")), 0, False, kernel=request.param)
        build(plan)
    with Machine(plan.image, pc, echo=print, firmware="bios") as machine:
        yield machine


def told(machine: Machine, path: str) -> Any:
    """What a page of the app says."""
    status, body = machine.get(path)
    assert status == 200, body.decode()
    return json.loads(body)


def told_by_pages(machine: Machine, path: str) -> tuple[int, bytes]:
    """What a recovery page says."""
    connection = http.client.HTTPConnection("127.0.0.1", machine.forward(PAGES_PORT))
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def check_refusals(said: dict[str, Any]) -> int:
    """Each attempt is answered with an error, system calls with EPERM; how many calls there were."""
    assert said.pop("a call of 32 bits") in (-errno.EPERM, "SIGSEGV")  # the small kernel has none
    calls = {name: answer for name, answer in said.items() if isinstance(answer, int)}
    files = {name: answer for name, answer in said.items() if name not in calls}
    assert calls.pop("io_uring_setup") == -errno.ENOSYS
    assert {} == {name: answer for name, answer in calls.items() if answer != -errno.EPERM}
    assert len(files) > 25
    assert {} == {name: answer for name, answer in files.items()
                  if answer not in ("EPERM", "EACCES", "EROFS", "ENOENT", "ESRCH")}
    return len(calls)


def test_nothing_of_the_machine_is_reached(machine: Machine) -> None:
    """By the app; and the log says what it has tried."""
    calls = check_refusals(told(machine, "/attack"))
    tried = [line for line in machine.console if "refused: system call" in line]
    assert "ptrace of process" in tried[0]
    assert 5 < len(tried) < calls


def test_a_manager_that_is_taken_over_stays_in_its_place(machine: Machine) -> None:
    """Though it is root: it has its files and the app's, and nothing of the machine, of other processes or of the network."""
    check_refusals(told(machine, "/manager"))


def test_recovery_pages_that_are_taken_over_stay_in_their_place(machine: Machine) -> None:
    """They reach nobody's files and no door but PID 1's and the updater's, and go on answering."""
    status, body = told_by_pages(machine, "/attack")
    assert status == 200, body.decode()
    check_refusals(json.loads(body))
    assert told_by_pages(machine, "/")[0] == 200


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
