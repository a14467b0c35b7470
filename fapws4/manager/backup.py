"""A backup as one file: a line that says what follows, and the table of everything as JSON, or that sealed by a passphrase.

    fapws4-backup 1 plain
    fapws4-backup 1 sealed SALT NONCE        (Argon2id makes the key, XChaCha20-Poly1305 seals; this line is sealed with it)

The file's own version is the 1; what is in the table has a schema, and an older one is brought up to date here. Pure.
"""

from __future__ import annotations

import json
import os

from _fapws4_secrets import seal, unseal

from fapws4.device.calls import LABEL, NETWORK, ROLE, USER_NAME
from fapws4.device.errors import Refused
from fapws4.device.schema import Invalid, checked, fields, integer, lines, listed, nullable, text
from fapws4.manager.passwords import derived

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Table = dict[str, Any]

SCHEMA = 1
MOST = 16 << 20  # bytes of a file
MOST_SETTINGS = 4 << 20  # bytes of the app's settings, as core/init/policy.h has it
MOST_FILES = 4096

_MAGIC = b"fapws4-backup 1 "
_SALT, _NONCE = 16, 24

_TOKEN = fields(name=LABEL, role=ROLE, owner=USER_NAME, expires=nullable(integer(0, 1 << 34)), digest=text(64, 64))
_FILE = fields(path=text(512, 1), mode=integer(0, 0o777), data=text(MOST * 2))  # base64
_SECRETS = fields(hashes=listed(fields(name=USER_NAME, hash=text(256)), 100), tokens=listed(_TOKEN, 100),
                  certificate=lines(65536), key=lines(16384))
_TABLE = fields(
    schema=integer(1, 1000), product=text(256), version=text(256), network=NETWORK, zone=text(64),
    users=listed(fields(name=USER_NAME, role=ROLE), 100), settings=listed(_FILE, MOST_FILES),
    secrets=nullable(_SECRETS))

# From each older schema to the next one.
MIGRATIONS: Mapping[int, Callable[[Table], Table]] = {}


def written(table: Table, passphrase: str | None) -> bytes:
    """The file of a table; its secrets only go with a passphrase. Refused when the app's settings have a file that no backup
    can hold."""
    try:
        for row in table["settings"]:
            checked(_FILE, row, f"the app's file {row['path']!a}")
    except Invalid as error:
        raise Refused("conflict", f"no backup can be made: {error}") from error
    if passphrase is None:
        return _MAGIC + b"plain\n" + _json({**table, "secrets": None})
    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    head = _MAGIC + f"sealed {salt.hex()} {nonce.hex()}\n".encode()
    return head + seal(derived(passphrase, salt), nonce, head, _json(table))


def read(
    data: bytes, passphrase: str | None, schema: int = SCHEMA, migrations: Mapping[int, Callable[[Table], Table]] = MIGRATIONS
) -> Table:
    """The table of a file. Refused when it is none, is sealed by another passphrase, or is of a newer version."""
    head, _, rest = data.partition(b"\n")
    if not head.startswith(_MAGIC):
        raise Refused("invalid", "this file is no backup of a device")
    kind = head[len(_MAGIC) :].split(b" ")
    if kind[0] == b"sealed":
        rest = _opened(kind, head + b"\n", rest, passphrase)
    elif kind != [b"plain"]:
        raise Refused("invalid", "this file is no backup that this version knows")
    return present(_table(rest), schema, migrations)


def present(
    table: Table, schema: int = SCHEMA, migrations: Mapping[int, Callable[[Table], Table]] = MIGRATIONS
) -> Table:
    """A table as this version has it. Refused when it is damaged, or of a newer version."""
    return _checked(_migrated(table, schema, migrations))


def _opened(kind: list[bytes], head: bytes, sealed: bytes, passphrase: str | None) -> bytes:
    if passphrase is None:
        raise Refused("invalid", "this backup is sealed; it takes its passphrase")
    try:
        salt, nonce = (bytes.fromhex(word.decode("ascii")) for word in kind[1:])
        found = unseal(derived(passphrase, salt), nonce, head, sealed)
    except ValueError as error:
        raise Refused("invalid", "this backup is damaged") from error
    if found is None:
        raise Refused("invalid", "the passphrase is wrong, or the file was changed")
    return found


def _table(text: bytes) -> Table:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused("invalid", "this backup is damaged") from error
    if not isinstance(found, dict) or not isinstance(found.get("schema"), int):
        raise Refused("invalid", "this backup is damaged")
    return found


def _migrated(table: Table, schema: int, migrations: Mapping[int, Callable[[Table], Table]]) -> Table:
    made = table["schema"]
    if made > schema:
        raise Refused("conflict", f"this backup is of a newer version (schema {made}; this one knows {schema}): update first")
    while (number := table["schema"]) < schema:
        if number not in migrations:
            raise Refused("conflict", f"this backup is too old (schema {made})")
        table = {**migrations[number](table), "schema": number + 1}
    return table


def _checked(table: Table) -> Table:
    try:
        found: Table = checked(_TABLE, table, "the backup")
    except Invalid as error:
        raise Refused("invalid", f"this backup is damaged: {error}") from error
    return found


def _json(table: Table) -> bytes:
    return json.dumps(table, separators=(",", ":"), sort_keys=True).encode()
