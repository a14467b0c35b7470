"""The folder of the app's settings, read and put back by root while the app may be at work in it: links are never followed,
whoever makes them and whenever, so that nothing outside is ever read or written. Refused is what the disk or the app does not
let be done."""

from __future__ import annotations

import errno
import os
import stat
from binascii import Error, a2b_base64, b2a_base64

from fapws4.device.errors import Refused
from fapws4.manager import store
from fapws4.manager.backup import MOST_FILES, MOST_SETTINGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Row = dict[str, Any]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = ".restored"  # behind the name of a file that is being written
_VERSION = "data_version"  # the file of fapws4/migrations.py, and what the app has declared
_DEEPEST = 32  # folders in folders: each is an open descriptor


def folder() -> str:
    """The folder that the app has declared, below its data; empty when it has none."""
    return _declared("settings")


def files() -> list[Row]:
    """All regular files, by their paths in the folder. Refused when they are more than an update could keep."""
    try:
        return _files()
    except OSError as error:
        raise Refused("refused", f"the app's settings cannot be read ({error.strerror})") from error


def _files() -> list[Row]:
    found: list[Row] = []
    with _Place(_base()) as base:
        start = _descend(base, folder().split("/"), make=False) if folder() else None
        if start is None:
            return []
        size = 0
        with _Place(start) as top:
            for path, mode, data in _walk(top, ""):
                size += len(data)
                found.append({"path": path, "mode": mode, "data": b2a_base64(data, newline=False).decode()})
                if size > MOST_SETTINGS or len(found) > MOST_FILES:
                    raise Refused("conflict", "the app's settings are too large for a backup")
    return sorted(found, key=lambda row: str(row["path"]))


def put_back(rows: list[Row]) -> None:
    """Exactly these files: each as a whole in the place of the old one, and of whatever else is in its way; those that are
    not among them go. The data version comes last: until then a start of the app has nothing to migrate, then all of it."""
    try:
        _put_back(rows)
    except OSError as error:
        raise Refused("refused", f"the app's settings cannot be written ({error.strerror})") from error


def _put_back(rows: list[Row]) -> None:
    wanted = {row["path"] for row in rows}
    with _Place(_base()) as base, _Place(_made(base, folder().split("/"))) as top:
        owner = os.fstat(base)
        _write(top, [row for row in rows if row["path"] != _VERSION], owner)
        _remove_others(top, {*wanted, _VERSION})
        _write(top, [row for row in rows if row["path"] == _VERSION], owner)
        _remove_others(top, wanted)


def _write(top: int, rows: list[Row], owner: os.stat_result) -> None:
    for row in rows:
        *steps, name = _steps(row["path"])
        with _Place(_made(top, steps) if steps else os.dup(top)) as place:
            _replace(place, name, _bytes(row["data"]), row["mode"], owner)


def _remove_others(top: int, wanted: set[str]) -> None:
    for path in [path for path, _, _ in _walk(top, "", names_only=True) if path not in wanted]:
        *steps, name = _steps(path)
        with _Place(_made(top, steps) if steps else os.dup(top)) as place:
            os.unlink(name, dir_fd=place)


def check(rows: list[Row]) -> None:
    """Refused when a path leaves the folder, data are none, or they are of a version that this one cannot read."""
    if rows and not folder():
        raise Refused("conflict", "this app has declared no folder for its settings")
    for row in rows:
        _steps(row["path"])
        _bytes(row["data"])
        if row["path"] == _VERSION:
            _check_version(_bytes(row["data"]).strip())


def _check_version(number: bytes) -> None:
    known = int(_declared("data_version") or 0)
    if 0 < known and len(number) < 10 and number.isdigit() and known < int(number):
        raise Refused("conflict", f"the app's settings in this backup are of data version {int(number)}, and this version of "
                                  f"the app knows {known}: update first")


def _declared(key: str) -> str:
    """Of the app's project; empty when there is nothing."""
    try:
        with open(f"{store.etc_folder()}/appliance.conf", encoding="utf-8") as file:
            pairs = dict(line.rstrip("\n").partition("=")[::2] for line in file)
    except OSError:
        return ""
    return pairs.get(key, "")


class _Place:
    """A folder that is open, for a `with` statement."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> int:
        return self._descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def _base() -> int:
    return os.open(f"{os.path.dirname(store.data_folder())}/app", _FOLDER)


def _steps(path: str) -> list[str]:
    steps = path.split("/")
    if any(step in ("", ".", "..") for step in steps) or "\0" in path or len(steps) > _DEEPEST:
        raise Refused("invalid", f"this backup is damaged: {path!r} is no path in a folder")
    return steps


def _bytes(data: str) -> bytes:
    try:
        found = a2b_base64(data)
    except Error as error:
        raise Refused("invalid", "this backup is damaged") from error
    if b2a_base64(found, newline=False).decode() != data:  # what is no base64 was passed over
        raise Refused("invalid", "this backup is damaged")
    return found


def _made(start: int, steps: list[str]) -> int:
    found = _descend(start, steps, make=True)
    if found is None:
        raise Refused("conflict", "the app has put something in the place of a folder of its settings; try again")
    return found


def _descend(start: int, steps: list[str], make: bool) -> int | None:
    """A descriptor of the folder that these steps lead to, made on the way for the owner of `start`; None without one."""
    owner = os.fstat(start)
    place = os.dup(start)
    for step in steps:
        with _Place(place):
            if make and _make_folder(place, step):
                os.chown(step, owner.st_uid, owner.st_gid, dir_fd=place, follow_symlinks=False)
            try:
                following = os.open(step, _FOLDER, dir_fd=place)
            except OSError:
                return None
        place = following
    return place


def _make_folder(place: int, name: str) -> bool:
    """False when it is there already. A file or link of that name goes."""
    if _is_there(place, name):
        if stat.S_ISDIR(os.stat(name, dir_fd=place, follow_symlinks=False).st_mode):
            return False
        os.unlink(name, dir_fd=place)
    os.mkdir(name, 0o700, dir_fd=place)
    return True


def _take_away(place: int, name: str) -> None:
    """Whatever has this name, a folder with all that is in it."""
    try:
        os.unlink(name, dir_fd=place)
    except IsADirectoryError:
        with _Place(os.open(name, _FOLDER, dir_fd=place)) as folder:
            for inner in os.listdir(folder):
                _take_away(folder, inner)
        os.rmdir(name, dir_fd=place)


def _walk(place: int, before: str, names_only: bool = False) -> Iterator[tuple[str, int, bytes]]:
    """Path, rights and content of each regular file below an open folder."""
    if before.count("/") >= _DEEPEST:
        raise Refused("conflict", f"the app's settings are in folders that are more than {_DEEPEST} deep")
    for name in sorted(os.listdir(place)):
        found = _looked_at(place, name)
        if found is None:
            continue
        with _Place(found) as descriptor:
            kind = os.fstat(descriptor)
            if stat.S_ISDIR(kind.st_mode):
                yield from _walk(descriptor, f"{before}{name}/", names_only)
            elif stat.S_ISREG(kind.st_mode):
                data = b"" if names_only else _content(descriptor)
                yield f"{before}{name}", stat.S_IMODE(kind.st_mode) & 0o777, data


def _looked_at(place: int, name: str) -> int | None:
    try:
        return os.open(name, _READ, dir_fd=place)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.ENOENT):  # a link, a socket, or gone
            return None
        raise


def _content(descriptor: int) -> bytes:
    with open(descriptor, "rb", closefd=False) as file:
        return file.read(MOST_SETTINGS + 1)


def _replace(place: int, name: str, data: bytes, mode: int, owner: os.stat_result) -> None:
    fresh = name + _NEW
    if _is_there(place, fresh):
        _take_away(place, fresh)
    with _Place(os.open(fresh, _FRESH, 0o600, dir_fd=place)) as descriptor:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(data)
        os.fchmod(descriptor, mode)
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
        os.fsync(descriptor)
    try:
        os.rename(fresh, name, src_dir_fd=place, dst_dir_fd=place)
    except IsADirectoryError:
        _take_away(place, name)
        os.rename(fresh, name, src_dir_fd=place, dst_dir_fd=place)
    os.fsync(place)


def _is_there(place: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=place, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
