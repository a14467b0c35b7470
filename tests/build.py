"""What tests compile for themselves: the server for this machine's Python, and its pure C files.

Both are kept in the cache by the digest of everything that goes into them.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

from appliance.places import CORE, cache_folder, digest_of
from appliance.sources import unpacked

WARNINGS = [
    "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes",
]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"]
FLAGS = ["-std=c11", "-g", "-O1", "-D_GNU_SOURCE"]

# The files of libuv that a Linux needs (its CMakeLists.txt has the same list).
LIBUV = (
    "fs-poll idna inet random strscpy strtok thread-common threadpool timer uv-common uv-data-getter-setters version"
    " unix/async unix/core unix/dl unix/fs unix/getaddrinfo unix/getnameinfo unix/linux unix/loop unix/loop-watcher"
    " unix/pipe unix/poll unix/process unix/procfs-exepath unix/proctitle unix/random-devurandom unix/random-getrandom"
    " unix/random-sysctl-linux unix/signal unix/stream unix/tcp unix/thread unix/tty unix/udp"
).split()

# The files of core/ that know neither Python nor libuv.
PURE = "address banner buffer character options peer request request_fields response router status target".split()


def run(argv: list[str], folder: Path) -> None:
    """Runs a compiler; its messages become the failure of the test."""
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(argv[:3])} ...\n{done.stdout}{done.stderr}"


def compile_all(sources: list[Path], flags: list[str], folder: Path) -> list[str]:
    """Compiles each file with as many compilers at a time as there are processors; the object files."""
    folder.mkdir(parents=True, exist_ok=True)
    waiting, objects = list(sources), []
    running: list[subprocess.Popen[str]] = []
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            source = waiting.pop()
            objects.append(str(folder / f"{source.parent.name}-{source.stem}.o"))
            argv = ["gcc", *flags, "-c", str(source), "-o", objects[-1]]
            running.append(subprocess.Popen(argv, stderr=subprocess.PIPE, text=True))
        process = running.pop(0)
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    return objects


def host_sources() -> list[Path]:
    """The C files of the server that is linked against the machine's Python."""
    files = [path for path in sorted(CORE.glob("*.c")) if path.name != "interpreter.c"]
    return files + sorted((CORE / "init").glob("*.c"))


def python_flags() -> tuple[list[str], list[str]]:
    """How to compile and how to link against the Python that runs the tests."""
    config = sysconfig.get_config_vars()
    library = f"-lpython{config['LDVERSION']}"
    link = [f"-L{config['LIBDIR']}", f"-Wl,-rpath,{config['LIBDIR']}", library, "-ldl", "-lm", "-lpthread"]
    return ["-isystem", config["INCLUDEPY"]], link


def server_program(*defines: str) -> Path:
    """The executable `fapws4`, built with AddressSanitizer and UndefinedBehaviorSanitizer.

    `defines` are options of the compiler that change the limits.
    """
    libuv, parser = unpacked("libuv"), unpacked("picohttpparser")
    include, link = python_flags()
    headers = sorted(CORE.glob("*.h")) + sorted((CORE / "init").glob("*.h"))
    own = host_sources()
    digest = digest_of(sys.version, str(libuv), str(parser), Path(__file__), *defines, *own, *headers)
    folder = cache_folder("tests", digest[:16])
    program = folder / "fapws4"
    if program.exists():
        return program
    foreign = [libuv / "src" / f"{name}.c" for name in LIBUV] + sorted(parser.rglob("picohttpparser.c"))
    includes = [f"-I{libuv}/include", f"-I{libuv}/src", f"-I{foreign[-1].parent}"]
    objects = compile_all(foreign, [*FLAGS, "-w", "-std=gnu11", *SANITIZERS, *includes], folder / "foreign")
    objects += compile_all(own, [*FLAGS, *WARNINGS, *SANITIZERS, *defines, *includes, *include], folder / "own")
    unfinished = folder / "fapws4.part"
    run(["gcc", *SANITIZERS, "-static-libasan", *objects, "-o", str(unfinished), *link], folder)
    unfinished.rename(program)
    return program


def pure_core(declarations: str) -> ModuleType:
    """The pure C files as an extension module, with both sanitizers, called through cffi."""
    from cffi import FFI

    parser = next(iter(unpacked("picohttpparser").rglob("picohttpparser.c")))
    sources = [CORE / f"{name}.c" for name in PURE] + [parser]
    names = [f'#include "{CORE / name}.h"' for name in PURE]
    digest = digest_of(sys.version, declarations, Path(__file__), *sources, *sorted(CORE.glob("*.h")))
    module_name = f"_fapws4_core_{digest[:16]}"
    folder = cache_folder("tests", digest[:16])
    built = sorted(folder.glob(f"{module_name}*.so"))
    if not built:
        ffi = FFI()
        ffi.cdef(declarations)
        ffi.set_source(module_name, "#include <stdlib.h>\n" + "\n".join(names), include_dirs=[str(parser.parent)])
        generated = folder / f"{module_name}.c"
        ffi.emit_c_code(str(generated))
        include, _ = python_flags()
        flags = [*FLAGS, *SANITIZERS, "-fPIC", f"-I{parser.parent}"]
        objects = compile_all(sources, [*flags, *WARNINGS], folder / "pure")
        objects += compile_all([generated], [*flags, "-w", *include], folder / "pure")
        unfinished = folder / "unfinished"
        run(["gcc", "-shared", *SANITIZERS, *objects, "-o", str(unfinished)], folder)
        unfinished.rename(folder / f"{module_name}.so")
        built = [folder / f"{module_name}.so"]
    spec = importlib.util.spec_from_file_location(module_name, built[0])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
