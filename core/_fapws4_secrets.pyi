"""What the manager does with passwords and backups; see core/manager/secrets.c."""

def argon2id(password: bytes, salt: bytes, kibibytes: int, passes: int, /) -> bytes:
    """The 32 bytes of Argon2id, with one lane."""

def seal(key: bytes, nonce: bytes, head: bytes, text: bytes, /) -> bytes:
    """XChaCha20-Poly1305: the MAC of ``head`` and ``text``, and behind it the cipher of ``text``."""

def unseal(key: bytes, nonce: bytes, head: bytes, sealed: bytes, /) -> bytes | None:
    """What was sealed; None when it was not by this key, or was changed."""

def digest(data: bytes, /) -> bytes:
    """The 32 bytes of BLAKE2b."""
