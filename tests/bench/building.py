"""`invoke bench build`: how long an edited app and a first build take."""

from __future__ import annotations

import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.build import require_programs
from appliance.common.places import REPOSITORY
from appliance.common.shell import run
from tests.bench.image import HELLO
from tests.bench.onefile import PEER_APP, run_pyinstaller
from tests.bench.tables import Outcome, Table, judged, ratio

_ROUNDS = 3
SECOND = "aarch64"
REBUILD_MUST, PACKAGE_MUST = 2, 10  # seconds
SECOND_MUST = 0.6  # of the first target


def rebuild() -> Outcome:
    """From saving an edited app to a new binary and image; the peer is PyInstaller's second run over the same edit."""
    require_programs(False)
    with tempfile.TemporaryDirectory() as scratch:
        app, peer_app = Path(shutil.copy(HELLO, scratch)), Path(shutil.copy(PEER_APP, scratch))
        _run_build(app, Path(scratch, "dist"))
        run_pyinstaller(peer_app, Path(scratch, "peer"))
        ours, peer = [], []
        for number in range(_ROUNDS):
            for file in (app, peer_app):
                file.write_text(file.read_text().replace("Hello World!!", f"Hello World!{number}"))
            ours.append(_seconds(lambda: _run_build(app, Path(scratch, "dist"))))
            peer.append(_seconds(lambda: run_pyinstaller(peer_app, Path(scratch, "peer"))))
    rows = [[name, f"{chosen(ours):.1f}", f"{chosen(peer):.1f}", ratio(chosen(ours), chosen(peer))]
            for name, chosen in (("best", min), ("median", statistics.median))]
    table = Table(f"An edited app to a new binary, in seconds ({_ROUNDS} times; fapws4 also makes the image)",
                  ["", "fapws4", "PyInstaller --onefile", "ratio"], rows,
                  [f"Must be <= {REBUILD_MUST} s: {judged(min(ours) <= REBUILD_MUST)}."])
    return Outcome([table], {"seconds": ours, "peer_seconds": peer})


def new_package() -> Outcome:
    """From naming and importing one package more, in pure Python, to a new binary: it is resolved and analysed anew."""
    require_programs(False)
    with tempfile.TemporaryDirectory() as scratch:
        app = Path(shutil.copy(HELLO, scratch))
        _run_freeze(app, Path(scratch, "dist"))
        source, seconds = app.read_text(), []
        for number in range(_ROUNDS):
            app.with_name("requirements.txt").write_text(f"itsdangerous  # {scratch} {number}\n")
            app.write_text(f"import itsdangerous  # {number}\nimport {'base64' if number % 2 else 'bisect'}\n{source}")
            seconds.append(_seconds(lambda: _run_freeze(app, Path(scratch, "dist"))))
    rows = [[name, f"{chosen(seconds):.1f}"] for name, chosen in (("best", min), ("median", statistics.median))]
    kept = judged(min(seconds) <= PACKAGE_MUST)
    table = Table(f"A new package to a new binary, in seconds ({_ROUNDS} times)", ["", "fapws4"], rows,
                  [f"Must be <= {PACKAGE_MUST} s: {kept}."])
    return Outcome([table], {"seconds": seconds})


def first_build() -> Outcome:
    """From an empty cache, the downloads included, to a binary and an image; then the same app for another processor."""
    require_programs(False)
    with tempfile.TemporaryDirectory() as scratch:
        first = _spent(lambda: _build_from(scratch, "x86_64", "--format", "image"))
        second = _spent(lambda: _build_from(scratch, SECOND, "--format", "oci"))
    rows = [["x86_64, with its disk image, downloads included", f"{first[0]:.0f}", f"{first[1]:.0f}", ""],
            [f"then {SECOND}, with its OCI image", f"{second[0]:.0f}", f"{second[1]:.0f}",
             f"{ratio(second[0], first[0])} ({ratio(second[1], first[1])})"]]
    kept = judged(second[0] <= SECOND_MUST * first[0])
    table = Table("First builds of samples/hello, from nothing", ["", "seconds", "CPU seconds", "of the first (CPU)"], rows,
                  [f"The second must take <= {SECOND_MUST:.0%} of the first one's time: {kept}."])
    return Outcome([table], {"seconds": first[0], "cpu_seconds": first[1],
                             "second_seconds": second[0], "second_cpu_seconds": second[1]})


def _build_from(scratch: str, target: str, *words: str) -> None:
    command = [sys.executable, "-m", "invoke", "build-appliance", str(HELLO), "--output", f"{scratch}/{target}"]
    run([*command, "--target", target, *words], cwd=REPOSITORY, env={"XDG_CACHE_HOME": f"{scratch}/cache"})


def _spent(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds, and those of the processors in all programs that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = _seconds(work)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _run_freeze(app: Path, dist: Path) -> None:
    run([sys.executable, "-m", "invoke", "freeze", str(app), "--output", str(dist)], cwd=REPOSITORY)


def _run_build(app: Path, dist: Path) -> None:
    run([sys.executable, "-m", "invoke", "build-appliance", str(app), "--output", str(dist)], cwd=REPOSITORY)
