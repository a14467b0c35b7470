"""The peer of a frozen program: PyInstaller --onefile, with a server of the standard library in it."""

from __future__ import annotations

import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

from appliance.errors import Problem
from appliance.places import cache_folder, digest_of, whole_folder
from appliance.shell import run
from tests.bench.processes import Server

PEER_APP = Path(__file__).with_name("wsgiref_hello.py")
NAME = "PyInstaller --onefile with wsgiref"


def onefile() -> Server:
    """PyInstaller's program of wsgiref_hello.py, kept in the cache."""
    folder = cache_folder("bench") / f"onefile-{digest_of(PEER_APP, sys.version)[:16]}"
    if not folder.exists():
        with whole_folder(folder) as work, tempfile.TemporaryDirectory() as scratch:
            shutil.copy(run_pyinstaller(PEER_APP, Path(scratch)), work / "hello")
    return Server(NAME, (folder / "hello",))


def run_pyinstaller(app: Path, folder: Path) -> Path:
    """Freeze an app; the program."""
    library = sysconfig.get_config_var("LDLIBRARY") or ""
    if ".so" not in library:
        raise Problem("PyInstaller, the peer, needs a Python with a shared library", "run the benchmark with such a Python")
    command: list[str | Path] = [
        sys.executable, "-m", "PyInstaller", "--onefile", "--log-level", "ERROR", "--distpath", folder,
        "--workpath", folder / "work", "--specpath", folder, app]
    run(command, what="PyInstaller")
    return folder / app.stem
