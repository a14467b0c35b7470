"""Wheels and source distributions: whether a static program can hold them, and why not; a wheel into a folder.

Decided from what the files are: tags, ELF, build back-end and the sources' own languages. No package is known by name.
"""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

import tomlkit
import tomlkit.exceptions
from packaging.utils import parse_wheel_filename

from appliance.errors import Problem

_ELF = b"\x7fELF"

# language -> endings of its files; the first that a source has is the one that is told.
_LANGUAGES = {"Rust": (".rs", "Cargo.toml"), "Fortran": (".f", ".for", ".f77", ".f90", ".f95", ".f03"),
              "C++": (".cc", ".cpp", ".cxx"), "C": (".c", ".pyx")}

_MODULES = ("purelib", "platlib")  # of what stands in NAME.data


@dataclass(frozen=True)
class SourceFacts:
    """What tells how a source distribution is built."""

    backend: str
    requires: list[str]
    files: list[str]

    @property
    def language(self) -> str:
        """The language besides Python that it is written in; "" for none."""
        endings = [PurePosixPath(file).name.lower() for file in self.files]
        if any("maturin" in word or "setuptools-rust" in word.replace("_", "-") for word in (self.backend, *self.requires)):
            return "Rust"
        return next((name for name, ends in _LANGUAGES.items()
                     if any(file.endswith(end.lower()) for file in endings for end in ends)), "")


def is_pure(wheel: str) -> bool:
    """Whether the tags in a wheel's file name promise that it runs on any processor."""
    return all(tag.platform == "any" and tag.abi == "none" for tag in parse_wheel_filename(wheel)[3])


def machine_code(wheel: Path) -> str:
    """The first file in a wheel that is machine code for Linux; "" when there is none."""
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            with archive.open(name) as file:
                if file.read(len(_ELF)) == _ELF or name.endswith(".so"):
                    return name
    return ""


def identity(wheel: Path) -> tuple[str, str]:
    """Name and version as the wheel's own metadata write them."""
    with zipfile.ZipFile(wheel) as archive:
        places = [name for name in archive.namelist() if name.count("/") == 1 and name.endswith(".dist-info/METADATA")]
        if len(places) != 1:
            raise Problem(f"{wheel.name} is not a wheel: it has no METADATA", "ask its authors")
        metadata = HeaderParser().parsestr(archive.read(places[0]).decode())
    return metadata["Name"], metadata["Version"]


def source_facts(sdist: Path) -> SourceFacts:
    """Those of a source distribution, read without unpacking it."""
    texts: dict[str, bytes] = {}
    if zipfile.is_zipfile(sdist):
        with zipfile.ZipFile(sdist) as archive:
            names = archive.namelist()
            texts = {name: archive.read(name) for name in names if _is_project(name)}
    else:
        with tarfile.open(sdist) as tar:
            names = tar.getnames()
            texts = {name: file.read() for name in names if _is_project(name) and (file := tar.extractfile(name))}
    try:
        system = tomlkit.parse(next(iter(texts.values()), b"")).unwrap().get("build-system", {})
    except (tomlkit.exceptions.ParseError, UnicodeDecodeError):
        system = {}
    return SourceFacts(system.get("build-backend", "setuptools"), system.get("requires", []), sorted(names))


def install(wheels: Iterable[Path], site: Path) -> None:
    """The modules and metadata of wheels, below one folder. What stands beside modules (commands, headers) is left out."""
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                place = _installed(name)
                if place and not name.endswith("/"):
                    target = site / place
                    if ".." in PurePosixPath(name).parts or PurePosixPath(name).is_absolute():
                        raise Problem(f"{wheel.name} has a file outside of itself: {name}", "do not use it")
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(archive.read(name))


def _installed(name: str) -> str:
    """Where a member of a wheel belongs; "" for nowhere."""
    top, _, rest = name.partition("/")
    if not top.endswith(".data"):
        return name
    kind, _, rest = rest.partition("/")
    return rest if kind in _MODULES else ""


def _is_project(name: str) -> bool:
    return name.count("/") == 1 and name.endswith("/pyproject.toml")
