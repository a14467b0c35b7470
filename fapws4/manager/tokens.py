"""The tokens of programs: a role by a secret, of which only the digest is kept, until a moment or until it is taken back."""

from __future__ import annotations

import time
from threading import RLock

from fapws4.device.calls import ROLES
from fapws4.device.errors import Refused
from fapws4.manager import store
from fapws4.manager.sessions import digest_of, secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Row = dict[str, Any]

PREFIX = "token-"  # so that a token that lies about is known for what it is
_MOST = 100


class Tokens:
    """Read from their file whenever they are asked for. `trusted` says whether the clock can be relied on."""

    def __init__(self, path: str, trusted: Callable[[], bool]) -> None:
        self._path, self._lock, self._trusted = path, RLock(), trusted

    def listed(self) -> list[Row]:
        """All of them, those that have expired too."""
        return store.read(self._path)

    def find(self, token: str) -> Row | None:
        """The one of a secret; None when there is none, or it has expired.

        Refused when it expires some day and the clock does not say which day it is.
        """
        key = digest_of(token)
        row = next((row for row in self.listed() if row["digest"] == key and row["role"] in ROLES), None)
        if row is None or row["expires"] is None:
            return row
        if not self._trusted():
            raise Refused("no-session", "this token expires some day, and the clock of the device is not set")
        return row if time.time() < row["expires"] else None

    def add(self, name: str, role: str, owner: str, expires: int | None) -> str:
        """A new one; its secret, which is told this once.

        Refused when it is to expire and the clock is wrong perhaps: set right, that may leave it no day at all.
        """
        if expires is not None and not self._trusted():
            raise Refused("conflict", "the clock of the device is not set: set it first, or make a token without an end")
        token = PREFIX + secret()
        with self._lock:
            rows = self.listed()
            if any(row["name"] == name for row in rows):
                raise Refused("conflict", f"there is a token {name} already")
            if len(rows) >= _MOST:
                raise Refused("conflict", f"there are {_MOST} tokens already")
            row = {"name": name, "role": role, "owner": owner, "expires": expires, "digest": digest_of(token)}
            store.write(self._path, [*rows, row])
        return token

    def remove(self, name: str) -> None:
        """It is none any more."""
        with self._lock:
            rows = self.listed()
            left = [row for row in rows if row["name"] != name]
            if len(left) == len(rows):
                raise Refused("absent", f"there is no token {name}")
            store.write(self._path, left)

    def replace_all(self, rows: list[Row]) -> None:
        """These instead, from a backup."""
        with self._lock:
            store.write(self._path, rows)

    def remove_of(self, owner: str) -> None:
        """None that this user has made is one any more."""
        with self._lock:
            rows = self.listed()
            left = [row for row in rows if row["owner"] != owner]
            if len(left) < len(rows):
                store.write(self._path, left)
