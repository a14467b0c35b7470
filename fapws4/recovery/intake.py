"""Bundles that are uploaded: from a request to a session with the updater, without keeping them.

The whole of what is sent is looked at before the last bytes go on, so that nothing is installed of a file that has more in
it than it says.
"""

from __future__ import annotations

from fapws4.recovery.control import Unreachable
from fapws4.recovery.session import CutShort, Refused, Session, exactly, part_sizes, read_head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from fapws4.recovery.session import Read

_BLOCK = 65536
_LONGEST_FIELD = 256  # bytes


def code_of(text: str) -> str:
    """A claim code as a person has typed it, as one word; empty when it cannot be one."""
    code = "".join(text.split())
    return code if code.isascii() and code.isprintable() and len(code) <= 64 else ""


def wants(environ: dict[str, Any]) -> tuple[int, str]:
    """`want NAME...`: what a device would have to be sent of the bundle whose head is the body."""

    def ask() -> str:
        with Session("parts", _bearer(environ)) as session:
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
    return _told(lambda: take(read, mode, _bearer(environ), named[0].split(",") if named else None), read)


def from_form(environ: dict[str, Any]) -> tuple[int, str]:
    """The form of the page: the code, perhaps the wish to only verify, and behind them the file."""
    from fapws4.multipart import FormError, read_parts

    fields: dict[str, str] = {}

    def receive() -> str:
        for part in read_parts(environ):
            if part.filename is not None:
                code = code_of(fields.get("code", ""))
                if not code:
                    raise Refused("no claim code was given")
                return take(reader_of(part.data), "verify" if "verify" in fields else "parts", code, None)
            fields[part.name] = _field(part.data)
        raise Refused("no file was chosen")

    try:
        return _told(receive, environ["wsgi.input"].read)
    except FormError as error:
        return error.code, f"refused {error}\n"


def take(read: Read, mode: str, code: str, sent: list[str] | None) -> str:
    """The outcome of an update whose head and parts come from `read`."""
    head = read_head(read)
    if not code:
        raise Refused("no claim code was given")
    with Session(mode, code) as session:
        wanted = session.wants(head)
        sizes = part_sizes(head)
        names = list(sizes) if sent is None else sent
        if not set(wanted) <= set(names) <= set(sizes):
            raise Refused("these are not the parts that this device lacks; ask it again which it wants")
        for name in names:
            if name in wanted:
                session.give(read, sizes[name])
            else:
                _skip(read, sizes[name])
        if read(1):
            raise Refused("there is more in this file than its manifest says")
        session.give_rest()
        return session.outcome()


def reader_of(pieces: Iterator[bytes]) -> Read:
    """Bytes that come in pieces of their own sizes, to be read in others."""
    kept = b""

    def read(count: int) -> bytes:
        nonlocal kept
        while not kept and (piece := next(pieces, None)) is not None:
            kept = piece
        taken, kept = kept[:count], kept[count:]
        return taken

    return read


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


def _skip(read: Read, count: int) -> None:
    while count:
        count -= len(exactly(read, min(_BLOCK, count)))


def _bearer(environ: dict[str, Any]) -> str:
    scheme, _, code = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    return code_of(code) if scheme.lower() == "bearer" else ""


def _field(data: Iterator[bytes]) -> str:
    text = b"".join(data)
    return text.decode("utf-8", "replace") if len(text) <= _LONGEST_FIELD else ""
