"""What connections cost that wait for their next request: the must of issue 4, and TLS. Resident memory grows evenly."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from tests.bench.cases import KEEP_ALIVE, TLS
from tests.bench.processes import room_for_connections
from tests.bench.servers import certificate, fapws4, with_tls
from tests.bench.weight import IDLE, IDLE_MUST, IDLE_TLS, IDLE_TLS_MUSTS, each


def test_an_idle_connection_costs_half_a_kilobyte() -> None:
    """Each has had an answer; what its handler saw is not kept for all of them."""
    room_for_connections(IDLE)
    cost = each(fapws4("pages"), KEEP_ALIVE, KEEP_ALIVE.requests[0], IDLE, answered=True)
    assert 0 < cost <= IDLE_MUST


@pytest.mark.parametrize("version", IDLE_TLS_MUSTS, ids=lambda version: str(version.name))
def test_memory_for_tls_records_is_not_kept_for_all(version: ssl.TLSVersion, tmp_path: Path) -> None:
    """By TLS 1.2 only for so many of those that are busy (LIMIT_TLS_KEEPERS), by 1.3 for nobody."""
    room_for_connections(IDLE_TLS)
    server = with_tls(fapws4("pages"), certificate(tmp_path))
    cost = each(server, TLS, TLS.requests[0], IDLE_TLS, answered=True, newest=version)
    assert 0 < cost <= IDLE_TLS_MUSTS[version]
