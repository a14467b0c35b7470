"""Sections of PE32+ executables, read and appended: how a kernel and its initramfs become one UEFI program.

The result is a unified kernel image (UKI specification of the UAPI group) when the executable is systemd's stub and the
sections have the names that it looks for. Source: Microsoft's PE format. Left out: relocations, symbols and everything
else about code, because the sections are data only; executables with bytes after their last section or without room for
the section headers are refused, not rewritten. The checksum becomes 0, which UEFI accepts.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

SECTOR = 512
_INITIALIZED_READABLE = 0x40000040
_SECTION_HEADER = 40


@dataclass(frozen=True)
class Section:
    """Where a section's bytes lie in the file: ``offset`` and ``size`` in bytes (without padding)."""

    name: str
    offset: int
    size: int

    @property
    def blocklist(self) -> str:
        """START+LENGTH in 512-byte sectors, the last one possibly padded."""
        if self.offset % SECTOR:
            raise ValueError(f"section {self.name} does not begin at a sector")
        return f"{self.offset // SECTOR}+{-(-self.size // SECTOR)}"


def append_sections(executable: bytes, contents: Mapping[str, bytes]) -> tuple[bytes, list[Section]]:
    """The executable with these sections (name of at most 8 bytes -> content) after its own; and where they lie."""
    data = bytearray(executable)
    header = _header_of(data)
    count, optional_size = struct.unpack_from("<H12xH", data, header + 6)
    optional = header + 24
    memory_alignment, file_alignment = struct.unpack_from("<II", data, optional + 32)
    headers_size = struct.unpack_from("<I", data, optional + 60)[0]
    table = optional + optional_size
    if table + (count + len(contents)) * _SECTION_HEADER > headers_size:
        raise ValueError(f"no room for {len(contents)} more section headers")
    address, end = _ends(data, table, count)
    if end != len(data):
        raise ValueError("bytes after the last section")
    sections = []
    added = 0
    for number, (name, content) in enumerate(contents.items(), count):
        address, start = _aligned(address, memory_alignment), len(data)
        padded = content + bytes(-len(content) % file_alignment)
        struct.pack_into("<8sIIII12xI", data, table + number * _SECTION_HEADER, name.encode(), len(content), address,
                         len(padded), start, _INITIALIZED_READABLE)
        data += padded
        address += len(content)
        added += len(padded)
        sections.append(Section(name, start, len(content)))
    initialized = struct.unpack_from("<I", data, optional + 8)[0]
    struct.pack_into("<H", data, header + 6, count + len(contents))
    struct.pack_into("<I", data, optional + 8, initialized + added)
    struct.pack_into("<I", data, optional + 56, _aligned(address, memory_alignment))
    struct.pack_into("<I", data, optional + 64, 0)
    return bytes(data), sections


def sections(executable: bytes) -> list[Section]:
    """All sections of an executable, in the order of its table."""
    header = _header_of(executable)
    count, optional_size = struct.unpack_from("<H12xH", executable, header + 6)
    table = header + 24 + optional_size
    rows = [struct.unpack_from("<8sI4xII", executable, table + number * _SECTION_HEADER) for number in range(count)]
    return [Section(name.rstrip(b"\0").decode("latin-1"), offset, min(size, raw)) for name, size, raw, offset in rows]


def headers_size(executable: bytes) -> int:
    """How many bytes, the table of sections included, stand before the first section."""
    size: int = struct.unpack_from("<I", executable, _header_of(executable) + 24 + 60)[0]
    return size


def _header_of(data: bytes | bytearray) -> int:
    if data[:2] != b"MZ" or len(data) < 0x40:
        raise ValueError("not a PE executable")
    header: int = struct.unpack_from("<I", data, 0x3C)[0]
    if data[header : header + 4] != b"PE\0\0" or data[header + 24 : header + 26] != b"\x0b\x02":
        raise ValueError("not a PE32+ executable")
    return header


def _ends(data: bytearray, table: int, count: int) -> tuple[int, int]:
    """Where the last section ends, in memory and in the file."""
    rows = [struct.unpack_from("<IIII", data, table + number * _SECTION_HEADER + 8) for number in range(count)]
    return (max(address + max(size, raw) for size, address, raw, _ in rows),
            max(offset + raw for _, _, raw, offset in rows))


def _aligned(value: int, alignment: int) -> int:
    return -(-value // alignment) * alignment
