"""Read one section of an ELF file (System V ABI, chapter 4): enough to see what a kernel module says of itself.

Left out: everything but little-endian section headers, of 32 and 64 bits.
"""

from __future__ import annotations

import struct


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
