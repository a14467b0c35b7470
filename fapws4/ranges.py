"""Parts of files (RFC 9110 section 14)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Source(Protocol):
        """A file that is open for reading bytes."""

        def read(self, size: int, /) -> bytes | None: ...
        def seek(self, offset: int, /) -> int: ...
        def fileno(self) -> int: ...
        def close(self) -> None: ...


_DIGITS = 18  # of a position; longer ones are beyond any file


def parse_range(field: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a single range of bytes, None when the field is to be ignored.

    Ignored are other units, several ranges and what is malformed: the whole file is a legal answer
    to all of them. The first is `size` when nothing of the file is in the range: 416.
    """
    unit, _, text = field.partition("=")
    first, dash, last = text.strip().partition("-")
    digits = first + last
    if unit.strip().lower() != "bytes" or not dash or not (digits.isascii() and digits.isdecimal()):
        return None
    if not first:
        count = min(_position(last), size)
        return (size - count, size - 1) if count else (size, size)
    start, end = _position(first), _position(last) if last else size - 1
    if last and end < start:
        return None
    return min(start, size), min(end, size - 1)


def _position(digits: str) -> int:
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= _DIGITS else 10**_DIGITS


class FilePart:
    """A range of an open file, as a file that the server reads and closes."""

    def __init__(self, file: Source, first: int, last: int) -> None:
        file.seek(first)
        self._file, self._left = file, last - first + 1
        #: where it lies, for the server: descriptor, first byte, number of bytes
        self.fapws4_part = (file.fileno(), first, self._left)

    def read(self, size: int) -> bytes:
        """At most `size` bytes of what is left of the range."""
        data = self._file.read(min(size, self._left)) or b""
        self._left -= len(data)
        return data

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
