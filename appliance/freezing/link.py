"""The program: the core, CPython and the libraries linked once for a set of C modules; then the app's archive is added.

Linking takes a second or two and depends only on which C modules are wanted: it is kept by that. Adding an archive is
writing one file: the link leaves a note in the program headers, and the note becomes a read-only segment that holds the
archive. So an edited page is a new program in milliseconds.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import (
    CORE,
    RECIPES,
    cache_folder,
    digest_of,
    scratch_folder,
    tree_digest,
    whole_file,
    whole_folder,
)
from appliance.common.progress import step
from appliance.common.shell import run
from appliance.compiling.interpreter import LINK_FLAGS, Interpreter, libc_objects
from appliance.compiling.libraries import Library, build_library, compile_files
from appliance.compiling.modules import ADDED_MODULES, build_addition, needed_additions
from appliance.compiling.toolchain import COMPILE_FLAGS, Toolchain
from appliance.fetching.sources import unpacked
from appliance.formats import elf, symbols
from appliance.freezing.archive import Archive
from appliance.freezing.exports import exportable, exports_table
from appliance.packaging.extensions import Extension, link_words, linked_with
from appliance.packaging.inittab import functions_of, inittab

LIBRARIES = ("libuv", "picohttpparser", "zlib", "libffi", "monocypher", "hacl-sha2")
_OF_DEVICES = ("monocypher", "hacl-sha2")  # of PID 1 and its updater, core/init/ and core/update/
_PID_1 = ("init", *sorted(f"init/{path.name}" for path in (CORE / "init").iterdir() if path.is_dir()))

C_WARNINGS = ("-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Wstrict-prototypes",
              "-Wmissing-prototypes", "-Werror")

# Replaced by core/frozen/tree.c, which shows the archive's files below /appliance, readonly.c and attributes.c, which keep
# them, and python.c, which executes the one that can be.
_WRAPPED = ("open", "openat", "stat", "lstat", "fstatat", "access", "faccessat", "fopen", "opendir", "readdir", "closedir",
            "dirfd", "rewinddir", "mkdir", "symlink", "link", "rmdir", "unlink", "chmod", "truncate", "utimensat", "rename",
            "execve", "listxattr", "llistxattr", "getxattr", "lgetxattr", "setxattr", "lsetxattr", "removexattr",
            "lremovexattr",
            # Their names where time_t had 32 bits once (core/frozen/tree.h); elsewhere nothing is called so.
            "__stat_time64", "__lstat_time64", "__fstatat_time64", "__utimensat_time64")

# C modules that Python itself needs to start, to print a traceback and to end.
ALWAYS_LINKED = frozenset("""_abc _ast _codecs _collections _functools _imp _io _locale _operator _signal _sre _stat _string
    _suggestions _symtable _sysconfig _thread _tokenize _tracemalloc _typing _warnings _weakref atexit builtins errno
    faulthandler gc itertools marshal posix sys time""".split())

_OWN = {"_fapws4": "PyInit__fapws4", "_fapws4_archive": "PyInit__fapws4_archive"}
_OF_MANAGERS = {"_fapws4_secrets": "PyInit__fapws4_secrets"}  # core/manager/

# The files of core/ that only the other two faces have.
_NOT_FROZEN = ("runtime_host.c", "tls_host.c", "interpreter.c")

_SINGLE = RECIPES / "patches" / "single" / "one-interpreter.patch"

_MODULE = "C module "  # before its name, among the names of libraries

_SEGMENT_MARK = 0x34777066  # core/frozen/archive.c looks for it


@dataclass(frozen=True)
class Runtime:
    """The program without an app."""

    program: Path
    digest: str
    libraries: tuple[Library, ...]


@dataclass(frozen=True)
class Code:
    """How many bytes of a program without an app are whose: the interpreter's, those of its C modules and of libraries."""

    interpreter: int
    modules: Mapping[str, int]
    libraries: Mapping[str, int]


@dataclass(frozen=True)
class Wanted:
    """What a program shall have in C: modules by their names, ``extensions`` that may be among them, TLS in its server,
    what is found in it by the names ``called``, as far as it exists, ``for_device`` PID 1 of an image, and what a manager
    needs if it ``manages``.
    """

    builtins: tuple[str, ...]
    serves_tls: bool
    extensions: tuple[Extension, ...] = ()
    called: frozenset[str] = frozenset()
    for_device: bool = False
    manages: bool = False


@dataclass(frozen=True)
class _Recipe:
    """All that a program without an app is linked from."""

    table: str
    folders: tuple[str, ...]  # of the core
    libraries: tuple[Library, ...]
    modules: tuple[Library, ...]  # of Python, that need a library besides
    extensions: tuple[Extension, ...]
    single: bool  # without sub-interpreters
    digest: str


def link_runtime(wanted: Wanted, interpreter: Interpreter, tools: Toolchain, jobs: int, offline: bool = False) -> Runtime:
    """The program with what is wanted, from the cache when nothing has changed.

    A library that few apps need, such as OpenSSL, is in it when one of the modules needs it, or the server.
    """
    recipe = _recipe(wanted, interpreter, tools, jobs, offline)
    folder = cache_folder("runtimes", tools.target.name) / recipe.digest[:16]
    if not folder.exists():
        with step("link the program"), whole_folder(folder) as work, scratch_folder(cache_folder("work")) as scratch:
            _link(work / "program", recipe, LINK_FLAGS, scratch, tools, jobs, offline)
    return Runtime(folder / "program", recipe.digest, recipe.libraries)


def weigh_runtime(wanted: Wanted, interpreter: Interpreter, tools: Toolchain, jobs: int, offline: bool = False) -> Code:
    """What the bytes of the same program are: it is linked once more, with the names of all functions and objects."""
    recipe = _recipe(wanted, interpreter, tools, jobs, offline)
    kept = cache_folder("weights", tools.target.name) / f"{recipe.digest[:16]}.json"
    if not kept.exists():
        with step("weigh the program"), scratch_folder(cache_folder("work")) as scratch:
            flags = tuple(flag for flag in LINK_FLAGS if flag != "-s")
            objects = _link(scratch / "program", recipe, flags, scratch, tools, jobs, offline)
            members = [symbols.member("fapws4", each.name, each.read_bytes()) for each in objects]
            members += [symbols.member(_MODULE + each.name, each.object.name, each.object.read_bytes())
                        for each in recipe.extensions]
            members += [member for library in (*recipe.libraries, *recipe.modules) for archive in library.archives
                        for member in symbols.members_of(library.name, archive.read_bytes())]
            code = _code_of(symbols.owned((scratch / "program").read_bytes(), members), wanted.builtins)
            with whole_file(kept) as work:
                work.write_text(json.dumps(asdict(code), indent=1))
    return Code(**json.loads(kept.read_text()))


def _code_of(owned: dict[symbols.Member, int], builtins: tuple[str, ...]) -> Code:
    """CPython's object files are those of a C module when they define the function that makes it."""
    modules: dict[str, int] = {}
    libraries: dict[str, int] = {}
    interpreter = 0
    for member, size in owned.items():
        made = [name for name in builtins if ("", f"PyInit_{name}") in member.symbols]
        if member.library == "cpython" and made:
            modules[made[0]] = modules.get(made[0], 0) + size
        elif member.library == "cpython":
            interpreter += size
        elif member.library.startswith(_MODULE):
            modules[member.library.removeprefix(_MODULE)] = size
        else:
            libraries[member.library] = libraries.get(member.library, 0) + size
    return Code(interpreter, dict(sorted(modules.items())), dict(sorted(libraries.items())))


def _recipe(wanted: Wanted, interpreter: Interpreter, tools: Toolchain, jobs: int, offline: bool) -> _Recipe:
    builtins = wanted.builtins
    linked = tuple(sorted((each for each in wanted.extensions if each.name in builtins), key=lambda each: each.name))
    names = [name for name in LIBRARIES if wanted.for_device or name not in _OF_DEVICES]
    libraries = (interpreter.library, *(build_library(name, tools, jobs, offline) for name in names))
    modules: tuple[Library, ...] = ()
    for addition in needed_additions(builtins, wanted.serves_tls):
        library, own = build_addition(addition, interpreter, tools, jobs, offline)
        libraries, modules = (*libraries, library), (*modules, own)
    libraries = _with_those_of(linked, libraries, tools, jobs, offline)
    functions = functions_of(interpreter.library) | ADDED_MODULES | _own(wanted)
    functions |= {extension.name: extension.function for extension in linked}
    if absent := sorted(set(builtins) - functions.keys()):
        raise Problem(f"CPython for {tools.target.name} has no {', '.join(absent)}", "see recipes/sources/cpython.toml")
    table = _table(wanted, functions)
    table += exports_table(exportable(wanted.called, interpreter.library))
    digest = digest_of(table, tools.digest, interpreter.digest, tree_digest(CORE, "**/*.[ch]"), Path(__file__), _SINGLE,
                       *(extension.object for extension in linked),
                       *(library.digest for library in (*libraries, *modules)))
    single = "_interpreters" not in builtins
    folders = ("frozen", *([*_PID_1, "update"] if wanted.for_device else []), *(["manager"] if wanted.manages else []),
               *(["tls"] if wanted.serves_tls else []))
    return _Recipe(table, folders, libraries, modules, linked, single, digest)


def _own(wanted: Wanted) -> dict[str, str]:
    """The core's own C modules of Python."""
    return _OWN | (_OF_MANAGERS if wanted.manages else {})


def _with_those_of(
    extensions: Iterable[Extension], libraries: tuple[Library, ...], tools: Toolchain, jobs: int, offline: bool
) -> tuple[Library, ...]:
    """The libraries, and those that C modules of packages need besides."""
    have = {library.name for library in libraries}
    names = [name for name in linked_with(extensions) if name not in have]
    return (*libraries, *(build_library(name, tools, jobs, offline) for name in names))


def add_archive(runtime: Runtime, archive: Archive, program: Path) -> None:
    """Write the finished program: the runtime with the archive as its last segment."""
    try:
        data = elf.add_segment(runtime.program.read_bytes(), archive.data, _SEGMENT_MARK)
    except ValueError as error:
        raise Problem(f"the linked program cannot hold an archive ({error})", "see core/frozen/archive.c") from error
    with whole_file(program, 0o755) as work:
        work.write_bytes(data)


def _table(wanted: Wanted, functions: dict[str, str]) -> str:
    """C source of the table of C modules, narrowed to those that are wanted; and whether TLS is spoken, and PID 1 there."""
    modules = {*ALWAYS_LINKED, *_own(wanted), *wanted.builtins}
    table = inittab({name: function for name, function in functions.items() if name in modules})
    library = "extern const struct tls_library tls_openssl;\n" if wanted.serves_tls else ""
    linked = f"const struct tls_library *const tls_linked = {'&tls_openssl' if wanted.serves_tls else 'NULL'};\n"
    init = "int init_run(int, char **);\n" if wanted.for_device else ""
    init += f"int (*const init_linked)(int, char **) = {'init_run' if wanted.for_device else 'NULL'};\n"
    init += f"#include <stdbool.h>\nextern const bool manager_linked;\nconst bool manager_linked = {int(wanted.manages)};\n"
    return f"{table}\nstruct tls_library;\n{library}{linked}{init}"


def core_objects(
    libraries: tuple[Library, ...], folders: tuple[str, ...], scratch: Path, tools: Toolchain, jobs: int
) -> list[Path]:
    """The core's own files and those of ``folders`` in it, compiled with all warnings as errors.

    Tried and left out, by the instructions of GET hello (4,853 then): -flto here and in the link, 4,263, but zig makes its
    libc a second time for it (40 s of CPU time for every target), and `--report` finds no names; -flto joined by
    `zig ld.lld -r` before the link, 4,551, for 53 kB more; -O3 changes nothing in either.
    """
    files = [path for path in sorted(CORE.glob("*.c")) if path.name not in _NOT_FROZEN]
    files += [path for folder in folders for path in sorted((CORE / folder).glob("*.c"))]
    include = [word for each in libraries for word in ("-isystem", f"{each.prefix}/include")]
    flags = [*COMPILE_FLAGS, *C_WARNINGS, *include, f"-ffile-prefix-map={CORE}=/core"]
    return compile_files(files, CORE, scratch / "core", flags, tools, jobs)


def _single_interpreter(scratch: Path, cpython: Library, tools: Toolchain, offline: bool) -> Path:
    """pystate.c for a program with one interpreter (recipes/patches/single says what it saves), compiled; it goes before
    CPython's own."""
    tree = unpacked("cpython", offline)
    (scratch / "Python").mkdir()
    source = Path(shutil.copy(tree / "Python" / "pystate.c", scratch / "Python"))
    run(["patch", "-p1", "--silent", "--forward", "-i", _SINGLE], cwd=scratch, what=f"patch {_SINGLE.name} of cpython")
    include = cpython.prefix / "include"
    flags = [*COMPILE_FLAGS, "-w", "-fwrapv", "-fno-strict-aliasing", "-DPy_BUILD_CORE", f"-I{include}",
             f"-I{include}/internal", f"-I{tree}/Python", f"-ffile-prefix-map={scratch}=/cpython"]
    return compile_files([source], scratch, scratch / "single", flags, tools, 1)[0]


def _link(
    program: Path, recipe: _Recipe, flags: tuple[str, ...], scratch: Path, tools: Toolchain, jobs: int, offline: bool
) -> list[Path]:
    """Write the program; the object files that it is linked from besides the libraries."""
    (scratch / "inittab.c").write_text(recipe.table)
    cpython = recipe.libraries[0]
    objects = [_single_interpreter(scratch, cpython, tools, offline)] if recipe.single else []
    objects += core_objects((*recipe.libraries, *recipe.modules), recipe.folders, scratch, tools, jobs)
    include = f"-I{cpython.prefix}/include"
    objects += compile_files([scratch / "inittab.c"], scratch, scratch, [*COMPILE_FLAGS, include], tools, 1)
    objects += libc_objects(scratch / "libc", tools, jobs)
    archives = [archive for library in (*recipe.libraries, *recipe.modules) for archive in library.archives]
    run([tools.cc, *flags, *(f"-Wl,--wrap={name}" for name in _WRAPPED), "-o", program, *objects,
         *link_words(recipe.extensions), "-Wl,--start-group", *archives, "-Wl,--end-group"], env=tools.environment,
        what="linking the program")
    return objects
