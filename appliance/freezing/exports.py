"""Functions and data of a static program that ctypes and cffi find in it by name, as they would in the libc's shared library.

A static program keeps nothing that nobody calls, and has no names: so what the app's sources name is linked in and listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from appliance.compiling.libraries import Library
from appliance.compiling.toolchain import zig_folder
from appliance.formats import symbols

_ROW = """extern char exported_{number}[] __asm__("{name}");
"""

# core/libc/dynamic.c reads it.
_TABLE = """
struct export {{
    const char *name;
    void *address;
}};

{declarations}
extern const struct export program_exports[];
const struct export program_exports[] = {{
{rows}    {{NULL, NULL}},
}};
"""


def exportable(names: Iterable[str], cpython: Library) -> tuple[str, ...]:
    """Those of the names that the libc has, and those of Python's own C API."""
    wanted = set(names)
    found = wanted & _libc_names()
    if any(name.startswith("Py") for name in wanted):
        found |= {name for archive in cpython.archives for member in symbols.members_of("", archive.read_bytes())
                  for file, name in member.symbols if not file and name.startswith("Py") and name in wanted}
    return tuple(sorted(found))


def exports_table(names: Iterable[str]) -> str:
    """C source of the table; nothing without names."""
    each = list(enumerate(names))
    declarations = "".join(_ROW.format(number=number, name=name) for number, name in each)
    rows = "".join(f'    {{"{name}", exported_{number}}},\n' for number, name in each)
    return _TABLE.format(declarations=declarations, rows=rows) if each else ""


@cache
def _libc_names() -> frozenset[str]:
    """What musl has for every processor, from the source that zig makes its shared library of."""
    depth, found = 0, set()
    for line in (zig_folder() / "lib" / "libc" / "musl" / "libc.S").read_text().splitlines():
        depth += line.startswith("#if") - line.startswith("#endif")
        name = re.fullmatch(r"(?:\.globl|\.weak|WEAK\w+) (\w+)", line)
        if name and not depth:
            found.add(name[1])
    return frozenset(found)
