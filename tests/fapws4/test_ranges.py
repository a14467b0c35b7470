"""Ranges of bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from fapws4.ranges import FilePart, parse_range


@pytest.mark.parametrize(
    ("field", "size", "wanted"),
    [
        ("bytes=0-0", 10, (0, 0)),
        ("bytes=2-4", 10, (2, 4)),
        ("Bytes = 2-4", 10, (2, 4)),
        ("bytes=7-", 10, (7, 9)),
        ("bytes=0-99", 10, (0, 9)),
        ("bytes=-3", 10, (7, 9)),
        ("bytes=-99", 10, (0, 9)),
        ("bytes=000000000000000000000000002-3", 10, (2, 3)),
        ("bytes=0-" + "9" * 5000, 10, (0, 9)),
        ("bytes=-" + "9" * 5000, 10, (0, 9)),
        ("bytes=" + "9" * 5000 + "-", 10, (10, 9)),
        ("bytes=10-", 10, (10, 9)),
        ("bytes=-0", 10, (10, 10)),
        ("bytes=0-", 0, (0, -1)),
        ("bytes=-1", 0, (0, 0)),
        ("bytes=4-2", 10, None),
        ("bytes=1-2,4-5", 10, None),
        ("bytes=x-", 10, None),
        ("bytes=-", 10, None),
        ("bytes=", 10, None),
        ("bytes=--1", 10, None),
        ("bytes=1-2-3", 10, None),
        ("bytes=+1-2", 10, None),
        ("bytes=1 - 2", 10, None),
        ("bytes=\u0661-\u0662", 10, None),
        ("bytes=\u00b9-", 10, None),
        ("lines=1-2", 10, None),
        ("", 10, None),
    ],
)
def test_ranges_are_understood(field: str, size: int, wanted: tuple[int, int] | None) -> None:
    """A legal single range is served, one beyond the end refused, everything else ignored."""
    found = parse_range(field, size)
    assert wanted == found


def test_a_part_of_a_file_ends_where_it_should(tmp_path: Path) -> None:
    """Nothing before or behind the range is sent, and the file is closed."""
    (tmp_path / "digits").write_bytes(b"0123456789")
    file = (tmp_path / "digits").open("rb")
    part = FilePart(file, 3, 7)
    assert (file.fileno(), 3, 5) == part.fapws4_part
    assert [b"34", b"567", b"", b""] == [part.read(size) for size in (2, 100, 100, 1)]
    part.close()
    assert file.closed
