"""What C code of Python imports by name, so that no import statement shows it.

Imported by the builder, and by scan_inside.py and analysis_inside.py under the device's Python: it imports nothing from here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

# C module -> what it imports besides what PyInstaller knows of.
BY_C_MODULES = {"_zoneinfo": ["datetime", "weakref", "zoneinfo._common", "zoneinfo._tzpath"], "_codecs_hk": ["_codecs_tw"]}

# The same for C modules of which a part is enough: the Python module that takes this part -> C modules.
BY_CODECS = {"encodings.iso2022_kr": ("_codecs_kr",), "encodings.iso2022_jp_2": ("_codecs_jp", "_codecs_cn", "_codecs_kr"),
             **{f"encodings.iso2022_jp{kind}": ("_codecs_jp",) for kind in ("", "_1", "_2004", "_3", "_ext")}}

# Module -> by what of the files outside of the library the interpreter itself comes to import it. Integers of some thousand
# digits are divided and written by _pylong; views of memory with other items than bytes are compared by struct. Where an
# identifier is not ASCII, a text that is run may have it too: that of a data class, say.
_OTHER_LETTERS = "an identifier with other letters than ASCII's"
_BY_INTERPRETER = {
    "_pylong": {"//", "divmod", "floordiv", "set_int_max_str_digits"},
    "struct": {"memoryview"},
    "unicodedata": {"\\N{", "namereplace", "namereplace_errors", "unicode_escape", _OTHER_LETTERS},
    "typing": {"type_params"},  # PEP 695
}
MODULES = tuple(_BY_INTERPRETER)


def imported_for(tree: ast.AST) -> list[str]:
    """The modules that the interpreter imports for what stands in a file of the app or of a package."""
    said = {each for node in ast.walk(tree) for each in _said_by(node)}
    return sorted(module for module, causes in _BY_INTERPRETER.items() if causes & said)


def _said_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FloorDiv):
        yield "//"
    if getattr(node, "type_params", ()):
        yield "type_params"
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value.replace("-", "_")
        if "\\N{" in node.value:
            yield "\\N{"
    for word in (getattr(node, place, None) for place in ("id", "attr", "arg", "name")):
        if isinstance(word, str):
            yield word if word.isascii() else _OTHER_LETTERS
