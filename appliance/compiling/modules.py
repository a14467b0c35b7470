"""C modules of Python that need a library besides: compiled apart, and linked into the programs that reach them.

CPython is configured once, without any of them. Each is made of CPython's own files with the headers of that library, which
is compiled when the first app needs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from appliance.common.places import cache_folder, digest_of, scratch_folder, whole_file, whole_folder
from appliance.common.progress import step
from appliance.compiling.interpreter import LINKED, Interpreter, build_interpreter, link_interpreter
from appliance.compiling.libraries import Library, build_library, compile_files, is_built, make_archive
from appliance.compiling.toolchain import COMPILE_FLAGS, Toolchain, native_toolchain
from appliance.fetching.preflight import FOR_OPENSSL, FOR_SQLITE, require
from appliance.fetching.sources import unpacked


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
    Addition("xz", {"_lzma": "PyInit__lzma"}, ("_lzmamodule.c",)),
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


def widened(interpreter: Interpreter, names: Iterable[str], jobs: int, offline: bool = False) -> Interpreter:
    """The builder's interpreter with these added modules: hooks of the analysis import what the app imports."""
    tools = native_toolchain()
    own = build_interpreter(tools, jobs, offline)
    additions = [addition for addition in ADDITIONS if addition.modules.keys() & set(names)]
    main = _main_with({name: function for addition in additions for name, function in addition.modules.items()})
    libraries = [own.library, *(build_library(name, tools, jobs, offline) for name in LINKED),
                 *(part for addition in additions for part in build_addition(addition, own, tools, jobs, offline))]
    digest = digest_of(main, own.digest, *(library.digest for library in libraries))
    program = own.python.with_name(f"{own.python.name}-{digest[:16]}")
    if not program.exists():
        with step("link the builder's interpreter"), scratch_folder(cache_folder("work")) as scratch, \
                whole_file(program, 0o755) as work:
            (scratch / "main.c").write_text(main)
            link_interpreter(work, scratch / "main.c", libraries, tools, jobs)
    return replace(interpreter, python=program)


def _main_with(functions: dict[str, str]) -> str:
    """C source of a plain interpreter with these modules besides its own."""
    declarations = "".join(f"extern PyObject *{function}(void);\n" for function in functions.values())
    calls = "".join(f'    if (PyImport_AppendInittab("{name}", {function}) != 0)\n        return 1;\n'
                    for name, function in functions.items())
    return (f"#include <Python.h>\n\n{declarations}\nint main(int argc, char **argv)\n{{\n{calls}"
            "    return Py_BytesMain(argc, argv);\n}\n")


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
