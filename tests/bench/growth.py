"""How the cost of a request grows: with its headers, its body, the routes of PATHS and the size of the response."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from tests.bench.cases import KEEP_ALIVE, Case, post, request
from tests.bench.counting import LONG, SHORT, instructions_of, instructions_per_request, require_programs, under_callgrind
from tests.bench.processes import Server
from tests.bench.servers import fapws4
from tests.bench.tables import Outcome, Table, judged

HEADERS = (0, 1, 5, 10, 20, 50)
SIZES = (0, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
ROUTES = (1, 10, 100, 1_000)
ROUTES_MUST = 1_500  # instructions that a match among 1,000 prefixes may cost above one among 1
_BEND = 2


def growth() -> Outcome:
    """One table for each of the four."""
    require_programs()
    same, changing = with_headers(values=1), with_headers(values=10_000)
    bodies, responses = with_bodies(), with_responses()
    routes = with_routes()
    more = routes[ROUTES[-1]] - routes[1]
    tables = [
        Table("Headers of a request", ["headers", "instructions", "per header", "one differs each time", "per header"],
              [[*_grown(count, same), *_grown(count, changing)[1:]] for count in HEADERS], [linear(same), linear(changing)]),
        Table("Body read by the app", ["bytes", "instructions", "per byte"], [_grown(size, bodies) for size in SIZES],
              [linear(bodies)]),
        Table("Response", ["bytes", "instructions", "per byte"], [_grown(size, responses) for size in SIZES],
              [linear(responses)]),
        Table("Routes in PATHS, the last one matches", ["routes", "instructions", "per route"],
              [_grown(count, routes) for count in ROUTES],
              [f"Among 1,000 costs {more:,.0f} more than among 1, must be <= {ROUTES_MUST:,}: {judged(more <= ROUTES_MUST)}.",
               linear(routes)]),
    ]
    return Outcome(tables, {"headers": same, "headers, one differs": changing, "body": bodies, "response": responses,
                            "routes": routes})


def with_headers(values: int) -> dict[int, float]:
    """Instructions by the number of headers, of which the first takes so many values in turn."""
    def fields(count: int, value: int) -> bytes:
        endings = [value, *[0] * (count - 1)][:count]
        return b"".join(b"X-Field-%02d: value of the field %05d\r\n" % pair for pair in enumerate(endings))

    def case(count: int) -> Case:
        requests = tuple(request(f"/page{value:05}", fields(count, value)) for value in range(values))
        return Case(str(count), "", "hello", requests)

    return _by_size(fapws4("pages"), HEADERS, case)


def with_bodies() -> dict[int, float]:
    """Instructions by the size of the body."""
    return _by_size(fapws4("pages", "post"), SIZES, lambda size: Case(str(size), "", "post", (post(size),)))


def with_responses() -> dict[int, float]:
    """Instructions by the size of the response."""
    return _by_size(fapws4("pages", "sized"), SIZES, lambda size: Case(str(size), "", "sized", (request(f"/{size}"),)))


def with_routes() -> dict[int, float]:
    """Instructions by the number of routes."""
    return {count: instructions_of(fapws4("paths", BENCH_ROUTES=str(count)), (KEEP_ALIVE,))["keep-alive"] for count in ROUTES}


def _by_size(server: Server, sizes: tuple[int, ...], case: Callable[[int], Case]) -> dict[int, float]:
    with under_callgrind(server) as (started, counted):
        return {size: instructions_per_request(started.port, counted, case(size), *_lengths(size)) for size in sizes}


def _lengths(size: int) -> tuple[int, int]:
    """Fewer requests when each is large: its cost is then far above what varies."""
    return (2, 6) if size >= 100_000 else (SHORT // 2, LONG // 2)


def _grown(size: int, costs: dict[int, float]) -> list[str]:
    """A row: the size, its cost, and what each further unit costs since the smallest."""
    least = min(costs)
    each = f"{(costs[size] - costs[least]) / (size - least):,.2f}" if size > least else "-"
    return [f"{size:,}", f"{costs[size]:,.0f}", each]


def linear(costs: dict[int, float]) -> str:
    """Whether a unit more costs at the end no more than twice what it has cost on the way there: with sizes that are ten times
    one another, n log n is below that, and n squared tenfold."""
    sizes = sorted(costs)
    *before, last = ((costs[large] - costs[small]) / (large - small) for small, large in itertools.pairwise(sizes))
    verdict = judged(last <= _BEND * max(before))
    return (f"Must grow linearly or better: one more costs {last:,.2f} at the end, at most {max(before):,.2f} before; "
            f"up to x{_BEND}: {verdict}.")
