"""Read one section of an ELF file, rename the symbols of an object, give a program one segment more (System V ABI, chapters
4 and 5).

Left out: everything but little-endian files, of 32 and 64 bits.
"""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass

LARGEST_PAGE = 0x10000  # of the processors that Linux runs on

RELOCATABLE, EXECUTABLE, SHARED = 1, 2, 3  # kinds of files

_LOAD, _NOTE, _READ = 1, 4, 4
_SYMBOLS = 2  # a kind of section
_GLOBAL = (1, 2)  # bindings: global, weak


def section(data: bytes, name: str) -> bytes:
    """The bytes of a section; empty when there is none of that name. ValueError when it is no such ELF file."""
    if data[:4] != b"\x7fELF" or data[5] != 1:
        raise ValueError("not a little-endian ELF file")
    wide = data[4] == 2
    table = struct.unpack_from("<Q" if wide else "<I", data, 40 if wide else 32)[0]
    size, count, names_at = struct.unpack_from("<HHH", data, 58 if wide else 46)
    rows = [struct.unpack_from("<I20xQQ" if wide else "<I12xII", data, table + number * size) for number in range(count)]
    names = rows[names_at][1]
    wanted = name.encode() + b"\0"
    for name_offset, offset, length in rows:
        if data.startswith(wanted, names + name_offset):
            return data[offset : offset + length]
    return b""


def kind(data: bytes) -> int:
    """RELOCATABLE, EXECUTABLE or SHARED; 0 when it is no little-endian ELF file."""
    return int(struct.unpack_from("<H", data, 16)[0]) if data[:4] == b"\x7fELF" and data[5] == 1 else 0


def with_suffix(data: bytes, suffix: str) -> tuple[bytes, list[str]]:
    """A relocatable object with ``suffix`` behind the name of each global symbol that it defines, and these names as they
    were: two such objects can be linked into one program whatever they call their functions.
    """
    if kind(data) != RELOCATABLE:
        raise ValueError("not a relocatable object")
    wide = data[4] == 2
    [symbols] = [header for header in _headers(data) if header.kind == _SYMBOLS]
    texts = _headers(data)[symbols.link]
    names = bytearray(data[texts.offset : texts.offset + texts.size])
    out, renamed = bytearray(data), []
    for at in range(symbols.offset, symbols.offset + symbols.size, symbols.entry):
        name_at = struct.unpack_from("<I", data, at)[0]
        binding = data[at + (4 if wide else 12)] >> 4
        defined = struct.unpack_from("<H", data, at + (6 if wide else 14))[0] != 0
        if defined and binding in _GLOBAL:
            name = bytes(names[name_at : names.index(0, name_at)])
            struct.pack_into("<I", out, at, len(names))
            names += name + suffix.encode() + b"\0"
            renamed.append(name.decode())
    out += bytes(-len(out) % 8)
    struct.pack_into("<QQ" if wide else "<II", out, texts.at + (24 if wide else 16), len(out), len(names))
    return bytes(out + names), renamed


@dataclass(frozen=True)
class _Section:
    """A section header: where it stands itself (``at``), and the fields that are of use here."""

    at: int
    kind: int
    offset: int
    size: int
    link: int
    entry: int


def _headers(data: bytes) -> list[_Section]:
    wide = data[4] == 2
    table = struct.unpack_from("<Q" if wide else "<I", data, 40 if wide else 32)[0]
    size, count = struct.unpack_from("<HH", data, 58 if wide else 46)
    layout = "<4xI16xQQI12xQ" if wide else "<4xI8xIII8xI"
    return [_Section(at, *struct.unpack_from(layout, data, at)) for at in range(table, table + size * count, size)]


@dataclass(frozen=True)
class _Segment:
    """A program header, its fields in the order of 64-bit files; ``physical`` is for firmware, Linux does not look at it."""

    kind: int
    flags: int
    offset: int
    address: int
    physical: int
    stored: int
    size: int
    align: int


def add_segment(program: bytes, data: bytes, mark: int) -> bytes:
    """The program with ``data`` at its end, mapped read-only; ``mark`` is the segment's physical address, to find it by.

    The header of the new segment takes the place of a note's. ValueError when there is none, or it is no such ELF file.
    """
    if program[:4] != b"\x7fELF" or program[5] != 1:
        raise ValueError("not a little-endian ELF file")
    wide = program[4] == 2
    table = struct.unpack_from("<Q" if wide else "<I", program, 32 if wide else 28)[0]
    size, count = struct.unpack_from("<HH", program, 54 if wide else 42)
    segments = [_unpacked(program, table + size * number, wide) for number in range(count)]
    note = next((segment for segment in segments if segment.kind == _NOTE), None)
    if note is None:
        raise ValueError("no note whose program header could be used")
    padded = bytearray(program.ljust((len(program) + 15) & ~15, b"\0"))
    loads = [segment for segment in segments if segment.kind == _LOAD]
    end = max(segment.address + segment.size for segment in loads)
    address = (end + LARGEST_PAGE) // LARGEST_PAGE * LARGEST_PAGE + len(padded) % LARGEST_PAGE  # what mmap can map
    added = _Segment(_LOAD, _READ, len(padded), address, mark, len(data), len(data), LARGEST_PAGE)
    segments.remove(note)
    segments.insert(segments.index(loads[-1]) + 1, added)
    for number, segment in enumerate(segments):
        padded[table + size * number : table + size * (number + 1)] = _packed(segment, wide)
    return bytes(padded) + data


def _unpacked(program: bytes, at: int, wide: bool) -> _Segment:
    if wide:
        return _Segment(*struct.unpack_from("<IIQQQQQQ", program, at))
    kind, offset, address, physical, stored, size, flags, align = struct.unpack_from("<8I", program, at)
    return _Segment(kind, flags, offset, address, physical, stored, size, align)


def _packed(segment: _Segment, wide: bool) -> bytes:
    kind, flags, *middle, align = astuple(segment)
    return struct.pack("<IIQQQQQQ", *astuple(segment)) if wide else struct.pack("<8I", kind, *middle, flags, align)
