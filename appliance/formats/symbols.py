"""Whose bytes a linked program has: its symbols, led back to the members of the static libraries (ELF, System V ar).

Left out: everything but little-endian files; names that stand in two libraries are the first one's, as for the linker.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

_OBJECT, _FUNCTION, _FILE, _THREAD_LOCAL = 1, 2, 4, 6
_SYMBOLS, _NO_BITS = 2, 8  # kinds of sections


class Symbol(NamedTuple):
    """``file``: the source of a symbol that only this source sees, else "". ``stored``: bytes in the file, 0 in the bss."""

    file: str
    name: str
    stored: int


@dataclass(frozen=True)
class Member:
    """One object file of a library."""

    library: str
    name: str
    symbols: frozenset[tuple[str, str]]  # (file, name)


def symbols_of(data: bytes) -> Iterator[Symbol]:
    """The functions and objects that an ELF file defines."""
    wide = data[4] == 2
    table = struct.unpack_from("<Q" if wide else "<I", data, 40 if wide else 32)[0]
    size, count = struct.unpack_from("<HH", data, 58 if wide else 46)
    form = "<4xIQ8xQQI" if wide else "<4xII4xIII"  # kind, flags, offset, size, link
    sections = [struct.unpack_from(form, data, table + size * number) for number in range(count)]
    for kind, _, offset, length, link in sections:
        if kind == _SYMBOLS:
            yield from _table(data, wide, offset, length, sections[link][2], sections)


def _table(data: bytes, wide: bool, start: int, length: int, texts: int, sections: list[tuple[int, ...]]) -> Iterator[Symbol]:
    form, step = ("<IBBHQQ", 24) if wide else ("<IIIBBH", 16)
    file = ""
    for at in range(start, start + length, step):
        fields = struct.unpack_from(form, data, at)
        name_at, info, section, size = (fields[0], fields[1], fields[3], fields[5]) if wide else \
            (fields[0], fields[3], fields[5], fields[2])
        name = data[texts + name_at : data.index(b"\0", texts + name_at)].decode()
        if info & 15 == _FILE:
            file = name
        elif info & 15 in (_OBJECT, _FUNCTION, _THREAD_LOCAL) and 0 < section < len(sections):
            stored = 0 if sections[section][0] == _NO_BITS else size
            yield Symbol("" if info >> 4 else file, name, stored)


def members_of(library: str, archive: bytes) -> Iterator[Member]:
    """The object files of a static library."""
    names, at = b"", 8
    while at + 60 <= len(archive):
        title, size = archive[at : at + 16].rstrip(), int(archive[at + 48 : at + 58])
        body = archive[at + 60 : at + 60 + size]
        if title == b"//":
            names = body
        elif body[:4] == b"\x7fELF":
            where = int(title[1:]) if title[:1] == b"/" and title[1:].isdigit() else -1
            name = names[where:].partition(b"/")[0] if where >= 0 else title.rstrip(b"/")
            yield member(library, name.decode(), body)
        at += 60 + size + size % 2


def member(library: str, name: str, data: bytes) -> Member:
    """An object file, in a library or by itself."""
    return Member(library, name, frozenset((each.file, each.name) for each in symbols_of(data)))


def owned(program: bytes, members: Iterable[Member]) -> dict[Member, int]:
    """How many bytes of its members a program has; those under names that none of them knows are nobody's.

    A compiler may rename what only one source sees: that is the source's all the same.
    """
    owners: dict[tuple[str, str], Member] = {}
    for each in members:
        for file, name in each.symbols:
            owners.setdefault((file, name), each)
            if file:
                owners.setdefault((file, ""), each)
    found: dict[Member, int] = {}
    for symbol in symbols_of(program):
        owner = owners.get((symbol.file, symbol.name)) or (owners.get((symbol.file, "")) if symbol.file else None)
        if owner:
            found[owner] = found.get(owner, 0) + symbol.stored
    return found
