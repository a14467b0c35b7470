"""`invoke bench`: the figures, each beside a named peer that is measured in the same run, printed and written as JSON."""

from __future__ import annotations

import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.build import Plan, build, compile_libraries, cores, make_plan, require_programs, shares_of
from appliance.errors import Problem
from appliance.places import REPOSITORY, cache_folder, digest_of, whole_file, whole_folder
from appliance.preflight import require
from appliance.progress import console, step
from appliance.report import megabytes, show_shares
from appliance.shell import run as run_program
from appliance.sources import unpacked
from tests.bench.server import resident_after, seconds_to_first_answer

_HERE = Path(__file__).parent
_HELLO = REPOSITORY / "samples" / "hello" / "hello.py"
_ROUNDS = 9  # how often the measured and its peer take turns

Figures = dict[str, Any]


def run(what: str, output: Path) -> None:
    """Measure ``what`` (a name of PARTS, or all), print the figures and add them to the JSON file."""
    if what != "all" and what not in PARTS:
        raise Problem(f"there is no benchmark {what}", "there are: all, " + ", ".join(PARTS))
    require_programs(False)
    chosen = list(PARTS) if what == "all" else [what]
    known: Figures = json.loads(output.read_text()) if output.exists() else {}
    for name in chosen:
        with step(f"bench {name}"):
            known[name] = PARTS[name]()
    known["machine"] = {"cores": os.cpu_count(), "processor": platform.machine(), "kernel": platform.release()}
    with whole_file(output) as work:
        work.write_text(json.dumps(known, indent=2) + "\n")
    console.print(f"figures written to {output}")


def _build(folder: Path, app: Path = _HELLO) -> tuple[Plan, Figures]:
    """Build an app; the plan, and the sizes of its parts."""
    plan = make_plan(str(app), "pc", str(folder), 0, False)
    frozen, image = build(plan)
    return plan, {"binary": shares_of(frozen), "image": image.shares}


def sizes() -> Figures:
    """The binary and the image (what it takes on the disk), and what their bytes are spent on."""
    with tempfile.TemporaryDirectory() as scratch:
        plan, shares = _build(Path(scratch))
        figures: Figures = {"binary": plan.binary.stat().st_size, "image_on_disk": plan.image.stat().st_blocks * 512,
                   "pyinstaller_onefile": _onefile().stat().st_size, "shares": shares}
    console.print(f"hello: binary {megabytes(figures['binary'])}, image {megabytes(figures['image_on_disk'])} on disk; "
                  f"PyInstaller --onefile with wsgiref {megabytes(figures['pyinstaller_onefile'])}", soft_wrap=True)
    show_shares("binary", shares["binary"])
    show_shares("image", shares["image"])
    return figures


def start() -> Figures:
    """From exec to the first 200: the frozen hello against PyInstaller --onefile of the same page, taking turns."""
    with tempfile.TemporaryDirectory() as scratch:
        plan, _ = _build(Path(scratch))
        ours: list[float] = []
        peer: list[float] = []
        for _ in range(_ROUNDS):
            ours.append(seconds_to_first_answer([plan.binary, "--server", "127.0.0.1:0"]))
            peer.append(seconds_to_first_answer([_onefile()]))
    return _against("cold start", "PyInstaller --onefile with wsgiref", ours, peer)


def memory() -> Figures:
    """Resident memory after 1,000 requests."""
    with tempfile.TemporaryDirectory() as scratch:
        plan, _ = _build(Path(scratch))
        ours = resident_after([plan.binary, "--server", "127.0.0.1:0"], 1000)
    peer = resident_after([_onefile()], 1000)
    console.print(f"resident after 1,000 requests: {megabytes(ours)}; PyInstaller --onefile with wsgiref {megabytes(peer)}",
                  soft_wrap=True)
    return {"resident": ours, "pyinstaller_onefile": peer}


def runtime() -> Figures:
    """The interpreter against the same sources built by gcc -O2 on this machine: CPU time of small programs, least of all."""
    _, interpreter = compile_libraries("x86_64", cores(), False)
    gcc = _gcc_python()
    ours: dict[str, float] = {}
    peer: dict[str, float] = {}
    for _ in range(_ROUNDS):
        for python, best in ((interpreter.python, ours), (gcc, peer)):
            said = json.loads(run_program([python, "-I", "-S", _HERE / "programs.py", "5"]))
            for name, seconds in said.items():
                best[name] = min(seconds, best.get(name, math.inf))
    ratios = {name: ours[name] / peer[name] for name in ours}
    mean = statistics.geometric_mean(ratios.values())
    console.print(f"time of Python programs, gcc -O2 = 1: {mean:.3f} (geometric mean of "
                  + ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items()) + ")", soft_wrap=True)
    return {"geometric_mean": mean, "ratios": ratios, "peer": "same CPython, gcc -O2"}


def rebuild() -> Figures:
    """From saving an edited app to a new binary and image; the peer is PyInstaller's second run over the same edit."""
    with tempfile.TemporaryDirectory() as scratch:
        app = Path(shutil.copy(_HELLO, scratch))
        peer_app = Path(shutil.copy(_HERE / "wsgiref_hello.py", scratch))
        dist = Path(scratch, "dist")
        _build(dist, app)
        _run_pyinstaller(peer_app, Path(scratch, "peer"))
        ours, peer = [], []
        for number in range(3):
            for file in (app, peer_app):
                file.write_text(file.read_text().replace("Hello World!!", f"Hello World!{number}"))
            ours.append(_seconds(lambda: _run_build(app, dist)))
            peer.append(_seconds(lambda: _run_pyinstaller(peer_app, Path(scratch, "peer"))))
    return _against("second build", "PyInstaller --onefile", ours, peer)


def first_build() -> Figures:
    """From an empty cache, the downloads included, to a binary and an image."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "invoke", "build-appliance", str(_HELLO), "--output", f"{scratch}/dist"]
        seconds = _seconds(lambda: run_program(command, cwd=REPOSITORY, env={"XDG_CACHE_HOME": f"{scratch}/cache"}))
    console.print(f"first build from nothing: {seconds:.0f} s")
    return {"seconds": seconds}


PARTS: dict[str, Callable[[], Figures]] = {
    "sizes": sizes, "start": start, "memory": memory, "runtime": runtime, "rebuild": rebuild, "first-build": first_build,
}


def _against(what: str, peer_name: str, ours: list[float], peer: list[float]) -> Figures:
    figures: Figures = {"seconds": min(ours), "median": statistics.median(ours), "peer": peer_name, "peer_seconds": min(peer),
               "peer_median": statistics.median(peer), "times_quicker": min(peer) / min(ours),
               "times_quicker_median": statistics.median(peer) / statistics.median(ours)}
    console.print(f"{what}: {figures['seconds'] * 1e3:.1f} ms (median {figures['median'] * 1e3:.1f}), "
                  f"{figures['times_quicker']:.1f} times quicker than {peer_name} ({figures['peer_seconds'] * 1e3:.1f} ms; "
                  f"by medians {figures['times_quicker_median']:.1f} times)", soft_wrap=True)
    return figures


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _run_build(app: Path, dist: Path) -> None:
    command = [sys.executable, "-m", "invoke", "build-appliance", str(app), "--output", str(dist)]
    run_program(command, cwd=REPOSITORY)


def _run_pyinstaller(app: Path, folder: Path) -> Path:
    library = sysconfig.get_config_var("LDLIBRARY") or ""
    if ".so" not in library:
        raise Problem("PyInstaller, the peer, needs a Python with a shared library", "run the benchmark with such a Python")
    command: list[str | Path] = [
        sys.executable, "-m", "PyInstaller", "--onefile", "--log-level", "ERROR", "--distpath", folder,
        "--workpath", folder / "work", "--specpath", folder, app]
    run_program(command, what="PyInstaller")
    return folder / app.stem


def _onefile() -> Path:
    """PyInstaller's program of wsgiref_hello.py, kept in the cache."""
    app = _HERE / "wsgiref_hello.py"
    folder = cache_folder("bench") / f"onefile-{digest_of(app, sys.version)[:16]}"
    if not folder.exists():
        with whole_folder(folder) as work, tempfile.TemporaryDirectory() as scratch:
            shutil.copy(_run_pyinstaller(app, Path(scratch)), work / "hello")
    return folder / "hello"


def _gcc_python() -> Path:
    """CPython of the same patched sources, built as usual by this machine's gcc at -O2; kept in the cache."""
    require({"gcc": "gcc", "make": "make"}, "building the peer")
    tree = unpacked("cpython")
    gcc = subprocess.run(["gcc", "--version"], capture_output=True, check=True).stdout
    folder = cache_folder("bench") / f"cpython-gcc-{digest_of(str(tree), gcc)[:16]}"
    if not folder.exists():
        with step("compile cpython with gcc -O2"), whole_folder(folder) as work, \
                tempfile.TemporaryDirectory() as scratch:
            commands: list[list[str | Path]] = [
                [tree / "configure", f"--prefix={folder}", "--without-ensurepip", "--disable-test-modules"],
                ["make", f"-j{cores()}", "OPT=-O2 -DNDEBUG -Wall"], ["make", "install", f"DESTDIR={scratch}/root"]]
            for command in commands:
                run_program(command, cwd=Path(scratch), log=Path(scratch, "log"), what="building the peer")
            shutil.copytree(f"{scratch}/root{folder}", work, dirs_exist_ok=True)
    return folder / "bin" / "python3"
