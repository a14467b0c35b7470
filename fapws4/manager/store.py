"""The manager's files: JSON, for root's eyes only, changed in one step: a power cut leaves the old one or the new one."""

from __future__ import annotations

import json
import os

from fapws4.device.errors import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SCHEMA = 1

_MOST = 4 << 20  # bytes


def data_folder() -> str:
    """What outlives a power-off; FAPWS_DATA is for tests."""
    return os.environ.get("FAPWS_DATA", "/data/.fapws4")


def run_folder() -> str:
    """What a reboot ends, and the sockets of PID 1, updater and manager; FAPWS_RUN is for tests."""
    return os.environ.get("FAPWS_RUN", "/run/fapws4")


def etc_folder() -> str:
    """What the image says of itself; FAPWS_ETC is for tests."""
    return os.environ.get("FAPWS_ETC", "/etc")


def read(path: str) -> list[dict[str, Any]]:
    """The rows of a file; none when it is not there. Refused when it cannot be read: what is damaged is not taken for new."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Refused("damaged", f"{path} cannot be read ({error.strerror})") from error
    with os.fdopen(descriptor, "rb") as file:
        text = file.read(_MOST)
    try:
        table = json.loads(text)
        rows = table["rows"]
        if table["schema"] != SCHEMA or not all(isinstance(row, dict) for row in rows):
            raise ValueError(table["schema"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused("damaged", f"{path} is damaged; a factory reset makes the device as new") from error
    found: list[dict[str, Any]] = rows
    return found


def write(path: str, rows: list[dict[str, Any]]) -> None:
    """Puts rows in the place of those that were there; when this returns they are on the disk."""
    write_bytes(path, json.dumps({"schema": SCHEMA, "rows": rows}, indent=1).encode() + b"\n")


def write_bytes(path: str, data: bytes, mode: int = 0o600) -> None:
    """The same for any file. Refused when it cannot be written, and then the old one stands."""
    fresh = f"{path}.new"
    try:
        remove(fresh)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(fresh, path)
        _sync(os.path.dirname(path))
    except OSError as error:
        raise Refused("refused", f"{path} cannot be written ({error.strerror})") from error


def remove(path: str) -> None:
    """Takes a file away; that it is not there is no failure."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return


def _sync(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
