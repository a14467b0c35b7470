"""What a start costs, in instructions: the must of issue 4 for the installed server."""

from __future__ import annotations

from tests.bench.counting import require_programs
from tests.bench.start import ABOVE_PYTHON_MUST, installed_and_python


def test_a_start_costs_little_more_than_python_alone() -> None:
    """From exec to the first answer, with the package as `invoke install` leaves it."""
    require_programs()
    found = installed_and_python()
    assert 0 < found["installed"] - found["python -c pass"] <= ABOVE_PYTHON_MUST
