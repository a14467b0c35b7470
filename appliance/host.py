"""The server for this machine's own Python: `fapws4 app.py`, compiled against its headers, installed without root.

The same core as on a device; only the file runtime_host.c is linked instead of the frozen runtime, so that imports work as
under plain python. The compiler is the machine's own: the result loads the machine's shared libraries.
"""

from __future__ import annotations

import py_compile
import shutil
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import CORE, PACKAGE, cache_folder, digest_of, tree_digest, whole_file, whole_folder
from appliance.common.progress import step
from appliance.common.shell import run
from appliance.fetching.preflight import require
from appliance.fetching.recipes import load_source
from appliance.fetching.sources import unpacked
from appliance.freezing.link import C_WARNINGS

LIBRARIES = ("libuv", "picohttpparser")
# Link-time optimisation saves a request 5 to 8 in a hundred of its instructions; -O3 without it saves less than 1. A profile
# (-fprofile-use, trained by the cases of `invoke bench exact`) saved 3.5 to 6, which is not worth serving while installing.
OPTIMISED = ("-O3", "-g", "-DNDEBUG", "-fno-plt", "-flto")
SANITIZED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer")

# OpenSSL is this machine's, whose updates mend it; only this file, beside the program, is linked with it.
_TLS = "fapws4-tls.so"

_OTHER_FACES = ("interpreter.c",)


@dataclass(frozen=True)
class HostPython:
    """The Python that the server will embed: its X.Y, its headers, and how to link with it."""

    version: str
    include: Path
    link: tuple[str, ...]


def needed_programs() -> dict[str, str]:
    """The compiler, and the headers of this Python, with their packages."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    headers = Path(sysconfig.get_config_vars()["INCLUDEPY"], "Python.h")
    return {"cc": "gcc", str(headers): f"python{version}-dev", "/usr/include/openssl/ssl.h": "libssl-dev"}


def require_programs() -> None:
    """What is needed, seen to before anything is done."""
    require(needed_programs(), "compiling fapws4")


def host_python() -> HostPython:
    """The Python that runs this; a Problem that names the package when its headers or library are missing."""
    names = sysconfig.get_config_vars()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    include, folder = Path(names["INCLUDEPY"]), Path(names["LIBDIR"])
    package = f"install them (on Debian: apt-get install python{version}-dev)"
    if not (include / "Python.h").exists():
        raise Problem(f"the headers of Python {version} are not there", package)
    shared = f"libpython{names['LDVERSION']}.so"
    archive = Path(names["LIBPL"] or folder, f"libpython{names['LDVERSION']}.a")
    if (folder / shared).exists():
        link = (f"-L{folder}", f"-Wl,-rpath,{folder}", f"-lpython{names['LDVERSION']}")
    elif archive.exists():
        link = (str(archive), "-rdynamic", *(names["LIBS"] or "").split(), *(names["SYSLIBS"] or "").split())
    else:
        raise Problem(f"the library of Python {version} is not there", package)
    return HostPython(version, include, (*link, "-lm", "-ldl", "-lpthread"))


def check_python() -> None:
    """A Problem when the server could not be linked with this Python."""
    host_python()


def build_host(jobs: int, flags: tuple[str, ...] = OPTIMISED, offline: bool = False) -> Path:
    """The executable, kept by the digest of everything that it is made from."""
    python = host_python()
    trees = {name: unpacked(name, offline) for name in LIBRARIES}
    digest = digest_of(sys.version, *python.link, *flags, *(tree.name for tree in trees.values()), Path(__file__),
                       tree_digest(CORE, "**/*.[ch]"))
    folder = cache_folder("host") / digest[:16]
    if not folder.exists():
        libraries = compile_libraries(trees, flags, jobs)
        with step(f"compile fapws4 for Python {python.version}"), whole_folder(folder) as work, \
                tempfile.TemporaryDirectory(dir=cache_folder("work")) as scratch:
            objects = compile_here(core_files(), CORE, Path(scratch), [*C_WARNINGS, *flags, *include_flags(trees)], jobs)
            # Then no preload is needed, and what is loaded finds the sanitizer in the program.
            alone = ("-static-libasan", "-rdynamic") if "-fsanitize=address,undefined" in flags else ()
            run(["cc", *flags, *alone, *objects, *libraries, "-o", work / "fapws4", *python.link], what="linking fapws4")
            _link_tls(work / _TLS, Path(scratch) / "tls", flags, jobs)
    return folder / "fapws4"


def _link_tls(shared: Path, scratch: Path, flags: tuple[str, ...], jobs: int) -> None:
    """The part that knows OpenSSL; sanitizers are the program's."""
    objects = compile_here(tls_files(), CORE, scratch, [*C_WARNINGS, *flags, "-fPIC"], jobs)
    run(["cc", "-shared", *objects, "-o", shared, "-lssl", "-lcrypto"], what=f"linking {shared.name}")


def tls_files() -> list[Path]:
    """The C files of the part that knows OpenSSL, with what they need of the core."""
    return [*sorted((CORE / "tls").glob("*.c")), CORE / "buffer.c"]


def core_files() -> list[Path]:
    """The C files of this face."""
    return [path for path in sorted(CORE.glob("*.c")) if path.name not in _OTHER_FACES]


def include_flags(trees: dict[str, Path] | None = None) -> list[str]:
    """Where the headers stand that the core includes: its own, Python's, libuv's and picohttpparser's."""
    trees = trees or {name: unpacked(name) for name in LIBRARIES}
    places = [host_python().include, trees["libuv"] / "include", trees["picohttpparser"]]
    return [word for place in places for word in ("-isystem", str(place))]


def install(prefix: Path, jobs: int, offline: bool = False) -> list[Path]:
    """Put bin/fapws4 and the package below ``prefix`` (~/.local); what was there is replaced as a whole."""
    program = build_host(jobs, offline=offline)
    binary, package = installed(prefix)
    with whole_file(binary, 0o755) as work:
        shutil.copyfile(program, work)
    with whole_folder(package) as folder:
        shutil.copytree(PACKAGE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        _compile_package(folder, package)
        shutil.copyfile(program.with_name(_TLS), folder / _TLS)
        if package.exists():
            package.rename(folder.with_name("before"))  # gone with the folder for the work
    return [binary, package]


def _compile_package(folder: Path, package: Path) -> None:
    """Byte code for every module, as pip makes it: who starts the server may not be allowed to write it."""
    for module in sorted(folder.rglob("*.py")):
        py_compile.compile(str(module), dfile=str(package / module.relative_to(folder)), doraise=True)


def uninstall(prefix: Path) -> list[Path]:
    """Take away what ``install`` put there; what was taken."""
    there = [path for path in installed(prefix) if path.exists()]
    for path in there:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return there


def installed(prefix: Path) -> tuple[Path, Path]:
    """The executable and the package's folder below a prefix."""
    return prefix / "bin" / "fapws4", prefix / "lib" / f"python{host_python().version}" / "site-packages" / "fapws4"


def compile_libraries(trees: dict[str, Path], flags: tuple[str, ...], jobs: int) -> list[Path]:
    """Objects of libuv and picohttpparser, without their warnings; kept by themselves, since they seldom change."""
    optimised = tuple(flag for flag in flags if not flag.startswith("-D"))
    digest = digest_of(*optimised, *(tree.name for tree in trees.values()), Path(__file__))
    folder = cache_folder("host") / f"libraries-{digest[:16]}"
    if not folder.exists():
        with step("compile libuv and picohttpparser"), whole_folder(folder) as work:
            for name, tree in trees.items():
                recipe = load_source(name).build
                assert recipe is not None
                words = ["-w", "-DNDEBUG", *optimised, *recipe.flags, *(f"-I{tree / folder}" for folder in recipe.include)]
                files = [file for glob in recipe.compile for file in sorted(tree.glob(glob))]
                compile_here(files, tree, work / name, words, jobs)
    return sorted(folder.rglob("*.o"))


def compile_here(
    files: list[Path], root: Path, objects: Path, flags: list[str], jobs: int, compiler: str = "cc"
) -> list[Path]:
    """Compile files below ``root`` with a compiler of this machine; the objects, in the order of ``files``."""
    objects.mkdir(parents=True, exist_ok=True)

    def compile_one(file: Path) -> Path:
        made = objects / f"{file.relative_to(root).as_posix().replace('/', '.')}.o"
        run([compiler, *flags, "-c", file, "-o", made], what=f"compiling {file.name}")
        return made

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(compile_one, files))
