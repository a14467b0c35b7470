"""Ed25519 as RFC 8032 has it, and what must never count as a signature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.imaging.keys import PrivateKey

# The order of the group: RFC 8032, 5.1.
L = 2**252 + 27742317777372353535851937790883648493

SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


def rfc_vectors() -> list[tuple[bytes, bytes, bytes]]:
    """Public key, message, signature."""
    lines = [line for line in Path(__file__).with_name("rfc8032.txt").read_text().splitlines() if line[0] != "#"]
    values = [b"" if line == "-" else bytes.fromhex(line) for line in lines]
    return list(zip(values[0::3], values[1::3], values[2::3]))


def is_valid(updater: Any, key: bytes, message: bytes, signature: bytes) -> bool:
    """The device's judgement."""
    return bool(updater.lib.signature_is_valid(updater.exact(signature, "uint8_t *"), updater.exact(key, "uint8_t *"),
                                               updater.exact(message), len(message)))


@pytest.mark.parametrize(("key", "message", "signature"), rfc_vectors(), ids=["1", "2", "3", "1024", "SHA(abc)"])
def test_the_vectors_of_the_rfc(updater: Any, key: bytes, message: bytes, signature: bytes) -> None:
    """Each is accepted, and nothing that differs from it in one bit."""
    assert is_valid(updater, key, message, signature)
    for place in range(0, 512, 7):
        flipped = bytearray(signature)
        flipped[place // 8] ^= 1 << place % 8
        assert not is_valid(updater, key, message, bytes(flipped))
    for place in range(0, 256, 11):
        flipped = bytearray(key)
        flipped[place // 8] ^= 1 << place % 8
        assert not is_valid(updater, bytes(flipped), message, signature)
    assert not is_valid(updater, key, message + b"\0", signature)
    assert not message or not is_valid(updater, key, message[:-1], signature)


def test_a_second_signature_cannot_be_made_of_one(updater: Any) -> None:
    """S plus the order of the group satisfies the equation too, and is refused."""
    key, message, signature = rfc_vectors()[1]
    number = int.from_bytes(signature[32:], "little")
    for more in (L, 2 * L, 15 * L):
        assert not is_valid(updater, key, message, signature[:32] + (number + more).to_bytes(32, "little"))


@pytest.mark.parametrize("key", SMALL_ORDER)
def test_keys_for_which_anybody_can_sign(updater: Any, key: str) -> None:
    """A key of small order makes no signature valid, that of the neutral element included."""
    for first in SMALL_ORDER:
        for message in (b"", b"1", b"2", b"3", b"4", b"5", b"6", b"7"):
            assert not is_valid(updater, bytes.fromhex(key), message, bytes.fromhex(first) + bytes(32))


def test_what_is_no_point_is_no_key(updater: Any) -> None:
    """Bytes that stand for no point of the curve are refused as key and in a signature."""
    key, message, signature = rfc_vectors()[0]
    none = (2).to_bytes(32, "little")
    assert not is_valid(updater, none, message, signature)
    assert not is_valid(updater, key, message, none + signature[32:])


def suffice(updater: Any, threshold: int, trusted: list[PrivateKey], signers: list[PrivateKey], forged: int = 0) -> bool:
    """Whether the signers are enough; the first ``forged`` signatures are of another message."""
    message = b"manifest"
    signatures = [{"key": list(key.public), "bytes": list(key.sign(b"forged" if number < forged else message))}
                  for number, key in enumerate(signers)]
    array = updater.ffi.new("struct signature[]", signatures)
    return bool(updater.lib.signatures_suffice(updater.key_set(threshold, trusted), array, len(signers),
                                               updater.exact(message), len(message)))


def test_t_of_n(updater: Any) -> None:
    """As many different keys as the threshold says, in any order, among any others."""
    one, two, three, stranger = (PrivateKey(bytes([number]) * 32) for number in (1, 2, 3, 4))
    trusted = [one, two, three]
    assert suffice(updater, 2, trusted, [one, three])
    assert suffice(updater, 2, trusted, [stranger, three, two, one])
    assert not suffice(updater, 2, trusted, [one])
    assert not suffice(updater, 2, trusted, [one, stranger])
    assert not suffice(updater, 1, trusted, [])
    assert not suffice(updater, 0, trusted, [one])


def test_a_repeated_key_counts_once(updater: Any) -> None:
    """Signing twice is signing once; a forged signature before a valid one hides nothing."""
    one, two = PrivateKey(b"1" * 32), PrivateKey(b"2" * 32)
    assert not suffice(updater, 2, [one, two], [one, one, one])
    assert suffice(updater, 2, [one, two], [one, one, two], forged=1)
    assert not suffice(updater, 2, [one, two], [one, two], forged=1)
