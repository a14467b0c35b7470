"""Time as the manager counts it: since the device was started, whatever its clock says."""

from __future__ import annotations

import time


def uptime() -> float:
    """Seconds since the start, those of sleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
