"""`invoke bench build --only onefile`: a frozen program beside those of PyInstaller and Nuitka: size, start, memory, and what
it leaves on the disk when it starts."""

from __future__ import annotations

import re
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from appliance.build import build_binary, code_of, make_plan
from appliance.common.errors import Problem
from appliance.common.places import cache_folder
from appliance.common.progress import step
from appliance.fetching.preflight import require
from appliance.freezing import contents
from appliance.report import megabytes
from tests.bench.image import HELLO
from tests.bench.onefile import FLASK_APP, PEER_APP, SAMPLE, nuitka, onefile
from tests.bench.processes import Server, resident, running
from tests.bench.tables import Outcome, Table, judged

FLASK = SAMPLE / "wsgi_flask.py"
SIZES = {"hello": 5_000_000, "hello, traced": 4_200_000, "Flask": 11_000_000}  # bytes at most
STARTS = {"hello": 1 / 6, "Flask": 1 / 2}  # of the quicker peer's time
_REQUESTS = 1_000
_PATIENCE = 30  # seconds for an answer
_ASKED = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

# System calls that put something on a disk, or make a place for it; memory has no name below a folder.
_WRITES = re.compile(r"(?:mkdir|mkdirat|rename|renameat2?|unlink|unlinkat|symlink|link|truncate|ftruncate)\(|"
                     r"(?:open|openat|creat)\(.*O_(?:WRONLY|RDWR|CREAT)")
_NO_FILES = re.compile(r'"/(?:dev|proc)/')


def beside_onefile(rounds: int) -> Outcome:
    """samples/hello and samples/wsgi-flask, each with the same app as its peers have."""
    require({"strace": "strace"}, "watching the disk")
    tables, figures = [], {}
    for name, app, peer_app in (("hello", HELLO, PEER_APP), ("Flask", FLASK, FLASK_APP)):
        with step(f"freeze {name}"):
            ours, shares = frozen(app)
        peers: dict[str, Callable[[Path], Server]] = {"PyInstaller": onefile, "Nuitka": nuitka}
        servers = {"fapws4": ours} | {peer: make(peer_app) for peer, make in peers.items()}
        found = {each: _measured(server, rounds) for each, server in servers.items()}
        tables += [_table(name, found), Table(f"{name}: what the bytes are spent on", ["part", "size"],
                                              [[part, megabytes(size)] for part, size in shares.items()])]
        figures[name] = {"measured": found, "shares": shares}
    return Outcome(tables, figures)


def frozen(app: Path) -> tuple[Server, dict[str, int]]:
    """The program of an app, and what its bytes are."""
    plan = make_plan(str(app), "pc", str(cache_folder("bench", f"onefile-{app.stem}")), 0, False, formats=())
    made = build_binary(plan)
    shares = contents.shares(plan.binary.stat().st_size, made.archive, code_of(plan, made))
    return Server("fapws4", (plan.binary, "--server", "127.0.0.1:0")), dict(sorted(shares.items(), key=lambda item: -item[1]))


def writes_at_start(server: Server) -> list[str]:
    """The system calls by which a server, from its start to its first answer, changes what is on a disk."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "calls")
        with running(server, ["strace", "-f", "-e", "trace=file,ftruncate", "-o", report]) as started:
            _ask(started.port, 1)
            calls = report.read_text().splitlines()
    return [call for call in calls if _WRITES.search(call) and not _NO_FILES.search(call) and "= -1 " not in call]


def _measured(server: Server, rounds: int) -> dict[str, float]:
    with step(f"measure {server.name}"):
        with running(server) as started:
            _ask(started.port, _REQUESTS)
            memory = resident(started.family())
        return {"size": Path(server.command[0]).stat().st_size, "start": min(_start(server) for _ in range(rounds)),
                "start_median": statistics.median(_start(server) for _ in range(rounds)), "memory": memory,
                "writes": len(writes_at_start(server))}


def _start(server: Server) -> float:
    """Wall time from exec to the first 200."""
    began = time.perf_counter()
    with running(server) as started:
        _ask(started.port, 1)
        return time.perf_counter() - began


def _ask(port: int, requests: int) -> None:
    """Ask the page so often, on connections of their own: the peers' server closes after each answer."""
    for _ in range(requests):
        with socket.create_connection(("127.0.0.1", port), _PATIENCE) as connection:
            connection.sendall(_ASKED)
            answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        if not answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.0 200 ")):
            raise Problem(f"the server answered {answer[:100]!r}")


def _table(name: str, found: Mapping[str, Mapping[str, float]]) -> Table:
    rows = [[each, megabytes(int(of["size"])), f"{of['start'] * 1e3:.1f}", f"{of['start_median'] * 1e3:.1f}",
             megabytes(int(of["memory"])), f"{of['writes']:.0f}"] for each, of in found.items()]
    return Table(f"{name} in one file: size, start to the first 200, memory after {_REQUESTS:,} requests, changes on the disk",
                 ["", "size", "start, ms, best", "median", "resident", "disk"], rows, verdicts(name, found))


def verdicts(name: str, found: Mapping[str, Mapping[str, float]]) -> list[str]:
    """What issue 5 wants, and whether it is so."""
    ours = found["fapws4"]
    peers = [of for each, of in found.items() if each != "fapws4"]
    quicker, smaller = min(of["start"] for of in peers), min(of["memory"] for of in peers)
    is_quick = ours["start"] <= STARTS[name] * quicker
    return [f"Size must be <= {megabytes(SIZES[name])}: {judged(ours['size'] <= SIZES[name])}.",
            f"Start must be <= {STARTS[name]:.2f} of the quicker's: {ours['start'] / quicker:.3f}, {judged(is_quick)}.",
            f"Memory must be below either's: {judged(ours['memory'] < smaller)}.",
            f"The start must change nothing on a disk: {judged(not ours['writes'])}."]
