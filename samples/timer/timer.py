"""Work between requests. Run it with `fapws4 samples/timer/timer.py`.

A timer reads the load of the machine once a second, however many clients ask for it; a page only shows what is known. What
a visitor leaves is written by a deferred call, after the answer has gone out.
"""

import os
from collections import deque

import fapws4
from fapws4.base import Environ, Start_response

HISTORY: deque[float] = deque(maxlen=60)
VISITS = {"count": 0}


def measure() -> None:
    """Called by the timer, on the server's own thread: it must be quick."""
    HISTORY.append(os.getloadavg()[0])


def count(visitors: int) -> None:
    """Called once the answer is on its way."""
    VISITS["count"] += visitors


def load(environ: Environ, start_response: Start_response) -> str:
    """The last minute, newest first."""
    fapws4.defer(count, 1)
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    lines = [f"{value:.2f}\n" for value in reversed(HISTORY)]
    return f"visits before this one: {VISITS['count']}\n" + "".join(lines)


measure()
fapws4.add_timer(1.0, measure)

PATHS = [("/", load)]
