"""The compiler that the builds of packages are given: the device's, as far as they can tell.

Their back-ends run under the builder's Python, ask ``sysconfig`` how C is compiled and what the processor is like, and start
what it says. The answers are those of the device's CPython; the programs are front ends of the toolchain's
(compiler_inside.py), which link what would be a shared library as one relocatable object.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from appliance.common.places import CORE, cache_folder, digest_of, whole_folder
from appliance.compiling import interpreter as interpreters
from appliance.compiling.interpreter import Interpreter, describe
from appliance.compiling.libraries import Library, library_digest
from appliance.compiling.toolchain import Toolchain, native_toolchain
from appliance.fetching.recipes import load_source

_SCRIPT = Path(__file__).with_name("compiler_inside.py")

# What besides CPython makes the Python that back-ends run under.
_RUNS = (CORE / "interpreter.c", Path(interpreters.__file__))

# As the libraries are compiled, but that code in C++ is unwound when it throws. Warnings are for the package's own authors.
_FLAGS = ("-O2", "-DNDEBUG", "-ffunction-sections", "-fdata-sections", "-fno-ident", "-w")

_VALUES = "_sysconfigdata_values"
_NAME = "_sysconfigdata_device"
_SYSCONFIG = """from {values} import build_time_vars

build_time_vars |= {changed!r}
"""

# What is asked of the running system rather than of sysconfig.
_SITE = """import os

_here = os.uname()
os.uname = lambda: os.uname_result((_here.sysname, _here.nodename, _here.release, _here.version, {machine!r}))
"""


@dataclass(frozen=True)
class Compiler:
    """``folder`` holds bin/ with cc and c++, and python/ with what sysconfig reads."""

    folder: Path
    interpreter: Interpreter
    tools: Toolchain

    @property
    def digest(self) -> str:
        """Of what decides what it makes, wherever it is installed: CPython, not the libc of the Python that runs here."""
        runs = library_digest(load_source("cpython"), native_toolchain())
        return digest_of(self.tools.digest, self.interpreter.library.digest, runs, *_RUNS, _SCRIPT, Path(__file__))

    def environment(self, tree: Path, offered: Iterable[Library]) -> dict[str, str]:
        """For building the sources in ``tree``, with the headers and libraries that are ``offered``."""
        flags = [*_FLAGS, f"-ffile-prefix-map={tree}=.", f"-I{self.interpreter.library.prefix / 'include'}"]
        programs = self.folder / "bin"
        return {
            **self.tools.environment, "CC": str(programs / "cc"), "CXX": str(programs / "c++"), "AR": str(self.tools.ar),
            "RANLIB": str(self.tools.ranlib), "FC": "false", "CARGO": "false", "FAPWS4_TREE": str(tree),
            "FAPWS4_FLAGS": " ".join(flags),
            "FAPWS4_LIBRARIES": " ".join(str(library.prefix) for library in offered),
            "PKG_CONFIG": "false", "PKG_CONFIG_LIBDIR": str(self.folder), "PKG_CONFIG_PATH": "",
            "_PYTHON_SYSCONFIGDATA_NAME": _NAME, "_PYTHON_HOST_PLATFORM": f"linux-{self.tools.target.machine}",
        }


def compiler_for(interpreter: Interpreter, tools: Toolchain) -> Compiler:
    """The compiler for a target, its files written to the cache when they are not there."""
    python, library = interpreter.python, interpreter.library
    script = "#!/bin/sh\nexec {} -I -S -B {} {} {} \"$@\"\n"
    programs = {name: script.format(*(shlex.quote(str(word)) for word in (python, _SCRIPT, tools.cc, name)))
                for name in ("cc", "c++")}
    digest = digest_of(*programs.values(), library.digest, str(library.prefix), Path(__file__))
    folder = cache_folder("compilers") / f"{tools.target.name}-{digest[:16]}"
    if not folder.exists():
        with whole_folder(folder) as work:
            _write_programs(work / "bin", programs)
            _write_answers(work / "python", folder / "bin", interpreter, tools)
    return Compiler(folder, interpreter, tools)


def _write_programs(folder: Path, programs: dict[str, str]) -> None:
    folder.mkdir()
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def _write_answers(folder: Path, programs: Path, interpreter: Interpreter, tools: Toolchain) -> None:
    """What sysconfig and the system itself say."""
    folder.mkdir()
    describe(interpreter.python, interpreter.library, folder, _VALUES)
    include = str(interpreter.library.prefix / "include")
    cc, cpp = str(programs / "cc"), str(programs / "c++")
    changed = {"CC": cc, "CXX": cpp, "LDSHARED": f"{cc} -shared", "BLDSHARED": f"{cc} -shared",
               "LDCXXSHARED": f"{cpp} -shared", "AR": str(tools.ar), "ARFLAGS": "rcD", "RANLIB": str(tools.ranlib),
               "CFLAGS": "", "OPT": "", "CCSHARED": "",
               "INCLUDEPY": include, "CONFINCLUDEPY": include, "SHLIB_SUFFIX": ".so"}
    (folder / f"{_NAME}.py").write_text(_SYSCONFIG.format(values=_VALUES, changed=changed))
    (folder / "sitecustomize.py").write_text(_SITE.format(machine=tools.target.machine))
