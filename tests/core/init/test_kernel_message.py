"""Which lines of the kernel's own log count as errors: of the kernel, and serious."""

from __future__ import annotations

from typing import Any

import pytest

ERROR = b"EXT4-fs error (device vda6): ext4_find_entry:1683: inode #2: comm app: reading directory lblock 0"


def text_of(pure: Any, record: bytes) -> bytes | None:
    """What is taken out of one record; None when it is no error of the kernel."""
    span = pure.span(record)
    text = pure.ffi.new("struct span *")
    return pure.text(text) if pure.lib.kernel_message_is_error(span[0][0], text) else None


@pytest.mark.parametrize("level", range(8))
def test_errors_and_worse_count(pure: Any, level: int) -> None:
    """Levels 0 to 3; without the properties that follow."""
    record = b"%d,1139,20187000,-;%s\n SUBSYSTEM=block\n DEVICE=b254:6\n" % (level, ERROR)
    assert text_of(pure, record) == (ERROR if level <= 3 else None)


OTHERS = [b"", b"\n", b"3", b"3,", b"3,1,2,-", b"3,1,2,-;", b"3,1,2,-;\n", b"3;text", b"x,1,2,-;text", b"/,1,2,-;text",
          b"-1,1,2,-;text", b"11,1,2,-;a program's error", b"30,1,2,-;a service says"]


@pytest.mark.parametrize("record", OTHERS)
def test_nothing_else_does(pure: Any, record: bytes) -> None:
    """What programs write has a facility, and what is cut short is no record."""
    assert text_of(pure, record) is None
