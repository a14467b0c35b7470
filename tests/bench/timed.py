"""`invoke bench server`: time. Every server takes its turn, over and over, and each is compared with the others."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from appliance.fetching.preflight import require
from tests.bench.cases import CROWD_MUST, KEEP_ALIVE, P99_MUST, SCALE_MUST, SHARES, Case
from tests.bench.client import hold
from tests.bench.load import CONNECTIONS, Slice, press, server_cores
from tests.bench.peers import PEERS, left_out, nginx, peer
from tests.bench.processes import Running, Server, room_for_connections, running
from tests.bench.servers import bare, certificate, fapws4, frozen, with_tls
from tests.bench.tables import Outcome, Table, judged, ratio

FILE_SIZE = 102_400
IDLE = 10_000
_COLUMNS = ("server", "CPU us/request, best", "median", "first row's over it, best", "median", "requests/s, best", "p50 us",
            "p99 us", "load's core")


def times(case: Case, slices: int, seconds: float) -> Outcome:
    """One case: CPU time per request, rate and latency of every server, in turns."""
    require({"taskset": "util-linux", "gcc": "gcc"}, "the load generator")
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "file")
        file.write_bytes(b"x" * FILE_SIZE)
        found = take_turns(_servers(case, file), lambda server: press(server, case, seconds), slices,
                           lambda name: name != "fapws4")
    title = f"{case.title}: {slices} turns of {seconds:g} s, {CONNECTIONS} connections"
    figures = {name: [asdict(each) for each in turns] for name, turns in found.items()}
    return Outcome([Table(title, _COLUMNS, rows(found), verdicts(case.name, found))], figures)


def take_turns(servers: Mapping[str, Callable[[], Server]], measure: Callable[[Running], Slice],
               slices: int, may_fail: Callable[[str], bool]) -> dict[str, list[Slice]]:
    """Start all, measure one after the other ``slices`` times. Of whom that may be, who fails is said and left out."""
    found: dict[str, list[Slice]] = {}
    with contextlib.ExitStack() as stack:
        started: dict[str, Running] = {}
        for name, server in servers.items():
            with left_out(name) if may_fail(name) else contextlib.nullcontext():
                started[name] = stack.enter_context(running(server(), cores=server_cores()))
                found[name] = []
        for _ in range(slices):
            for name in list(found):
                turns = found.pop(name)  # gone for good when this fails
                with left_out(name) if may_fail(name) else contextlib.nullcontext():
                    found[name] = [*turns, measure(started[name])]
    return found


def rows(found: Mapping[str, Sequence[Slice]]) -> list[list[str]]:
    """A row for each server; the first one is compared with the others.

    The median of ratios pairs the slices of one turn, which other work slows alike.
    """
    ours = next(iter(found.values()))
    shown = []
    for name, turns in found.items():
        least, middle = min(turn.cpu for turn in turns), statistics.median(turn.cpu for turn in turns)
        paired = statistics.median(mine.cpu / theirs.cpu for mine, theirs in zip(ours, turns) if theirs.cpu)
        shown.append([
            name, f"{least:.2f}", f"{middle:.2f}", ratio(min(turn.cpu for turn in ours), least), f"x{paired:.2f}",
            f"{max(turn.rate for turn in turns):,.0f}", f"{statistics.median(turn.p50 for turn in turns):,.0f}",
            f"{statistics.median(turn.p99 for turn in turns):,.0f}",
            f"{statistics.median(turn.busy for turn in turns):.0%}"])
    return shown


def verdicts(case: str, found: Mapping[str, Sequence[Slice]]) -> list[str]:
    """What issue 4 wants of a case beside each peer that took part, and whether it is so, by the best slices."""
    if "fapws4" not in found:
        return ["fapws4 took no part."]
    least = {name: min(turn.cpu for turn in turns) for name, turns in found.items()}
    said = []
    for name, share in SHARES.get(case, {}).items():
        if name in least:
            reached = least[name] / least["fapws4"]
            said.append(f"Must reach {share:g} of {name}'s speed: {reached:.2f}, {judged(reached >= share)}.")
    if case == "keep-alive" and "bare C" in found:
        late = {name: min(turn.p99 for turn in turns) for name, turns in found.items()}
        times = late["fapws4"] / max(1, late["bare C"])
        said.append(f"p99 must be <= {P99_MUST} times bare C's: {times:.2f}, {judged(times <= P99_MUST)}.")
    return said


def beside_idle(slices: int, seconds: float) -> Outcome:
    """What idle connections cost the active ones: one server with 10,000 of them and one without, in turns."""
    room_for_connections(IDLE)
    with running(fapws4("pages"), cores=server_cores()) as alone, running(fapws4("pages"), cores=server_cores()) as crowded:
        idle = hold(crowded.port, IDLE, KEEP_ALIVE.requests, answered=True)
        without, beside = [], []
        for _ in range(slices):
            without.append(press(alone, KEEP_ALIVE, seconds))
            beside.append(press(crowded, KEEP_ALIVE, seconds))
        for connection in idle:
            connection.close()
    shown = rows({f"beside {IDLE:,} idle ones": beside, "without": without})
    title, found = f"fapws4, {CONNECTIONS} active connections: {slices} turns of {seconds:g} s", _times(beside, without)
    verdict = f"The idle ones must cost nothing measurable (<= {CROWD_MUST}): {found:.2f}, {judged(found <= CROWD_MUST)}."
    table = Table(title, _COLUMNS, shown, [verdict])
    return Outcome([table], {"idle": [asdict(each) for each in beside], "none": [asdict(each) for each in without]})


def scale(slices: int, seconds: float) -> Outcome:
    """What a request costs when two processes share the work: bound to as many cores as there are beside the load's."""
    one, two = fapws4("pages"), fapws4("pages")
    two = replace(two, command=(*two.command, "--workers", "2"))
    cores = server_cores(2)
    with running(one, cores=cores) as single, running(two, cores=cores) as double:
        alone, shared = [], []
        for _ in range(slices):
            alone.append(press(single, KEEP_ALIVE, seconds))
            shared.append(press(double, KEEP_ALIVE, seconds))
    shown = rows({"2 workers": shared, "1 worker": alone})
    title = f"fapws4, {CONNECTIONS} connections, cores beside the load's: {len(cores)}; {slices} turns of {seconds:g} s"
    found = _times(shared, alone)
    verdict = f"Two workers must need <= {SCALE_MUST} times one worker's CPU: {found:.2f}, {judged(found <= SCALE_MUST)}."
    table = Table(title, _COLUMNS, shown, [verdict])
    return Outcome([table], {"two": [asdict(each) for each in shared], "one": [asdict(each) for each in alone]})


def _times(one: Sequence[Slice], other: Sequence[Slice]) -> float:
    """The one's CPU time per request over the other's, by the best slices."""
    return min(turn.cpu for turn in one) / min(turn.cpu for turn in other)


def _servers(case: Case, file: Path) -> dict[str, Callable[[], Server]]:
    """Everyone who takes part, by the name that the table shows."""
    if case.tls:
        return _tls_servers(file.parent)
    place = {"BENCH_FILE": str(file)} if case.app == "file" else {}
    app = "paths" if case.app == "file" else "pages"
    found: dict[str, Callable[[], Server]] = {
        "fapws4": lambda: fapws4(app, case.app, **place),
        "fapws4, frozen": lambda: frozen(app, case.app, **place),
        "bare C": lambda: bare(file if case.app == "file" else None),
        "nginx": lambda: nginx(file.parent),
    }
    return found | {name: lambda name=name: peer(name, case.app, place) for name in PEERS}


def _tls_servers(folder: Path) -> dict[str, Callable[[], Server]]:
    """Those that know TLS."""
    made = certificate(folder)
    return {
        "fapws4": lambda: with_tls(fapws4("pages"), made),
        "nginx": lambda: nginx(folder, made),
        "freastal": lambda: peer("freastal", certificate=made),
    }
