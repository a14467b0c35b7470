"""CPython for the builder: the same static library that goes into a device, linked as a plain interpreter.

It runs on the machine that builds, so no installed Python of the same version is needed: the bytecode that it compiles and
the modules that it finds are exactly those of the device. Measured here: configure and make of the static library take
87 s with 2 cores; a second, ordinary build of CPython for this purpose would take as long again. Devices with another
processor share it: bytecode is the same for all, and so is what the analysis finds.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.common.places import CORE, cache_folder, digest_of, scratch_folder, tree_digest, whole_folder
from appliance.common.progress import step
from appliance.common.shell import run
from appliance.compiling.libraries import (
    Helpers,
    Library,
    build_library,
    compile_files,
    is_built,
    library_digest,
)
from appliance.compiling.toolchain import COMPILE_FLAGS, Toolchain, native_toolchain
from appliance.fetching.recipes import load_source
from appliance.fetching.sources import unpacked

VERSION = "3.13"  # of recipes/sources/cpython.toml

# Threads get 8 MiB of address space for a stack, as with glibc. Python lets C functions call each other 10,000 deep before it
# raises RecursionError (Py_C_RECURSION_LIMIT), whatever the stack: in 2 MiB some kilobytes of "[" given to json are a crash.
LINK_FLAGS = ("-static", "-O2", "-s", "-Wl,--gc-sections", "-Wl,-z,stack-size=8388608")

# What the builder's interpreter is linked with besides CPython.
LINKED = ("zlib", "libffi")

# Parts of the standard library that no build needs.
_LEFT_OUT = ("test", "idlelib", "tkinter", "turtledemo", "ensurepip", "__pycache__", "lib2to3")


@dataclass(frozen=True)
class Interpreter:
    """``python`` runs on this machine; ``library`` is CPython for the target; ``digest`` is that of what it compiles and
    finds, which no target changes."""

    python: Path
    stdlib: Path
    library: Library
    digest: str


def build_interpreter(tools: Toolchain, jobs: int, offline: bool = False) -> Interpreter:
    """The interpreter, and CPython for the target of ``tools``; from the cache when nothing has changed."""
    own = _build_own(jobs, offline)
    if tools.native:
        return own
    helpers = _helpers(own.library, own.python.parent.parent)
    return replace(own, library=build_library("cpython", tools, jobs, offline, helpers))


def waiting_libraries(tools: Toolchain) -> set[tuple[str, str]]:
    """(target, name) of what ``build_interpreter`` would have to compile."""
    native = native_toolchain()
    waiting = {(native.target.name, name) for name in ("cpython", *LINKED) if not is_built(name, native)}
    own = Library("cpython", library_digest(load_source("cpython"), native), Path())
    if not (tools.native or is_built("cpython", tools, _helpers(own, Path()))):
        waiting.add((tools.target.name, "cpython"))
    return waiting


def _helpers(own: Library, prefix: Path) -> Helpers:
    """What a cross build of CPython has from the builder's: its library, and the interpreter made of it below ``prefix``."""
    return {"native": own, "python": Library("python", own.digest, prefix)}


def _build_own(jobs: int, offline: bool) -> Interpreter:
    tools = native_toolchain()
    library = build_library("cpython", tools, jobs, offline)
    others = [build_library(name, tools, jobs, offline) for name in LINKED]
    digest = digest_of(library.digest, CORE / "interpreter.c", tree_digest(CORE / "libc"), Path(__file__))
    folder = cache_folder("interpreters", tools.target.name) / f"cpython-{digest[:16]}"
    if not folder.exists():
        with step("link the builder's interpreter"), whole_folder(folder) as work:
            _copy_stdlib(unpacked("cpython", offline) / "Lib", work / "lib" / f"python{VERSION}")
            (work / "bin").mkdir()
            python = work / "bin" / f"python{VERSION}"
            link_interpreter(python, CORE / "interpreter.c", [library, *others], tools, jobs)
            describe(python, library, work / "lib" / f"python{VERSION}")
    stdlib = folder / "lib" / f"python{VERSION}"
    return Interpreter(folder / "bin" / f"python{VERSION}", stdlib, library, digest)


def libc_objects(folder: Path, tools: Toolchain, jobs: int) -> list[Path]:
    """core/libc/ compiled: the routines that replace slow ones of zig's libc."""
    flags = [*COMPILE_FLAGS, "-std=c11", "-D_GNU_SOURCE", "-fno-builtin", "-Wall", "-Wextra", "-Werror"]
    return compile_files(sorted((CORE / "libc").glob("*.c")), CORE, folder, flags, tools, jobs)


def _copy_stdlib(lib: Path, place: Path) -> None:
    shutil.copytree(lib, place, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    (place / "lib-dynload").mkdir()
    (place / "site-packages").mkdir(exist_ok=True)


def link_interpreter(
    program: Path, main: Path, libraries: list[Library], tools: Toolchain, jobs: int, more: Sequence[Path | str] = ()
) -> None:
    """``main``, a C file, with ``libraries``, of which CPython is the first; ``more`` objects are in the place of what these
    would give."""
    with scratch_folder(cache_folder("work")) as scratch:
        include = [f"-I{libraries[0].prefix}/include"]
        own = compile_files([main], main.parent, scratch, [*COMPILE_FLAGS, *include], tools, 1)
        objects = [*libc_objects(scratch, tools, jobs), *more]
        archives = [archive for library in libraries for archive in library.archives]
        run([tools.cc, *LINK_FLAGS, "-o", program, *own, *objects, "-Wl,--start-group", *archives, "-Wl,--end-group"],
            env=tools.environment, what="linking the interpreter")


def describe(python: Path, library: Library, folder: Path, name: str = "") -> None:
    """Write _sysconfigdata, which ``sysconfig`` reads, about ``library`` into ``folder``; make would do it with a python
    program built in its own folder."""
    program = (
        "import sys, sysconfig, sysconfig.__main__ as maker; values = {}; maker._parse_makefile(sys.argv[1], values);"
        "values.update(sysconfig.parse_config_h(open(sys.argv[2])));"
        "values = {key: value for key, value in values.items() if '/' not in str(value)};"
        "open(f'{sys.argv[3]}/{sys.argv[4] or sysconfig._get_sysconfigdata_name()}.py', 'w')"
        ".write(f'build_time_vars = {dict(sorted(values.items()))!r}\\n')"
    )
    run([python, "-S", "-B", "-c", program, library.prefix / "share" / "Makefile",
         library.prefix / "include" / "pyconfig.h", folder, name], what="describing the interpreter")
