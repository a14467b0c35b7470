"""Which coding a client gets."""

from __future__ import annotations

import pytest

from fapws4.negotiation import choose_coding


@pytest.mark.parametrize(
    ("field", "coding"),
    [
        (None, None),
        ("", None),
        ("gzip", "gzip"),
        ("GZip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("gzip;q=0.5,br;q=0.500", "br"),
        ("gzip;q=0", None),
        ("gzip; q=0.000", None),
        ("br;q=0, gzip;q=0.001", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("br;q=0, *", "gzip"),
        ("identity", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=0.8", "gzip"),
        ("identity, gzip", "gzip"),
        ("identity;q=0", None),
        ("deflate", None),
        ("gzipx", None),
        ("gzip;q=x", None),
        ("gzip;q=-1", None),
        ("gzip;q=", None),
        ("gzip;q=1e3", None),
        ("gzip;q=0.12345", None),
        ("gzip;q=nan", None),
        ("gzip;level=9", None),
        ("gzip;q=7", "gzip"),
        (",, ,gzip,", "gzip"),
        (";q=1", None),
        ("\u00b2;q=\u00b2", None),
    ],
)
def test_the_best_accepted_coding_is_chosen(field: str | None, coding: str | None) -> None:
    """Nobody gets a coding that they did not ask for."""
    assert coding == choose_coding(field, ("br", "gzip"))
