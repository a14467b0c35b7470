"""Who is logged in. A session is a random secret of which only the digest is kept, in /run: the manager may end and be started
again, and a restart of the device ends them all."""

from __future__ import annotations

import os
from threading import RLock

from _fapws4_secrets import digest

from fapws4.device.errors import Refused
from fapws4.manager import store
from fapws4.manager.clocks import uptime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Row = dict[str, Any]

IDLE, LONGEST = 1800, 43200  # seconds
_EACH, _ALL = 16, 256  # of one user, and of all; the one that was used longest ago makes room
_NOTE_EVERY = 60  # seconds: how late the file is about when a session was used last
_SECRET = 32  # bytes
_SHOWN = 16  # digits of the digest by which a session is named


def secret() -> str:
    """A new one, that cannot be guessed."""
    return os.urandom(_SECRET).hex()


def digest_of(text: str) -> str:
    """What is kept of a secret."""
    return digest(text.encode("utf-8", "replace")).hex()


class Sessions:
    """All of them. `clock` counts from the start of the device."""

    def __init__(self, path: str, clock: Callable[[], float] = uptime) -> None:
        self._path, self._clock, self._lock = path, clock, RLock()
        self._rows: dict[str, Row] = {row["digest"]: row for row in self._read()}

    def open(self, name: str, source: str, agent: str) -> str:
        """Somebody has logged in; the secret."""
        token, now = secret(), self._clock()
        with self._lock:
            self._drop_old()
            mine = [row for row in self._rows.values() if row["name"] == name]
            for rows, most in ((mine, _EACH), (list(self._rows.values()), _ALL)):
                if len(rows) >= most:
                    self._rows.pop(min(rows, key=lambda row: row["used"])["digest"], None)
            key = digest_of(token)
            self._rows[key] = {"digest": key, "name": name, "source": source, "agent": agent, "made": now, "used": now}
            self._write()
        return token

    def find(self, token: str) -> Row | None:
        """The session of a secret, which is used by that; None when there is none, or it has ended."""
        with self._lock:
            row = self._rows.get(digest_of(token))
            now = self._clock()
            if row is None or not self._lives(row, now):
                return None
            late = now - row["used"] >= _NOTE_EVERY
            row["used"] = now
            if late:
                self._write()
            return dict(row)

    def listed(self, name: str | None) -> list[Row]:
        """Those of a user, or all."""
        with self._lock:
            now = self._clock()
            return [dict(row) for row in self._rows.values() if self._lives(row, now) and name in (None, row["name"])]

    def end(self, name: str | None, shown: str) -> bool:
        """Ends the one with this id; False when it is not there, or is not of this user."""
        with self._lock:
            found = [key for key, row in self._rows.items() if key[:_SHOWN] == shown and name in (None, row["name"])]
            return self._end(found)

    def end_all(self, name: str, but: str = "") -> None:
        """Ends those of a user, but for one by its id."""
        with self._lock:
            self._end([key for key, row in self._rows.items() if row["name"] == name and key[:_SHOWN] != but])

    def _end(self, keys: list[str]) -> bool:
        for key in keys:
            del self._rows[key]
        if keys:
            self._write()
        return bool(keys)

    def _lives(self, row: Row, now: float) -> bool:
        return bool(now - row["used"] < IDLE and now - row["made"] < LONGEST)

    def _drop_old(self) -> None:
        now = self._clock()
        self._rows = {key: row for key, row in self._rows.items() if self._lives(row, now)}

    def _read(self) -> list[Row]:
        try:
            return store.read(self._path)
        except Refused:  # all have to log in again, no more
            return []

    def _write(self) -> None:
        store.write(self._path, list(self._rows.values()))


def shown(row: Row) -> str:
    """The id of a session in lists, by which nobody can become it."""
    return str(row["digest"])[:_SHOWN]
