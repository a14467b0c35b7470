"""A superblock that a power cut has torn, against the one that mke2fs made."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from appliance.fetching.recipes import load_board
from appliance.imaging.image import data_volume

LENGTH = 1024
_FIRST, *_ = data_volume(16 << 20, load_board("pc"), "hello")
WHOLE = _FIRST[1][LENGTH : 2 * LENGTH]


def mended(pure: Any, superblock: bytes) -> tuple[bool, bytes]:
    """What ext4_mend says and leaves."""
    block = pure.exact(superblock)
    return bool(pure.lib.ext4_mend(pure.ffi.cast("uint8_t *", block))), bytes(pure.ffi.buffer(block, LENGTH))


def test_a_whole_one_is_left_alone(pure: Any) -> None:
    """Its checksum is right."""
    assert (False, WHOLE) == mended(pure, WHOLE)


@pytest.mark.parametrize("torn", [WHOLE[:512] + WHOLE[512:1020] + b"torn", WHOLE[:1020] + bytes(4)])
def test_a_torn_one_gets_its_checksum(pure: Any, torn: bytes) -> None:
    """The same that mke2fs has written."""
    assert (True, WHOLE) == mended(pure, torn)


def test_an_older_first_sector_is_as_good(pure: Any) -> None:
    """The new checksum beside the old time of the last mount: the time stays, the checksum becomes that of it."""
    torn = bytearray(WHOLE)
    struct.pack_into("<I", torn, 44, 1)
    changed, found = mended(pure, bytes(torn))
    assert (True, bytes(torn[:1020])) == (changed, found[:1020])
    assert (False, found) == mended(pure, found)


@pytest.mark.parametrize(("at", "value"), [(56, b"\0\0"), (100, b"\0\0\0\0"), (373, b"\2")])
def test_what_has_no_such_checksum_is_left_alone(pure: Any, at: int, value: bytes) -> None:
    """Another file system, one without checksums, one with those of another kind."""
    other = bytearray(WHOLE)
    other[at : at + len(value)] = value
    assert (False, bytes(other)) == mended(pure, bytes(other))
