"""Recipes: one TOML file per thing, read strictly into one frozen value per kind.

A recipe holds no conditions. Its keys are the fields of the dataclass below, in that order; a field with a default may be
left out. An unknown key or a wrong type is a Problem that names the file, the key and the nearest valid key.
"""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import tomlkit
import tomlkit.exceptions

from appliance.common.errors import Problem
from appliance.common.places import RECIPES


@dataclass(frozen=True)
class GeneratedFile:
    """A small file that the build needs and the source does not hold: a template with words replaced, or a text."""

    path: str  # below the build's own include folder
    template: str = ""  # a file of the source; empty: ``text`` is the content
    replace: dict[str, str] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True)
class Variant:
    """What a library's build has for one processor only: more files to compile, and {words} for the rest of the recipe."""

    compile: list[str] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Compilation:
    """How a source becomes a static library.

    Either ``compile`` lists C files (globs, relative to the source), or ``commands`` are run in an empty work folder.
    Outside of ``compile`` these words stand for: {source} {work} {jobs} {cc} {ar} {ranlib} {flags}, {triple} (the target's)
    and {builder} (that of the machine that builds), {native_cc} (for programs that run there), and, for each library that
    is needed, {NAME} (its prefix: include/ and lib/ below). ``cross`` are files generated besides when the target is
    another processor than the builder's: there {native} is the same library as it was built for the builder, {python} the
    interpreter that runs on it. ``processors`` has a section for each processor, where a library needs one.
    """

    needs: list[str] = field(default_factory=list)
    archive: str = ""  # the library's file that ``compile`` makes; libNAME.a when empty
    compile: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    include: list[str] = field(default_factory=list)  # folders of the source for -I
    flags: list[str] = field(default_factory=list)
    generate: list[GeneratedFile] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    commands: list[list[str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)  # glob -> the leading folder that is dropped
    produces: dict[str, str] = field(default_factory=dict)  # file or folder of the prefix -> of the work folder
    cross: list[GeneratedFile] = field(default_factory=list)
    processors: dict[str, Variant] = field(default_factory=dict)


@dataclass(frozen=True)
class Piece:
    """Code of some project inside a source, under its own name: the file that carries it may have another name and version.

    Its version is read from the code: ``pattern`` (a regular expression) is searched in the file ``header``, its groups
    are joined by dots. Code that does not say its version has it in ``version`` here. In ``purl`` and ``cpe`` the word
    {version} stands for it. ``modules``: it is only in programs with one of these C modules of Python (none: in all).
    """

    name: str
    licence: str
    purl: str
    cpe: str = ""
    version: str = ""
    header: str = ""
    pattern: str = ""
    modules: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Source:
    """A third-party file: where a package client finds it, what it must be, and how it is built.

    ``origin`` is ``pypi:NAME`` (its sdist), ``npm:NAME``, ``debian:SUITE/NAME`` (a binary package) or
    ``debian-source:SUITE/NAME``; ``file`` is the file's name there. ``folder`` is the part of the archive that counts,
    below its top folder. ``patches`` are globs of other sources' trees (``NAME/GLOB``), applied in the order of the
    ``series`` file beside them, after those of recipes/patches/NAME/. ``texts`` are the files that hold the terms of its
    licence; ``offers`` the headers by which the C of a package asks for the library; ``pieces`` say what its code is, the
    source's own project first.
    """

    name: str
    version: str
    origin: str
    file: str
    sha256: str
    licence: str
    folder: str = ""
    patches: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    offers: list[str] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    build: Compilation | None = None


@dataclass(frozen=True)
class Target:
    """A processor: the toolchain's name of it, its Debian architecture, and the UEFI suffix of its boot file."""

    name: str
    triple: str
    debian: str
    machine: str  # what uname -m says
    uefi: str
    flags: list[str] = field(default_factory=list)

    @property
    def processor(self) -> str:
        """What compilers and QEMU call it: x86_64, aarch64, arm, riscv64."""
        return self.triple.partition("-")[0]


@dataclass(frozen=True)
class KernelBuild:
    """How a kernel is compiled: from which tarball of its source's package (glob), for which ARCH of its makefiles.

    It is configured by ``make tinyconfig`` and NAME.config beside the recipe. ``goal`` is what make is asked for, ``made`` the
    file that comes of it.
    """

    archive: str
    architecture: str
    goal: str
    made: str


@dataclass(frozen=True)
class Kernel:
    """A Linux kernel for a processor: the source that holds it, or is compiled to it, and where it stands in there."""

    name: str
    target: str
    source: str
    image: str  # the kernel's file (glob)
    modules: str  # the folder of its modules (glob)
    build: KernelBuild | None = None

    @property
    def config(self) -> Path:
        """How a kernel of our own is configured."""
        return RECIPES / "kernels" / f"{self.name}.config"


@dataclass(frozen=True)
class Partition:
    """One partition, in disk order; ``size`` is in MiB.

    ``kind`` is bios (GRUB's core, for a BIOS), esp (GRUB, for UEFI), state (which slot to start), slot (kernel, modules
    and app) or data (the app's own files).
    """

    name: str
    kind: str
    size: int


@dataclass(frozen=True)
class Firmware:
    """How QEMU is told to start by one firmware.

    In ``arguments``, {code} and {variables} stand for the first file that exists of each list below; of the latter, which
    the firmware writes to, every machine gets a copy.
    """

    arguments: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Emulation:
    """The QEMU program and arguments that stand for the hardware, and the packages they come in.

    {image} in ``disk`` stands for the image; ``network`` must have a user network with the id "network".
    """

    program: str
    packages: list[str]
    arguments: list[str]
    disk: list[str]
    network: list[str]
    firmware: dict[str, Firmware]


@dataclass(frozen=True)
class NodeModules:
    """The modules that make the device nodes of a name: loaded at every boot, or when their hardware is there."""

    always: list[str] = field(default_factory=list)
    on_demand: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Board:
    """A kind of device: its processor, kernel, modules, disk and how to emulate it.

    ``modules_always`` are loaded at every boot, in this order; ``modules_on_demand`` when a device asks for them.
    ``devices`` has more, by patterns of names below /dev: for apps that ask for such a node (imaging/hardware.py).
    """

    name: str
    description: str
    target: str
    kernel: str
    command_line: str
    modules_always: list[str]
    modules_on_demand: list[str]
    partitions: list[Partition]
    emulate: Emulation
    devices: dict[str, NodeModules] = field(default_factory=dict)


Recipe = TypeVar("Recipe")


def read_recipe(path: Path, kind: type[Recipe]) -> Recipe:
    """Read one TOML file into a value of ``kind``."""
    if not path.exists():
        raise Problem(f"there is no recipe {_shown(path)}", _known(path))
    value: Recipe = _record(_table(path, _shown(path)), kind, _shown(path), "")
    return value


def read_file(path: Path, kind: type[Recipe]) -> Recipe:
    """A user's TOML file, as strictly."""
    if not path.is_file():
        raise Problem(f"there is no file {path}", "name a TOML file")
    value: Recipe = _record(_table(path, str(path)), kind, str(path), "")
    return value


def read_section(path: Path, name: str, kind: type[Recipe]) -> Recipe:
    """The section ``name`` (with dots) of a user's TOML file, as strictly; its defaults when file or section are not there."""
    table: Any = _table(path, str(path)) if path.exists() else {}
    for part in name.split("."):
        table = table.get(part, {}) if isinstance(table, dict) else table
    if not isinstance(table, dict):
        raise Problem(f"{path}: {name} must be a section", f"write it like [{name}]")
    value: Recipe = _record(table, kind, str(path), f"{name}.")
    return value


def _table(path: Path, where: str) -> dict[str, Any]:
    try:
        return tomlkit.parse(path.read_bytes()).unwrap()
    except (tomlkit.exceptions.ParseError, UnicodeDecodeError) as error:
        raise Problem(f"{where} is not TOML", str(error)) from error


def load_source(name: str) -> Source:
    """recipes/sources/NAME.toml"""
    return read_recipe(RECIPES / "sources" / f"{name}.toml", Source)


def all_sources() -> list[Source]:
    """Every source recipe, by name."""
    return [read_recipe(path, Source) for path in sorted((RECIPES / "sources").glob("*.toml"))]


def load_target(name: str) -> Target:
    """recipes/targets/NAME.toml"""
    return read_recipe(RECIPES / "targets" / f"{name}.toml", Target)


def load_kernel(name: str) -> Kernel:
    """recipes/kernels/NAME.toml"""
    return read_recipe(RECIPES / "kernels" / f"{name}.toml", Kernel)


def all_kernels() -> list[Kernel]:
    """Every kernel recipe, by name."""
    return [load_kernel(path.stem) for path in sorted((RECIPES / "kernels").glob("*.toml"))]


def load_board(name: str) -> Board:
    """recipes/boards/NAME.toml"""
    return read_recipe(RECIPES / "boards" / f"{name}.toml", Board)


def _shown(path: Path) -> str:
    return path.relative_to(RECIPES.parent).as_posix() if path.is_relative_to(RECIPES.parent) else path.name


def _known(path: Path) -> str:
    names = sorted(other.stem for other in path.parent.glob("*.toml"))
    near = difflib.get_close_matches(path.stem, names, 1)
    return (f"did you mean {near[0]}? " if near else "") + "there are: " + ", ".join(names)


def _record(table: dict[str, Any], kind: type[Any], where: str, above: str) -> Any:
    fields = {entry.name: entry for entry in dataclasses.fields(kind)}
    hints = typing.get_type_hints(kind)
    for key in table:
        if key not in fields:
            near = difflib.get_close_matches(key, fields, 1, 0.0)
            raise Problem(f"{where}: unknown key {above}{key}", f"the nearest valid key is {above}{near[0]}")
    for name, entry in fields.items():
        optional = entry.default is not dataclasses.MISSING or entry.default_factory is not dataclasses.MISSING
        if name not in table and not optional:
            raise Problem(f"{where}: the key {above}{name} is missing", "add it")
    return kind(**{key: _value(value, hints[key], where, above + key) for key, value in table.items()})


def _value(value: Any, hint: Any, where: str, key: str) -> Any:
    """The value as ``hint`` says, or a Problem that names the key."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _value(value, arguments[0], where, key)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type) and isinstance(value, dict):
        return _record(value, hint, where, f"{key}.")
    if origin is list and isinstance(value, list):
        return [_value(item, arguments[0], where, f"{key}[{number}]") for number, item in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        return {word: _value(item, arguments[1], where, f"{key}.{word}") for word, item in value.items()}
    if isinstance(hint, type) and type(value) is hint:
        return value
    wanted = {str: "a text", int: "a whole number", list: "a list", dict: "a table"}.get(origin or hint, "a table")
    raise Problem(f"{where}: the key {key} must be {wanted}", f"it is {type(value).__name__}")
