"""The terms under which each part of a build is handed on: their texts in one file, and the sources that some oblige to offer.

LICENCES.txt holds a section for each source, package and Debian package. Who ships the kernel and GRUB owes their source on
demand: `invoke licences --to FOLDER` fetches exactly the Debian versions that are in the build.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import REPOSITORY, file_digest, make_folder, whole_file
from appliance.common.progress import expect, note, step
from appliance.compiling.libraries import Library
from appliance.compiling.toolchain import zig_folder
from appliance.delivering.components import Component, copyleft
from appliance.fetching import registries
from appliance.fetching.recipes import Board, load_kernel, load_source
from appliance.fetching.sources import unpacked
from appliance.freezing.analysis import Analysis
from appliance.imaging.bootloader import SOURCES as BOOT_SOURCES

COMMON = "base-files"  # the source of the texts that Debian's copyright files only name
SUMS = "SHA256SUMS"
CONTENTS = "CONTENTS.txt"

_ARCHIVE = "with FAPWS_DEBIAN set to an archive that keeps old versions"

# How the titles of what an image has besides the program begin.
_DEBIAN, _COMMON = "Debian ", "The licence "

_RULE = "=" * 100
_NAMES = ("LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*", "licenses/*", "licenses/**/*")

Sections = dict[str, str]  # title -> text
NO_CONFIGURATIONS: Mapping[str, str] = {}


def binary_sections(
    components: Iterable[Component], analysis: Analysis, libraries: Iterable[Library], offline: bool
) -> Sections:
    """The texts for the program."""
    titles = {component.name: title(component) for component in components}
    sections = {titles["fapws4"]: (REPOSITORY / "LICENSE").read_text()}
    for library in libraries:
        source = load_source(library.name)
        tree = unpacked(library.name, offline)
        name = source.pieces[0].name if source.pieces else source.name
        if name in titles:
            sections[titles[name]] = "\n\n".join(_text(tree / file) for file in source.texts)
    sections[titles["musl"]] = _text(zig_folder() / "lib" / "libc" / "musl" / "COPYRIGHT")
    sections[titles["zig"]] = _text(zig_folder() / "LICENSE")
    for name, _, _ in analysis.distributions:
        files = _files_of_package(name, analysis)
        sections[titles[name]] = "\n\n".join(map(_text, files)) or "The package holds no text of its licence."
    return sections


def image_sections(components: Iterable[Component], board: Board, offline: bool) -> Sections:
    """The texts for what an image has besides: one section for each Debian source, then the licences that these name."""
    by_file = {component.file: component for component in components}
    sections: Sections = {}
    for name in (load_kernel(board.kernel).source, *BOOT_SOURCES):
        source = load_source(name)
        component = by_file[source.file]
        text = _copyright(unpacked(name, offline))
        if text:
            sections.setdefault(f"{_DEBIAN}{component.debian}: {component.licence}", text)
    named = {word for text in sections.values() for word in re.findall(r"common-licenses/([\w.-]*\w)", text)}
    folder = unpacked(COMMON, offline) / "usr" / "share" / "common-licenses"
    return sections | {f"{_COMMON}{name}": _text(folder / name) for name in sorted(named)}


def without_image(sections: Sections) -> Sections:
    """Those for the program alone."""
    return {name: text for name, text in sections.items() if not name.startswith((_DEBIAN, _COMMON))}


def title(component: Component) -> str:
    """Name, version and licence."""
    return f"{component.name} {component.version}: {component.licence or component.stated or 'not stated'}"


def written(sections: Sections, app: str) -> str:
    """LICENCES.txt"""
    head = f"What {app} consists of, and under which terms.\n\n" + "".join(f"    {name}\n" for name in sections)
    return head + "".join(f"\n{_RULE}\n{name}\n{_RULE}\n\n{text.strip()}\n" for name, text in sections.items())


def read(text: str) -> Sections:
    """The sections that ``written`` wrote."""
    parts = text.split(f"\n{_RULE}\n")[1:]
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2])}


def read_build(folder: Path) -> list[Component]:
    """The components of a finished build; a Problem if an image is there that is of another one."""
    file = folder / "BUILD.json"
    if not file.exists():
        raise Problem(f"{file} is not there", "name the folder of a finished build")
    table = json.loads(file.read_text())
    for image in sorted(folder.glob("*.img")):
        if image.name not in table["outputs"]:
            raise Problem(f"{file} is of a later build and says nothing of {image.name} beside it",
                          "make the image anew, or move it away")
    return [component_from(item) for item in table["components"]]


def kernel_configuration(folder: Path) -> dict[str, str]:
    """The file by which the kernel of a finished build was configured; nothing when it is a distribution's."""
    kernel = json.loads((folder / "BUILD.json").read_text()).get("kernel")
    return {f"{kernel['name']}.config": kernel["config"]} if kernel and kernel["config"] else {}


def component_from(item: dict[str, object]) -> Component:
    """A component as BUILD.json keeps it."""
    return Component(**{key: tuple(value) if isinstance(value, list) else value for key, value in item.items()})  # type: ignore[arg-type]


def owed(components: Iterable[Component]) -> list[tuple[str, str, str]]:
    """(suite, name, version) of each Debian source package that must be offered."""
    found = {}
    for component in components:
        if copyleft(component) and component.debian:
            suite = re.findall(r"distro=(\w+)", component.purl)[0]
            for package in component.debian.split(", "):
                name, _, version = package.partition(" ")
                found[name, version] = (suite, name, version)
    return [found[key] for key in sorted(found)]


def stand_ins(name: str, version: str) -> list[tuple[str, str, str]]:
    """(architecture, name, version) of binary packages that hold what this source package does; none for most.

    Mirrors may keep the kernel's binary packages of a version and not its sources. Debian packs the tree that it compiles
    (linux-source), the configurations and the packaging of its signed images as binary packages too.
    """
    unsigned = re.sub(r"\+(?=[^+]*$)", "-", version)
    series = ".".join(version.split(".")[:2])
    if name == "linux":
        return [("amd64", f"linux-source-{series}", version)]
    if signed := re.fullmatch(r"linux-signed-(\w+)", name):
        return [(signed[1], package, unsigned)
                for package in (f"linux-config-{series}", f"linux-image-{signed[1]}-signed-template")]
    return []


def fetch_owed(
    packages: Sequence[tuple[str, str, str]], folder: Path, configurations: Mapping[str, str] = NO_CONFIGURATIONS
) -> list[Path]:
    """These source packages into ``folder``, as Debian signed them, and the ``configurations`` of what was compiled from them,
    with a list of their digests and of what is what.

    What cannot be had does not keep the others away; at the end it is a Problem that names all of it.
    """
    if folder.exists() and not folder.is_dir():
        raise Problem(f"{folder} is a file", "name a folder")
    make_folder(folder)
    expect(len(packages))
    files: dict[str, list[Path]] = {}
    absent = []
    for suite, name, version in packages:
        with step(f"fetch the source of {name} {version}"):
            try:
                files.update([_source_or_stand_ins(suite, name, version, folder)])
            except registries.Absent as absence:
                absent.append(absence.what)
    for name, text in configurations.items():
        (folder / name).write_text(text)
        files[f"how linux was configured: make tinyconfig, and what {name} says"] = [folder / name]
    every = sorted({file for found in files.values() for file in found})
    with whole_file(folder / SUMS) as work:
        work.write_text("".join(f"{file_digest(file)}  {file.name}\n" for file in every))
    with whole_file(folder / CONTENTS) as work:
        work.write_text("\n".join("".join([f"{heading}\n", *(f"    {file.name}\n" for file in found)])
                                  for heading, found in files.items()))
    if absent:
        raise Problem("; ".join(absent), f"the rest is there; try again later, or {_ARCHIVE}")
    return [*every, folder / CONTENTS]


def _source_or_stand_ins(suite: str, name: str, version: str, folder: Path) -> tuple[str, list[Path]]:
    """The files of a source package and what they are, or the packages that hold the same."""
    try:
        return f"{name} {version}, as Debian signed it", registries.debian_source_package(suite, name, version, folder)
    except registries.Absent as absence:
        others = stand_ins(name, version)
        if not others:
            raise
        found = [registries.debian_package_at(suite, architecture, other, at, folder) for architecture, other, at in others]
        names = ", ".join(other for _, other, _ in others)
        note(f"{absence.what}; {names} of the same version instead, in which some of Debian's own build scripts are not: "
             f"to have those too, run this again {_ARCHIVE}")
        return f"{name} {version}, from the packages that Debian builds of it: {names}", found


def _copyright(tree: Path) -> str:
    """The copyright file of an unpacked Debian package; "" when it is in another one of the same source."""
    files = [path for path in sorted((tree / "usr" / "share" / "doc").glob("*/copyright")) if path.is_file()]
    return _text(files[0]) if files else ""


def _files_of_package(name: str, analysis: Analysis) -> list[Path]:
    """The files of an installed package that hold its terms, found through the modules that were taken from it."""
    modules = [Path(module.file) for module in analysis.modules if module.part == name and module.file]
    wanted = re.sub(r"[-_.]+", "-", name).lower()
    for place in modules[0].parents if modules else ():
        for folder in place.glob("*.dist-info"):
            if re.sub(r"[-_.]+", "-", folder.stem.partition("-")[0]).lower() == wanted:
                return sorted({file for pattern in _NAMES for file in folder.glob(pattern) if file.is_file()})
    return []


def _text(file: Path) -> str:
    return file.read_text(errors="replace")
