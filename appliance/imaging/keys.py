"""Keys that sign updates: the private ones, which never leave their owner, and the set of public ones that a device trusts.

A key set is a text that people may write, join and comment (# to the end of the line):

    threshold 2             how many different keys must sign; may be left out when there is one key
    key 3b6a27bc...         a public Ed25519 key, 64 hexadecimal digits; what stands behind it names it for people

A private key is a text too, with one value a line; with a passphrase, scrypt makes the key that encrypts the secret:

    fapws4-private-key 1
    public 3b6a27bc...
    kdf scrypt 17 8 1 SALT      log2 of N, r, p (RFC 7914) and the salt; or: kdf none
    secret BYTES                the 32 bytes; encrypted by ChaCha20-Poly1305 (RFC 8439) when there is a kdf, the nonce in
                                front of them, and the three lines above as what is authenticated besides
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from appliance.common.errors import Problem
from appliance.common.places import REPOSITORY, whole_file

MOST_KEYS = 16  # of a set; core/update/manifest.h has the same limit
LEAST_PASSPHRASE = 8  # characters

_FIRST_LINE = "fapws4-private-key 1"
_HEX_KEY = re.compile(r"[0-9a-f]{64}")
_COST = (17, 8, 1)  # 128 MiB and half a second for each guess
_SALT, _NONCE = 16, 12  # bytes

# Points of small order, and their other encodings: whoever knows them signs anything for such a "key".
_SMALL_ORDER = frozenset(
    bytes.fromhex(text) for low in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ) for text in (low, f"{low[:62]}{int(low[62:], 16) | 0x80:02x}"))


@dataclass(frozen=True)
class KeySet:
    """Whom a device trusts: ``threshold`` different ones of ``keys`` (32 bytes each, sorted) must have signed."""

    threshold: int
    keys: tuple[bytes, ...]

    @property
    def text(self) -> str:
        """The set as the device reads it."""
        return f"threshold {self.threshold}\n" + "".join(f"key {key.hex()}\n" for key in self.keys)


@dataclass(frozen=True)
class PrivateKey:
    """A key that can sign; ``public`` is what others know it by."""

    secret: bytes

    @property
    def public(self) -> bytes:
        return self._own.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of its signature, the same every time."""
        return self._own.sign(message)

    @property
    def _own(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.secret)


def read_key_set(path: Path) -> KeySet:
    """A key set that people wrote; a Problem says what is wrong with it."""
    keys, thresholds = [], []
    for number, line in enumerate(_text_of(path, "keys").splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if words[0] == "key" and len(words) > 1 and _HEX_KEY.fullmatch(words[1]):
            keys.append(bytes.fromhex(words[1]))
        elif words[0] == "threshold" and len(words) == 2 and words[1].isdecimal():
            thresholds.append(int(words[1]))
        elif line.startswith("fapws4-private-key"):
            raise Problem(f"{path} is a private key", "an image gets public keys: the file beside it that ends in .pub")
        else:
            raise Problem(f"{path}:{number} is not understood: {line.strip()[:80]}",
                          'the lines are "key HEX", as invoke keygen writes them, and "threshold N"')
    return _checked(path, tuple(sorted(keys)), thresholds)


def _checked(path: Path, keys: tuple[bytes, ...], thresholds: list[int]) -> KeySet:
    if not 0 < len(keys) <= MOST_KEYS:
        raise Problem(f"{path} has {len(keys)} keys", f"name 1 to {MOST_KEYS}, as invoke keygen writes them")
    if len(set(keys)) < len(keys):
        raise Problem(f"{path} names a key twice", "name each once: a repeated key signs once")
    if any(key in _SMALL_ORDER for key in keys):
        raise Problem(f"{path} has a key of small order, for which anybody can sign", "make keys with: invoke keygen")
    if len(thresholds) > 1 or (not thresholds and len(keys) > 1):
        raise Problem(f"{path} has {len(keys)} keys and {len(thresholds)} thresholds",
                      'add one line "threshold N": how many of the keys must sign an update')
    threshold = thresholds[0] if thresholds else 1
    if not 0 < threshold <= len(keys):
        raise Problem(f"{path}: threshold {threshold} of {len(keys)} keys", f"it is 1 to {len(keys)}")
    return KeySet(threshold, keys)


def key_files(output: str) -> tuple[Path, Path]:
    """The private and the public file for ``--output``: a folder (update.key and update.pub in it), or a file."""
    path = Path(output).expanduser()
    private = path / "update.key" if output.endswith("/") or path.is_dir() else path
    public = private.with_name(f"{private.name.removesuffix('.key')}.pub")
    for file in (private, public):
        if file.exists():
            raise Problem(f"{file} is there already", "a key is never overwritten; choose another name")
    if private == public:
        raise Problem(f"{private} is a name for a public key", "choose another, such as update.key")
    _refuse_public_places(private)
    return private, public


def _refuse_public_places(private: Path) -> None:
    """A Problem when the key would lie where things are published from: a repository, or the results of a build."""
    for folder in private.resolve().parents:
        results = folder.name == "dist" or (folder / "BUILD.json").exists()
        if folder == REPOSITORY or (folder / ".git").exists() or results:
            kind = "the results of a build" if results else "a repository"
            raise Problem(f"{folder} is {kind}, where a private key is published with all else sooner or later",
                          "choose a folder outside, such as --output ~/fapws4-keys/")


def write_key_pair(key: PrivateKey, private: Path, public: Path, passphrase: str) -> None:
    """Both files; the private one (0600) encrypted unless ``passphrase`` is empty."""
    private.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with whole_file(private, 0o600) as work:
        work.write_text(_private_text(key, passphrase))
    with whole_file(public) as work:
        work.write_text(f"key {key.public.hex()} {private.stem}\n")


def new_key() -> PrivateKey:
    """A fresh one, from the operating system's randomness."""
    return PrivateKey(os.urandom(32))


def _private_text(key: PrivateKey, passphrase: str) -> str:
    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    kdf = "scrypt {} {} {} {}".format(*_COST, salt.hex()) if passphrase else "none"
    head = f"{_FIRST_LINE}\npublic {key.public.hex()}\nkdf {kdf}\n"
    secret = key.secret
    if passphrase:
        secret = nonce + _cipher(passphrase, salt, _COST).encrypt(nonce, secret, head.encode())
    return f"{head}secret {secret.hex()}\n"


@dataclass(frozen=True)
class LockedKey:
    """A private key's file as it was read. ``unlock`` gives the key."""

    path: Path
    public: bytes
    head: str
    salt: bytes
    cost: tuple[int, ...]  # empty: not encrypted
    secret: bytes

    @property
    def is_encrypted(self) -> bool:
        return bool(self.cost)

    def unlock(self, passphrase: str = "") -> PrivateKey:
        """The key; a Problem when the passphrase is wrong or the file was changed."""
        secret = self.secret
        if self.cost:
            nonce, sealed = secret[:_NONCE], secret[_NONCE:]
            try:
                secret = _cipher(passphrase, self.salt, self.cost).decrypt(nonce, sealed, self.head.encode())
            except InvalidTag:
                raise Problem(f"the passphrase of {self.path} is wrong, or the file is damaged", "try again") from None
        key = PrivateKey(secret)
        if key.public != self.public:
            raise Problem(f"{self.path} is damaged: its secret is not that of its public key", "use your copy of it")
        return key


_FILE = re.compile(rf"({_FIRST_LINE}\npublic ([0-9a-f]{{64}})\nkdf (?:none|scrypt (\d\d?) (\d\d?) (\d\d?) ([0-9a-f]{{32}}))\n)"
                   r"secret ([0-9a-f]{64}(?:[0-9a-f]{56})?)\n")


def read_private_key(path: Path) -> LockedKey:
    """A private key's file. A Problem when it is none, or when others may read it."""
    found = _FILE.fullmatch(_text_of(path, "private key"))
    if not found:
        raise Problem(f"{path} is not a private key", "name one that invoke keygen made (not the .pub beside it)")
    if path.stat().st_mode & 0o077:
        raise Problem(f"{path} can be read by others than you", f"type: chmod 600 '{path}'")
    head, public, *cost, salt, secret = found.groups()
    numbers = tuple(int(number) for number in cost if number)
    if numbers and numbers[0] > 20:
        raise Problem(f"{path} wants 2^{numbers[0]} rounds of scrypt", "it is damaged, or no key of ours")
    return LockedKey(path, bytes.fromhex(public), head, bytes.fromhex(salt or ""), numbers, bytes.fromhex(secret))


def is_valid(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is that of this key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _cipher(passphrase: str, salt: bytes, cost: tuple[int, ...]) -> ChaCha20Poly1305:
    rounds, block, lanes = cost
    return ChaCha20Poly1305(Scrypt(salt, 32, 1 << rounds, block, lanes).derive(passphrase.encode()))


def _text_of(path: Path, what: str) -> str:
    if not path.is_file():
        raise Problem(f"there is no {what} file {path}", "make keys with: invoke keygen --output FOLDER")
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{path} cannot be read as text ({error})", "name another file") from error
