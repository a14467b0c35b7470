"""The claim code: as a device makes it, as people type it, and how long a wrong one waits."""

from __future__ import annotations

from typing import Any

import pytest


def claim_of(pure: Any, text: bytes) -> Any:
    """A struct claim from the text of its file; None when that is none."""
    claim = pure.ffi.new("struct claim *")
    span, _block = pure.span(text)
    return claim if pure.lib.claim_read(claim, span[0]) else None


def matches(pure: Any, claim: Any, typed: bytes) -> bool:
    """Whether this would open the device."""
    span, _block = pure.span(typed)
    return bool(pure.lib.claim_matches(claim, span[0]))


def test_a_device_makes_one(pure: Any) -> None:
    """Twelve digits of Crockford's base32, in groups of four, from as many random bytes; all digits come up."""
    claim = pure.ffi.new("struct claim *")
    seen = set()
    for first in range(0, 256, 4):
        pure.lib.claim_make(claim, bytes((first + number) % 256 for number in range(12)))
        code = pure.ffi.string(claim.code).decode()
        assert [4, 4, 4] == [len(group) for group in code.split("-")]
        assert matches(pure, claim, code.encode())
        seen |= set(code)
    assert set("0123456789ABCDEFGHJKMNPQRSTVWXYZ-") == seen


@pytest.mark.parametrize("typed", [b"7HRT-01KX-PQ4M", b"7hrt01kxpq4m", b"7hrt oikx pq4m", b"-7HRTOLKXPQ4M-",
                                   b" 7Hrt-0iKx-pQ4m "])
def test_as_people_type(pure: Any, typed: bytes) -> None:
    """Case, groups, and letters that look like digits do not matter."""
    assert matches(pure, claim_of(pure, b"7HRT-01KX-PQ4M\n"), typed)


@pytest.mark.parametrize("typed", [b"", b"-", b"7HRT-01KX-PQ4", b"7HRT-01KX-PQ4MM", b"7HRT-01KX-PQ4N", b"7HRT-01KX-PQ4M\0",
                                   b"7HRT_01KX-PQ4M", b"7" * 64, b"7" * 65, b"7" * 1000])
def test_what_is_not_the_code(pure: Any, typed: bytes) -> None:
    """Anything less, more, or other."""
    assert not matches(pure, claim_of(pure, b"7HRT-01KX-PQ4M"), typed)


def test_without_a_code_nothing_matches(pure: Any) -> None:
    """Not even nothing."""
    claim = pure.ffi.new("struct claim *")
    assert [False] * 3 == [matches(pure, claim, typed) for typed in (b"", b"-", b"\0")]


@pytest.mark.parametrize(("text", "good"), [(b"7HRT22KX", True), (b"a" * 64, True), (b"a" * 65, False), (b"", False),
                                            (b" \n", False), (b"--\n", False)])
def test_files(pure: Any, text: bytes, good: bool) -> None:
    """A preseeded code of up to 64 bytes is taken over; a text that is none is not."""
    assert good == (claim_of(pure, text) is not None)


def test_wrong_guesses_wait(pure: Any) -> None:
    """Longer and longer, up to a minute; a right one does not, and ends it."""
    claim = claim_of(pure, b"7HRT-22KX-PQ4M")
    assert [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000] == [pure.lib.claim_wait(claim, False) for _ in range(8)]
    assert [0, 1000] == [pure.lib.claim_wait(claim, right) for right in (True, False)]
