"""Compressed responses: the content coding gzip (RFC 9110 section 8.4, RFC 1952)."""

from __future__ import annotations

import functools
import zlib

from fapws4.content_types import is_compressible
from fapws4.file_size import file_size
from fapws4.negotiation import choose_coding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from fapws4.base import Environ, Start_response

    Handler = Callable[..., Any]

_BLOCK = 65536  # bytes of a file that are compressed at once
_GZIP_WINDOW = 31  # of zlib.compressobj: the largest window, with header and checksum of gzip
_TEXT = "text/html; charset=utf-8"  # what the server says of str; bytes would get no type


class Gzip:
    """Decorator of handlers: `@zip.Gzip()` compresses for the clients that accept gzip.

    Every kind of result is taken: what is whole is compressed as a whole, files in blocks, and of
    an iterable each piece on its own, so that it arrives when it is made. Left alone are bodies
    below `minimum` bytes, what has a Content-Encoding already, types that are compressed in
    themselves (pictures, sound, archives), HEAD, and 1xx, 204, 206 and 304. A strong ETag becomes a
    weak one. Handlers that use `write()` cannot be decorated: their bytes pass it by.
    """

    def __init__(self, *, level: int = 6, minimum: int = 500) -> None:
        self.level = level
        self.minimum = minimum

    def __call__(self, handler: Handler) -> Handler:
        """Wraps a function or a method; its last arguments are environ and start_response."""

        @functools.wraps(handler)
        def compressed(*arguments: Any) -> Any:
            environ, start_response = arguments[-2:]
            result = handler(*arguments)
            if isinstance(result, (str, bytes, list, tuple)):
                return self._whole(environ, start_response, result)
            if hasattr(result, "read"):
                return self._file(environ, start_response, result)
            if hasattr(result, "__iter__") and not isinstance(result, dict):
                return _Compressed(self, environ, start_response, result)
            return result

        return compressed

    def begin(self, environ: Environ, start_response: Start_response, *, is_text: bool) -> Any:
        """Decides by request, status and headers; a new compressor, or None: leave it alone.

        Says in the headers what the body will be, and that it depends on the request (Vary).
        """
        headers = start_response.response_headers
        kind = headers.get("Content-Type") or (_TEXT if is_text else "")
        if headers.get("Content-Encoding") is not None or not is_compressible(kind):
            return None
        _vary(start_response)
        status = start_response.status_code
        if environ["REQUEST_METHOD"] == "HEAD" or status in ("204", "206", "304") or status < "200":
            return None
        if choose_coding(environ.get("HTTP_ACCEPT_ENCODING"), ("gzip",)) is None:
            return None
        if is_text:
            headers.setdefault("Content-Type", _TEXT)
        etag = headers.get("ETag")
        if etag is not None and not etag.startswith("W/"):
            headers["ETag"] = f"W/{etag}"
        for name in ("Content-Length", "Accept-Ranges"):
            if headers.get(name) is not None:
                del headers[name]
        headers["Content-Encoding"] = "gzip"
        return zlib.compressobj(self.level, zlib.DEFLATED, _GZIP_WINDOW)

    def _whole(self, environ: Environ, start_response: Start_response, result: Any) -> Any:
        pieces = list(result) if isinstance(result, (list, tuple)) else [result]
        if not all(isinstance(piece, (str, bytes)) for piece in pieces):
            return result
        is_text = any(isinstance(piece, str) for piece in pieces)
        data = b"".join(map(_encoded, pieces))
        if len(data) < self.minimum:
            return result
        compressor = self.begin(environ, start_response, is_text=is_text)
        return result if compressor is None else compressor.compress(data) + compressor.flush()

    def _file(self, environ: Environ, start_response: Start_response, file: Any) -> Any:
        size = file_size(file)
        if size is not None and size < self.minimum:
            return file
        is_text = hasattr(file, "encoding")
        compressor = self.begin(environ, start_response, is_text=is_text)
        return file if compressor is None else _CompressedFile(compressor, file)


class _CompressedFile:
    """A file, compressed block by block."""

    def __init__(self, compressor: Any, file: Any) -> None:
        self._compressor, self._file = compressor, file

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        data = b""
        while not data:
            if self._compressor is None:
                raise StopIteration
            block = self._file.read(_BLOCK)
            data = self._compressor.compress(_encoded(block)) if block else self._compressor.flush()
            if not block:
                self._compressor = None
        return data

    def close(self) -> None:
        """Closes the file."""
        close = getattr(self._file, "close", None)
        if close is not None:
            close()


class _Compressed:
    """An iterable, each piece compressed and flushed.

    The first piece decides: a generator sets status and headers while it makes it.
    """

    def __init__(self, gzip: Gzip, environ: Environ, start_response: Start_response, source: Any) -> None:
        self._gzip, self._environ, self._start_response = gzip, environ, start_response
        self._source, self._pieces = source, iter(source)
        self._begun, self._compressor = False, None

    def __iter__(self) -> Iterator[str | bytes]:
        return self

    def __next__(self) -> str | bytes:
        try:
            piece: str | bytes = next(self._pieces)
        except StopIteration:
            if self._compressor is None:
                raise
            compressor, self._compressor = self._compressor, None
            return bytes(compressor.flush())
        if not self._begun:
            self._begun = True
            is_text = isinstance(piece, str)
            self._compressor = self._gzip.begin(self._environ, self._start_response, is_text=is_text)
        if self._compressor is None:
            return piece
        data = self._compressor.compress(_encoded(piece))
        return bytes(data + self._compressor.flush(zlib.Z_SYNC_FLUSH))

    def close(self) -> None:
        """Ends the source."""
        close = getattr(self._source, "close", None)
        if close is not None:
            close()


def _encoded(piece: str | bytes) -> bytes:
    return piece.encode() if isinstance(piece, str) else piece


def _vary(start_response: Start_response) -> None:
    """Adds Accept-Encoding to Vary (RFC 9110 section 12.5.5)."""
    headers = start_response.response_headers
    present = headers.get("Vary") or ""
    names = [name.strip().lower() for name in present.split(",")]
    if "*" not in names and "accept-encoding" not in names:
        headers["Vary"] = f"{present}, Accept-Encoding" if present else "Accept-Encoding"
