"""Sources of packages that have C: compiled for the device by their own build, linked under names of their own."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.packaging.building import Workplace, python_with
from appliance.packaging.compiler import compiler_for
from appliance.packaging.extensions import imports_in
from appliance.packaging.installation import Packages, install
from appliance.packaging.packages import choose
from tests.appliance import parcels
from tests.appliance.cases import COMPILED, cache_with, problem, written

COMPILE = "$CC -DNUMBER=4 -c fast.c -o fast.o"
LINK = "$CC -shared fast.o -o fast.so"

THROWING = """#include <stdexcept>
extern "C" int number(void);
int number(void)
{
    try {
        throw std::runtime_error("abc");
    } catch (std::exception &thrown) {
        return thrown.what()[0] - 'a' + 3;
    }
}
"""


@pytest.fixture
def shop(tmp_path: Path, place: Workplace, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the registry; of packages the cache is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_with(tmp_path / "cache", *COMPILED)))
    parcels.only_here(monkeypatch, tmp_path / "shop")
    return tmp_path / "shop"


def made(tmp_path: Path, place: Workplace, requirements: str = "ship\n") -> Packages:
    """What becomes of requirements."""
    written(tmp_path / "app", requirements, "requirements.txt")
    return install(choose(written(tmp_path / "app", "PATHS = []\n")), place)


def said(packages: Packages, place: Workplace, program: str) -> str:
    """What a program prints in a Python that has all C modules of these packages."""
    python = python_with(list(packages.extensions.values()), place)
    return subprocess.run([python, "-S", "-B", "-c", program], env={"PYTHONPATH": str(packages.site)}, check=True,
                          capture_output=True, text=True).stdout.strip()


def test_what_is_compiled_anew(place: Workplace) -> None:
    """Packages are, when CPython or the toolchain is another; not when the interpreter that compiles them got a new libc."""
    compiler = compiler_for(place.interpreter, place.tools)
    other = replace(place.interpreter, digest="another")
    assert compiler.digest == replace(compiler, interpreter=other).digest
    library = replace(place.interpreter.library, digest="another")
    assert compiler.digest != replace(compiler, interpreter=replace(place.interpreter, library=library)).digest


def test_a_c_module_is_linked(shop: Path, tmp_path: Path, place: Workplace) -> None:
    """Under its dotted name, with the rest of the wheel beside it; a speed-up that Python could do without, too."""
    parcels.sdist(shop, "ship", "1", {"fast.c": parcels.MODULE.format(name="_fast")}, (COMPILE, LINK),
                  {"hull/_fast.cpython-313.so": "fast.so", "hull/__init__.py": "fast.c"})
    [package] = made(tmp_path, place).chosen
    assert ["hull._fast"] == [extension.name for extension in package.extensions]
    assert not list((tmp_path / "cache").rglob("sites/**/*.so"))


def test_the_same_names_in_two_packages(shop: Path, tmp_path: Path, place: Workplace) -> None:
    """Their functions and their modules have the same names, and each keeps its own."""
    for name, number in (("ship", 4), ("boat", 5)):
        parcels.sdist(shop, name, "1", {"fast.c": parcels.MODULE.format(name="_fast"), "init.py": ""},
                      (COMPILE.replace("4", str(number)), LINK),
                      {f"{name}s/_fast.abi3.so": "fast.so", f"{name}s/__init__.py": "init.py"})
    packages = made(tmp_path, place, "ship\nboat\n")
    program = "import ships._fast, boats._fast; print(ships._fast.answer, boats._fast.answer, ships._fast.__name__)"
    assert "4 5 ships._fast" == said(packages, place, program)


def test_a_library_of_its_own(shop: Path, tmp_path: Path, place: Workplace) -> None:
    """A static library that the source itself makes goes into the module."""
    files = {"fast.c": parcels.MODULE.format(name="ship_c"), "own.c": "int number(void); int number(void) { return 7; }\n"}
    commands = ("$CC -c fast.c -o fast.o", "$CC -c own.c -o own.o", "$AR rcs libown.a own.o",
                "$CC -shared fast.o -L. -lown -lm -o fast.so")
    parcels.sdist(shop, "ship", "1", files, commands, {"ship_c.so": "fast.so"})
    assert "7" == said(made(tmp_path, place), place, "import ship_c; print(ship_c.answer)")


def test_a_library_with_a_recipe(shop: Path, tmp_path: Path, place: Workplace) -> None:
    """What is asked for by its header is there to be compiled and tried with; the module is linked with it."""
    code = "#include <zlib.h>\n#define NUMBER (int)crc32(0, (const unsigned char *)\"x\", 1) & 0xffff\n"
    probe = "#include <zlib.h>\nint main(void) { return zlibVersion()[0] != '1'; }\n"
    files = {"fast.c": code + parcels.MODULE.format(name="ship_c"), "probe.c": probe}
    parcels.sdist(shop, "ship", "1", files, ("$CC probe.c -lz -o probe", "./probe", "$CC -c fast.c -o fast.o",
                                             "$CC -shared fast.o -lz -o fast.so"), {"ship_c.so": "fast.so"})
    packages = made(tmp_path, place)
    assert ("zlib",) == packages.extensions["ship_c"].libraries
    assert said(packages, place, "import zlib; print(zlib.crc32(b'x') & 0xffff)") == said(
        packages, place, "import ship_c; print(ship_c.answer)")


@pytest.mark.long
def test_cpp(shop: Path, tmp_path: Path, place: Workplace) -> None:
    """Its library is linked, and what is thrown is caught. The first time, that library is compiled: minutes."""
    files = {"fast.c": parcels.MODULE.format(name="ship_c"), "own.cpp": THROWING}
    parcels.sdist(shop, "ship", "1", files, ("$CC -c fast.c -o fast.o", "$CXX -c own.cpp -o own.o",
                                             "$CXX -shared fast.o own.o -o fast.so"), {"ship_c.so": "fast.so"})
    packages = made(tmp_path, place)
    assert packages.extensions["ship_c"].cpp
    assert "3" == said(packages, place, "import ship_c; print(ship_c.answer)")


def test_what_the_build_sees(shop: Path, tmp_path: Path, place: Workplace) -> None:
    """sysconfig and the system tell of the device, not of this machine; packages that it has not asked for are not there."""
    parcels.wheel(shop, "crate", "3")
    check = ("import crate, os, platform, sysconfig\n"
             "try:\n    import pytest\nexcept ImportError:\n    pytest = None\n"
             "print(platform.machine(), sysconfig.get_platform(), sysconfig.get_config_var('SIZEOF_VOID_P'), pytest,\n"
             "      sysconfig.get_path('include') == '/usr/include', file=open('facts.txt', 'w'))\n")
    parcels.sdist(shop, "ship", "1", {"check.py": check}, ("$PYTHON check.py",), {"facts.txt": "facts.txt"},
                  requires='["crate"]')
    packages = made(tmp_path, place)
    assert packages.site
    assert "x86_64 linux-x86_64 8 None False\n" == (packages.site / "facts.txt").read_text()
    assert [("crate", "3", "crate-3-py3-none-any.whl")] == [tool[:3] for tool in packages.chosen[0].tools]


def test_a_library_without_a_recipe(shop: Path, tmp_path: Path, place: Workplace) -> None:
    """It is named, with what can be done."""
    parcels.sdist(shop, "ship", "1", {"fast.c": parcels.MODULE.format(name="ship_c")}, (COMPILE, f"{LINK} -lwater"),
                  {"ship_c.so": "fast.so"})
    told = problem(lambda: made(tmp_path, place)).partition(": ")[2]
    assert ("ship-1.tar.gz is to be linked with the library water, for which there is no recipe: write "
            "recipes/sources/water.toml, or use a package that does without") == told


def test_a_header_without_a_recipe(shop: Path, tmp_path: Path, place: Workplace) -> None:
    """The compiler's words, with the line."""
    parcels.sdist(shop, "ship", "1", {"fast.c": "#include <water.h>\n"}, (COMPILE,))
    told = problem(lambda: made(tmp_path, place)).partition(": ")[2]
    assert "ship-1.tar.gz cannot be built: fast.c:1:10: fatal error: 'water.h' file not found" == told


@pytest.mark.parametrize("parts", [{"ship/run": "fast.so"}, {"ship_d.so": "fast.so"}])
def test_other_machine_code(shop: Path, tmp_path: Path, place: Workplace, parts: dict[str, str]) -> None:
    """A program, or an object that makes no module of its name, cannot be linked as one."""
    parcels.sdist(shop, "ship", "1", {"fast.c": parcels.MODULE.format(name="ship_c")}, (COMPILE, LINK), parts)
    told = problem(lambda: made(tmp_path, place)).partition(": ")[2]
    assert (f"ship-1.tar.gz makes machine code ({next(iter(parts))}) that is no C module of Python, which a static program "
            "cannot load: use a package, or a version of it, that does without") == told


def test_it_is_built_once(shop: Path, tmp_path: Path, place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same source is not built again; the same bytes come of it elsewhere."""
    parcels.sdist(shop, "ship", "1", {"fast.c": parcels.MODULE.format(name="ship_c")}, (COMPILE, LINK),
                  {"ship_c.so": "fast.so"})
    first = made(tmp_path, place).extensions["ship_c"].object
    assert first == made(tmp_path, place).extensions["ship_c"].object
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_with(tmp_path / "elsewhere", *COMPILED)))
    second = made(tmp_path, place).extensions["ship_c"].object
    assert first != second
    assert first.read_bytes() == second.read_bytes()


def test_what_c_imports(tmp_path: Path) -> None:
    """Statements in Cython, calls in C; what is imported for the compiler only does not count."""
    cython = "from cpython cimport *\nfrom .ext import (A, B)\nfrom .exceptions import One, Two\n    import time\ncimport a\n"
    written(tmp_path, cython, "x.pyx")
    written(tmp_path, 'void f(void) { PyImport_ImportModule("datetime"); PyImport_ImportModule(name); }\n', "y.c")
    found = ["from .exceptions import One, Two", "from .ext import A, B", "import datetime", "import time"]
    assert found == imports_in(tmp_path)


@pytest.fixture
def described(shop: Path, tmp_path: Path) -> Path:
    """An app that imports `_near`, which a file beside it describes."""
    written(tmp_path, "from cffi import FFI\nmaker = FFI()\nmaker.set_source('_near', '')\n", "near_build.py")
    written(tmp_path, "import _near\n", "beside.py")
    return written(tmp_path, "import beside\nPATHS = []\n")


def test_own_c_needs_cffi(described: Path) -> None:
    """The app must require it, so that its version is the app's choice."""
    told = f"{described.with_name('near_build.py')} needs cffi, which page.py does not require: "
    assert problem(lambda: choose(described)).startswith(told)


def test_own_c_that_nobody_imports(described: Path) -> None:
    """A description beside another app in the same folder is not built."""
    assert None is choose(written(described.parent, "PATHS = []\n", "other.py"))
