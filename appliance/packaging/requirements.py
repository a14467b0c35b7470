"""What an app requires of PyPI: requirements.txt or pyproject.toml (``[project] dependencies``) beside it says so.

The same for the build of a source, whose pyproject.toml says what that needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import tomlkit
import tomlkit.exceptions

from appliance.common.errors import Problem
from appliance.common.places import digest_of
from appliance.compiling.interpreter import VERSION
from appliance.compiling.toolchain import BUILDER
from appliance.fetching.recipes import load_source, load_target


@dataclass(frozen=True)
class Requirements:
    """Where the requirements stand, what is told to pip, and the text that decides."""

    file: Path
    arguments: tuple[str, ...]
    text: str
    machine: str = "x86_64"  # that they are for, as uname -m says

    @property
    def key(self) -> str:
        """The name of the folders that keep what was chosen for this text."""
        return digest_of(self.text, self.machine, load_source("cpython").version, "3")[:16]

    @property
    def index_options(self) -> list[str]:
        """Where pip shall look, as the requirements file says itself."""
        lines = [line.split() for line in self.text.splitlines() if line.startswith("--")]
        about = re.compile(r"--(no-index|find-links|index-url|extra-index-url)")
        words = [word for line in lines if about.match(line[0]) for word in line]
        return [str(self.file.parent / word) if (self.file.parent / word).is_dir() else word for word in words]

    @property
    def markers(self) -> dict[str, str]:
        """What PEP 508 markers see on the machine that they are for."""
        full = load_source("cpython").version
        return {"implementation_name": "cpython", "implementation_version": full, "os_name": "posix",
                "platform_machine": self.machine, "platform_python_implementation": "CPython", "platform_release": "",
                "platform_system": "Linux", "platform_version": "", "python_full_version": full,
                "python_version": VERSION, "sys_platform": "linux"}

    def for_target(self, target: str) -> Requirements:
        """The same for another processor."""
        return replace(self, machine=load_target(target).machine)


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


def requirements_to_build(source: str, lines: Sequence[str], options: Sequence[str]) -> Requirements:
    """What the build of a source, which runs on this machine, needs; ``options`` say where pip shall look for it."""
    words = (*options, *lines) if lines else ()
    return Requirements(Path(f"{source} (to build it)"), words, "\n".join(words)).for_target(BUILDER)


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
