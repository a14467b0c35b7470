"""The load generator: what it asks is what is answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.common.errors import Problem
from tests.bench.cases import CLOSE, HEADERS, KEEP_ALIVE, PATHS, PIPELINED, POST, Case, request
from tests.bench.load import press
from tests.bench.processes import Running, running
from tests.bench.servers import bare, fapws4

_SECONDS = 0.4  # a busy machine gives the server less than a clock tick of 0.05


@pytest.fixture(scope="module")
def limit() -> Iterator[Running]:
    """Bare C, running."""
    with running(bare()) as started:
        yield started


@pytest.mark.parametrize("case", [KEEP_ALIVE, HEADERS, PATHS, POST, PIPELINED, CLOSE], ids=lambda case: case.name)
def test_every_case_is_answered(case: Case, limit: Running) -> None:
    """Whole batches, no failures; a connection that is to be kept is kept."""
    found = press(limit, case, _SECONDS, connections=4)
    assert (0, 0) == (found.failed, found.reconnects)
    assert found.rate > 0
    assert found.cpu > 0


def test_a_large_answer(tmp_path: Path) -> None:
    """It comes in many pieces."""
    (tmp_path / "file").write_bytes(b"x" * 1_000_000)
    with running(bare(tmp_path / "file")) as started:
        assert 0 == press(started, KEEP_ALIVE, _SECONDS, connections=4).failed


def test_what_is_no_200() -> None:
    """It is refused before anything is measured."""
    missing = Case("missing", "", "", (request("/section0000x"),))
    with running(fapws4("nowhere")) as started, pytest.raises(Problem, match="no 200"):
        press(started, missing, _SECONDS)
