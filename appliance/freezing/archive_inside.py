"""Runs under the device's Python: compiles modules and deflates them. Not imported by the builder; archive.py starts it.

Started with ``-X no_debug_ranges``: of the places of instructions the lines are kept, not the columns, which a traceback shows
only beside the source. stdin: a JSON list of {file, path, level, to}. Each ``to``, a name in the working folder, gets u32
size, u32 deflated, data. An empty ``path`` means that the file is data.
"""

from __future__ import annotations

import json
import marshal
import struct
import sys
import zlib
from types import CodeType


def code_of(source: bytes, path: str, level: int) -> bytes:
    """Marshalled code, the same bytes for the same source.

    What marshal marks as shared or interned depends on what else the process has seen. So every text is first made
    either interned (names) or an object of its own (the rest), and then goes once through marshal: then nobody else
    holds an object.
    """
    code = compile(source, path, "exec", dont_inherit=True, optimize=level)
    return marshal.dumps(marshal.loads(marshal.dumps(canonical(code, _names_in(code), {}))))


def _names_in(code) -> set[str]:
    names = {code.co_filename, code.co_name, code.co_qualname, *code.co_names, *code.co_varnames, *code.co_freevars}
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return names.union(code.co_cellvars, *(_names_in(each) for each in inner))


def canonical(value, names: set[str], texts: dict[str, str]):
    """The constant with all texts in it interned when they are names, else one object for each; ``texts`` are those made."""
    if isinstance(value, str):
        if value not in texts:
            texts[value] = sys.intern(value) if value in names or value.isidentifier() else _copied(value)
        return texts[value]
    if isinstance(value, tuple | frozenset):
        return type(value)(canonical(item, names, texts) for item in value)
    if isinstance(value, CodeType):
        parts = ("co_filename", "co_name", "co_qualname", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_consts")
        return value.replace(**{part: canonical(getattr(value, part), names, texts) for part in parts})
    return value


def _copied(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass")


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def main() -> None:
    for job in json.load(sys.stdin):
        with open(job["file"], "rb") as file:
            content = file.read()
        plain = code_of(content, job["path"], job["level"]) if job["path"] else content
        packed = deflated(plain)
        smaller = len(packed) < len(plain)
        with open(job["to"], "wb") as out:
            out.write(struct.pack("<II", len(plain), smaller) + (packed if smaller else plain))


if __name__ == "__main__":
    main()
