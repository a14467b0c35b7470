"""What a finished build consists of: every piece of software in the binary and in the image, one component each.

They come from the build graph: the libraries that were linked, the C modules of Python that the program has, the packages
whose modules were frozen, the kernel with its modules, and the boot loader. BUILD.json keeps them; the bills of material
(sbom) and the licences are made from that, so that a later stage can add its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name

from appliance.common.errors import Problem
from appliance.common.places import PACKAGE
from appliance.compiling.libraries import Library
from appliance.compiling.toolchain import Toolchain, zig_folder
from appliance.fetching.recipes import Board, Piece, Source, load_kernel, load_source
from appliance.fetching.sources import fetch, origin_of, patch_files, unpacked
from appliance.fetching.unpacking import deb_control
from appliance.freezing.analysis import Analysis
from appliance.imaging.bootloader import SOURCES as BOOT_SOURCES
from appliance.imaging.kernel import PreparedKernel
from appliance.packaging.building import Package
from appliance.packaging.extensions import linked_with

BINARY, IMAGE = "binary", "image"

# What a program owes to the compiler: parts of its libc are musl's, others and the arithmetic of the processor its own.
TOOLCHAIN = (
    Piece("musl", "MIT", "pkg:generic/musl@{version}", "cpe:2.3:a:musl-libc:musl:{version}:*:*:*:*:*:*:*",
          header="lib/libc/musl/src/internal/version.h", pattern='VERSION "([^"]+)"'),
    Piece("zig", "MIT", "pkg:pypi/ziglang@{version}", "cpe:2.3:a:ziglang:zig:{version}:*:*:*:*:*:*:*"),
)

# Debian source package -> how the lists of known flaws call it.
_CPES = {"linux": "o:linux:linux_kernel", "grub2": "a:gnu:grub2", "systemd": "a:systemd_project:systemd"}


# What packages state in other words than SPDX and that can mean one licence only; "BSD License" is none of these.
_WORDINGS = {"mit license": "MIT", "the mit license": "MIT", "apache software license": "Apache-2.0",
             "apache license 2.0": "Apache-2.0", "apache 2.0": "Apache-2.0", "isc license (iscl)": "ISC", "isc license": "ISC",
             "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0", "python software foundation license": "PSF-2.0",
             "3-clause bsd license": "BSD-3-Clause", "bsd 3-clause license": "BSD-3-Clause",
             "the unlicense (unlicense)": "Unlicense", "zero-clause bsd (0bsd)": "0BSD"}


@dataclass(frozen=True)
class Component:
    """One piece of software.

    ``kind`` is a component type of CycloneDX. ``licence`` is an expression of SPDX; where what its authors state is none,
    it is empty and ``stated`` has their words. ``sha256`` is that of ``file``, in which it came ("" for both when it was
    installed here already). ``within`` names the component that it is a part of ("": the whole). ``debian`` is the
    Debian source package that a copyleft licence obliges to offer ("NAME VERSION", several with commas between), ``fixed``
    the security flaws that patches mend though the version does not tell. ``targets`` are the processors whose program has
    it, of a build for several; empty when all have it.
    """

    name: str
    version: str
    kind: str
    part: str  # BINARY or IMAGE
    licence: str
    purl: str
    stated: str = ""
    cpe: str = ""
    file: str = ""
    sha256: str = ""
    within: str = ""
    debian: str = ""
    fixed: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


def binary_components(analysis: Analysis, libraries: Iterable[Library], tools: Toolchain, offline: bool) -> list[Component]:
    """What is in the program besides the app."""
    has = frozenset(analysis.builtins)
    asked = linked_with(extension for name, extension in analysis.packages.extensions.items() if name in has)
    found = [_server()]
    for library in libraries:
        found += _pieces(load_source(library.name), None if library.name in asked else has, offline)
    zig = Source("zig", tools.version, "pypi:ziglang", "", "", "MIT")
    found += [_piece(piece, zig, zig_folder(), offline) for piece in TOOLCHAIN]
    return found + [_package(name, version, licence, analysis.packages.find(name))
                    for name, version, licence in analysis.distributions]


def merged(builds: Mapping[str, Iterable[Component]]) -> list[Component]:
    """What the programs for several targets consist of, each component once, with ``targets`` where not all have it."""
    owners: dict[Component, list[str]] = {}
    for target, parts in builds.items():
        for part in parts:
            owners.setdefault(part, []).append(target)
    return [part if len(names) == len(builds) else replace(part, targets=tuple(names)) for part, names in owners.items()]


def image_components(board: Board, kernel: PreparedKernel, offline: bool) -> list[Component]:
    """What an image has besides the program."""
    source = load_source(load_kernel(board.kernel).source)
    linux = _debian(source, "operating-system", offline)
    modules = [Component(name, kernel.release, "device-driver", IMAGE, linux.licence, "", sha256=digest, file=f"{name}.ko.xz",
                         within=linux.name) for name, digest in kernel.modules_digests.items()]
    return [linux, *modules, *(_debian(load_source(name), "firmware", offline) for name in BOOT_SOURCES)]


def version_in(piece: Piece, tree: Path, recipe: str) -> str:
    """The version of a piece, from its code in ``tree``."""
    if not piece.pattern:
        return piece.version
    found = re.search(piece.pattern, (tree / piece.header).read_text(errors="replace"))
    if not found:
        raise Problem(f"{piece.header} of {recipe} does not say the version of {piece.name} as its recipe expects",
                      f"mend the pattern in recipes/sources/{recipe}.toml")
    return ".".join(found.groups())


def expression(stated: str) -> str:
    """The licence as an expression of SPDX; "" when it is none."""
    try:
        return canonicalize_license_expression(_WORDINGS.get(stated.lower(), stated))
    except InvalidLicenseExpression:
        return ""


def copyleft(component: Component) -> bool:
    """Whether its licence obliges whoever hands it over to offer its source."""
    return "GPL" in component.licence


def _server() -> Component:
    text = (PACKAGE / "__init__.py").read_text()
    version = next(iter(re.findall(r'^__version__ = "(.+)"$', text, re.MULTILINE)))
    return Component("fapws4", version, "framework", BINARY, "BSD-2-Clause", f"pkg:generic/fapws4@{version}")


def _pieces(source: Source, has: frozenset[str] | None, offline: bool) -> list[Component]:
    """The pieces of a source that a program with these C modules has (None: all); the first stands for the source."""
    own = Piece(source.name, source.licence, _purl(source), version=source.version)
    tree = unpacked(source.name, offline)
    chosen = [piece for piece in source.pieces or [own] if has is None or not piece.modules or has & set(piece.modules)]
    return [_piece(piece, source, tree, offline) for piece in chosen]


def _piece(piece: Piece, source: Source, tree: Path, offline: bool) -> Component:
    version = version_in(piece, tree, source.name) or source.version
    first = source.pieces[0].name if source.pieces else piece.name
    fixed = _flaws(source, offline) if piece.name == first else ()
    return Component(piece.name, version, "library", BINARY, expression(piece.licence), piece.purl.format(version=version),
                     cpe=piece.cpe.format(version=version), file=source.file, sha256=source.sha256,
                     within="" if piece.name == first else first, fixed=fixed)


def _flaws(source: Source, offline: bool) -> tuple[str, ...]:
    """The CVE numbers in the names of the patches that are applied."""
    names = [path.name for path in patch_files(source, offline)] if source.build else []
    return tuple(sorted({number for name in names for number in re.findall(r"CVE-\d{4}-\d+", name)}))


def _package(name: str, version: str, stated: str, package: Package | None) -> Component:
    licence = expression(stated)
    return Component(name, version, "library", BINARY, licence, f"pkg:pypi/{canonicalize_name(name)}@{quote(version)}",
                     stated="" if licence else stated, file=package.file if package else "",
                     sha256=package.sha256 if package else "")


def _debian(source: Source, kind: str, offline: bool) -> Component:
    """A binary package of Debian."""
    origin = debian_sources(deb_control(fetch(source, offline)))
    upstream = re.sub(r"^\d+:|-[^-]*$", "", source.version)
    cpe = next((f"cpe:2.3:{name}:{upstream}:*:*:*:*:*:*:*" for word in origin.split() if (name := _CPES.get(word))), "")
    return Component(source.file.partition("_")[0], source.version, kind, IMAGE, expression(source.licence), _purl(source),
                     cpe=cpe, file=source.file, sha256=source.sha256, debian=origin)


def debian_sources(control: dict[str, str]) -> str:
    """NAME VERSION of the source package that a binary package is built from, and of those that Built-Using names."""
    own = control.get("Source", control["Package"])
    name, _, version = own.partition(" ")
    used = re.findall(r"(\S+) \(= (\S+)\)", control.get("Built-Using", ""))
    return ", ".join([f"{name} {version.strip('()') or control['Version']}", *(f"{one} {other}" for one, other in used)])


def _purl(source: Source) -> str:
    """The package URL of the file that a recipe names."""
    kind, suite, name = origin_of(source)
    if not kind.startswith("debian"):
        return f"pkg:{kind}/{quote(name)}@{quote(source.version)}"
    real, _, rest = source.file.partition("_")
    architecture = "source" if kind == "debian-source" else rest.removesuffix(".deb").rpartition("_")[2]
    package = name if kind == "debian-source" else real
    return (f"pkg:deb/debian/{quote(package)}@{quote(source.version, safe=':~')}"
            f"?arch={architecture}&distro={suite}")
