"""The one compiler for every target: zig cc of the ziglang wheel, with musl, always static.

The link's optimisation level decides how zig builds its own libc: never -Os there, whose memcpy goes byte by byte.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import SOURCE_DATE_EPOCH, cache_folder, digest_of, whole_folder
from appliance.common.progress import step
from appliance.fetching.recipes import Target, load_target

# The target whose programs run on the machine that builds.
BUILDER = "x86_64"

# What every C file of every library is compiled with; sections are apart so that the link drops what is not reached. zig
# keeps frame pointers unless told: without them Python programs take 6 in 100 instructions less, and GET hello 7.
COMPILE_FLAGS = ("-O2", "-g0", "-DNDEBUG", "-ffunction-sections", "-fdata-sections", "-fno-asynchronous-unwind-tables",
                 "-fno-unwind-tables", "-fno-ident", "-fomit-frame-pointer")


@dataclass(frozen=True)
class Toolchain:
    """The programs for one target, and the environment that they run in."""

    target: Target
    version: str
    folder: Path

    @property
    def native(self) -> bool:
        """Whether what it makes runs on the machine that builds."""
        return self.target.name == BUILDER

    @property
    def cc(self) -> Path:
        return self.folder / "cc"

    @property
    def ar(self) -> Path:
        return self.folder / "ar"

    @property
    def ranlib(self) -> Path:
        return self.folder / "ranlib"

    @property
    def environment(self) -> dict[str, str]:
        zig = str(cache_folder("zig"))
        return {"ZIG_GLOBAL_CACHE_DIR": zig, "ZIG_LOCAL_CACHE_DIR": zig, "SOURCE_DATE_EPOCH": str(SOURCE_DATE_EPOCH),
                "LC_ALL": "C", "TZ": "UTC"}

    @property
    def digest(self) -> str:
        """What a compiled file owes to the toolchain: its version and the target, not where it is installed."""
        return digest_of(self.version, self.target.triple, *self.target.flags, *COMPILE_FLAGS)


def toolchain_for(target: Target) -> Toolchain:
    """The toolchain, its small front programs written to the cache when they are not there."""
    zig = zig_folder() / "zig"
    front = " ".join(["cc", "-target", target.triple, *target.flags, "-O2", "-fno-sanitize=undefined",
                      "-Wno-nullability-completeness"])
    programs = {"cc": front, "c++": front.replace("cc", "c++", 1), "ar": "ar", "ranlib": "ranlib"}
    scripts = {name: f'#!/bin/sh\nexec {shlex.quote(str(zig))} {words} "$@"\n' for name, words in programs.items()}
    folder = cache_folder("toolchains") / f"{target.name}-{digest_of(*scripts.values())[:16]}"
    if not folder.exists():
        with whole_folder(folder) as work:
            for name, text in scripts.items():
                (work / name).write_text(text)
                (work / name).chmod(0o755)
    return Toolchain(target, importlib.metadata.version("ziglang"), folder)


def native_toolchain() -> Toolchain:
    """The toolchain for programs that run while building."""
    return toolchain_for(load_target(BUILDER))


def zig_folder() -> Path:
    """The compiler, copied once from the wheel to the cache: zig keeps its libc by the path that it stands at, and would
    compile it anew (25 s) for every clone's own .venv."""
    folder = cache_folder("toolchains") / f"zig-{importlib.metadata.version('ziglang')}"
    if not folder.exists():
        found = importlib.util.find_spec("ziglang")
        if found is None or found.origin is None:
            raise Problem("the package ziglang (the compiler) is not installed", "run: sh make.sh --list")
        with step("unpack the compiler"), whole_folder(folder) as work:
            shutil.copytree(Path(found.origin).parent, work, dirs_exist_ok=True)
    return folder
