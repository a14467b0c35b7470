"""C modules of Python that need a library besides: compiled apart, and linked into the programs that reach them.

CPython is configured once, without any of them. Each is made of CPython's own files with the headers of that library, which
is compiled when the first app needs it.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.interpreter import Interpreter
from appliance.libraries import Library, build_library, compile_files, is_built, make_archive
from appliance.places import cache_folder, digest_of, scratch_folder, whole_folder
from appliance.preflight import FOR_OPENSSL, FOR_SQLITE, require
from appliance.progress import step
from appliance.sources import unpacked
from appliance.toolchain import COMPILE_FLAGS, Toolchain


@dataclass(frozen=True)
class Addition:
    """A library, the C modules that need it (name -> the function that makes it), and how these are compiled."""

    library: str
    modules: dict[str, str]
    files: tuple[str, ...]  # globs below CPython's Modules
    flags: tuple[str, ...] = ()
    programs: tuple[tuple[str, str], ...] = ()  # what compiling the library starts, with the packages


ADDITIONS = (
    Addition("openssl", {"_ssl": "PyInit__ssl", "_hashlib": "PyInit__hashlib"}, ("_ssl.c", "_hashopenssl.c"),
             programs=tuple(FOR_OPENSSL.items())),
    Addition("sqlite", {"_sqlite3": "PyInit__sqlite3"}, ("_sqlite/*.c",), ("-DPY_SQLITE_HAVE_SERIALIZE=1",),
             programs=tuple(FOR_SQLITE.items())),
    Addition("bzip2", {"_bz2": "PyInit__bz2"}, ("_bz2module.c",)),
)

# Of all additions.
ADDED_MODULES = {name: function for addition in ADDITIONS for name, function in addition.modules.items()}


def needed_additions(builtins: tuple[str, ...], serves_tls: bool) -> list[Addition]:
    """Those that a program with these C modules has; OpenSSL also when its server speaks TLS."""
    return [addition for addition in ADDITIONS
            if addition.modules.keys() & set(builtins) or (serves_tls and addition.library == "openssl")]


def build_addition(
    addition: Addition, interpreter: Interpreter, tools: Toolchain, jobs: int, offline: bool = False
) -> tuple[Library, Library]:
    """The library, and the modules that need it."""
    require({} if is_built(addition.library, tools) else dict(addition.programs), f"compiling {addition.library}")
    library = build_library(addition.library, tools, jobs, offline)
    return library, _build_modules(addition, library, interpreter, tools, jobs, offline)


def _build_modules(
    addition: Addition, library: Library, interpreter: Interpreter, tools: Toolchain, jobs: int, offline: bool
) -> Library:
    name = f"cpython-{addition.library}"
    digest = digest_of(interpreter.library.digest, library.digest, *addition.files, *addition.flags)
    prefix = cache_folder("libraries", tools.target.name) / f"{name}-{digest[:16]}"
    if not prefix.exists():
        tree = unpacked("cpython", offline)
        files = sorted(path for glob in addition.files for path in (tree / "Modules").glob(glob))
        cpython = interpreter.library.prefix / "include"
        folders = [cpython, cpython / "internal", library.prefix / "include", tree]
        flags = [*COMPILE_FLAGS, "-w", "-DPy_BUILD_CORE_BUILTIN", f"-ffile-prefix-map={tree}=/cpython", *addition.flags,
                 *(f"-I{folder}" for folder in folders)]
        with step(f"compile {', '.join(addition.modules)}"), whole_folder(prefix) as work, \
                scratch_folder(cache_folder("work")) as scratch:
            make_archive(work / "lib" / f"libpython-{addition.library}.a",
                         compile_files(files, tree, scratch, flags, tools, jobs), tools)
    return Library(name, digest, prefix)
