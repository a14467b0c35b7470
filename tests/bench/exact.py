"""`invoke bench exact`: what a request costs in user instructions and system calls, whatever else the machine does."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.common.errors import Problem
from appliance.common.progress import step
from tests.bench.cases import EXACT, FLASK_MUST, KEEP_ALIVE, MUSTS, TLS, TLS_MUST, Case, broken
from tests.bench.counting import (
    callgrind,
    calls_of,
    counter,
    instructions_of,
    per_request,
    require_programs,
)
from tests.bench.peers import PEERS, left_out, peer
from tests.bench.processes import Server, environment, stop
from tests.bench.servers import APPS, Certificate, bare, certificate, fapws4, with_tls
from tests.bench.tables import Outcome, Table, judged, ratio

_FLASK_LENGTHS = (64, 384)  # requests; fewer, since each is some fifty times a hello's


@dataclass(frozen=True)
class Cost:
    """What one request costs."""

    instructions: float
    calls: float

    def __str__(self) -> str:
        return f"{self.instructions:,.0f} / {self.calls:.2f}"


def cases() -> Outcome:
    """The first table of issue 4: fapws4, the limit and every peer that can be installed."""
    require_programs()
    with step("count fapws4 and bare C"):
        costs = {"fapws4": costs_of(fapws4_page), "bare C": costs_of(lambda page: bare())}
    for name in PEERS:
        with step(f"count {name}"):
            costs[name] = costs_of_peer(name)
    native = instructions_of(fapws4("paths"), (KEEP_ALIVE,))["keep-alive"]
    rows, verdicts = [], []
    for case in EXACT:
        must, ours = MUSTS[case.name], costs["fapws4"][case.name]
        found = broken(must, ours.instructions, ours.calls)
        verdicts += [f"BROKEN: {case.title}: {', '.join(found)}"] if found else []
        calls = f"{'' if must.exactly else '<= '}{must.calls:g}"
        rows.append([case.title, f"{must.instructions:,} / {calls}", str(ours), *(
            _beside(ours, costs[name].get(case.name)) for name in costs if name != "fapws4"), judged(not found)])
    others = [name for name in costs if name != "fapws4"]
    table = Table("User instructions / system calls per request", ["case", "must", "fapws4", *others, "the must is"], rows, [
        "In brackets: fapws4's instructions over that server's.", *verdicts,
        f"GET hello by a handler of PATHS that returns a str, in place of a WSGI application: {native:,.0f} instructions."])
    figures: dict[str, Any] = {name: {case: vars(cost) for case, cost in found.items()} for name, found in costs.items()}
    return Outcome([table], figures | {"handler of PATHS": native})


def costs_of(server: Callable[[str], Server], chosen: Sequence[Case] = EXACT,
             guarded: Callable[[Case], AbstractContextManager[None]] = lambda case: nullcontext()) -> dict[str, Cost]:
    """What the cases cost a server, which is given for the name of a page; those that ``guarded`` forgives are left out."""
    found: dict[str, Cost] = {}
    for page in dict.fromkeys(case.app for case in chosen):
        calls: dict[Case, float] = {}
        for case in chosen:
            if case.app == page:
                with guarded(case):
                    calls[case] = sum(calls_of(server(page), case).values())
        instructions = instructions_of(server(page), tuple(calls)) if calls else {}
        found |= {case.name: Cost(instructions[case.name], count) for case, count in calls.items()}
    return found


def costs_of_peer(name: str) -> dict[str, Cost]:
    """As ``costs_of``, without the cases that the peer fails (bjoern answers only the first of pipelined requests)."""
    return costs_of(lambda page: peer(name, page), guarded=lambda case: left_out(f"{name}, {case.title},"))


def tls() -> Outcome:
    """GET hello by TLS: fapws4, and freastal, whose TLS is picotls."""
    require_programs()
    with tempfile.TemporaryDirectory() as scratch:
        made = certificate(Path(scratch))
        with step("count fapws4"):
            costs = {"fapws4": tls_cost(made)}
        with step("count freastal"), left_out("freastal"):
            costs["freastal"] = costs_of(lambda page: peer("freastal", page, certificate=made), (TLS,))[TLS.name]
    ours = costs["fapws4"]
    rows = [[name, f"{cost.instructions:,.0f}", f"{cost.calls:.2f}", ratio(ours.instructions, cost.instructions)]
            for name, cost in costs.items()]
    found = broken(TLS_MUST, ours.instructions, ours.calls)
    notes = [f"fapws4's must is {TLS_MUST.instructions:,} and {TLS_MUST.calls}: {', '.join(found) or 'kept'}."]
    columns = ["server", "instructions", "calls", "fapws4's over it"]
    table = Table(f"{TLS.title}, per request", columns, rows, notes)
    return Outcome([table], {name: vars(cost) for name, cost in costs.items()})


def tls_cost(made: Certificate) -> Cost:
    """What a request by TLS costs fapws4 with this machine's OpenSSL."""
    return costs_of(lambda page: with_tls(fapws4_page(page), made), (TLS,))[TLS.name]


def fapws4_page(page: str) -> Server:
    """fapws4 with a page of apps/pages.py."""
    return fapws4("pages", page)


def flask() -> Outcome:
    """What serving Flask costs above Flask itself."""
    require_programs()
    served, alone = flask_instructions()
    found = served - alone
    row = ["Flask hello", f"{FLASK_MUST:,}", f"{served:,.0f}", f"{alone:,.0f}", f"{found:,.0f}",
           judged(found <= FLASK_MUST)]
    columns = ["case", "must", "served by fapws4", "called in a bare loop", "fapws4's part", "the must is"]
    return Outcome([Table("User instructions per request of Flask", columns, [row])], {"served": served, "alone": alone})


def flask_instructions() -> tuple[float, float]:
    """Instructions per request of Flask's smallest application: served by fapws4, and called in a bare loop."""
    served = instructions_of(fapws4("flask_hello"), (KEEP_ALIVE,), *_FLASK_LENGTHS)["keep-alive"]
    with tempfile.TemporaryDirectory() as scratch:
        process = subprocess.Popen(
            [*callgrind(Path(scratch)), sys.executable, APPS / "flask_loop.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=environment({}), start_new_session=True)
        try:
            return served, _loop_instructions(process, counter(process.pid, Path(scratch)))
        finally:
            process.stdin.close()  # type: ignore[union-attr]
            process.stdout.close()  # type: ignore[union-attr]
            stop(process)


def _loop_instructions(process: subprocess.Popen[bytes], counted: Callable[[], int]) -> float:
    said, told = process.stdout, process.stdin
    assert said is not None
    assert told is not None

    def cost(count: int) -> int:
        counted()
        told.write(b"%d\n" % count)
        told.flush()
        if said.readline() != b"done\n":
            raise Problem("the bare loop ended", "run apps/flask_loop.py by hand")
        return counted()

    if said.readline() != b"ready\n":
        raise Problem("the bare loop did not start", "is flask installed beside invoke?")
    cost(_FLASK_LENGTHS[0])
    return per_request(cost, *_FLASK_LENGTHS)


def _beside(ours: Cost, theirs: Cost | None) -> str:
    return f"{theirs} ({ratio(ours.instructions, theirs.instructions)})" if theirs else "fails"
