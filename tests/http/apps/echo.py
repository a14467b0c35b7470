"""The app of tests/http: it tells what it was given, and answers in every way a handler can."""

from __future__ import annotations

import atexit
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fapws4
from fapws4.base import Environ, Start_response
from fapws4.headers import redirect

MAX_BODY_SIZE = 300_000  # above the size that is kept in memory


def echo(environ: Environ, start_response: Start_response) -> str:
    """The environ as JSON, with the body as latin-1 text."""
    plain = {key: value for key, value in environ.items() if isinstance(value, (str, int, dict, list))}
    plain["body"] = environ["wsgi.input"].read().decode("latin-1")
    start_response("200 OK", [("Content-Type", "application/json")])
    return json.dumps(plain)


def measure(environ: Environ, start_response: Start_response) -> str:
    """What a large body is told by: its length, its ends, and the length that was announced."""
    body = environ["wsgi.input"].read()
    return f"{len(body)} {body[:2].decode()} {body[-2:].decode()} {environ.get('CONTENT_LENGTH')}"


def refuse(environ: Environ, start_response: Start_response) -> None:
    """Answers without reading the body."""
    start_response("401 Unauthorized", [])


class Tracked:
    """An iterable that says on stderr that it was closed."""

    def __init__(self, items: list[Any], fails: bool = False) -> None:
        self.items, self.fails = items, fails

    def __iter__(self) -> Iterator[Any]:
        yield from self.items
        if self.fails:
            raise RuntimeError("in the middle")

    def close(self) -> None:
        """Leaves a trace for the test."""
        sys.stderr.write("tracked: closed\n")
        sys.stderr.flush()


class Forms:
    """A handler that is an object."""

    def __call__(self, environ: Environ, start_response: Start_response) -> str:
        """The fields of query or form."""
        return json.dumps(environ["fapws.params"])


def late_status(environ: Environ, start_response: Start_response) -> Iterator[str]:
    """A generator that begins the response when it is first asked."""
    start_response("404 Nothing Here", [("Content-Type", "text/plain")])
    yield "not "
    yield "here"


def endless(environ: Environ, start_response: Start_response) -> Iterator[bytes]:
    """A body without an end; that it was closed shows on stderr."""
    try:
        while True:
            yield b"x" * 65536
    finally:
        sys.stderr.write("endless: closed\n")
        sys.stderr.flush()


def cookies(environ: Environ, start_response: Start_response) -> None:
    """Two cookies, and one that is deleted."""
    start_response.set_cookie("a", "1", max_age=0, httponly=True, samesite="Lax")
    start_response.set_cookie("b", "2", expires=784111777, secure=True)
    start_response.delete_cookie("c")


def changed_mind(environ: Environ, start_response: Start_response) -> str:
    """Uses every way to say a status and headers."""
    start_response("500 No", [("X-A", "1"), ("X-B", "1")])
    start_response("201 Made", {"x-a": "2"})
    start_response.add_header("X-C", 3)
    start_response.response_headers["x-b"] = "2"
    start_response.status_reasons = "Made It"
    return "done"


def written(environ: Environ, start_response: Start_response) -> list[bytes]:
    """Uses write()."""
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    write(b"first ")
    write(b"second ")
    return [b"third"]


def kept(environ: Environ, start_response: Start_response) -> str:
    """Keeps its arguments, which must not show up in another request."""
    KEPT.append((environ, start_response))
    start_response.add_header("X-Count", len(KEPT))
    environ["mark"] = "set"
    return str(sum("mark" in earlier for earlier, _ in KEPT[:-1]))


def raises(environ: Environ, start_response: Start_response) -> str:
    """Fails."""
    raise RuntimeError("on purpose")


def leaves(environ: Environ, start_response: Start_response) -> str:
    """Tries to end the server."""
    raise SystemExit(3)


def bad_header(environ: Environ, start_response: Start_response) -> str:
    """Tries to add a header by way of a value."""
    start_response("200 OK", [("X-A", "b\r\nX-Injected: 1")])
    return "x"


KEPT: list[tuple[Environ, Start_response]] = []
# A file on the disk, under plain Python and frozen alike; the test knows its text.
HERE = Path(tempfile.mkstemp(prefix="fapws4-echo-")[1])
HERE.write_text("A caf\u00e9 of many lines.\n" * 3000, encoding="utf-8")
atexit.register(HERE.unlink)

PATHS = [
    ("/echo", echo),
    ("/measure", measure),
    ("/upload", fapws4.streaming(lambda e, s: measure(e, s))),
    ("/small", fapws4.streaming(limit=10)(lambda e, s: measure(e, s))),
    ("/refuse", fapws4.streaming(refuse)),
    ("/form/", Forms()),
    ("/str", lambda e, s: "caf\u00e9"),
    ("/bytes", lambda e, s: b"bytes"),
    ("/list", lambda e, s: ["a", b"b", "\u00e9"]),
    ("/tuple", lambda e, s: (b"a", b"b")),
    ("/none", lambda e, s: None),
    ("/empty-list", lambda e, s: []),
    ("/int", lambda e, s: 5),
    ("/dict", lambda e, s: {"a": 1}),
    ("/bad-item", lambda e, s: ["a", 5]),
    ("/generator", lambda e, s: iter(["one ", b"", b"two"])),
    ("/no-pieces", lambda e, s: iter([])),
    ("/late-status", late_status),
    ("/closing", lambda e, s: Tracked([b"a", b"b"])),
    ("/fails-first", lambda e, s: Tracked([], fails=True)),
    ("/fails-later", lambda e, s: Tracked([b"a", b"b"], fails=True)),
    ("/file-like", lambda e, s: io.BytesIO(b"f" * 200_000)),
    ("/file-text", lambda e, s: HERE.open(encoding="utf-8")),
    ("/file", lambda e, s: HERE.open("rb")),
    ("/endless", endless),
    ("/large", lambda e, s: b"L" * 5_000_000),
    ("/cookies", cookies),
    ("/changed-mind", changed_mind),
    ("/written", written),
    ("/kept", kept),
    ("/redirect", lambda e, s: redirect(s, "/elsewhere")),
    ("/moved", lambda e, s: redirect(s, "/elsewhere", permanent=True)),
    ("/raises", raises),
    ("/leaves", leaves),
    ("/bad-header", bad_header),
    ("/bad-redirect", lambda e, s: redirect(s, "/\r\nX-Injected: 1")),
    ("/status/204", lambda e, s: s("204", []) and None),
    ("/pid", lambda e, s: str(os.getpid())),
    ("/caf\u00e9/", echo),
]
