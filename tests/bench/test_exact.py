"""What a request costs, in instructions and system calls: the musts of issue 4. No time is measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.bench.cases import CALLS_TOLERANCE, EXACT, FLASK_MUST, MUSTS, TLS_MUST, Case, broken
from tests.bench.counting import require_programs
from tests.bench.exact import Cost, costs_of, fapws4_page, flask_instructions, tls_cost
from tests.bench.servers import bare, certificate


@pytest.fixture(scope="module")
def costs() -> Mapping[str, Cost]:
    """What every case costs fapws4 as it is installed."""
    require_programs()
    return costs_of(fapws4_page)


@pytest.fixture(scope="module")
def limit() -> Mapping[str, Cost]:
    """What every case costs bare C."""
    require_programs()
    return costs_of(lambda page: bare())


@pytest.mark.parametrize("case", EXACT, ids=lambda case: case.name)
def test_no_request_costs_more_than_it_must(case: Case, costs: Mapping[str, Cost]) -> None:
    """User instructions of the server, the interpreter and the app's own few lines together."""
    assert costs[case.name].instructions <= MUSTS[case.name].instructions


@pytest.mark.parametrize("case", EXACT, ids=lambda case: case.name)
def test_no_request_costs_a_call_more_than_it_must(case: Case, costs: Mapping[str, Cost]) -> None:
    """One read, one write and one epoll_wait for each read event, and nothing else."""
    must, calls = MUSTS[case.name], costs[case.name].calls
    assert calls <= must.calls + CALLS_TOLERANCE
    if must.exactly:
        assert calls >= must.calls - CALLS_TOLERANCE


@pytest.mark.parametrize("case", EXACT, ids=lambda case: case.name)
def test_the_limit_is_below(case: Case, costs: Mapping[str, Cost], limit: Mapping[str, Cost]) -> None:
    """Bare C does less than fapws4 with an application in it, so that both were counted right."""
    assert 0 < limit[case.name].instructions < costs[case.name].instructions
    assert limit[case.name].calls <= MUSTS[case.name].calls + CALLS_TOLERANCE


def test_tls_costs_little_more_than_openssl_itself(tmp_path: Path) -> None:
    """Its ciphers are used, by a record layer that has no more to do than the records."""
    require_programs()
    assert [] == broken(TLS_MUST, *vars(tls_cost(certificate(tmp_path))).values())


def test_flask_costs_little_more_than_flask_itself() -> None:
    """Above the same application in a bare loop: parsing, environ, the iterator that Flask returns, and the response."""
    require_programs()
    served, alone = flask_instructions()
    assert 0 < served - alone <= FLASK_MUST
