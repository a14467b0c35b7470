"""DNS messages read with care: names, records, and everything that can be wrong with them."""

from __future__ import annotations

import struct
from typing import Any

import pytest

HEAD = struct.pack(">HHHHHH", 7, 0x8400, 1, 1, 0, 0)
LONG = b"\x3f" + b"x" * 63
HELLO = b"\5hello\5local\0"


def begun(pure: Any, message: bytes) -> tuple[Any, Any]:
    """A reader behind the header, and the header; a block that must live as long."""
    reader, header = pure.ffi.new("struct dns_reader *"), pure.ffi.new("struct dns_header *")
    block = pure.exact(message)
    begins = pure.lib.dns_begin(reader, pure.ffi.cast("uint8_t *", block), len(message), header)
    assert begins == (len(message) >= 12)
    return reader, block


def name_in(pure: Any, message: bytes, at: int) -> bytes | None:
    """The name of a question at ``at``, or None when it is damaged."""
    reader, block = begun(pure, message)
    reader.at = at
    question = pure.ffi.new("struct dns_record *")
    read = pure.lib.dns_next_question(reader, question)
    del block
    return pure.ffi.string(question.name) if read else None


FIELDS = b"\0\1\0\1"
NAMES = {
    "plain": (HEAD + HELLO + FIELDS, 12, b"hello.local"),
    "the root": (HEAD + b"\0" + FIELDS, 12, b""),
    "a pointer to the whole": (HEAD + HELLO + b"\xc0\x0c" + FIELDS, 25, b"hello.local"),
    "a pointer to the end": (HEAD + HELLO + b"\1a\xc0\x12" + FIELDS, 25, b"a.local"),
    "a dot in a label": (HEAD + b"\5he.lo\5local\0" + FIELDS, 12, b""),
    "a NUL in a label": (HEAD + b"\5he\0lo\5local\0" + FIELDS, 12, b""),
    "the longest": (HEAD + LONG * 3 + b"\x3d" + LONG[3:] + b"\0" + FIELDS, 12, b".".join([LONG[1:]] * 3 + [LONG[3:]])),
    "too long": (HEAD + LONG * 4 + b"\0" + FIELDS, 12, None),
    "a pointer to itself": (HEAD + b"\xc0\x0c" + FIELDS, 12, None),
    "a pointer forward": (HEAD + b"\xc0\x10\0\0" + FIELDS + HELLO, 12, None),
    "two that point at each other": (HEAD + b"\1a\xc0\x10\1b\xc0\x0c" + FIELDS, 16, None),
    "half a pointer": (HEAD + HELLO + b"\xc0", 25, None),
    "an unknown kind of label": (HEAD + b"\x41x\0" + FIELDS, 12, None),
    "no end": (HEAD + b"\5hello", 12, None),
    "a label cut short": (HEAD + b"\5hel", 12, None),
    "no fields": (HEAD + HELLO, 12, None),
    "fields cut short": (HEAD + HELLO + FIELDS[:3], 12, None),
    "nothing": (HEAD, 12, None),
}  # fmt: skip


@pytest.mark.parametrize(("message", "at", "name"), NAMES.values(), ids=NAMES)
def test_names(pure: Any, message: bytes, at: int, name: bytes | None) -> None:
    """Pointers lead to the front only; what cannot be one of our names is read as no name."""
    assert name == name_in(pure, message, at)


def test_behind_a_pointer_reading_goes_on(pure: Any) -> None:
    """The fields stand behind the pointer, not behind what it points to."""
    message = HEAD + HELLO + FIELDS + b"\xc0\x0c" + FIELDS + struct.pack(">IH", 120, 4) + b"\x0a\0\2\x0f"
    reader, block = begun(pure, message)
    record = pure.ffi.new("struct dns_record *")
    assert pure.lib.dns_next_question(reader, record)
    assert pure.lib.dns_next_record(reader, record)
    assert (record.type, record.seconds, bytes(pure.ffi.buffer(record.data, record.length))) == (1, 120, b"\x0a\0\2\x0f")
    assert not pure.lib.dns_next_record(reader, record)
    del block


@pytest.mark.parametrize("cut", range(1, 10))
def test_a_record_that_is_cut_is_none(pure: Any, cut: int) -> None:
    """Its data must be there whole."""
    message = (HEAD + HELLO + FIELDS + struct.pack(">IH", 120, 4) + b"\x0a\0\2\x0f")[:-cut]
    reader, block = begun(pure, message)
    assert not pure.lib.dns_next_record(reader, pure.ffi.new("struct dns_record *"))
    del block


@pytest.mark.parametrize("length", [0, 1, 11])
def test_a_message_without_a_header_is_none(pure: Any, length: int) -> None:
    """Twelve bytes are the least."""
    begun(pure, HEAD[:length])
