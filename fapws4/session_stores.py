"""Where sessions are kept: id -> record (a dict of str), forgotten some time after they expired."""

# Importing pathlib takes ten times as long as this module: a frozen app starts in milliseconds.
# ruff: noqa: PTH103, PTH105, PTH108, PTH118

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Store(Protocol):
        """What SessionManager needs of a store."""

        def get(self, name: str, /) -> dict[str, Any] | None: ...
        def pop(self, name: str, /) -> object: ...
        def __setitem__(self, name: str, record: dict[str, Any], /) -> None: ...


class DictStore:
    """Sessions in the memory of this process: gone when it ends, not shared between workers.

    At most `limit` of them are kept; those that were not changed for the longest time go first, so
    that clients without cookies cannot fill the memory.
    """

    def __init__(self, limit: int = 10000) -> None:
        self._records: dict[str, dict[str, Any]] = {}
        self.limit = limit

    def __len__(self) -> int:
        return len(self._records)

    def get(self, name: str) -> dict[str, Any] | None:
        """A copy of the record, None when there is none."""
        record = self._records.get(name)
        return None if record is None else dict(record)

    def __setitem__(self, name: str, record: dict[str, Any]) -> None:
        self._records.pop(name, None)
        while len(self._records) >= self.limit:
            del self._records[next(iter(self._records))]
        self._records[name] = dict(record)

    def pop(self, name: str) -> object:
        """Forgets a record; one that is not there is no error."""
        return self._records.pop(name, None)


class FileStore:
    """Sessions in a folder, one file each: they outlive restarts and are shared by workers.

    A file is replaced as a whole: a reader sees the old record or the new one, also after a loss of
    power. Files that were not changed for `keep` seconds (30 days) are removed now and then; give
    more when max_age is more.
    """

    def __init__(self, folder: str, keep: int = 2592000) -> None:
        self.folder = folder
        self.keep = keep
        self._swept = 0.0
        os.makedirs(folder, mode=0o700, exist_ok=True)

    def _path(self, name: str) -> str:
        if not name.isalnum() or not name.isascii():
            raise ValueError(f"{name!r} is no session id")
        return os.path.join(self.folder, f"{name}.json")

    def get(self, name: str) -> dict[str, Any] | None:
        """The record, None when there is none or its file is damaged."""
        import json

        try:
            with open(self._path(name), encoding="utf-8") as file:  # noqa: PTH123
                record = json.load(file)
        except (FileNotFoundError, ValueError):
            return None
        return record if isinstance(record, dict) else None

    def __setitem__(self, name: str, record: dict[str, Any]) -> None:
        import json

        self._sweep()
        unfinished = f"{self._path(name)}.{os.urandom(4).hex()}.part"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123
                json.dump(record, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, self._path(name))
        except BaseException:
            os.unlink(unfinished)
            raise

    def pop(self, name: str) -> object:
        """Forgets a record; one that is not there is no error."""
        return name if _remove(self._path(name)) else None

    def _sweep(self) -> None:
        """Removes old files, at most once an hour."""
        now = time.time()
        if now - self._swept < 3600:
            return
        self._swept = now
        with os.scandir(self.folder) as entries:
            old = [
                entry.path
                for entry in entries
                if entry.name.endswith((".json", ".part")) and _age(entry, now) > self.keep
            ]
        for path in old:
            _remove(path)


def _remove(path: str) -> bool:
    """Removes a file; False when another process was faster."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


def _age(entry: os.DirEntry[str], now: float) -> float:
    try:
        return now - entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return 0.0
