"""The log in memory: who said what and when, as text, and what makes room for what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

FAPWS4, KERNEL, APP, PAGES = range(4)
STARTED = 1_700_000_000_000  # 2023-11-14T22:13:20Z
ALL = 65536


class Log:
    """A log in memory of exactly its size, and a clock that each line moves by a millisecond."""

    def __init__(self, pure: Any, size: int) -> None:
        self.pure, self.lib, self.now = pure, pure.lib, 0
        self.log = pure.ffi.new("struct log *")
        self._memory = pure.exact(bytes(size))
        self.lib.log_init(self.log, self._memory, size)

    def add(self, source: int, *texts: bytes) -> None:
        """Lines."""
        for text in texts:
            self.now += 1
            span, _block = self.pure.span(text)
            self.lib.log_add(self.log, source, self.now, span[0])

    def lines(self, position: int = 0) -> list[tuple[int, int, int, bytes]]:
        """Behind a position: of each line its position, source, time and text."""
        cursor, line = self.pure.ffi.new("struct log_cursor *"), self.pure.ffi.new("struct log_line *")
        self.lib.log_seek(self.log, position, cursor)
        found = []
        while self.lib.log_next(self.log, cursor, line):
            found.append((line.position, line.source, line.time_ms, self.pure.text(line.text)))
        return found

    def text(self, position: int, started: int = 0, size: int = ALL) -> tuple[int, bytes]:
        """As log_from writes it, in memory of exactly that size; and where to go on."""
        out, after = self.pure.exact(bytes(size)), self.pure.ffi.new("uint64_t *")
        span = self.lib.log_from(self.log, position, started, out, size, after)
        return int(after[0]), self.pure.text(span)

    def pieces(self, size: int) -> Iterator[bytes]:
        """All of it, as who asks again and again gets it."""
        position, piece = self.text(0, 0, size)
        while piece:
            yield piece
            position, piece = self.text(position, 0, size)

    def last(self, size: int) -> bytes:
        """As log_last writes it, in memory of exactly that size."""
        out = self.pure.exact(bytes(size))
        return bytes(self.pure.text(self.lib.log_last(self.log, 0, out, size)))


def test_lines_are_read_in_the_order_in_which_they_were_said(pure: Any) -> None:
    """Whoever says them, and behind any position; a position counts bytes since the start."""
    log = Log(pure, 4096)
    log.add(APP, b"one")
    log.add(KERNEL, b"")
    log.add(PAGES, b"three")
    log.add(FAPWS4, b"four")
    expected = [(4, APP, 1, b"one"), (5, KERNEL, 2, b""), (11, PAGES, 3, b"three"), (16, FAPWS4, 4, b"four")]
    assert expected == log.lines()
    assert expected[2:] == log.lines(5) == log.lines(10)
    assert [] == log.lines(16)
    assert expected == log.lines(17), "a position of an earlier start: all there is"


def test_the_app_pushes_out_nobody_but_itself(pure: Any) -> None:
    """However much it says; its last lines are there, none of them cut, and nobody's memory grows."""
    log = Log(pure, 16384)
    log.add(FAPWS4, b"the disk has failed")
    log.add(PAGES, b"a page was looked at")
    said = [b"line %d " % number + b"x" * (number * 7919 % 1000) for number in range(2000)]
    log.add(APP, *said)
    found = log.lines()
    assert [b"the disk has failed", b"a page was looked at"] == [text for _, source, _, text in found if source != APP]
    kept = [text for _, source, _, text in found if source == APP]
    assert said[-len(kept):] == kept
    assert sum(map(len, kept)) > 8192 - 1024 - 24 * (len(kept) + 1)


def test_a_reader_who_comes_too_late_is_told(pure: Any) -> None:
    """Behind its position lines are missing: it hears so, before the first that is there."""
    log = Log(pure, 4096)
    log.add(APP, b"first")
    position, text = log.text(0)
    assert b"0.001 - app first\n" == text
    assert (position, b"") == log.text(position)
    log.add(APP, *[b"x" * 1000] * 5)
    assert log.text(position)[1].startswith(b"0.005 - app (lines before this one are not kept any more)\n0.005 - app xxx")
    assert log.text(log.lines()[0][0])[1].startswith(b"0.006 - app xxx")


def test_the_time_is_that_of_the_clock_as_soon_as_it_can_be_trusted(pure: Any) -> None:
    """Also of lines from before."""
    log = Log(pure, 4096)
    log.now = 1_499
    log.add(KERNEL, b"Out of memory")
    assert b"1.500 - kernel Out of memory\n" == log.text(0)[1]
    assert b"1.500 2023-11-14T22:13:21Z kernel Out of memory\n" == log.text(0, STARTED)[1]


@pytest.mark.parametrize("size", [1200, 2000, 5000])
def test_pieces_are_whole_lines_and_make_the_whole(pure: Any, size: int) -> None:
    """However large an answer may be, nothing is lost between two."""
    log = Log(pure, 32768)
    for number in range(40):
        log.add(number % 6, b"%d" % number + b"x" * (number * 7919 % 900))
    whole = log.text(0)[1]
    pieces = list(log.pieces(size))
    assert whole == b"".join(pieces)
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert len(pieces) > 2


@pytest.mark.parametrize("size", [0, 10, 17, 18, 36, 5000, ALL])
def test_the_last_lines(pure: Any, size: int) -> None:
    """As many whole ones as there is room for."""
    log = Log(pure, 16384)
    log.add(APP, *[b"line %02d" % number for number in range(80)])
    whole = log.text(0)[1].splitlines(keepends=True)
    count = next(count for count in range(81) if len(b"".join(whole[count:])) <= size)
    assert b"".join(whole[count:]) == log.last(size)


def test_a_larger_log_takes_over_what_was_said(pure: Any) -> None:
    """At the same positions; a smaller one as much as it has room for."""
    log, larger, smaller = Log(pure, 8192), Log(pure, 65536), Log(pure, 4096)
    for number in range(300):
        log.add(number % 4, b"line %d" % number)
    for other in (larger, smaller):
        pure.lib.log_take_over(other.log, log.log)
        assert other.log.end == log.log.end
    assert log.lines() == larger.lines()
    assert set(smaller.lines()) < set(log.lines())
    assert smaller.lines()[-1] == log.lines()[-1]


def test_a_line_that_is_too_long_is_cut(pure: Any) -> None:
    """To what a reader has room for."""
    log = Log(pure, 8192)
    log.add(APP, b"x" * 1025)
    assert [(1025, APP, 1, b"x" * 1024)] == log.lines()


@pytest.mark.parametrize(("text", "most", "expected"), [
    (b"", 10, b""), (b"one\ntwo\n", 8, b"one\ntwo\n"), (b"one\ntwo\n", 7, b"two\n"), (b"one\ntwo\n", 4, b"two\n"),
    (b"one\ntwo\n", 3, b""), (b"without an end", 5, b""),
])
def test_a_tail_begins_with_a_whole_line(pure: Any, text: bytes, most: int, expected: bytes) -> None:
    """What is shown of a log is never half a line."""
    span, _block = pure.span(text)
    assert pure.text(pure.lib.log_tail(span[0], most)) == expected
