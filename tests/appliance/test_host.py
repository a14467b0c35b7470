"""`fapws4` for this machine's own Python: installed without root, it imports what plain python imports, and fapws4 always."""

from __future__ import annotations

import json
import marshal
import os
import re
import subprocess
import sys
import sysconfig
import venv
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from appliance import host
from appliance.build import cores
from appliance.common.places import REPOSITORY, cache_folder
from appliance.common.shell import run
from appliance.fetching.sources import unpacked
from appliance.freezing.link import C_WARNINGS
from tests.appliance.cases import left_over, written
from tests.appliance.running import invoke

X_Y = f"{sys.version_info.major}.{sys.version_info.minor}"

APP = """
import json, sys, sysconfig
from importlib.util import find_spec
import fapws4.base
found = {name: getattr(find_spec(name), "origin", None) for name in ("fapws4", "extra", "app")}
print(json.dumps({**found, "prefix": sys.prefix, "platlib": sysconfig.get_path("platlib")}))
PATHS = [("/", print)]
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder into which fapws4 is installed as its owner would do it."""
    folder = tmp_path_factory.mktemp("home")
    done = invoke("install", env={"HOME": str(folder), "XDG_CACHE_HOME": str(cache_folder().parent)})
    assert 0 == done.returncode, done.stderr
    assert [folder / ".local/bin/fapws4", package_in(folder / ".local")] == host.install(folder / ".local", cores())
    return folder


def package_in(prefix: Path) -> Path:
    """Where the package is installed below a prefix."""
    return prefix / "lib" / f"python{X_Y}" / "site-packages" / "fapws4"


def checked(program: Path, app: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `fapws4 --check` says in an environment with nothing but this."""
    base = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return subprocess.run([program, "--check", app], env=base | environment, capture_output=True, text=True, check=False)


def told(program: Path, app: Path, **environment: str) -> dict[str, str | None]:
    """Where an app finds its modules."""
    done = checked(program, app, **environment)
    assert (0, "") == (done.returncode, done.stderr)
    return dict(json.loads(done.stdout))


def test_an_app_finds_the_installed_package(home: Path, tmp_path: Path) -> None:
    """Also where Python looks into no folder of the user, and below any other prefix."""
    app = written(tmp_path, APP, "app.py")
    own = home / ".local" / "bin" / "fapws4"
    expected = str(package_in(home / ".local") / "__init__.py")
    for environment in ({}, {"PYTHONNOUSERSITE": "1"}):
        found = told(own, app, HOME=str(home), **environment)
        assert (expected, str(app), None) == (found["fapws4"], found["app"], found["extra"])
    other = tmp_path / "other"
    host.install(other, cores())
    found = told(other / "bin" / "fapws4", app, HOME=str(tmp_path))
    assert str(package_in(other) / "__init__.py") == found["fapws4"]


def test_the_package_brings_its_byte_code(home: Path) -> None:
    """Who starts the server may not be allowed to write it; told by the folder that it is for."""
    package = package_in(home / ".local")
    for module in package.rglob("*.py"):
        compiled = Path(cache_from_source(str(module)))
        assert marshal.loads(compiled.read_bytes()[16:]).co_filename == str(module)


def test_pythonpath_comes_first(home: Path, tmp_path: Path) -> None:
    """As under plain python: modules of PYTHONPATH are found, also another fapws4."""
    written(tmp_path, "", "path/extra.py")
    app = written(tmp_path, APP, "app.py")
    path = os.pathsep.join([str(tmp_path / "path"), str(REPOSITORY)])
    found = told(home / ".local" / "bin" / "fapws4", app, HOME=str(home), PYTHONPATH=path)
    expected = (str(tmp_path / "path" / "extra.py"), str(REPOSITORY / "fapws4" / "__init__.py"))
    assert expected == (found["extra"], found["fapws4"])


def test_an_active_environment_is_respected(home: Path, tmp_path: Path) -> None:
    """Its packages are there, those of the user are not; the installed fapws4 is."""
    venv.create(tmp_path / "venv", symlinks=True)
    inside = tmp_path / "venv" / "lib" / f"python{X_Y}" / "site-packages"
    written(inside, "", "extra.py")
    app = written(tmp_path, APP, "app.py")
    found = told(home / ".local" / "bin" / "fapws4", app, HOME=str(home), VIRTUAL_ENV=str(tmp_path / "venv"))
    assert (str(tmp_path / "venv"), str(inside), str(inside / "extra.py")) == tuple(
        found[name] for name in ("prefix", "platlib", "extra")
    )
    assert str(package_in(home / ".local") / "__init__.py") == found["fapws4"]


def test_an_environment_of_another_python(home: Path, tmp_path: Path) -> None:
    """It has nothing for this Python: one line says what to do."""
    written(tmp_path, "", "venv/lib/python3.1/site-packages/extra.py")
    written(tmp_path, "#!/bin/sh\n", "venv/bin/python3").chmod(0o755)
    app = written(tmp_path, APP, "app.py")
    done = checked(home / ".local" / "bin" / "fapws4", app, VIRTUAL_ENV=str(tmp_path / "venv"))
    said = (
        f"fapws4: cannot start Python: the active virtual environment is not one of Python {X_Y}: "
        "deactivate it, or install fapws4 with its Python\n"
    )
    assert (1, "", said) == (done.returncode, done.stdout, done.stderr)


def test_an_environment_that_is_gone(home: Path, tmp_path: Path) -> None:
    """A folder that has been removed since it was activated is no hindrance."""
    app = written(tmp_path, APP, "app.py")
    found = told(home / ".local" / "bin" / "fapws4", app, HOME=str(home), VIRTUAL_ENV=str(tmp_path / "gone"))
    assert str(package_in(home / ".local") / "__init__.py") == found["fapws4"]


def test_what_was_installed_before_is_replaced(tmp_path: Path) -> None:
    """All of the package is that of the last time: no file of an older one stays, changed or left over."""
    _, package = host.install(tmp_path, cores())
    files = sorted(path.relative_to(package) for path in package.rglob("*"))
    (package / "base.py").write_text("older")
    (package / "older.py").write_text("older")
    host.install(tmp_path, cores())
    assert files == sorted(path.relative_to(package) for path in package.rglob("*"))
    assert (REPOSITORY / "fapws4" / "base.py").read_text() == (package / "base.py").read_text()
    assert [] == left_over(package.parent)


def test_uninstall_takes_everything_away(tmp_path: Path) -> None:
    """What was there before stays; the second time nothing is left to remove."""
    prefix = tmp_path / "prefix"
    written(prefix, "mine", "bin/other")
    made = host.install(prefix, cores())
    assert made == host.uninstall(prefix)
    assert [prefix / "bin" / "other"] == [path for path in prefix.rglob("*") if path.is_file()]
    assert [] == host.uninstall(prefix)


DESCRIBE = "import sysconfig, sys; print(sys.version_info >= (3, 10), sysconfig.get_config_vars()['INCLUDEPY'])"


def pythons() -> dict[str, Path]:
    """The headers of every Python from 3.10 on that this machine has, by their folders' names."""
    places = [*map(Path, os.environ.get("PATH", "").split(os.pathsep)), *Path.home().glob(".pyenv/versions/*/bin")]
    found = {"this": Path(sysconfig.get_config_vars()["INCLUDEPY"])}
    programs = {path for place in places for path in place.glob("python3.*") if re.fullmatch(r"python3\.\d+", path.name)}
    for program in sorted(programs):
        done = subprocess.run([program, "-I", "-c", DESCRIBE], capture_output=True, text=True, check=False)
        new, _, headers = done.stdout.strip().partition(" ")
        if new == "True" and Path(headers, "Python.h").exists():
            found[Path(headers).name] = Path(headers)
    return found


@pytest.mark.long
def test_the_core_compiles_for_every_python_that_is_here() -> None:
    """3.10 to 3.14 differ in their C API; all warnings are errors."""
    trees = {name: unpacked(name) for name in host.LIBRARIES}
    own = str(host.host_python().include)
    for headers in pythons().values():
        flags = [str(headers) if word == own else word for word in host.include_flags(trees)]
        for file in host.core_files():
            run(["cc", *C_WARNINGS, "-O2", "-fsyntax-only", *flags, file], what=f"cc {file.name} for {headers.name}")
