"""What tests compile for themselves: the server for this machine's Python, and its pure C files.

Both are kept in the cache by the digest of everything that goes into them.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from appliance.build import cores
from appliance.common.places import CORE, cache_folder, digest_of
from appliance.common.shell import run
from appliance.fetching.sources import unpacked
from appliance.freezing.link import C_WARNINGS
from appliance.host import SANITIZED, build_host, compile_here, host_python

PID_1 = CORE / "init"

# The files of core/ that know neither Python nor libuv.
PURE = (
    "address banner block_memo body buffer character intake options peer request request_fields request_line response router "
    "status target trailer".split()
)


def server_program(*defines: str) -> Path:
    """The executable `fapws4` for the Python that runs the tests, with AddressSanitizer and UndefinedBehaviorSanitizer.

    ``defines`` are compiler flags -DNAME=VALUE, for limits that a test cannot wait for.
    """
    return build_host(cores(), (*SANITIZED, *defines))


def of_pid_1(name: str) -> Path:
    """A file of PID 1, in whichever folder of core/init/ it stands; a name with "/" is a path from there."""
    return PID_1 / name if "/" in name else next(PID_1.rglob(name))


def pure_core(declarations: str) -> ModuleType:
    """The pure C files as an extension module, with both sanitizers, called through cffi."""
    parser = next(iter(unpacked("picohttpparser").rglob("picohttpparser.c")))
    sources = [CORE / f"{name}.c" for name in PURE]
    return _extension("core", declarations, [CORE / f"{name}.h" for name in PURE], sources, [parser], ())


def tls_records(declarations: str) -> ModuleType:
    """The record layer of TLS 1.3, without a handshake, in the same way."""
    sources = [*(CORE / "tls" / f"{name}.c" for name in ("protection", "record_reader", "record_writer")), CORE / "buffer.c"]
    return _extension("tls", declarations, [CORE / "tls" / "records.h"], sources, [], ("-lcrypto",))


def _extension(
    name: str, declarations: str, headers: Sequence[Path], sources: Sequence[Path], foreign: Sequence[Path],
    link: Sequence[str],
) -> ModuleType:
    """``sources`` of core/ and ``foreign`` ones, whose warnings are theirs, in one module, kept by the digest of all."""
    from cffi import FFI

    included = {path for folder in (CORE, *(header.parent for header in headers)) for path in folder.glob("*.h")}
    digest = digest_of(sys.version, declarations, *link, Path(__file__), *sources, *foreign, *sorted(included))
    module_name = f"_fapws4_{name}_{digest[:16]}"
    folder = cache_folder("tests", digest[:16])
    built = sorted(folder.glob(f"{module_name}*.so"))
    if not built:
        ffi = FFI()
        ffi.cdef(declarations)
        includes = [f"-I{path.parent}" for path in foreign]
        ffi.set_source(module_name, "#include <stdlib.h>\n" + "\n".join(f'#include "{path}"' for path in headers))
        generated = folder / f"{module_name}.c"
        ffi.emit_c_code(str(generated))
        flags = [*SANITIZED, *C_WARNINGS, "-fPIC", *includes]
        objects = compile_here(list(sources), CORE, folder / "pure", [*flags, "-Wshadow"], cores())
        for path in foreign:
            objects += compile_here([path], path.parent, folder / "pure", [*flags, "-w"], 1)
        python = ["-isystem", str(host_python().include)]
        objects += compile_here([generated], folder, folder / "pure", [*flags, "-w", *python], 1)
        unfinished = folder / "unfinished"
        run(["cc", "-shared", *SANITIZED, *objects, *link, "-o", unfinished])
        unfinished.rename(folder / f"{module_name}.so")
        built = [folder / f"{module_name}.so"]
    spec = importlib.util.spec_from_file_location(module_name, built[0])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def secrets_module() -> Path:
    """A folder with the C module of the manager (core/manager/secrets.c) for the Python that runs the tests."""
    source, monocypher = CORE / "manager" / "secrets.c", unpacked("monocypher") / "monocypher.c"
    digest = digest_of(sys.version, Path(__file__), source, source.with_suffix(".h"), monocypher)
    folder = cache_folder("tests", digest[:16])
    module = folder / "_fapws4_secrets.so"
    if not module.exists():
        flags = ["-O2", "-fPIC", "-isystem", str(monocypher.parent), "-isystem", str(host_python().include)]
        objects = compile_here([source], CORE, folder / "own", [*C_WARNINGS, *flags], 1)
        objects += compile_here([monocypher], monocypher.parent, folder / "own", [*flags, "-w"], 1)
        unfinished = folder / "unfinished.so"
        run(["cc", "-shared", *objects, "-o", unfinished])
        unfinished.rename(module)
    return folder
