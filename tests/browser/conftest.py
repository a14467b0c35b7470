"""One browser for the whole run; each test gets it as if it were new, and ends with a look at what it has done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.webdriver import Browser, running_browser
from tests.http.conftest import Start, command, program
from tests.samples import frozen_sample, sample, way

__all__ = ["command", "frozen_sample", "program", "sample", "way"]  # fixtures for this folder too


@pytest.fixture(scope="session")
def window() -> Iterator[Browser]:
    """The running browser."""
    with running_browser() as browser:
        yield browser


@pytest.fixture
def browser(window: Browser, sample: Start) -> Iterator[Browser]:
    """The browser without memories; nothing may come to its console, and it may have asked nobody but this machine.

    Depends on `sample` so that the servers still run when it looks back.
    """
    window.forget()
    yield window
    complaints, asked = window.complaints(), window.requests()
    window.open("about:blank")
    assert [] == complaints
    assert [] != asked
    assert [] == [url for url in asked if not url.startswith(("http://127.0.0.1:", "data:"))]
