"""C modules of packages: each one object, whose symbols are set apart from those of all others, ready to be linked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from appliance.compiling.libraries import source_of_archive
from appliance.formats import elf

_NOTES = ".fapws4"  # the section in which compiler_inside.py leaves the names of libraries

# Of the libc, of the compiler, and of Python: always there.
_PROVIDED = {"c", "m", "pthread", "dl", "rt", "util", "crypt", "resolv", "gcc", "gcc_s", "atomic", "python3.13", "python3"}
_CPP = {"c++", "stdc++"}

# What holds C, or what becomes C, and the imports in it: statements of Cython's, calls of Python's own.
_CYTHON, _C = (".pyx", ".pxi"), (".c", ".h", ".cc", ".cpp", ".cxx", ".hpp")
_STATEMENT = re.compile(r"^[ \t]*(from[ \t]+\.*[\w.]*[ \t]+import[ \t(]+\w[\w ,]*|import[ \t]+[\w. ,]+)", re.MULTILINE)
_CALL = re.compile(r'PyImport_ImportModule\w*\s*\(\s*"([A-Za-z_][\w.]*)"')


class NoRecipe(Exception):
    """A module asks for a library that cannot be had."""


@dataclass(frozen=True)
class Extension:
    """A C module: ``object`` is all of its code, ``function`` makes the module, ``libraries`` are the sources of those that it
    is linked with; ``cpp``: it needs the library of C++ too.
    """

    name: str
    object: Path
    function: str
    libraries: tuple[str, ...] = ()
    cpp: bool = False

    @property
    def facts(self) -> dict[str, Any]:
        """To be kept as JSON beside the object."""
        return {"name": self.name, "object": self.object.name, "function": self.function, "libraries": list(self.libraries),
                "cpp": self.cpp}


def extension_from(facts: Mapping[str, Any], folder: Path) -> Extension:
    """What ``facts`` said of an object in ``folder``."""
    return Extension(facts["name"], folder / facts["object"], facts["function"], tuple(facts["libraries"]), facts["cpp"])


def extension_of(place: str, data: bytes, folder: Path) -> Extension | None:
    """The C module that stands at ``place`` in a wheel, its object written into ``folder``; None when it is none.

    ``NoRecipe`` names a library that it asks for and that has no recipe.
    """
    path = PurePosixPath(place)
    if path.suffix != ".so" or elf.kind(data) != elf.RELOCATABLE:
        return None
    last = path.name.partition(".")[0]
    name = ".".join([*path.parts[:-1], last]) if last != "__init__" else ".".join(path.parts[:-1])
    apart = f"__in_{name.replace('_', '_1').replace('.', '_0')}"
    renamed, symbols = elf.with_suffix(data, apart)
    maker = f"PyInit_{name.rpartition('.')[2]}"
    if maker not in symbols:
        return None
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.o").write_bytes(renamed)
    asked = {word.decode() for word in elf.section(data, _NOTES).split(b"\0") if word} - _PROVIDED
    return Extension(name, folder / f"{name}.o", maker + apart, tuple(sorted(map(_recipe, asked - _CPP))), bool(asked & _CPP))


def _recipe(library: str) -> str:
    source = source_of_archive(f"lib{library}.a")
    if not source:
        raise NoRecipe(library)
    return source


def imports_in(tree: Path) -> list[str]:
    """The import statements that the C modules made of these sources may run, for the analysis, which cannot look inside."""
    found: set[str] = set()
    for file in sorted(tree.rglob("*")):
        if file.suffix in (*_CYTHON, *_C) and file.is_file():
            found.update(_imports_of(file.read_text(errors="replace"), file.suffix in _CYTHON))
    return sorted(found)


def _imports_of(text: str, cython: bool) -> Iterator[str]:
    if cython:
        yield from (" ".join(match.replace("(", " ").split()).rstrip(",") for match in _STATEMENT.findall(text))
    else:
        yield from (f"import {name}" for name in _CALL.findall(text))


def link_words(extensions: Iterable[Extension]) -> list[Path | str]:
    """What the linker is told of these modules, besides the libraries that have a recipe."""
    each = list(extensions)
    return [*(extension.object for extension in each), *(["-lc++"] if any(extension.cpp for extension in each) else [])]


def linked_with(extensions: Iterable[Extension]) -> list[str]:
    """The sources of the libraries that these modules need, each once."""
    return sorted({library for extension in extensions for library in extension.libraries})
