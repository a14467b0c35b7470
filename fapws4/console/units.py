"""Amounts and times as people read them.

Nothing here is divided by `//`: for whole numbers of thousands of digits that needs the module decimal, 0.1 MB of a program.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fapws4.console.visit import Visit


def amount(size: int) -> str:
    """Bytes, with at most four digits."""
    number, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if number < 1000:
            break
        number, unit = number / 1024, larger
    return f"{number:.0f} {unit}" if unit == "B" or number >= 10 else f"{number:.1f} {unit}"


def share(part: int, whole: int) -> int:
    """Per cent; of nothing, none."""
    return int(100 * part / whole) if whole else 0


def duration(visit: Visit, seconds: int) -> str:
    """The two largest units."""
    _ = visit.text
    minutes, hours, days = (int(seconds / unit) for unit in (60, 3600, 86400))
    if days:
        return _("{days} d {hours} h", days=days, hours=hours % 24)
    if hours:
        return _("{hours} h {minutes} min", hours=hours, minutes=minutes % 60)
    return _("{minutes} min {seconds} s", minutes=minutes, seconds=seconds % 60)


def moment(seconds: int) -> str:
    """A time of day with its date, in UTC."""
    import time

    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
