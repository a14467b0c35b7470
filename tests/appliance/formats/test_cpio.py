"""cpio archives, read by GNU cpio."""

from __future__ import annotations

import subprocess
from pathlib import Path

from appliance.formats import cpio


def test_gnu_cpio_unpacks_what_was_packed(tmp_path: Path) -> None:
    """Files, folders and their modes come out as they went in."""
    data = bytes(range(256)) * 5 + b"odd"
    archive = cpio.archive([cpio.folder("a"), cpio.folder("a/b", 0o700), cpio.file("a/b/run", data, 0o755),
                            cpio.file("empty", b"")])
    subprocess.run(["cpio", "--extract", "--quiet"], input=archive, cwd=tmp_path, check=True)
    assert (tmp_path / "a/b/run").read_bytes() == data
    assert (tmp_path / "a/b/run").stat().st_mode == 0o100755
    assert (tmp_path / "a/b").stat().st_mode == 0o40700
    assert (tmp_path / "empty").read_bytes() == b""


def test_device_nodes_keep_their_numbers() -> None:
    """/dev/console is the character device 5, 1 that the kernel opens for PID 1."""
    archive = cpio.archive([cpio.folder("dev"), cpio.character_device("dev/console", 5, 1)])
    listed = subprocess.run(["cpio", "--list", "--verbose", "--quiet"], input=archive, capture_output=True, check=True)
    fields = listed.stdout.decode().splitlines()[1].split()
    assert (fields[0], fields[4], fields[5], fields[-1]) == ("crw-------", "5,", "1", "dev/console")


def test_archives_can_follow_one_another() -> None:
    """Every archive ends at a multiple of four bytes, where the kernel looks for the next one."""
    sizes = [len(cpio.archive([cpio.file("x" * length, bytes(length))])) % 4 for length in range(1, 9)]
    assert sizes == [0] * 8


def test_files_are_read_from_a_row_of_archives() -> None:
    """As the kernel does it: one archive behind another, with zeros between, up to what is none."""
    first = cpio.archive([cpio.folder("etc"), cpio.file("etc/one", b"1" * 5), cpio.file("etc/two", b"")])
    second = cpio.archive([cpio.file("etc/one", b"later")])
    row = first + bytes(1000) + second + b"\x28\xb5\x2f\xfd compressed"
    assert {"etc/one": b"later", "etc/two": b""} == cpio.files_in(row)
    assert {} == cpio.files_in(b"")
