"""Runs under the device's Python: compiles modules and deflates them. Not imported by the builder; archive.py starts it.

stdin: a JSON list of {file, path, level, plain, to}. Each ``to`` gets u32 size, u32 deflated, data. An empty ``path``
means that the file is data. Each result appears in one rename, so that a killed build leaves no half of one.
"""

from __future__ import annotations

import json
import marshal
import os
import struct
import sys
import zlib


def code_of(source: bytes, path: str, level: int) -> bytes:
    """Marshalled code. Written twice: what marshal shares by reference depends on who else holds an object, and after one
    round through marshal nobody else does, so the same source always gives the same bytes."""
    code = compile(source, path, "exec", dont_inherit=True, optimize=level)
    return marshal.dumps(marshal.loads(marshal.dumps(code)))


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def main() -> None:
    for job in json.load(sys.stdin):
        with open(job["file"], "rb") as file:
            content = file.read()
        plain = code_of(content, job["path"], job["level"]) if job["path"] else content
        packed = b"" if job["plain"] else deflated(plain)
        smaller = bool(packed) and len(packed) < len(plain)
        work = f"{job['to']}.{os.getpid()}"
        with open(work, "wb") as out:
            out.write(struct.pack("<II", len(plain), smaller) + (packed if smaller else plain))
        os.replace(work, job["to"])


if __name__ == "__main__":
    main()
