"""Dates as clients send them."""

from __future__ import annotations

import time

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def parse_http_date(text: str) -> int | None:
    """An HTTP-date in seconds since 1970, or None when it is none.

    The three formats of RFC 9110 section 5.6.7: IMF-fixdate, that of RFC 850 (two digits of the
    year, at most 50 years ahead), and asctime's.
    """
    words = text.replace("-", " ").split()
    if len(words) == 6 and words[0].endswith(",") and words[5] == "GMT":
        day, month, year, clock = words[1:5]
    elif len(words) == 5:
        month, day, clock, year = words[1:5]
    else:
        return None
    from datetime import datetime, timezone

    try:
        hour, minute, second = (_number(part, 2) for part in clock.split(":"))
        date = (_year(year), _MONTHS.index(month) + 1, _number(day, 2))
        # 60 is a leap second, which POSIX time does not have.
        moment = datetime(*date, hour, minute, min(second, 59), tzinfo=timezone.utc)
    except ValueError:
        return None
    return int(moment.timestamp())


def _number(text: str, digits: int) -> int:
    if len(text) > digits or not (text.isascii() and text.isdecimal()):
        raise ValueError(text)
    return int(text)


def _year(text: str) -> int:
    year = _number(text, 4)
    if len(text) > 2:
        return year
    this_year = time.gmtime().tm_year
    year += this_year - this_year % 100
    return year - 100 if year > this_year + 50 else year
