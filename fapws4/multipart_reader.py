"""The syntax of multipart bodies (RFC 2046 section 5.1), read as they come."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BOUNDARY = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? ")


class FormError(ValueError):
    """A form that is refused: `code` is the status to answer with, the text says why."""

    def __init__(self, message: str, code: int = 400) -> None:
        super().__init__(message)
        self.code = code


class PartReader:
    """Splits a body into parts, with memory for one block and one part's header only.

    `read()` gives the next bytes of the body, b"" at its end. Call `next_part` and then use up
    `data`, in turns. FormError when the body is malformed or ends early.
    """

    def __init__(self, read: Callable[[], bytes], boundary: str, max_header_size: int) -> None:
        if not 1 <= len(boundary) <= 70 or not _BOUNDARY.issuperset(boundary) or boundary[-1] == " ":
            raise FormError("the boundary is malformed")
        self._read, self._max_header_size = read, max_header_size
        self._delimiter = b"\r\n--" + boundary.encode("ascii")
        self._buffer = bytearray(b"\r\n")  # the first delimiter may have no line before it
        for _ in self.data():
            pass  # the preamble says nothing

    def data(self) -> Iterator[bytes]:
        """The content of the present part, in pieces."""
        kept = len(self._delimiter) - 1  # what may be the start of a delimiter
        while (end := self._buffer.find(self._delimiter)) < 0:
            if len(self._buffer) > kept:
                yield bytes(self._buffer[:-kept])
                del self._buffer[:-kept]
            self._more()
        if end:
            yield bytes(self._buffer[:end])
        del self._buffer[: end + len(self._delimiter)]

    def next_part(self) -> dict[str, str] | None:
        """The header of the next part, names in lower case; None behind the last one."""
        while len(self._buffer) < 2:
            self._more()
        if self._buffer.startswith(b"--"):
            return None
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > self._max_header_size:
                break
            self._more()
        if not 0 <= end <= self._max_header_size:
            raise FormError("the header of a part is too long", 413)
        padding, _, header = bytes(self._buffer[:end]).partition(b"\r\n")
        del self._buffer[: end + 4]
        if padding.strip(b" \t"):
            raise FormError("there is text behind a boundary")
        return _parse_header(header.decode("utf-8", "replace"))

    def _more(self) -> None:
        block = self._read()
        if not block:
            raise FormError("the form ends too early")
        self._buffer += block


def _parse_header(text: str) -> dict[str, str]:
    """Fields by name; folded lines are one (RFC 5322 section 2.2.3)."""
    fields: dict[str, str] = {}
    unfolded = text.replace("\r\n ", " ").replace("\r\n\t", " ")
    for line in unfolded.split("\r\n") if unfolded else []:
        name, colon, value = line.partition(":")
        key = name.lower()
        if not colon or not key or key != key.strip() or key in fields:
            raise FormError("the header of a part is malformed")
        fields[key] = value.strip(" \t")
    return fields
