"""The end of a process that nobody uses: whoever started it starts it again for the next one who connects."""

from __future__ import annotations

import os
import time

import fapws4

_LOOK_EVERY = 15.0  # seconds
_SIGTERM = 15  # everywhere; to import signal would bring enum

_busy: list[None] = []  # one for each request under way; appending and popping need no lock
_since = time.monotonic()


class Visit:
    """A request, from its beginning to its end."""

    def __enter__(self) -> None:
        _busy.append(None)

    def __exit__(self, *_: object) -> None:
        global _since
        _busy.pop()
        _since = time.monotonic()


def end_when_idle() -> None:
    """From now on this process ends after FAPWS_IDLE seconds without a request; without the variable, never."""
    seconds = float(os.environ.get("FAPWS_IDLE", "inf"))

    def look() -> None:
        if not _busy and time.monotonic() - _since >= seconds:
            os.kill(os.getpid(), _SIGTERM)

    if seconds != float("inf"):
        fapws4.add_timer(min(_LOOK_EVERY, seconds), look)
