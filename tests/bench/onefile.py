"""The peers of a frozen program: the same page by a server of the standard library, in one file by PyInstaller and by Nuitka.

Each at its best: stripped, without docstrings and asserts, compressed. Both unpack themselves to a folder at every start.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import REPOSITORY, cache_folder, digest_of, whole_folder
from appliance.common.shell import run
from appliance.fetching.preflight import require
from tests.bench.peers import peers_folder
from tests.bench.processes import Server

PEER_APP = Path(__file__).with_name("wsgiref_hello.py")
FLASK_APP = Path(__file__).with_name("wsgiref_flask.py")
NAME = "PyInstaller --onefile with wsgiref"
SAMPLE = REPOSITORY / "samples" / "wsgi-flask"

Maker = Callable[[Path, Path], Path]


def onefile(app: Path = PEER_APP) -> Server:
    """PyInstaller's program of an app, kept in the cache."""
    return _kept(NAME, app, run_pyinstaller)


def nuitka(app: Path = PEER_APP) -> Server:
    """Nuitka's program of an app, kept in the cache: making it takes minutes."""
    return _kept("Nuitka --onefile with wsgiref", app, run_nuitka)


def _kept(name: str, app: Path, make: Maker) -> Server:
    folder = cache_folder("bench") / f"onefile-{digest_of(name, app, Path(__file__), sys.version)[:16]}"
    if not folder.exists():
        with whole_folder(folder) as work, tempfile.TemporaryDirectory() as scratch:
            shutil.copy(make(app, Path(scratch)), work / app.stem)
    return Server(name, (folder / app.stem,))


def run_pyinstaller(app: Path, folder: Path) -> Path:
    """Freeze an app; the program."""
    _require_shared()
    data = [f"--add-data={SAMPLE / name}:{name}" for name in ("templates", "static")] if app == FLASK_APP else []
    run([sys.executable, "-m", "PyInstaller", "--onefile", "--strip", "--optimize", "2", "--log-level", "ERROR",
         "--distpath", folder, "--workpath", folder / "work", "--specpath", folder, "--paths", SAMPLE, *data, app],
        what="PyInstaller")
    return folder / app.stem


def run_nuitka(app: Path, folder: Path) -> Path:
    """Compile an app; the program."""
    _require_shared()
    require({"gcc": "gcc"}, "Nuitka")
    peers = peers_folder()
    site = next(peers.glob("lib/python*/site-packages"))
    data = [f"--include-data-dir={SAMPLE / name}={name}" for name in ("templates", "static")] if app == FLASK_APP else []
    run([sys.executable, "-m", "nuitka", "--onefile", "--python-flag=-OO,no_site", "--remove-output", "--quiet",
         f"--output-dir={folder}", f"--output-filename={app.stem}", *data, app], what="Nuitka",
        env={"PYTHONPATH": os.pathsep.join(map(str, (site, SAMPLE))),
             "PATH": f"{peers / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"})
    return folder / app.stem


def _require_shared() -> None:
    library = sysconfig.get_config_var("LDLIBRARY") or ""
    if ".so" not in library:
        raise Problem("the peers need a Python with a shared library", "run the benchmark with such a Python")
