"""Handlers under the Gzip decorator; /closed tells how many sources were closed."""

import io
import tempfile

from fapws4 import zip
from fapws4.headers import redirect
from fapws4.views import Staticfile

TEXT = "caf\u00e9 " * 1000
closed = []


class File(io.BytesIO):
    """A file that says when it is closed."""

    def close(self):
        closed.append("file")
        super().close()


class Rows:
    """An iterable with close()."""

    def __iter__(self):
        return iter([TEXT, TEXT.encode()])

    def close(self):
        closed.append("rows")


def generator():
    try:
        yield "a"
        yield TEXT
    finally:
        closed.append("generator")


def tiny_file():
    file = tempfile.TemporaryFile()
    file.write(b"x" * 499)
    file.seek(0)
    return file


def late(start_response):
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    yield TEXT


def pick(environ, start_response):
    kind = environ["PATH_INFO"].strip("/")
    if kind == "status":
        start_response(environ["QUERY_STRING"], [])
        return TEXT
    if kind == "headers":
        name, _, value = environ["QUERY_STRING"].partition("=")
        start_response("200 OK", [(name, value)])
        return TEXT.encode()
    if kind == "redirect":
        return redirect(start_response, "/")
    if kind == "failing":
        return (1 / 0 for _ in range(1))
    return {
        "str": lambda: TEXT,
        "bytes": lambda: TEXT.encode(),
        "list": lambda: [TEXT, TEXT.encode()],
        "tuple": lambda: (TEXT,),
        "file": lambda: File(TEXT.encode() * 50),
        "text": lambda: io.StringIO(TEXT),
        "generator": generator,
        "rows": Rows,
        "late": lambda: late(start_response),
        "empty": lambda: iter(()),
        "none": lambda: None,
        "small": lambda: "x" * 499,
        "tiny": tiny_file,
        "number": lambda: 5,
        "mixed": lambda: [b"x" * 1000, 5],
    }[kind]()


def count(environ, start_response):
    return ",".join(closed)


PATHS = [
    ("/closed", count),
    ("/files/", zip.Gzip()(Staticfile(__file__.rpartition("/")[0]))),
    ("/", zip.Gzip()(pick)),
]
