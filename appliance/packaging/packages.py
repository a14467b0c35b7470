"""The files of the PyPI packages that are required: chosen by pip, and kept by the text of the requirements.

pip chooses for the device's Python: wheels in pure Python, else sources, which are compiled for the device later. What a
static program cannot hold is refused with its name and the reason, as far as the files tell it by themselves.

What was chosen is kept, so that a build repeats; `invoke sources APP --to FOLDER` copies it for an offline machine. The text
decides, not the day: only exact versions mean the same on another machine.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from appliance.common.errors import Problem
from appliance.common.places import cache_folder, file_digest, whole_folder
from appliance.common.progress import step
from appliance.compiling.interpreter import VERSION
from appliance.fetching import registries
from appliance.packaging import own_c, wheels
from appliance.packaging.requirements import Requirements, requirements_of, requirements_to_build

WAY_OUT = "use a package, or a version of it, that does without"

_LIST = "files.json"

# Wheels that run anywhere, and those of the machine, which are looked for only to say that there is nothing else.
_PURE = ["--python-version", VERSION, "--implementation", "cp", "--abi", "none", "--platform", "any"]
_MACHINE = ["--python-version", VERSION, "--no-deps", "--only-binary", ":all:", "--implementation", "cp",
            "--abi", f"cp{VERSION.replace('.', '')}", "--abi", "abi3", "--abi", "none"]
_LIBCS = ("manylinux_2_39", "manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux2010",
          "manylinux1", "musllinux_1_2", "musllinux_1_1", "linux")


@dataclass(frozen=True)
class File:
    """A wheel or a source, as the registry gave it; of a source also the headers that it includes."""

    path: Path
    sha256: str
    includes: tuple[str, ...] = ()
    own: Path | None = None  # the app, when this is its own C

    @property
    def is_wheel(self) -> bool:
        return self.path.suffix == ".whl"


@dataclass(frozen=True)
class Choice:
    """What pip chose for these requirements."""

    wanted: Requirements
    files: tuple[File, ...]


def choose(app: Path, named: str = "", target: str = "x86_64", offline: bool = False) -> Choice | None:
    """The files that an app (a resolved path) requires, in the cache, with its own C; None when it requires nothing."""
    wanted = requirements_of(app, named)
    choice = fetch_files(wanted.for_target(target), offline) if wanted else None
    described = own_c.described_modules(app)
    if not described:
        return choice
    cffi = next((file for file in choice.files if re.match(r"cffi-\d", file.path.name)), None) if choice else None
    if choice is None or cffi is None:
        raise Problem(f"{described[0].file} needs cffi, which {app.name} does not require",
                      "add the line cffi to requirements.txt beside the app")
    source = own_c.source_of(app, described, wheels.version_of(cffi.path))
    own = File(source, file_digest(source), tuple(wheels.headers_included(source)), app)
    return replace(choice, files=(*choice.files, own))


def fetch_files(wanted: Requirements, offline: bool = False) -> Choice:
    """The files for these requirements: from the cache, FAPWS_SOURCES, else by pip."""
    if not wanted.arguments:
        return Choice(wanted, ())
    kept = cache_folder("packages") / wanted.key
    given = Path(os.environ.get("FAPWS_SOURCES") or os.devnull, "app", wanted.key)
    if kept.exists():
        return Choice(wanted, _read_list(kept))
    if not given.is_dir() and offline:
        raise Problem(f"offline, and what {wanted.file} names is not here as it stands now",
                      f"on a machine with internet: invoke sources {wanted.file.parent}/APP.py --to FOLDER; "
                      "here: set FAPWS_SOURCES to that folder")
    with step(f"fetch what {wanted.file.name} names"), whole_folder(kept) as work:
        if given.is_dir():
            shutil.copytree(given, work, dirs_exist_ok=True)
            _verify(work, given)
        else:
            files = _download(wanted, work)
            for file in files:
                _refuse_by_itself(file, wanted)
            table = {file.name: {"sha256": file_digest(file), "includes": _includes(file)} for file in files}
            (work / _LIST).write_text(json.dumps(table, indent=1) + "\n")
    return Choice(wanted, _read_list(kept))


def copy_packages(app: Path, folder: Path, target: str = "x86_64") -> None:
    """What the app requires, and what builds it, into ``folder`` for an offline machine, which finds it by FAPWS_SOURCES."""
    choice = choose(app.resolve(), target=target)
    waiting = [choice] if choice else []
    while waiting:
        choice = waiting.pop()
        place = folder / "app" / choice.wanted.key
        if choice.files and not place.exists():
            with whole_folder(place) as work:
                shutil.copytree(cache_folder("packages") / choice.wanted.key, work, dirs_exist_ok=True)
            sources = [file for file in choice.files if not file.is_wheel]
            waiting += [fetch_files(to_build(source, choice.wanted)) for source in sources]


def to_build(source: File, wanted: Requirements) -> Requirements:
    """What a source states that its build needs, looked for where it was itself found."""
    return requirements_to_build(source.path.name, wheels.source_facts(source.path).requires, wanted.index_options)


def refused(name: str, wanted: Requirements, reason: str, hint: str = WAY_OUT) -> Problem:
    """What the user is told when a package cannot be had."""
    return Problem(f"{wanted.file}: {name} {reason}", hint)


def unbuildable(name: str, facts: wheels.SourceFacts, said: str, hint: str, wanted: Requirements) -> Problem:
    """Why the build of a source has failed, of which ``said`` are the last lines."""
    if facts.foreign:
        return refused(name, wanted, facts.foreign)
    if facts.language in wheels.NO_COMPILER_FOR:
        return refused(name, wanted, wheels.NO_COMPILER.format(facts.language, facts.backend))
    lines = [line.strip() for line in said.splitlines()]
    compilers = [line for line in lines if re.match(r"\S+:\d+:\d+: (fatal )?error: ", line)]
    last = [line for line in lines if re.search(r"Error: |^ERROR: |^error: (?!subprocess)", line)]
    return refused(name, wanted, "cannot be built", (compilers[:1] or last[-1:] or [hint])[0].removeprefix("ERROR: "))


def _read_list(folder: Path) -> tuple[File, ...]:
    table: dict[str, dict[str, Any]] = json.loads((folder / _LIST).read_text())
    return tuple(File(folder / name, facts["sha256"], tuple(facts["includes"])) for name, facts in table.items())


def _includes(file: Path) -> list[str]:
    return [] if file.suffix == ".whl" else wheels.headers_included(file)


def _verify(folder: Path, given: Path) -> None:
    for file in _read_list(folder):
        if file_digest(file.path) != file.sha256:
            raise Problem(f"{given / file.path.name} is not what {_LIST} beside it says",
                          "make the folder anew with: invoke sources APP.py --to FOLDER")


# ---------------------------------------------------------------------------------------------------------- by pip


def _download(wanted: Requirements, folder: Path) -> list[Path]:
    """What pip chooses, into ``folder``."""
    try:
        registries.packages([*wanted.arguments], _PURE, wanted.markers, folder)
    except registries.Refused as refusal:
        raise _told(refusal, wanted, folder) from refusal
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def _refuse_by_itself(file: Path, wanted: Requirements) -> None:
    """What the file alone says against it."""
    if file.suffix == ".whl":
        code = wheels.machine_code(file)
        if code:
            raise refused(file.name, wanted, f"has machine code ({code}), which a static program cannot load")
    elif reason := wheels.source_facts(file).foreign:
        raise refused(file.name, wanted, reason)


def _told(refusal: registries.Refused, wanted: Requirements, folder: Path) -> Problem:
    """Why pip has given up."""
    said = refusal.said
    if refusal.source:
        facts = wheels.SourceFacts(refusal.source["backend"], refusal.source["requires"], refusal.source["files"])
        return unbuildable(refusal.source["name"], facts, said, refusal.hint, wanted)
    if absent := re.search(r"No matching distribution found for (\S+)", said):
        return _absent(absent[1], wanted, folder)
    if "DO NOT MATCH THE HASHES" in said:
        return refused(_mismatched(said), wanted, "has none of the digests that stand with it",
                       "a package without a wheel in pure Python needs that of its source too; else do not use the file")
    if conflict := re.search(r"The conflict is caused by:\n((?: {4}.+(?:\n|$))+)", said):
        reasons = "; ".join(line.strip() for line in conflict[1].splitlines())
        return Problem(f"{wanted.file}: these do not go together: {reasons}", "ask for versions that do")
    last = [line for line in said.splitlines() if line.startswith("ERROR:")]
    return Problem(f"{wanted.file}: pip cannot get it", (last or said.splitlines() or [""])[-1].removeprefix("ERROR: "))


def _absent(requirement: str, wanted: Requirements, folder: Path) -> Problem:
    """There is neither a wheel in pure Python nor a source; perhaps a wheel with machine code."""
    apart = folder / "machine"
    apart.mkdir()
    try:
        platforms = [word for libc in _LIBCS for word in ("--platform", f"{libc}_{wanted.machine}")]
        registries.packages([requirement, *wanted.index_options], [*_MACHINE, *platforms], wanted.markers, apart)
    except registries.Refused:
        return Problem(f"{wanted.file}: {requirement} cannot be found for Python {VERSION}",
                       "mend its name or version, or look whether it is for this Python at all")
    wheel = next(apart.glob("*.whl"))
    return refused(wheel.name, wanted, "is machine code, which a static program cannot load, and comes without its source")


def _mismatched(said: str) -> str:
    return next(iter(re.findall(r"^\s*(\S+) from ", said, re.MULTILINE)), "a file")
