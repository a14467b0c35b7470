"""Debian's own programs, run from their unpacked packages by their own loader and libraries.

What they write must not depend on the machine that builds, so neither its version of the program nor its libraries, its
configuration or its language are used. A recipe in recipes/tools/ names the program and the sources that it consists of.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import RECIPES, SOURCE_DATE_EPOCH
from appliance.common.shell import run
from appliance.fetching.recipes import load_source, read_recipe
from appliance.fetching.sources import source_digest, unpacked

_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_LOADER = f"{_LIBRARIES}/ld-linux-x86-64.so.2"
_ENVIRONMENT = {
    "LC_ALL": "C",
    "LD_PRELOAD": "",
    "MKE2FS_CONFIG": "/dev/null",
    "SOURCE_DATE_EPOCH": str(SOURCE_DATE_EPOCH),
    "TZ": "UTC",
}


@dataclass(frozen=True)
class Tool:
    """A program of the build: its file in the first of its sources; the others hold its loader and libraries."""

    name: str
    program: str
    sources: list[str]


def load_tool(name: str) -> Tool:
    """recipes/tools/NAME.toml"""
    return read_recipe(RECIPES / "tools" / f"{name}.toml", Tool)


def all_tools() -> list[Tool]:
    """Every tool recipe, by name."""
    return [load_tool(path.stem) for path in sorted((RECIPES / "tools").glob("*.toml"))]


def tool_digests(name: str) -> list[str]:
    """What the tool's output depends on, besides its arguments."""
    return [source_digest(load_source(source)) for source in load_tool(name).sources]


def run_tool(name: str, arguments: Sequence[str | Path], *, offline: bool = False) -> str:
    """Run a tool to its end; what it wrote to standard output."""
    if platform.machine() != "x86_64":
        raise Problem(f"{name} is a program for x86_64 and this machine is {platform.machine()}", "build on x86_64")
    tool = load_tool(name)
    trees = [unpacked(source, offline) for source in tool.sources]
    loader = next(path for tree in trees if (path := tree / _LOADER).exists())
    libraries = ":".join(str(tree / _LIBRARIES) for tree in trees if (tree / _LIBRARIES).is_dir())
    command = [loader, "--inhibit-cache", "--library-path", libraries, trees[0] / tool.program, *arguments]
    return run(command, env=_ENVIRONMENT, what=name)
