"""How client and manager talk over their unix socket: one line of JSON each way, and at most one descriptor with it.

    {"fapws4": 1, "call": "clock.set", "session": "...", "source": "192.168.7.5", "arguments": {"seconds": 1795000000}}
    {"result": null}    or    {"error": "forbidden", "text": "the role does not allow this"}

`_socket` is all of a socket that is needed here; `socket` would bring the tables of Unicode names of hosts, 0.8 MB.
"""

from __future__ import annotations

import json
import os
from _socket import CMSG_SPACE, MSG_CMSG_CLOEXEC, MSG_NOSIGNAL, SCM_RIGHTS, SOL_SOCKET
from sys import byteorder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from typing import Any

VERSION = 1
MOST_REQUEST = 65536  # bytes of a line, its end included
MOST_ANSWER = 4 << 20

_DESCRIPTOR = 4  # bytes
_TAKEN = 4  # descriptors that are taken, so that those that are too many can be closed


class Malformed(Exception):
    """What came is no line of this kind; the text says what is wrong."""


class Incoming:
    """The lines that come from one side of a connection."""

    def __init__(self, door: socket, most: int) -> None:
        self._door, self._most = door, most
        self._kept = bytearray()

    def line(self) -> tuple[bytes, int | None] | None:
        """The next line, without its end, and the descriptor that came with it, which is the caller's to close.

        None at the end of the connection. OSError when it is cut or nothing comes in time, Malformed when a line is too long.
        """
        descriptors: list[int] = []
        try:
            while (end := self._kept.find(b"\n")) < 0:
                if len(self._kept) >= self._most:
                    raise Malformed(f"a line has at most {self._most} bytes")
                block, rights, _, _ = self._door.recvmsg(
                    min(65536, self._most - len(self._kept)), CMSG_SPACE(_TAKEN * _DESCRIPTOR), MSG_CMSG_CLOEXEC)
                descriptors += _descriptors(rights)
                if not block:
                    return None
                self._kept += block
            line = bytes(self._kept[:end])
            del self._kept[: end + 1]
            return line, descriptors.pop() if len(descriptors) == 1 else None
        finally:
            for descriptor in descriptors:
                os.close(descriptor)


def written(message: dict[str, Any]) -> bytes:
    """The line of a message."""
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def send(door: socket, line: bytes, descriptor: int | None = None) -> None:
    """A line, with a descriptor, which stays the caller's."""
    rights = [] if descriptor is None else [(SOL_SOCKET, SCM_RIGHTS, descriptor.to_bytes(_DESCRIPTOR, byteorder))]
    sent = door.sendmsg([line], rights, MSG_NOSIGNAL)
    door.sendall(line[sent:], MSG_NOSIGNAL)


def parse(line: bytes) -> dict[str, Any]:
    """The object of a line. A key that comes twice, a number that is none (NaN) and too deep a nesting are Malformed."""
    try:
        value = json.loads(line.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed("this is no JSON") from error
    if not isinstance(value, dict):
        raise Malformed("a line is one JSON object")
    return value


def _descriptors(rights: list[tuple[int, int, bytes]]) -> list[int]:
    return [int.from_bytes(data[at : at + _DESCRIPTOR], byteorder)
            for level, kind, data in rights if (level, kind) == (SOL_SOCKET, SCM_RIGHTS)
            for at in range(0, len(data) - _DESCRIPTOR + 1, _DESCRIPTOR)]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
