"""What time a device takes it to be when it starts."""

from __future__ import annotations

from typing import Any

import pytest

BUILD, SAVED, RTC = range(3)
BUILT, YEAR = 1_700_000_000, 31_557_600
LAST = BUILT + 20 * YEAR  # the last moment of a device built then


@pytest.mark.parametrize(("saved", "rtc", "expected"), [
    (0, 0, (BUILT, BUILD)),
    (0, BUILT - 1, (BUILT, BUILD)),  # 1970, or a battery that is empty
    (0, BUILT + 5, (BUILT + 5, RTC)),
    (BUILT + 9, BUILT + 5, (BUILT + 9, SAVED)),
    (BUILT + 9, 0, (BUILT + 9, SAVED)),
    (BUILT + 9, BUILT + 9, (BUILT + 9, RTC)),
    (BUILT + 9, LAST + 1, (BUILT + 9, SAVED)),  # 2099: some clocks come up like that
    (LAST + 1, BUILT + 5, (BUILT + 5, RTC)),
    (LAST, LAST, (LAST, RTC)),
    (LAST + 1, LAST + 1, (BUILT, BUILD)),
    (2**63 - 1, 2**63 - 1, (BUILT, BUILD)),
])
def test_the_latest_that_is_possible(pure: Any, saved: int, rtc: int, expected: tuple[int, int]) -> None:
    """Of the build, what was saved and the RTC, each ignored when it is more than 20 years after the build."""
    choice = pure.lib.clock_choose(BUILT, pure.ffi.new("struct clock_saved *", [saved, False]), rtc)
    assert (*expected, False) == (choice.seconds, choice.source, choice.trusted)


@pytest.mark.parametrize(("saved", "rtc", "trusted"), [
    (BUILT + 9, BUILT + 9, True), (BUILT + 9, LAST, True), (BUILT + 9, BUILT + 8, False), (BUILT + 9, 0, False),
    (LAST + 1, LAST, False), (0, BUILT + 9, False), (BUILT + 9, LAST + 1, False),
])
def test_an_rtc_that_has_gone_on_is_trusted(pure: Any, saved: int, rtc: int, trusted: bool) -> None:
    """It was set when the time was known for certain, and shows a later one."""
    choice = pure.lib.clock_choose(BUILT, pure.ffi.new("struct clock_saved *", [saved, True]), rtc)
    assert trusted == choice.trusted


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("seconds", [1, BUILT, 2**62])
def test_what_is_saved_is_read(pure: Any, seconds: int, trusted: bool) -> None:
    """The file of one run is the next one's."""
    text = pure.ffi.new("char[40]")
    pure.lib.clock_saved_format(pure.ffi.new("struct clock_saved *", [seconds, trusted]), text)
    span, _block = pure.span(pure.ffi.string(text))
    saved = pure.lib.clock_saved_parse(span[0])
    assert (seconds, trusted) == (saved.seconds, saved.trusted)


@pytest.mark.parametrize("text", [b"", b"\n", b"12", b"12 ", b"x trusted\n", b"-12 trusted\n", b"12 perhaps\n", b"\0" * 40,
                                  b"99999999999999999999 trusted\n"])
def test_what_is_damaged_is_nothing(pure: Any, text: bytes) -> None:
    """A file that a power cut has emptied says nothing."""
    span, _block = pure.span(text)
    saved = pure.lib.clock_saved_parse(span[0])
    assert (0, False) == (saved.seconds, saved.trusted and saved.seconds > 0)
