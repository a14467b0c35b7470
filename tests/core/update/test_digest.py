"""SHA-256 as FIPS 180-4 has it, however the bytes are cut."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

# NIST's examples for SHA-256, and the two of RFC 6234 that cross blocks.
VECTORS = [
    (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
    (b"a" * 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
]


def digest_of(updater: Any, pieces: list[bytes]) -> str:
    """The digest of the pieces."""
    digest, out = updater.ffi.new("struct digest *"), updater.ffi.new("uint8_t[32]")
    updater.lib.digest_begin(digest)
    for piece in pieces:
        updater.lib.digest_add(digest, updater.exact(piece), len(piece))
        updater.lib.digest_read(digest, out)  # reading changes nothing
    updater.lib.digest_read(digest, out)
    return bytes(out).hex()


@pytest.mark.parametrize(("message", "expected"), VECTORS, ids=["empty", "abc", "two blocks", "million"])
def test_the_published_vectors(updater: Any, message: bytes, expected: str) -> None:
    """The digests that NIST publishes."""
    assert expected == digest_of(updater, [message])


def test_pieces_of_every_size(updater: Any) -> None:
    """Cut in two at every place around a block's end, the digest is that of the whole."""
    message = bytes(range(200))
    expected = hashlib.sha256(message).hexdigest()
    assert {expected} == {digest_of(updater, [message[:at], message[at:]]) for at in range(len(message) + 1)}
