"""Hashes of passwords: Argon2id, with its costs in the hash itself, so that stronger ones can come later.

Without the C module that has it (core/manager/secrets.c) there is no manager at all: nothing weaker takes its place.
"""

from __future__ import annotations

import os
from _operator import _compare_digest as equal_in_constant_time
from _thread import allocate_lock
from binascii import Error, a2b_base64, b2a_base64

from _fapws4_secrets import argon2id

KIBIBYTES, PASSES = 8192, 3
_SALT = 16  # bytes
_FORM = "argon2id"

_one_at_a_time = allocate_lock()  # the memory of one hash is what there has to be


def hashed(password: str) -> str:
    """What is kept of a password, in the usual form: $argon2id$v=19$m=8192,t=3,p=1$SALT$HASH."""
    salt = os.urandom(_SALT)
    return _form(salt, _hash(password, salt, KIBIBYTES, PASSES))


def matches(password: str, kept: str) -> bool:
    """Whether this is the password. A hash of another kind matches nothing."""
    costs = _costs(kept)
    if costs is None:
        return False
    salt, expected, kibibytes, passes = costs
    return equal_in_constant_time(_hash(password, salt, kibibytes, passes), expected)


def is_hash(kept: str) -> bool:
    """Whether a text is one that `matches` knows, with costs that this device can bear."""
    return _costs(kept) is not None


def derived(passphrase: str, salt: bytes) -> bytes:
    """A key of 32 bytes from a passphrase."""
    return _hash(passphrase, salt, KIBIBYTES, PASSES)


def _form(salt: bytes, digest: bytes) -> str:
    return f"${_FORM}$v=19$m={KIBIBYTES},t={PASSES},p=1${_text(salt)}${_text(digest)}"


def _hash(password: str, salt: bytes, kibibytes: int, passes: int) -> bytes:
    with _one_at_a_time:
        return argon2id(password.encode(), salt, kibibytes, passes)


def _costs(kept: str) -> tuple[bytes, bytes, int, int] | None:
    try:
        empty, form, version, costs, salt, digest = kept.split("$")
        words = dict(word.split("=") for word in costs.split(","))
        found = (_bytes(salt), _bytes(digest), int(words["m"]), int(words["t"]))
    except (ValueError, KeyError, Error):
        return None
    right = (empty, form, version, words["p"]) == ("", _FORM, "v=19", "1") and 16 <= len(found[0]) <= 64
    return found if right and len(found[1]) == 32 and 8 <= found[2] <= KIBIBYTES and 1 <= found[3] <= 16 else None


def _text(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return a2b_base64(text + "=" * (-len(text) % 4))


# The hash of no password, for names that do not exist: who asks is not to tell them from others by the time it takes.
NOBODY = _form(os.urandom(_SALT), os.urandom(32))
