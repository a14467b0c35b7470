"""The PyPI packages of an app: what its requirements name, and nothing else, in a folder that the analysis looks into.

requirements.txt or pyproject.toml (``[project] dependencies``) beside the app says what it needs. pip chooses for the
device's Python: wheels in pure Python, else sources, which are built without a compiler. What cannot be had in pure Python
is refused with its name and the reason.

What was chosen is kept by the text of the requirements, so that a build repeats; `invoke sources APP --to FOLDER` copies it
for an offline machine. The text decides, not the day: only exact versions mean the same on another machine.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tomlkit
import tomlkit.exceptions
from packaging.utils import canonicalize_name

from appliance import registries, wheels
from appliance.errors import Problem
from appliance.interpreter import VERSION
from appliance.places import cache_folder, digest_of, file_digest, whole_folder
from appliance.progress import note, step
from appliance.recipes import load_source, load_target

_LIST = "packages.json"

# Wheels that run anywhere, and those of the machine, which are looked for only to say that there is nothing else.
_PURE = ["--python-version", VERSION, "--implementation", "cp", "--abi", "none", "--platform", "any"]
_MACHINE = ["--python-version", VERSION, "--no-deps", "--only-binary", ":all:", "--implementation", "cp",
            "--abi", f"cp{VERSION.replace('.', '')}", "--abi", "abi3", "--abi", "none"]
_LIBCS = ("manylinux_2_39", "manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux2010",
          "manylinux1", "musllinux_1_2", "musllinux_1_1", "linux")

_WAY_OUT = "use a package, or a version of it, that does without"


@dataclass(frozen=True)
class Package:
    """One distribution: ``file`` is what the registry gave and ``sha256`` its digest, ``wheel`` what it became."""

    name: str
    version: str
    file: str
    sha256: str
    wheel: str
    wheel_sha256: str


@dataclass(frozen=True)
class Packages:
    """What was chosen, and the folder that holds it installed (None: nothing is required)."""

    chosen: tuple[Package, ...] = ()
    site: Path | None = None

    @property
    def digest(self) -> str:
        """Of everything in the folder."""
        return digest_of(*(package.wheel_sha256 for package in self.chosen))

    def find(self, name: str) -> Package | None:
        """The distribution of that name, however it is spelled."""
        return next((each for each in self.chosen if canonicalize_name(each.name) == canonicalize_name(name)), None)


NO_PACKAGES = Packages()


@dataclass(frozen=True)
class Requirements:
    """Where the requirements stand, what is told to pip, and the text that decides."""

    file: Path
    arguments: tuple[str, ...]
    text: str
    machine: str = "x86_64"  # of the device, as uname -m says

    @property
    def key(self) -> str:
        """The name of the folders that keep what was chosen for this text."""
        return digest_of(self.text, self.machine, load_source("cpython").version, "1")[:16]


def requirements_of(app: Path, named: str = "") -> Requirements | None:
    """Those of an app (a resolved path): the file ``named``, else requirements.txt, else pyproject.toml beside it."""
    file = Path(named).resolve() if named else app.with_name("requirements.txt")
    project = file if file.suffix == ".toml" else app.with_name("pyproject.toml")
    if named and not file.is_file():
        raise Problem(f"{named} is not there", "name a requirements file, or a pyproject.toml")
    if file.suffix != ".toml" and file.is_file():
        return Requirements(file, ("-r", str(file)), "\n".join(_lines(file)))
    lines = _dependencies(project) if project.is_file() else []
    return Requirements(project, tuple(lines), "\n".join(lines)) if lines else None


def gather(app: Path, named: str = "", target: str = "x86_64", offline: bool = False) -> Packages:
    """The packages of an app, installed in the cache."""
    wanted = _for_target(requirements_of(app, named), target)
    if wanted is None:
        return NO_PACKAGES
    kept = _fetched(wanted, offline)
    chosen = _read_list(kept)
    site = cache_folder("sites") / digest_of(*(package.wheel_sha256 for package in chosen))[:16]
    if not site.exists():
        with step(f"install {len(chosen)} packages"), whole_folder(site) as work:
            wheels.install((kept / package.wheel for package in chosen), work)
    return Packages(chosen, site)


def copy_packages(app: Path, folder: Path, target: str = "x86_64") -> None:
    """What the app requires, into ``folder`` for an offline machine, which finds it by FAPWS_SOURCES."""
    wanted = _for_target(requirements_of(app.resolve()), target)
    place = folder / "app" / wanted.key if wanted else None
    if wanted and place and not place.exists():
        with whole_folder(place) as work:
            shutil.copytree(_fetched(wanted, False), work, dirs_exist_ok=True)


def _for_target(wanted: Requirements | None, target: str) -> Requirements | None:
    return dataclasses.replace(wanted, machine=load_target(target).machine) if wanted else None


def _fetched(wanted: Requirements, offline: bool) -> Path:
    """The folder with the files of all packages and the list of them: from the cache, FAPWS_SOURCES, else by pip."""
    kept = cache_folder("packages") / wanted.key
    given = Path(os.environ.get("FAPWS_SOURCES") or os.devnull, "app", wanted.key)
    if kept.exists():
        return kept
    if not given.is_dir() and offline:
        raise Problem(f"offline, and what {wanted.file} names is not here as it stands now",
                      f"on a machine with internet: invoke sources {wanted.file.parent}/APP.py --to FOLDER; "
                      "here: set FAPWS_SOURCES to that folder")
    with step(f"fetch what {wanted.file.name} names"), whole_folder(kept) as work:
        if given.is_dir():
            shutil.copytree(given, work, dirs_exist_ok=True)
            _verify(work, given)
        else:
            chosen = [_package(file, wanted, work) for file in _download(wanted, work)]
            table = [dataclasses.asdict(package) for package in sorted(chosen, key=lambda package: package.name.lower())]
            (work / _LIST).write_text(json.dumps(table, indent=1) + "\n")
    return kept


def _read_list(folder: Path) -> tuple[Package, ...]:
    return tuple(Package(**item) for item in json.loads((folder / _LIST).read_text()))


def _verify(folder: Path, given: Path) -> None:
    for package in _read_list(folder):
        if file_digest(folder / package.wheel) != package.wheel_sha256:
            raise Problem(f"{given / package.wheel} is not what {_LIST} beside it says",
                          "make the folder anew with: invoke sources APP.py --to FOLDER")


# ---------------------------------------------------------------------------------------------------------- by pip


def _download(wanted: Requirements, folder: Path) -> list[Path]:
    """What pip chooses, into ``folder``."""
    try:
        registries.packages([*wanted.arguments], _PURE, _markers(wanted.machine), folder)
    except registries.Refused as refusal:
        raise _told(refusal, wanted, folder) from refusal
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def _package(file: Path, wanted: Requirements, folder: Path) -> Package:
    """What became of a file that pip chose: itself when it is a wheel, else the wheel that its source makes."""
    wheel = file if file.suffix == ".whl" else _built(file, wanted, folder)
    code = wheels.machine_code(wheel)
    if code:
        raise _refused(file.name, wanted, f"has machine code ({code}), which a static program cannot load", _WAY_OUT)
    name, version = wheels.identity(wheel)
    place = wheel.relative_to(folder).as_posix()
    return Package(name, version, file.name, file_digest(file), place, file_digest(wheel))


def _built(sdist: Path, wanted: Requirements, folder: Path) -> Path:
    facts = wheels.source_facts(sdist)
    place = folder / "built" / sdist.name
    place.mkdir(parents=True)
    with step(f"build {sdist.name}"):
        try:
            wheel = registries.wheel_of(sdist, place)
        except registries.Refused as refusal:
            raise _unbuildable(sdist.name, facts, refusal, wanted) from refusal
    if facts.language and not wheels.machine_code(wheel):
        note(f"{sdist.name}: its part in {facts.language} is left out, the one in Python does the work")
    return wheel


def _told(refusal: registries.Refused, wanted: Requirements, folder: Path) -> Problem:
    """Why pip has given up."""
    said = refusal.said
    if refusal.source:
        facts = wheels.SourceFacts(refusal.source["backend"], refusal.source["requires"], refusal.source["files"])
        return _unbuildable(refusal.source["name"], facts, refusal, wanted)
    if absent := re.search(r"No matching distribution found for (\S+)", said):
        return _absent(absent[1], wanted, folder)
    if "DO NOT MATCH THE HASHES" in said:
        return _refused(_mismatched(said), wanted, "has none of the digests that stand with it",
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
        registries.packages([requirement, *_index_options(wanted)], [*_MACHINE, *platforms], _markers(wanted.machine), apart)
    except registries.Refused:
        return Problem(f"{wanted.file}: {requirement} cannot be found for Python {VERSION}",
                       "mend its name or version, or look whether it is for this Python at all")
    wheel = next(apart.glob("*.whl"))
    return _refused(wheel.name, wanted, "is machine code, which a static program cannot load, and comes without its source",
                    _WAY_OUT)


def _unbuildable(name: str, facts: wheels.SourceFacts, refusal: registries.Refused, wanted: Requirements) -> Problem:
    if facts.language:
        return _refused(name, wanted, f"needs {facts.language} compiled (by {facts.backend}) and has no part in Python alone "
                        "that does the work", _WAY_OUT)
    last = [line.strip() for line in refusal.said.splitlines() if "Error" in line or line.startswith("ERROR:")]
    return _refused(name, wanted, "cannot be built", (last or [refusal.hint])[-1].removeprefix("ERROR: "))


def _mismatched(said: str) -> str:
    return next(iter(re.findall(r"^\s*(\S+) from ", said, re.MULTILINE)), "a file")


def _refused(name: str, wanted: Requirements, reason: str, hint: str) -> Problem:
    return Problem(f"{wanted.file}: {name} {reason}", hint)


def _markers(machine: str) -> dict[str, str]:
    """What PEP 508 markers see on the device."""
    full = load_source("cpython").version
    return {"implementation_name": "cpython", "implementation_version": full, "os_name": "posix",
            "platform_machine": machine, "platform_python_implementation": "CPython", "platform_release": "",
            "platform_system": "Linux", "platform_version": "", "python_full_version": full,
            "python_version": VERSION, "sys_platform": "linux"}


# -------------------------------------------------------------------------------------------------- what is required


def _lines(file: Path) -> Iterator[str]:
    """The lines of a requirements file that count, those of the files it names in their place."""
    for line in file.read_text().replace("\\\n", " ").splitlines():
        text = " ".join(re.sub(r"(^|\s)#.*", "", line).split())
        included = re.fullmatch(r"(?:-r|-c|--requirement|--constraint)[ =]?(.+)", text)
        if included:
            other = file.parent / included[1]
            if not other.is_file():
                raise Problem(f"{file}: {included[1]} is not there", "mend the line")
            yield from _lines(other)
        elif re.match(r"(-e|--editable)\b", text) or (text and (file.parent / text.split()[0]).is_dir()):
            raise Problem(f"{file}: {text} is a folder, whose changes a build would not see",
                          "put the modules beside the app, or require a wheel of it")
        elif text:
            yield text


def _index_options(wanted: Requirements) -> list[str]:
    """Where pip shall look, as the requirements file says itself."""
    lines = [line.split() for line in wanted.text.splitlines() if line.startswith("--")]
    about = re.compile(r"--(no-index|find-links|index-url|extra-index-url)")
    words = [word for line in lines if about.match(line[0]) for word in line]
    return [str(wanted.file.parent / word) if (wanted.file.parent / word).is_dir() else word for word in words]


def _dependencies(project: Path) -> list[str]:
    """``[project] dependencies`` of a pyproject.toml."""
    try:
        table = tomlkit.parse(project.read_bytes()).unwrap()
    except (tomlkit.exceptions.ParseError, UnicodeDecodeError) as error:
        raise Problem(f"{project} is not TOML", str(error)) from error
    section = table.get("project", {})
    names = section.get("dependencies", []) if isinstance(section, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Problem(f"{project}: project.dependencies must be a list of texts", 'write it like dependencies = ["flask"]')
    return names
