"""Dates of clients: the three formats of HTTP, and nothing else."""

from __future__ import annotations

import pytest

from fapws4.dates import parse_http_date


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784111777),
        ("Sun Nov  6 08:49:37 1994", 784111777),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
        ("Thu, 29 Feb 2024 12:00:00 GMT", 1709208000),
        ("Sat, 31 Dec 2016 23:59:60 GMT", 1483228799),
    ],
)
def test_http_dates_are_understood(text: str, seconds: int) -> None:
    """A date means the same in each of its formats."""
    assert seconds == parse_http_date(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "yesterday",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Now 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Nov 99999 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, \u0666 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 0\u00b2:49:37 GMT",
        "Sun, " + "9" * 5000 + " Nov 1994 08:49:37 GMT",
    ],
)
def test_other_texts_are_no_dates(text: str) -> None:
    """A date that cannot be understood counts as none."""
    assert parse_http_date(text) is None
