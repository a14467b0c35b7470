"""Everything that is fetched, ahead of need: into the cache, or into a folder that an offline machine builds from.

Such a folder holds the files of all sources under their own names, ``wheels/`` for the builder's environment (make.sh installs
from it) and ``app/`` for what apps require. The offline machine sets FAPWS_SOURCES to it.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from appliance.build import needed_sources, with_kernel
from appliance.common.errors import Problem
from appliance.common.places import RECIPES, cache_folder, make_folder, scratch_folder, whole_file
from appliance.common.progress import expect, step
from appliance.common.shell import run
from appliance.fetching import registries
from appliance.fetching.recipes import Source, load_board
from appliance.fetching.sources import fetch, keep_copy, update
from appliance.packaging.packages import copy_packages

PINS = RECIPES / "requirements.txt"
BENCH_PINS = RECIPES / "bench.txt"  # the servers that `invoke bench` measures beside fapws4; no build needs them


def fetch_all(board: str, kernel: str = "") -> list[Source]:
    """Every source of a board, or of one with another kernel, into the cache."""
    sources = needed_sources(with_kernel(load_board(board), kernel))
    expect(len(sources))
    for source in sources:
        fetch(source)
    return sources


def copy_all(board: str, folder: Path, app: Path | None, kernel: str = "") -> list[Source]:
    """Every source of a board, the builder's own packages and the app's requirements into ``folder``."""
    if folder.exists() and not folder.is_dir():
        raise Problem(f"{folder} is a file", "name a folder")
    sources = needed_sources(with_kernel(load_board(board), kernel))
    expect(len(sources) + 2)
    for source in sources:
        keep_copy(source, folder)
    with step("fetch the builder's packages"):
        _wheels(PINS, folder / "wheels")
    if app:
        copy_packages(app, folder, load_board(board).target)
    return sources


def update_pin(name: str) -> str:
    """Rewrite one recipe's pin (``python``: those of the builder's packages); one line that says what changed."""
    if name == "python":
        return _update_packages()
    old, new = update(name)
    if old == new:
        return f"{name}: {old.version} is the newest"
    return f"{name}: {old.version} -> {new.version} ({new.file}); written to recipes/sources/{name}.toml"


def _wheels(requirements: Path, folder: Path) -> None:
    """Fetched aside first, so that a broken download leaves what was there."""
    with scratch_folder(cache_folder("work")) as scratch:
        registries.pypi_wheels(requirements, scratch)
        _made(folder)
        for file in scratch.iterdir():
            shutil.copyfile(file, folder / file.name)


def _made(folder: Path) -> Path:
    make_folder(folder)
    return folder


def _update_packages() -> str:
    changed = _resolve(PINS) + _resolve(BENCH_PINS)
    written = f"written to recipes/{PINS.name} and recipes/{BENCH_PINS.name}"
    return f"{changed} packages changed; {written}" if changed else "all packages are the newest"


def _resolve(pins: Path) -> int:
    """Pin anew what the file NAME.in beside NAME.txt names; how many pins changed."""
    with whole_file(pins) as work, step(f"resolve the packages of {pins.stem}.in"):
        before = pins.read_text()
        command: list[str | Path] = [
            sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.10",
            "--generate-hashes", "--upgrade", "--no-header", "--no-annotate", "--output-file", work,
            pins.with_suffix(".in")]
        run(command, env=_certificates(), what="resolving the packages")
        return sum(line not in before for line in work.read_text().splitlines() if "==" in line)


def _certificates() -> dict[str, str]:
    """uv brings its own list of authorities; what pip was told to trust counts for it too."""
    chosen = os.environ.get("SSL_CERT_FILE") or os.environ.get("PIP_CERT") or "/etc/ssl/certs/ca-certificates.crt"
    return {"SSL_CERT_FILE": chosen} if Path(chosen).exists() else {}
