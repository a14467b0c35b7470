"""The access log: one line per request in the Combined Log Format of Apache httpd."""

from __future__ import annotations

import functools
import sys
import time

from fapws4.file_size import file_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TextIO

    from fapws4.base import Environ, Start_response

    Handler = Callable[..., Any]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# A quote or a line break inside a value would let a client forge lines (CWE-117).
_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 256))}
_ESCAPES |= {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}


class Log:
    """Decorator of handlers: `@log.Log()` writes a line to stdout for every request.

    `output` is a text file. `proxies` is the number of proxies in front of the server that can be
    trusted: the client is then the address that the outermost of them saw, from X-Forwarded-For;
    with 0 that header, which anyone can send, counts for nothing. A generator's line is written
    when it ends. Put it outside of the other decorators: it logs what they make of the response.
    """

    def __init__(self, output: TextIO | None = None, *, proxies: int = 0) -> None:
        self.output = output
        self.proxies = proxies

    def __call__(self, handler: Handler) -> Handler:
        """Wraps a function or a method; its last arguments are environ and start_response."""

        @functools.wraps(handler)
        def logged(*arguments: Any) -> Any:
            environ, start_response = arguments[-2:]
            try:
                result = handler(*arguments)
            except BaseException:
                self.write(environ, "500", None)
                raise
            if _is_stream(result):
                return _Counted(self, environ, start_response, result)
            self.write(environ, start_response.status_code, _size(start_response, result))
            return result

        return logged

    def write(self, environ: Environ, status: str, size: int | None) -> None:
        """Writes one line; `size` is that of the body in bytes, None when it is not known.

        A log that cannot be written must not take the site down: that is said in the server's log.
        """
        has_body = environ["REQUEST_METHOD"] != "HEAD" and status not in ("204", "304")
        request = f"{environ['REQUEST_METHOD']} {_target(environ)} {environ['SERVER_PROTOCOL']}"
        line = " ".join(
            [
                _word(self._client(environ)),
                "-",
                _word(environ.get("REMOTE_USER")),
                f"[{_timestamp(time.gmtime())}]",
                _quoted(request),
                status,
                str(size) if size and has_body else "-",
                _quoted(environ.get("HTTP_REFERER")),
                _quoted(environ.get("HTTP_USER_AGENT")),
            ]
        )
        output = self.output or sys.stdout
        try:
            output.write(line + "\n")
            output.flush()
        except OSError as error:
            environ["wsgi.errors"].write(f"fapws4: the access log cannot be written: {error}\n")

    def _client(self, environ: Environ) -> str | None:
        """The address of the client; of X-Forwarded-For only what trusted proxies have added."""
        hops = environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if self.proxies else []
        chain = [hop.strip() for hop in hops if hop.strip()]
        if not chain:
            return environ.get("REMOTE_ADDR")
        return str(chain[-min(self.proxies, len(chain))])


class _Counted:
    """An iterable result whose pieces are counted on their way; its end writes the line."""

    def __init__(self, log: Log, environ: Environ, start_response: Start_response, source: Any) -> None:
        self._log, self._environ, self._start_response = log, environ, start_response
        self._source, self._pieces = source, iter(source)
        self._size, self._written = 0, False

    def __iter__(self) -> Iterator[str | bytes]:
        return self

    def __next__(self) -> str | bytes:
        try:
            piece: str | bytes = next(self._pieces)
        except StopIteration:
            self._write(self._start_response.status_code)
            raise
        except BaseException:
            # After the first piece the status is sent already; the connection is cut.
            self._write(self._start_response.status_code if self._size else "500")
            raise
        self._size += _length(piece)
        return piece

    def close(self) -> None:
        """Ends the source; when the client went early, the line says how much it got."""
        close = getattr(self._source, "close", None)
        try:
            if close is not None:
                close()
        finally:
            self._write(self._start_response.status_code)

    def _write(self, status: str) -> None:
        if not self._written:
            self._written = True
            self._log.write(self._environ, status, self._size)


def _is_stream(result: object) -> bool:
    """Whether the pieces of a result are made while it is sent."""
    if isinstance(result, (str, bytes, list, tuple, dict)):
        return False
    return not hasattr(result, "read") and hasattr(result, "__iter__")


def _length(piece: object) -> int:
    if isinstance(piece, str):
        return len(piece) if piece.isascii() else len(piece.encode("utf-8", "replace"))
    return len(piece) if isinstance(piece, bytes) else 0


def _size(start_response: Start_response, result: object) -> int | None:
    """The size of a body in bytes, None when only its end will tell."""
    if isinstance(result, (str, bytes)):
        return _length(result)
    if isinstance(result, (list, tuple)):
        return sum(_length(piece) for piece in result)
    announced = start_response.response_headers.get("Content-Length")
    if announced is not None:
        return int(announced) if announced.isdecimal() else None
    return file_size(result)


def _target(environ: Environ) -> str:
    target = environ.get("fapws.uri")
    if target is not None:
        return str(target)
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    query = environ.get("QUERY_STRING")
    return f"{path}?{query}" if query else str(path)


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES).encode("ascii", "backslashreplace").decode("ascii")


def _quoted(text: str | None) -> str:
    return f'"{_escaped(text)}"' if text else '"-"'


def _word(text: str | None) -> str:
    """A value that stands without quotes: a space would shift what follows."""
    return _escaped(text).replace(" ", "\\x20") if text else "-"


def _timestamp(moment: time.struct_time) -> str:
    date = f"{moment.tm_mday:02d}/{_MONTHS[moment.tm_mon - 1]}/{moment.tm_year:04d}"
    return f"{date}:{moment.tm_hour:02d}:{moment.tm_min:02d}:{moment.tm_sec:02d} +0000"
