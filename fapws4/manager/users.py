"""The users: their names, roles and the hashes of their passwords."""

from __future__ import annotations

from threading import RLock

from fapws4.device.calls import ROLES
from fapws4.device.errors import Refused
from fapws4.manager import passwords, store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Row = dict[str, Any]

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")
_MOST = 100
ADMIN = ROLES[-1]


class Users:
    """Read from their file whenever they are asked for: nothing else says who may do what."""

    def __init__(self, path: str) -> None:
        self._path, self._lock = path, RLock()

    def listed(self) -> list[Row]:
        """All of them."""
        return store.read(self._path)

    def role(self, name: str) -> str | None:
        """The role of a user; None when there is no such user."""
        return next((str(row["role"]) for row in self.listed() if row["name"] == name and row["role"] in ROLES), None)

    def verify(self, name: str, password: str) -> bool:
        """Whether this is the password of this user; as slow for a name that there is none of."""
        kept = next((str(row["hash"]) for row in self.listed() if row["name"] == name), None)
        usable = kept if kept and passwords.is_hash(kept) else None
        right = passwords.matches(password, usable or passwords.NOBODY)
        return right and usable is not None

    def add(self, name: str, role: str, password: str, first: bool = False) -> None:
        """A new one. ``first``: only when there is nobody yet."""
        check_name(name)
        row = {"name": name, "role": role, "hash": passwords.hashed(password)}
        with self._lock:
            rows = self.listed()
            if first and rows:
                raise Refused("conflict", "this device has an owner already; log in, or reset it")
            if any(other["name"] == name for other in rows):
                raise Refused("conflict", f"there is a user {name} already")
            if len(rows) >= _MOST:
                raise Refused("conflict", f"there are {_MOST} users already")
            store.write(self._path, [*rows, row])

    def remove(self, name: str) -> None:
        """One less; never the last administrator."""
        with self._lock:
            self._replace([row for row in self._with(name) if row["name"] != name])

    def set_role(self, name: str, role: str) -> None:
        """Another role; somebody remains administrator."""
        with self._lock:
            self._replace([{**row, "role": role} if row["name"] == name else row for row in self._with(name)])

    def set_password(self, name: str, password: str) -> None:
        """Another password."""
        kept = passwords.hashed(password)
        with self._lock:
            self._replace([{**row, "hash": kept} if row["name"] == name else row for row in self._with(name)])

    def replace_all(self, rows: list[Row]) -> None:
        """All others instead, from a backup."""
        with self._lock:
            self._replace(rows)

    def _with(self, name: str) -> list[Row]:
        rows = self.listed()
        if not any(row["name"] == name for row in rows):
            raise Refused("absent", f"there is no user {name}")
        return rows

    def _replace(self, rows: list[Row]) -> None:
        if not any(row["role"] == ADMIN for row in rows):
            raise Refused("conflict", "this is the last administrator; make another one first")
        store.write(self._path, rows)


def check_name(name: str) -> None:
    """Refused when it is none that a user can have."""
    if not name or not _LETTERS.issuperset(name) or not name[0].isalpha():
        raise Refused("invalid", "a name has small letters, digits, '.', '_' and '-', and begins with a letter")
