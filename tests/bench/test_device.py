"""How the least memory is looked for, and how an update is weighed."""

from __future__ import annotations

import pytest

from tests.appliance.cases import problem
from tests.bench import device


@pytest.mark.parametrize("limit", [33, 60, 64, 65, 300, 510])
def test_the_least_size_that_serves(limit: int) -> None:
    """To the fineness, and never less than what serves; few sizes are tried."""
    tried: list[int] = []

    def serving(size: int) -> bool:
        tried.append(size)
        return size >= limit

    assert limit <= device.least(serving) < limit + 4 + 4
    assert len(tried) < 10


def test_nothing_serves() -> None:
    """It is said instead of a figure."""
    assert "it does not serve in 512 MiB" in problem(lambda: device.least(lambda _: False))


@pytest.mark.long
def test_an_update_of_the_app_sends_less_than_all() -> None:
    """An app-only change is less than half of the whole, and less than a kernel."""
    found = device.update().figures
    assert found["app"] < found["kernel"] < found["whole"]
    assert found["app"] < found["whole_compressed"] / 2
