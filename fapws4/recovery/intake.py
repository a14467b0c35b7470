"""Bundles that are uploaded: from a request to a session with the updater (fapws4.web.update), without keeping them."""

from __future__ import annotations

from _socket import AF_UNIX, SOCK_STREAM, socket

from fapws4.recovery.control import Unreachable, run_folder
from fapws4.web.update import CutShort, Refused, Session, install, read_head, reader_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from fapws4.web.update import Read

_BLOCK = 65536
_FIELDS = ("code", "verify")
_LONGEST_FIELD = 256  # bytes


def code_of(text: str) -> str:
    """A claim code as a person has typed it, as one word; empty when it cannot be one."""
    code = "".join(text.split())
    return code if code.isascii() and code.isprintable() and len(code) <= 64 else ""


def wants(environ: dict[str, Any]) -> tuple[int, str]:
    """`want NAME...`: what a device would have to be sent of the bundle whose head is the body."""

    def ask() -> str:
        with _session("parts", _bearer(environ)) as session:
            return " ".join(["want", *session.wants(read_head(environ["wsgi.input"].read))])

    return _told(ask, environ["wsgi.input"].read)


def from_program(environ: dict[str, Any]) -> tuple[int, str]:
    """The body is the head of a bundle and the parts that `parts` in the query names, in order; without it, all of them."""
    query = environ["fapws.params"]
    named = query.get("parts")
    mode = query.get("mode", ["parts"])[0]
    read = environ["wsgi.input"].read
    if mode not in ("parts", "whole", "verify"):
        return 400, f"refused there is no mode {mode}\n"
    return _told(lambda: _install(read, mode, _bearer(environ), named[0].split(",") if named else None), read)


def from_form(environ: dict[str, Any]) -> tuple[int, str]:
    """The form of the page: the code, perhaps the wish to only verify, and behind them the file."""
    from fapws4.multipart import FormError, read_parts

    fields: dict[str, str] = {}

    def receive() -> str:
        for part in read_parts(environ):
            if part.filename is not None:
                code = code_of(fields.get("code", ""))
                return _install(reader_of(part.data), "verify" if "verify" in fields else "parts", code)
            if part.name in _FIELDS:
                fields[part.name] = _field(part.data)
        raise Refused("no file was chosen")

    try:
        return _told(receive, environ["wsgi.input"].read)
    except FormError as error:
        return error.code, f"refused {error}\n"


def _install(read: Read, mode: str, code: str, sent: list[str] | None = None) -> str:
    if not code:
        raise Refused("no claim code was given")
    return install(read, lambda: _session(mode, code), sent)


def _session(mode: str, code: str) -> Session:
    """A session with the updater; `mode` is parts, whole or verify."""
    door = socket(AF_UNIX, SOCK_STREAM)
    try:
        door.connect(f"{run_folder()}/update")
    except OSError as error:
        door.close()
        raise Unreachable(f"this device takes no update just now ({error.strerror}); restart it") from error
    return Session(door, f"fapws4-update 1 {mode} {code}\n".encode())


def _told(act: Any, read: Read) -> tuple[int, str]:
    """A status and a line. After a refusal the rest is read: a browser shows no answer as long as it is sending."""
    try:
        return 200, f"{act()}\n"
    except Refused as error:
        status, text = 422, str(error)
    except CutShort as error:
        status, text = 400, str(error)
    except Unreachable as error:
        status, text = 503, str(error)
    while read(_BLOCK):
        pass
    return status, f"refused {text}\n"


def _bearer(environ: dict[str, Any]) -> str:
    scheme, _, code = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    return code_of(code) if scheme.lower() == "bearer" else ""


def _field(data: Iterator[bytes]) -> str:
    """Its text; empty when it is too long, which is passed over."""
    text = b""
    for piece in data:
        text = (text + piece)[: _LONGEST_FIELD + 1]
    return text.decode("utf-8", "replace") if len(text) <= _LONGEST_FIELD else ""
