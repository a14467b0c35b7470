"""The block that tells one device who it is: read, kept, overwritten, and cut anywhere in between."""

from __future__ import annotations

import errno
import zlib
from pathlib import Path
from typing import Any

import pytest

from appliance.imaging.preseed import PRESEED_AT, PRESEED_SIZE, Preseed

TOLD = Preseed({"name": b"south-gate", "tz": b"CET-1", "claim": b"7HRT-22KX", "certificate": b"-----BEGIN\nMIIB\n",
                "key": bytes(range(256)) * 90})
KEPT = {"claim": TOLD.entries["claim"], "certificate.pem": TOLD.entries["certificate"], "key.pem": TOLD.entries["key"],
        "preseed.conf": b"name 10\nsouth-gate\ntz 5\nCET-1\n"}


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """A state partition with a preseed, and with something else before and behind it."""
    return with_block(tmp_path / "state", TOLD.block())


def with_block(path: Path, block: bytes) -> Path:
    """A state partition with these bytes at the place."""
    with path.open("wb") as file:
        file.write(b"x" * 100)
        file.seek(PRESEED_AT - 1)
        file.write(b"<" + block.ljust(PRESEED_SIZE, b"\0") + b">")
    return path


def body_of(pure: Any, device: Path) -> tuple[int, bytes]:
    """The result of preseed_read, and the body."""
    body = pure.ffi.new("struct span *")
    return pure.lib.preseed_read(str(device).encode(), body), pure.text(body[0])


def stored(pure: Any, body: bytes, folder: Path) -> int:
    """preseed_store on a body of exactly these bytes."""
    folder.mkdir(exist_ok=True)
    span, _block = pure.span(body)
    return int(pure.lib.preseed_store(span[0], str(folder).encode()))


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_block_is_read_kept_and_overwritten(pure: Any, device: Path, tmp_path: Path) -> None:
    """The files can be read by root only, and nothing else of the partition changes."""
    before = device.read_bytes()
    error, body = body_of(pure, device)
    assert error == 0
    assert stored(pure, body, tmp_path / "kept") == 0
    assert contents(tmp_path / "kept") == KEPT
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "kept").iterdir()} == {0o600}
    assert pure.lib.preseed_erase(str(device).encode()) == 0
    assert device.read_bytes() == before[:PRESEED_AT] + bytes(PRESEED_SIZE) + b">"
    assert body_of(pure, device) == (0, b"")


def test_the_same_again_after_a_cut(pure: Any, device: Path, tmp_path: Path) -> None:
    """What a boot that was cut has left behind does not matter: a half-written file, older files, a head without its block."""
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "key.pem.new").write_bytes(b"half")
    (folder / "claim").write_bytes(b"older")
    (folder / "claim").chmod(0o644)
    for _ in range(2):
        assert stored(pure, body_of(pure, device)[1], folder) == 0
        assert contents(folder) == KEPT
        assert (folder / "claim").stat().st_mode & 0o777 == 0o600
    with device.open("r+b") as file:
        file.seek(PRESEED_AT)
        file.write(bytes(512))
    assert body_of(pure, device) == (0, b"")


def test_a_body_that_fills_the_place(pure: Any, tmp_path: Path) -> None:
    """Up to the last byte."""
    room = PRESEED_SIZE - len(b"fapws4-preseed 1 65510 00000000\nclaim 65478\n\n")
    told = Preseed({"claim": b"c" * room})
    assert len(told.block().rstrip(b"\0")) == PRESEED_SIZE
    error, body = body_of(pure, with_block(tmp_path / "state", told.block()))
    assert (error, stored(pure, body, tmp_path / "kept")) == (0, 0)
    assert (tmp_path / "kept" / "claim").read_bytes() == b"c" * room


BODY = b"name 1\na\n"
SUM = b"%08x" % zlib.crc32(BODY)


@pytest.mark.parametrize("block", [
    TOLD.block()[:-1].rstrip(b"\0") + b"\0",
    TOLD.block().replace(b"south", b"north"),
    b"fapws4-preseed 2 9 " + SUM + b"\n" + BODY,
    b"fapws4-preseed 1 9 " + SUM,
    b"fapws4-preseed 1 9\n" + BODY,
    b"fapws4-preseed 1  " + SUM + b"\n" + BODY,
    b"fapws4-preseed 1 9 " + SUM + b"0\n" + BODY,
    b"fapws4-preseed 1 65536 " + SUM + b"\n" + BODY,
    b"fapws4-preseed 1 99999999999999999999 " + SUM + b"\n" + BODY,
    b"fapws4-preseed 1 -9 " + SUM + b"\n" + BODY,
    b"\xff" * PRESEED_SIZE,
    b"\n" * PRESEED_SIZE,
])
def test_a_damaged_block_is_told_from_none(pure: Any, tmp_path: Path, block: bytes) -> None:
    """Nothing of it is used."""
    whole = block == TOLD.block()[:-1].rstrip(b"\0") + b"\0"
    error, body = body_of(pure, with_block(tmp_path / "state", block))
    assert (error, body) == ((0, body) if whole else (errno.EILSEQ, b""))
    assert bool(body) == whole


def test_a_partition_that_is_too_short(pure: Any, tmp_path: Path) -> None:
    """An error, and no body."""
    (tmp_path / "state").write_bytes(b"x")
    assert body_of(pure, tmp_path / "state") == (errno.EIO, b"")
    assert body_of(pure, tmp_path / "absent") == (errno.ENOENT, b"")


@pytest.mark.parametrize("body", [b"name", b"name 5\na\n", b"name 1\na\nx"])
def test_a_body_that_is_no_row_of_entries_is_not_kept(pure: Any, tmp_path: Path, body: bytes) -> None:
    """No settings come of it."""
    assert stored(pure, body, tmp_path / "kept") == errno.EILSEQ
    assert not (tmp_path / "kept" / "preseed.conf").exists()


def test_a_folder_that_is_not_there(pure: Any, device: Path, tmp_path: Path) -> None:
    """The block stays where it is when nothing could be kept: the caller is told."""
    span, _block = pure.span(body_of(pure, device)[1])
    assert pure.lib.preseed_store(span[0], str(tmp_path / "absent").encode()) == errno.ENOENT
