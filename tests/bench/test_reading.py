"""What the benchmarks read from other programs, and how they sum it up."""

from __future__ import annotations

import pytest

from appliance.common.errors import Problem
from tests.bench.cases import MUSTS, broken
from tests.bench.client import expected_length
from tests.bench.counting import calls_in, per_request, total_in
from tests.bench.load import Slice, slice_of
from tests.bench.results import processor
from tests.bench.timed import rows, verdicts

STRACE = """    calls syscall
--------- ----------------
      321 read
      320 epoll_wait
        2 rt_sigaction
--------- ----------------
      643 total
"""


def turn(cpu: float, rate: float = 1000.0) -> Slice:
    """A slice of which only these two matter."""
    return Slice(cpu=cpu, rate=rate, p50=10, p99=20, failed=0, reconnects=0, busy=0.5)


def test_instructions_are_read_from_a_dump() -> None:
    """The line `totals:`, whatever else the file holds."""
    assert 5061874 == total_in("events: Ir\nfn=(1) main\n1 7\n\ntotals: 5061874\n")


def test_a_dump_without_its_total() -> None:
    """It is not taken for nothing."""
    with pytest.raises(Problem, match="has no totals"):
        total_in("events: Ir\n")


def test_calls_are_read_from_a_summary() -> None:
    """Every call by its name, without the total."""
    assert {"read": 321, "epoll_wait": 320, "rt_sigaction": 2} == calls_in(STRACE)


def test_a_cost_has_nothing_of_the_start() -> None:
    """What two runs have in common is not in it."""
    assert 30 == per_request(lambda count: 1_000_000 + 30 * count, 10, 50)


def test_the_length_of_an_answer() -> None:
    """Head and body; the field's name in any case."""
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n"
    assert len(head) + 13 == expected_length(head)


@pytest.mark.parametrize("head", [b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_what_is_no_answer(head: bytes) -> None:
    """Another status, or a length that nobody says, ends the count."""
    with pytest.raises(Problem, match="no 200"):
        expected_length(head)


def test_what_keeps_a_must() -> None:
    """The bound itself, and a timer's call in thousands of requests."""
    assert [] == broken(MUSTS["keep-alive"], 5_000, 3.004)
    assert [] == broken(MUSTS["pipelined"], 4_000, 0.19)


def test_what_breaks_a_must() -> None:
    """Too many instructions, a call more, and a call fewer where so many are exact."""
    assert ["5,001 instructions, must be <= 5,000"] == broken(MUSTS["keep-alive"], 5_001, 3)
    assert ["4.00 calls, must be 3"] == broken(MUSTS["keep-alive"], 1, 4)
    assert ["2.00 calls, must be 3"] == broken(MUSTS["keep-alive"], 1, 2)
    assert ["0.31 calls, must be <= 0.25"] == broken(MUSTS["pipelined"], 1, 0.31)


def test_the_processor_by_its_name() -> None:
    """The first of its cores says it."""
    assert "Some CPU 3000" == processor("processor\t: 0\nmodel name\t: Some CPU 3000\nflags\t: a b\n")


def test_a_slice_of_load() -> None:
    """CPU time by request, and requests by second."""
    said: dict[str, float] = {"requests": 2_000, "batches": 2_000, "failed": 0, "reconnects": 7}
    said |= {"seconds": 0.5, "p50": 9.0, "p99": 30.0, "busy": 0.25}
    found = slice_of(said, 0.02, close=False)
    assert (10.0, 4_000.0, 7) == (found.cpu, found.rate, found.reconnects)
    assert 0 == slice_of(said, 0.02, close=True).reconnects


@pytest.mark.parametrize(("requests", "batches", "failed", "said"), [
    (64, 0, 0, "not all answered"), (0, 0, 0, "not all answered"), (100, 100, 2, "2 of 100 requests failed")])
def test_a_slice_that_says_nothing(requests: int, batches: int, failed: int, said: str) -> None:
    """Batches that never end, no answers, or wrong ones, are no figure."""
    found: dict[str, float] = {"requests": requests, "batches": batches, "failed": failed}
    with pytest.raises(Problem, match=said):
        slice_of({"seconds": 1, "reconnects": 0, "p50": 0, "p99": 0, "busy": 1, **found}, 1.0, close=False)


def test_rows_compare_with_fapws4() -> None:
    """By the best slice, and by the median of what stands in the same turn."""
    shown = rows({"fapws4": [turn(10), turn(20), turn(8)], "peer": [turn(20), turn(40), turn(10)]})
    assert ["x1.00", "x1.00"] == shown[0][3:5]
    assert ["peer", "10.00", "20.00", "x0.80", "x0.50"] == shown[1][:5]


def test_verdicts_on_times() -> None:
    """A peer's time over ours, by the best slices; who took no part is not spoken of."""
    found = {"fapws4": [turn(10), turn(8)], "bare C": [turn(7.6)], "nginx": [turn(7.9)]}
    assert ["Must reach 0.92 of bare C's speed: 0.95, kept.", "Must reach 1 of nginx's speed: 0.99, broken.",
            "p99 must be <= 1.5 times bare C's: 1.00, kept."] == verdicts("keep-alive", found)
    assert [] == verdicts("post", found)
