"""Files for tests/http/test_files.py: Staticfile with its calls counted, and handlers that return files."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from fapws4.base import Environ, Start_response
from fapws4.views import Staticfile
from fapws4.zip import Gzip

FOLDER = Path(os.environ["FILES_FOLDER"])
CALLS: list[str] = []
ANSWER = Staticfile.__call__


def counted(self: Staticfile, environ: Environ, start_response: Start_response) -> object:
    """As Staticfile, and notes that Python was asked."""
    CALLS.append(environ["PATH_INFO"])
    return ANSWER(self, environ, start_response)


Staticfile.__call__ = counted  # type: ignore[method-assign]


def calls(environ: Environ, start_response: Start_response) -> str:
    """How often Python was asked since the last time."""
    count = len(CALLS)
    CALLS.clear()
    return str(count)


def sized(length: int) -> Callable[[Environ, Start_response], IO[bytes]]:
    """A file of 100,000 bytes that is announced to have another length."""

    def handler(environ: Environ, start_response: Start_response) -> IO[bytes]:
        start_response("200 OK", [("Content-Length", str(length))])
        return (FOLDER / "large").open("rb")

    return handler


def part(environ: Environ, start_response: Start_response) -> IO[bytes]:
    """A buffered file that was read from before."""
    file = (FOLDER / "large").open("rb")
    assert len(file.read(99_000)) == 99_000
    return file


def written(environ: Environ, start_response: Start_response) -> Any:
    """A file behind what was given to write()."""
    start_response("200 OK", [])(b"before ")
    return (FOLDER / "small").open("rb")


def unpacked(environ: Environ, start_response: Start_response) -> Any:
    """A file object whose read() gives something else than the file holds."""
    return gzip.open(FOLDER / "packed.gz")


PATHS = [
    ("/calls", calls),
    ("/static/", Staticfile(str(FOLDER))),
    ("/zipped/", Gzip()(Staticfile(str(FOLDER)))),
    ("/short", sized(100)),
    ("/none", sized(0)),
    ("/long", sized(200_000)),
    ("/part", part),
    ("/written", written),
    ("/unpacked", unpacked),
    ("/process", lambda e, s: open("/proc/self/cmdline", "rb")),  # noqa: SIM115, PTH123
    ("/descriptors", lambda e, s: str(len(os.listdir("/proc/self/fd")))),  # noqa: PTH208
]
