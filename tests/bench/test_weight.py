"""What connections cost that wait for their next request: the must of issue 4. Resident memory grows by pages, evenly."""

from __future__ import annotations

from tests.bench.cases import KEEP_ALIVE
from tests.bench.processes import room_for_connections
from tests.bench.servers import fapws4
from tests.bench.weight import IDLE, IDLE_MUST, each


def test_an_idle_connection_costs_half_a_kilobyte() -> None:
    """Each has had an answer; what its handler saw is not kept for all of them."""
    room_for_connections(IDLE)
    cost = each(fapws4("pages"), KEEP_ALIVE, KEEP_ALIVE.requests[0], IDLE, answered=True)
    assert 0 < cost <= IDLE_MUST
