"""Files that are given to callers, or taken from them, by descriptors."""

from __future__ import annotations

import os
import stat

from fapws4.device.errors import Refused


def file_of(data: bytes) -> int:
    """A file in memory with these bytes, to be read from its beginning."""
    descriptor = os.memfd_create("manager", os.MFD_CLOEXEC)
    with open(descriptor, "wb", closefd=False) as file:
        file.write(data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def content(descriptor: int | None, most: int) -> bytes:
    """All bytes of a file. Refused when it is none: a pipe may never end."""
    if descriptor is None:
        raise Refused("invalid", "no file was given")
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise Refused("invalid", "what was given is no file")
    if found.st_size > most:
        raise Refused("invalid", f"this file is too large; it may have {most} bytes")
    data = b""
    while len(data) <= most and (block := os.pread(descriptor, most + 1 - len(data), len(data))):
        data += block
    if len(data) > most:
        raise Refused("invalid", f"this file is too large; it may have {most} bytes")
    return data
