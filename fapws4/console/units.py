"""Amounts and times as people read them.

Nothing here is divided by `//`: for whole numbers of thousands of digits that needs the module decimal, 0.1 MB of a program.
"""

from __future__ import annotations

from fapws4.console.language import later

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fapws4.console.visit import Visit


_UNITS = (later("B"), later("KiB"), later("MiB"), later("GiB"), later("TiB"))


def amount(visit: Visit, size: int) -> str:
    """Bytes, with at most four digits."""
    number, unit = float(size), 0
    while number >= 1000 and unit + 1 < len(_UNITS):
        number, unit = number / 1024, unit + 1
    return f"{decimal(visit, number, 1 if unit and number < 10 else 0)} {visit.text(_UNITS[unit])}"


def decimal(visit: Visit, number: float, digits: int) -> str:
    """A number with so many digits behind the point, or the comma."""
    return f"{number:.{digits}f}".replace(".", visit.text("."))


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
