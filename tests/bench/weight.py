"""`invoke bench server --only memory`: what a server takes when it rests, under load, and for each connection."""

from __future__ import annotations

import itertools
import ssl
from collections.abc import Callable

from appliance.common.progress import step
from appliance.report import megabytes
from tests.bench.cases import KEEP_ALIVE, POST, Case
from tests.bench.client import drive, hold
from tests.bench.load import press
from tests.bench.peers import PEERS, peer
from tests.bench.processes import Server, resident, room_for_connections, running
from tests.bench.servers import bare, fapws4, frozen
from tests.bench.tables import Outcome, Table, judged

IDLE = 5_000
IDLE_MUST = 512  # bytes
# What issue 4 wants of the frozen server, in bytes, and how it says it.
MUSTS = {"rest": (8_000_000, "8 MB"), "growth": (1_000_000, "1 MB"), "idle": (IDLE_MUST, "0.5 KB"),
         "in_flight": (10_240, "10 KB")}
IDLE_TLS = 1_000
# Of TLS 1.2, OpenSSL 3.0 has 14 KB; with memory for records for all they would be 48. Of 1.3 it has the two ciphers.
IDLE_TLS_MUSTS = {ssl.TLSVersion.TLSv1_2: 24 * 1024, ssl.TLSVersion.TLSv1_3: 5 * 1024}
IN_FLIGHT = 1_000
_HALF = 512  # bytes of each body that never come
_PROBES = 3
_SECONDS = 1.0  # of load


def memory() -> Outcome:
    """Resident bytes of every server; the musts are those of the frozen one."""
    room_for_connections(IDLE)
    servers: dict[str, Callable[[str], Server]] = {
        "fapws4, frozen": lambda page: frozen("hello" if page == "hello" else "pages", page),
        "fapws4": lambda page: fapws4("pages", page),
        "bare C": lambda page: bare()}
    servers |= {name: lambda page, name=name: peer(name, page) for name in PEERS}  # type: ignore[misc]
    rows, figures = [], {}
    for name, server in servers.items():
        with step(f"weigh {name}"):
            rest, load = _loaded(server("hello"))
            idle = each(server("hello"), KEEP_ALIVE, KEEP_ALIVE.requests[0], IDLE, answered=True)
            flying = each(server("post"), POST, POST.requests[0][:-_HALF], IN_FLIGHT, answered=False)
        figures[name] = {"rest": rest, "growth": load - rest, "idle": idle, "in_flight": flying}
        rows.append([name, megabytes(rest), megabytes(load - rest), f"{idle / 1024:.2f} KB", f"{flying / 1024:.2f} KB"])
    columns = ["server", "at rest", "growth under load", f"an idle connection ({IDLE:,})",
               f"a request in flight ({IN_FLIGHT:,} halves of 1 KB bodies)"]
    must = ["must, frozen", *(f"<= {text}" for _, text in MUSTS.values())]
    verdicts = [judged(figures["fapws4, frozen"][what] <= most) for what, (most, _) in MUSTS.items()]
    return Outcome([Table("Resident memory", columns, [must, ["is", *verdicts], *rows])], figures)


def _loaded(server: Server) -> tuple[int, int]:
    with running(server) as started:
        drive(started.port, itertools.cycle(KEEP_ALIVE.requests), 0, 1)
        rest = resident(started.family())
        press(started, KEEP_ALIVE, _SECONDS)
        return rest, resident(started.family())


def each(server: Server, case: Case, text: bytes, count: int, answered: bool,
         newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED) -> float:
    """Bytes for each of ``count`` connections on which ``text`` was sent."""
    with running(server) as started:
        drive(started.port, itertools.cycle(case.requests), 0, 1, case.tls)
        before = resident(started.family())
        connections = hold(started.port, count, [text], answered, case.tls, newest)
        for _ in range(_PROBES):  # what is answered now was read after all that the others sent
            drive(started.port, itertools.cycle(case.requests), 0, 1, case.tls)
        after = resident(started.family())
        for connection in connections:
            connection.close()
    return (after - before) / count
