"""Wheels and source distributions: whether a static program can hold them, and why not; a wheel into a folder.

Decided from what the files are: tags, ELF, build back-end and the sources' own languages. No package is known by name.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

import tomlkit
import tomlkit.exceptions
from packaging.utils import parse_sdist_filename, parse_wheel_filename

from appliance.common.errors import Problem

_ELF = b"\x7fELF"

# language -> endings of its files; the first that a source has is the one that is told.
_LANGUAGES = {"Rust": (".rs", "cargo.toml"), "Fortran": (".f", ".for", ".f77", ".f90", ".f95", ".f03"),
              "C++": (".cc", ".cpp", ".cxx"), "C": (".c", ".pyx")}

NO_COMPILER_FOR = ("Rust", "Fortran")
NO_COMPILER = "needs {} compiled (by {}), for which there is no compiler here"

# Build back-ends, and tools of theirs, that bring or look for compilers of their own: for Rust, or by meson and CMake.
_RUST = ("maturin", "setuptools-rust")
_OWN_COMPILERS = ("mesonpy", "meson-python", "scikit-build", "skbuild", "cmake")

# What a source without a [build-system] means (PEP 518).
_OLD = {"requires": ["setuptools"]}

# What may include a header, and how C and Cython write it.
_INCLUDING = (".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".pyx", ".pxd", ".pxi")
_INCLUDE = re.compile(rb"""(?:^[ \t]*\#[ \t]*include[ \t]*[<"]|\bextern[ \t]+from[ \t]+["']<?)([\w./+-]+)""", re.MULTILINE)

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
        if self._uses(_RUST):
            return "Rust"
        names = [PurePosixPath(file).name.lower() for file in self.files if not _for_tests(file)]
        return next((name for name, ends in _LANGUAGES.items() if any(file.endswith(ends) for file in names)), "")

    @property
    def foreign(self) -> str:
        """Why no compiler for C can build it; "" when one may."""
        if self.language == "Rust" and self._uses(_RUST):
            return NO_COMPILER.format("Rust", self._tool(_RUST))
        if self._uses(_OWN_COMPILERS) and self.language:
            return f"needs {self.language} compiled by {self._tool(_OWN_COMPILERS)}, which takes no compiler for the device"
        return ""

    def _uses(self, tools: tuple[str, ...]) -> bool:
        return bool(self._tool(tools))

    def _tool(self, tools: tuple[str, ...]) -> str:
        words = [self.backend.partition(".")[0], *(re.split(r"[^\w.-]", word.strip())[0] for word in self.requires)]
        return next((word for word in words if word.lower().replace("_", "-").startswith(tools)), "")


def is_pure(wheel: str) -> bool:
    """Whether the tags in a wheel's file name promise that it runs on any processor."""
    return all(tag.platform == "any" and tag.abi == "none" for tag in parse_wheel_filename(wheel)[3])


def machine_code(wheel: Path) -> str:
    """The first file in a wheel that is machine code for Linux; "" when there is none."""
    return next(iter(machine_files(wheel)), "")


def machine_files(wheel: Path) -> list[str]:
    """The files in a wheel that are machine code for Linux."""
    with zipfile.ZipFile(wheel) as archive:
        return [name for name in sorted(archive.namelist()) if name.endswith(".so") or _begins_as_elf(archive, name)]


def _begins_as_elf(archive: zipfile.ZipFile, name: str) -> bool:
    with archive.open(name) as file:
        return file.read(len(_ELF)) == _ELF


def version_of(file: Path) -> str:
    """The version in the name of a wheel or a source."""
    parse = parse_wheel_filename if file.suffix == ".whl" else parse_sdist_filename
    return str(parse(file.name)[1])


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
    names, texts = _read(sdist, _is_project)
    try:
        system = tomlkit.parse(next(iter(texts.values()), b"")).unwrap().get("build-system", _OLD)
    except (tomlkit.exceptions.ParseError, UnicodeDecodeError):
        system = _OLD
    return SourceFacts(system.get("build-backend", "setuptools"), system.get("requires", []), sorted(names))


def headers_included(sdist: Path) -> list[str]:
    """The headers that the C or Cython of a source includes, its own too."""
    _, texts = _read(sdist, lambda name: PurePosixPath(name).suffix in _INCLUDING)
    return sorted({header.decode() for text in texts.values() for header in _INCLUDE.findall(text)})


def install(wheels: Iterable[Path], site: Path) -> None:
    """The modules and metadata of wheels, below one folder.

    What stands beside modules (commands, headers) is left out, and C modules, which are linked instead.
    """
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                place = installed(name)
                if place and not name.endswith(("/", ".so")):
                    target = site / place
                    if ".." in PurePosixPath(name).parts or PurePosixPath(name).is_absolute():
                        raise Problem(f"{wheel.name} has a file outside of itself: {name}", "do not use it")
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(archive.read(name))


def installed(name: str) -> str:
    """Where a member of a wheel belongs, below the folder of installed packages; "" for nowhere."""
    top, _, rest = name.partition("/")
    if not top.endswith(".data"):
        return name
    kind, _, rest = rest.partition("/")
    return rest if kind in _MODULES else ""


def _read(sdist: Path, wanted: Callable[[str], bool]) -> tuple[list[str], dict[str, bytes]]:
    """The names of all files of a source, and the contents of those that are wanted."""
    if zipfile.is_zipfile(sdist):
        with zipfile.ZipFile(sdist) as archive:
            names = archive.namelist()
            return names, {name: archive.read(name) for name in names if wanted(name)}
    with tarfile.open(sdist) as tar:
        names, texts = [], {}
        for member in tar:  # one pass: seeking back in a compressed file costs a whole decompression
            names.append(member.name)
            if wanted(member.name) and (file := tar.extractfile(member)):
                texts[member.name] = file.read()
    return names, texts


def _for_tests(name: str) -> bool:
    return any(part in ("test", "tests") for part in PurePosixPath(name).parts)


def _is_project(name: str) -> bool:
    return name.count("/") == 1 and name.endswith("/pyproject.toml")
