"""Small files read and written whole."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(("size", "expected"), [(2, b"f"), (5, b"four"), (64, b"four")])
def test_reading_stays_inside_the_buffer(pure: Any, tmp_path: Path, size: int, expected: bytes) -> None:
    """A file is read up to the room there is, and always ends in NUL."""
    path = tmp_path / "file"
    path.write_bytes(b"four")
    buffer = pure.exact(bytes(size))
    span = pure.lib.file_read(str(path).encode(), buffer, size)
    assert (pure.text(span), pure.ffi.string(buffer)) == (expected, expected)


def test_an_absent_file_is_empty(pure: Any, tmp_path: Path) -> None:
    """What cannot be read is nothing, never old bytes."""
    buffer = pure.exact(b"old bytes")
    assert pure.text(pure.lib.file_read(str(tmp_path / "none").encode(), buffer, 9)) == b""
    assert pure.ffi.string(buffer) == b""
    assert pure.text(pure.lib.file_load(str(tmp_path / "none").encode())) == b""


def test_replacing_leaves_one_file(pure: Any, tmp_path: Path) -> None:
    """A reader finds the old or the new text, and no half file stays behind."""
    path = tmp_path / "resolv.conf"
    for text in (b"nameserver 10.0.2.3\n", b""):
        assert pure.lib.file_replace(str(path).encode(), text) == 0
        assert (path.read_bytes(), list(tmp_path.iterdir())) == (text, [path])
    assert pure.lib.file_replace(str(tmp_path / "none" / "file").encode(), b"") == errno.ENOENT
