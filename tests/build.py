"""What tests compile for themselves: the server for this machine's Python, and its pure C files.

Both are kept in the cache by the digest of everything that goes into them.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from appliance.build import cores
from appliance.common.places import CORE, cache_folder, digest_of
from appliance.common.shell import run
from appliance.fetching.sources import unpacked
from appliance.freezing.link import C_WARNINGS
from appliance.host import SANITIZED, build_host, compile_here, host_python

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
        flags = [*SANITIZED, *C_WARNINGS, "-fPIC", f"-I{parser.parent}"]
        objects = compile_here(sources[:-1], CORE, folder / "pure", [*flags, "-Wshadow"], cores())
        objects += compile_here([parser], parser.parent, folder / "pure", [*flags, "-w"], 1)
        python = ["-isystem", str(host_python().include)]
        objects += compile_here([generated], folder, folder / "pure", [*flags, "-w", *python], 1)
        unfinished = folder / "unfinished"
        run(["cc", "-shared", *SANITIZED, *objects, "-o", unfinished])
        unfinished.rename(folder / f"{module_name}.so")
        built = [folder / f"{module_name}.so"]
    spec = importlib.util.spec_from_file_location(module_name, built[0])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
