"""`invoke bench image`: what a device carries, beside PyInstaller's program of the same page: size, start, memory."""

from __future__ import annotations

import http.client
import statistics
import time
from pathlib import Path

from appliance.build import Plan, build, make_plan, require_programs, shares_of
from appliance.common.errors import Problem
from appliance.common.places import REPOSITORY, cache_folder
from appliance.report import megabytes
from tests.bench.onefile import NAME, onefile
from tests.bench.processes import Server, resident, running
from tests.bench.tables import Outcome, Table, ratio

HELLO = REPOSITORY / "samples" / "hello" / "hello.py"
_COLUMNS = ("what", "fapws4", NAME, "ratio")


def sizes() -> Outcome:
    """The binary and the image (what it takes on the disk), and what their bytes are spent on."""
    plan, shares = _hello()
    binary, peer = plan.binary.stat().st_size, Path(onefile().command[0]).stat().st_size
    on_disk = plan.image.stat().st_blocks * 512
    rows = [["binary", megabytes(binary), megabytes(peer), ratio(binary, peer)],
            ["image, on the disk", megabytes(on_disk), "-", "-"]]
    parts = [[f"{what}: {name}", megabytes(size)] for what, found in shares.items()
             for name, size in sorted(found.items(), key=lambda item: -item[1])]
    tables = [Table("Size of samples/hello", _COLUMNS, rows), Table("What the bytes are spent on", ["part", "size"], parts)]
    return Outcome(tables, {"binary": binary, "image_on_disk": on_disk, "pyinstaller_onefile": peer, "shares": shares})


def start(rounds: int) -> Outcome:
    """From exec to the first 200, both taking turns."""
    program = _program()
    ours, peer = [], []
    for _ in range(rounds):
        ours.append(seconds_to_first_answer(program))
        peer.append(seconds_to_first_answer(onefile()))
    rows = [[f"start, {name}, ms", f"{chosen(ours) * 1e3:.1f}", f"{chosen(peer) * 1e3:.1f}",
             ratio(chosen(ours), chosen(peer))]
            for name, chosen in (("best", min), ("median", statistics.median))]
    table = Table(f"Start to the first 200, {rounds} times each", _COLUMNS, rows)
    return Outcome([table], {"seconds": ours, "peer_seconds": peer})


def memory() -> Outcome:
    """Resident memory after 1,000 requests, of all processes."""
    ours, peer = resident_after(_program(), 1_000), resident_after(onefile(), 1_000)
    row = ["resident after 1,000 requests", megabytes(ours), megabytes(peer), ratio(ours, peer)]
    return Outcome([Table("Memory", _COLUMNS, [row])], {"resident": ours, "pyinstaller_onefile": peer})


def seconds_to_first_answer(server: Server) -> float:
    """Wall time from exec to the first 200."""
    began = time.perf_counter()
    with running(server) as started:
        ask(started.port, 1)
        return time.perf_counter() - began


def resident_after(server: Server, requests: int) -> int:
    """Resident bytes of a server, with the processes it started, after so many requests."""
    with running(server) as started:
        ask(started.port, requests)
        return resident(started.family())


def ask(port: int, requests: int) -> None:
    """Ask the page so often; the peer's server closes after each answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(requests):
        connection.request("GET", "/")
        answer = connection.getresponse()
        body = answer.read()
        if (answer.status, body) != (200, b"Hello World!!"):
            raise Problem(f"the server answered {answer.status} {body[:100]!r}")
    connection.close()


def _hello() -> tuple[Plan, dict[str, dict[str, int]]]:
    """samples/hello, frozen and made into an image, and the sizes of its parts."""
    require_programs(False)
    plan = make_plan(str(HELLO), "pc", str(cache_folder("bench", "image")), 0, False)
    frozen, image = build(plan)
    return plan, {"binary": shares_of(frozen), "image": image.shares}


def _program() -> Server:
    plan, _ = _hello()
    return Server("fapws4", (plan.binary, "--server", "127.0.0.1:0"))
