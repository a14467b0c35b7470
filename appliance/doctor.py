"""An end of the line: what this machine lacks, for which task, and how to get it. Looks only, and never at the network."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from appliance import build, host
from appliance.common.errors import Problem
from appliance.common.places import cache_folder
from appliance.fetching import registries
from appliance.fetching.preflight import FOR_LINUX, FOR_OPENSSL, FOR_SQLITE, TO_COMPILE, TO_FETCH, absent
from appliance.fetching.recipes import load_board
from appliance.powercuts.data_files import PROGRAMS as POWERCUT
from appliance.updating import container_registry

# Tasks that need what another one needs, of which each is a part or the same for less.
_AS = dict.fromkeys(("compile", "freeze", "image", "sources"), "build-appliance")

_ROOM = 2 << 30  # bytes that a first build takes in the cache, rounded up


@dataclass(frozen=True)
class Need:
    """What a task needs: programs (or files) with their packages, and checks that are a Problem when they fail."""

    task: str
    programs: dict[str, str]
    checks: tuple[Callable[[], None], ...] = ()


@dataclass(frozen=True)
class Finding:
    """What a task lacks: program or file -> Debian package, and other faults, each with its remedy."""

    task: str
    programs: dict[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether the task can run here."""
        return not (self.programs or self.faults)


def needs(board: str, tests: dict[str, str]) -> list[Need]:
    """Every task that needs something, and apps with TLS (https) or a database (sqlite3), and a kernel of one's own (kernel);
    ``tests`` are the programs that the tests start."""
    emulation = build.emulation_programs(load_board(board))
    building = (_processor, _mirror, _room)
    compiling = FOR_OPENSSL | FOR_SQLITE | TO_COMPILE | TO_FETCH
    return [
        Need("build-appliance", TO_COMPILE | TO_FETCH, building),
        Need("https", FOR_OPENSSL),
        Need("sqlite3", FOR_SQLITE),
        Need("kernel", FOR_LINUX),
        Need("emulate", emulation),
        Need("powercut", emulation | POWERCUT),
        Need("build", host.needed_programs(), (host.check_python,)),
        Need("publish", container_registry.PROGRAMS),
        Need("licences", TO_FETCH, (_mirror,)),
        Need("test", tests | emulation | host.needed_programs() | compiling, (*building, _root)),
    ]


def examine(wanted: Iterable[Need]) -> list[Finding]:
    """What each of these tasks lacks."""
    return [Finding(need.task, absent(need.programs), tuple(filter(None, map(_fault, need.checks)))) for need in wanted]


def chosen(task: str, every: list[Need]) -> list[Need]:
    """The needs of one task, or of all ("")."""
    task = _AS.get(task, task)
    names = [need.task for need in every]
    if task and task not in names:
        raise Problem(f"the task {task} needs nothing that could be missing, or there is none", f"known: {', '.join(names)}")
    return [need for need in every if task in ("", need.task)]


def remedy(findings: Iterable[Finding]) -> str:
    """The one command that installs every missing package; "" when none is missing."""
    packages = sorted({package for finding in findings for package in finding.programs.values()})
    rise = "" if os.geteuid() == 0 else "sudo "
    return f"{rise}apt-get install {' '.join(packages)}" if packages else ""


def _fault(check: Callable[[], None]) -> str:
    try:
        check()
    except Problem as problem:
        return str(problem)
    return ""


def _processor() -> None:
    if platform.machine() != "x86_64":
        raise Problem(f"this machine is {platform.machine()}", "build on x86_64")


def _mirror() -> None:
    if not os.environ.get("FAPWS_SOURCES"):
        registries.debian_mirrors()


def _room() -> None:
    cache = cache_folder()
    if not os.access(cache, os.W_OK):
        raise Problem(f"the cache folder {cache} cannot be written to", "set XDG_CACHE_HOME to a folder you can write to")
    if not (cache / "libraries").exists() and (free := shutil.disk_usage(cache).free) < _ROOM:
        raise Problem(f"{cache} has {free / 1e9:.1f} GB left and a first build takes {_ROOM / 1e9:.1f} GB", "free some space")


def _root() -> None:
    if os.geteuid() != 0:
        raise Problem("some tests make namespaces and mounts", "run them as root")
