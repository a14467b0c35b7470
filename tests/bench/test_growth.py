"""What is said of how costs grow."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from tests.bench.growth import linear

SIZES = (0, 1_000, 10_000, 100_000, 1_000_000)


@pytest.mark.parametrize(("cost", "verdict"), [
    (lambda size: 5_000.0, "kept"),
    (lambda size: 5_000 + 2.0 * size, "kept"),
    (lambda size: 5_000 + size * math.log(size + 1), "kept"),
    (lambda size: 5_000 + size ** 2 / 1e6, "broken"),
    (lambda size: 1e9 + size ** 2 / 1e6, "broken"),  # a large cost of the request itself hides nothing
])
def test_only_what_grows_faster_than_its_size_is_refused(cost: Callable[[int], float], verdict: str) -> None:
    """With what the request itself costs, and without."""
    assert linear({size: cost(size) for size in SIZES}).endswith(f"{verdict}.")
