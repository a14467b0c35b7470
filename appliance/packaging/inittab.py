"""The table of C modules that a program has: names, dotted ones too, and the functions that make them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from appliance.compiling.libraries import Library

# A module in a package learns its full name from the import system when it is loaded from a file, not when it is built in:
# without this, one that is made in a single phase would take itself for a module at the top level.
_IN_PACKAGE = """static PyObject *{wrapper}(void)
{{
    const char *outer = _PyImport_SwapPackageContext("{name}");
    PyObject *made = {function}();
    _PyImport_SwapPackageContext(outer);
    return made;
}}
"""


def functions_of(cpython: Library) -> dict[str, str]:
    """C module -> the function that makes it, from the table that CPython's build made; "NULL" for what Python itself is."""
    config = (cpython.prefix / "share" / "config.c").read_text()
    return dict(re.findall(r'\{"(\w+)", (\w+)\}', config))


def inittab(functions: Mapping[str, str]) -> str:
    """C source of the table."""
    declarations = "".join(f"extern PyObject *{function}(void);\n" for function in functions.values() if function != "NULL")
    inner = {name: function for name, function in functions.items() if "." in name}
    wrappers = "".join(_IN_PACKAGE.format(wrapper=f"wrapped_{function}", name=name, function=function)
                       for name, function in inner.items())
    context = "extern const char *_PyImport_SwapPackageContext(const char *);\n" if inner else ""
    rows = "".join(f'    {{"{name}", {"wrapped_" if name in inner else ""}{function}}},\n'
                   for name, function in functions.items())
    table = f"struct _inittab _PyImport_Inittab[] = {{\n{rows}    {{NULL, NULL}},\n}};\n"
    return f"#include <Python.h>\n\n{declarations}{context}\n{wrappers}\n{table}"
