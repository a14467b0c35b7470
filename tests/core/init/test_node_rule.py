"""Which device nodes an app has asked for."""

from typing import Any

import pytest

PATTERNS = b"ttyUSB* ttyACM0 i2c-? snd/pcmC*p"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("ttyUSB0", True), ("ttyUSB10", True), ("ttyACM0", True), ("i2c-1", True), ("snd/pcmC0D0p", True),
        ("ttyACM1", False), ("ttyUS", False), ("xttyUSB0", False), ("i2c-10", False), ("i2c-", False), ("sda", False),
        ("ttyUSB0/x", False), ("snd/x/pcmC0D0p", False), ("snd", False), ("", False),
        ("/ttyUSB0", False), ("ttyUSB../../sda", False), ("..", False),
    ],
)  # fmt: skip
def test_a_name_fits_one_of_the_patterns_whole(pure: Any, name: str, wanted: bool) -> None:
    """No wildcard stands for a slash, and no name leads out of /dev."""
    assert pure.lib.node_is_wanted(PATTERNS, name.encode()) == wanted


@pytest.mark.parametrize("patterns", [b"", b" ", b"x" * 600 + b"*", b"\\ttyUSB0"])
def test_what_is_no_pattern_wants_nothing(pure: Any, patterns: bytes) -> None:
    """An empty list, a pattern that no builder writes, and a backslash, which stands for itself."""
    assert not pure.lib.node_is_wanted(patterns, b"ttyUSB0")


def test_an_empty_list_and_a_hidden_name(pure: Any) -> None:
    """A name that begins with a point is nobody's."""
    assert not pure.lib.node_is_wanted(b"*", b".unfinished")
