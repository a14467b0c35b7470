"""Small files read and written whole."""

from __future__ import annotations

import errno
import os
import resource
import signal
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


def test_a_link_and_a_pipe_are_empty(pure: Any, tmp_path: Path) -> None:
    """Where another process may write, PID 1 follows no link to elsewhere, and waits for no pipe."""
    secret, link, pipe = tmp_path / "secret", tmp_path / "link", tmp_path / "pipe"
    secret.write_bytes(b"secret")
    link.symlink_to(secret)
    os.mkfifo(pipe)
    buffer = pure.exact(bytes(64))
    for path in (link, pipe):
        assert pure.text(pure.lib.file_read(str(path).encode(), buffer, 64)) == b""


def test_replacing_leaves_one_file(pure: Any, tmp_path: Path) -> None:
    """A reader finds the old or the new text, and no half file stays behind."""
    path = tmp_path / "resolv.conf"
    for text in (b"nameserver 10.0.2.3\n", b""):
        assert pure.lib.file_replace(str(path).encode(), text) == 0
        assert (path.read_bytes(), list(tmp_path.iterdir())) == (text, [path])
    assert pure.lib.file_replace(str(tmp_path / "none" / "file").encode(), b"") == errno.ENOENT


def test_what_is_kept_is_whole_and_roots_alone(pure: Any, tmp_path: Path) -> None:
    """A kept file is replaced in one step, nobody else may read it, and it can be taken away, twice if need be."""
    path = tmp_path / "note"
    for text in (b"one\0two", b"", b"x" * 100_000):
        span, _block = pure.span(text)
        assert pure.lib.file_keep(str(path).encode(), span[0]) == 0
        assert (path.read_bytes(), list(tmp_path.iterdir())) == (text, [path])
        assert path.stat().st_mode & 0o777 == 0o600
    assert pure.lib.file_keep(str(tmp_path / "none" / "file").encode(), span[0]) == errno.ENOENT
    for _ in range(2):
        assert pure.lib.file_forget(str(path).encode()) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_costs_the_new_text_only(pure: Any, tmp_path: Path) -> None:
    """What cannot be written whole leaves the old file as it was, and no half one."""
    path = tmp_path / "note"
    path.write_bytes(b"old")
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, old[1]))
    try:
        span, _block = pure.span(b"x" * 2000)
        assert pure.lib.file_keep(str(path).encode(), span[0]) == errno.EFBIG
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"old", [path])
