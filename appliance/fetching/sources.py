"""Third-party sources: found by name, verified by digest, kept by digest, unpacked and patched.

A file is looked for in the cache, which holds verified ones only, in the folder FAPWS_SOURCES (if set), and, unless offline,
at its registry. What has another digest than the recipe says is never kept.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import tomlkit

from appliance.common.errors import Problem
from appliance.common.places import (
    RECIPES,
    cache_folder,
    digest_of,
    file_digest,
    scratch_folder,
    whole_file,
    whole_folder,
)
from appliance.common.progress import step
from appliance.common.shell import run
from appliance.fetching import registries
from appliance.fetching.recipes import Source, load_source
from appliance.fetching.unpacking import top_folder, unpack_archive


def fetch(source: Source, offline: bool = False) -> Path:
    """The verified file of a source, in the cache."""
    kept = _cached(source)
    if kept.exists():
        return kept
    given = _given(source)
    if given is None and offline:
        raise Problem(f"offline, and {source.file} is not here", _GET_IT)
    with step(f"fetch {source.file}"), scratch_folder(cache_folder("downloads")) as scratch:
        file = given or _from_registry(source, scratch)
        found = file_digest(file)
        if found != source.sha256:
            raise Problem(f"{file.name} is not what recipes/sources/{source.name}.toml says: sha256 {found}",
                          "do not use it; if the change is wanted: " + _update_command(source))
        with whole_file(kept) as work:
            shutil.copyfile(file, work)
    return kept


def missing(sources: Iterable[Source]) -> list[Source]:
    """Those that an offline build would lack."""
    return [source for source in sources if not _cached(source).exists() and _given(source) is None]


def require_offline(sources: Iterable[Source]) -> None:
    """A Problem that lists every file that an offline build would lack, in one go."""
    absent = missing(sources)
    if absent:
        raise Problem("offline, and these files are not here: " + ", ".join(source.file for source in absent), _GET_IT)


def unpacked(name: str, offline: bool = False) -> Path:
    """The tree of a source: unpacked, narrowed to its ``folder`` and patched. Read-only by agreement."""
    source = load_source(name)
    tree = cache_folder("trees") / f"{name}-{source_digest(source)[:16]}"
    if not tree.exists():
        archive = fetch(source, offline)
        patches = patch_files(source, offline)
        with whole_folder(tree) as work:
            raw = work / "raw"
            unpack_archive(archive, raw, _members(source))
            top = raw if archive.suffix == ".deb" else top_folder(raw) / source.folder
            if not top.is_dir():
                raise Problem(f"{source.file} has no folder {source.folder}", f"see recipes/sources/{name}.toml")
            for patch in patches:
                run(["patch", "-p1", "--silent", "--forward", "--fuzz=3", "-i", patch], cwd=top,
                    what=f"patch {patch.name} of {name}")
            for entry in list(top.iterdir()):
                entry.rename(work / entry.name) if entry.name != "raw" else None
            shutil.rmtree(raw)
    return tree


def source_digest(source: Source) -> str:
    """What the unpacked tree depends on: the file, the part of it that counts, and every patch."""
    others = [load_source(glob.partition("/")[0]).sha256 for glob in source.patches]
    own = sorted((RECIPES / "patches" / source.name).glob("*.patch"))
    return digest_of(source.sha256, source.folder, *source.patches, *others, *own)


def keep_copy(source: Source, folder: Path, offline: bool = False) -> Path:
    """A copy of the source's file in ``folder``, under its own name."""
    copy = folder / source.file
    if not copy.exists() or file_digest(copy) != source.sha256:
        with whole_file(copy) as work:
            shutil.copyfile(fetch(source, offline), work)
    return copy


def update(name: str) -> tuple[Source, Source]:
    """Rewrite a recipe's version, file and sha256 to the newest of its registry; the old and the new recipe."""
    old = load_source(name)
    with scratch_folder(cache_folder("downloads")) as scratch:
        version, file_name, file = _newest(old, scratch)
        sha256 = file_digest(file)
        path = RECIPES / "sources" / f"{name}.toml"
        table = tomlkit.parse(path.read_text())
        table.update({"version": version, "file": file_name, "sha256": sha256})
        with whole_file(path) as work:
            work.write_text(tomlkit.dumps(table))
        new = load_source(name)
        with whole_file(_cached(new)) as work:
            shutil.copyfile(file, work)
    return old, new


_GET_IT = "on a machine with internet: invoke sources --to FOLDER; here: set FAPWS_SOURCES to that folder"


def _cached(source: Source) -> Path:
    return cache_folder("downloads", source.sha256[:16]) / source.file


def _given(source: Source) -> Path | None:
    folder = os.environ.get("FAPWS_SOURCES")
    if folder and not Path(folder).is_dir():
        raise Problem(f"FAPWS_SOURCES is {folder}, which is not a folder", "name one made by: invoke sources --to FOLDER")
    path = Path(folder, source.file) if folder else None
    return path if path and path.is_file() else None


def _members(source: Source) -> tuple[str, ...]:
    """For a Debian package, ``folder`` names (comma-separated) the only members that are wanted."""
    return tuple(source.folder.split(",")) if source.file.endswith(".deb") and source.folder else ()


def patch_files(source: Source, offline: bool) -> list[Path]:
    """Patch files in the order in which they apply: the house's own, then each glob in the order of its series file."""
    chosen = sorted((RECIPES / "patches" / source.name).glob("*.patch"))
    for glob in source.patches:
        name, _, pattern = glob.partition("/")
        found = list(unpacked(name, offline).glob(pattern))
        if not found:
            raise Problem(f"recipes/sources/{source.name}.toml: no patch matches {glob}", "mend its patches")
        series = (found[0].parent / "series").read_text().splitlines()
        order = {line.split()[0]: number for number, line in enumerate(series) if line and not line.startswith("#")}
        chosen += sorted((path for path in found if path.name in order), key=lambda path: order[path.name])
    return chosen


def origin_of(source: Source) -> tuple[str, str, str]:
    """kind, suite, name"""
    kind, _, rest = source.origin.partition(":")
    suite, _, name = rest.rpartition("/") if kind.startswith("debian") else ("", "", rest)
    if kind not in ("pypi", "npm", "debian", "debian-source") or not name:
        raise Problem(f"recipes/sources/{source.name}.toml: origin {source.origin} is not understood",
                      "it is pypi:NAME, npm:NAME, debian:SUITE/NAME or debian-source:SUITE/NAME")
    return kind, suite, name


def _from_registry(source: Source, scratch: Path) -> Path:
    kind, suite, name = origin_of(source)
    try:
        if kind == "pypi":
            return registries.pypi_sdist(name, source.version, source.sha256, scratch)
        if kind == "npm":
            return registries.npm_tarball(name, source.version, scratch)
        if kind == "debian":
            return registries.debian_package(suite, name, source.file, source.sha256, scratch)
        return registries.debian_source(suite, name, source.file, source.sha256, scratch)
    except registries.Absent as absent:
        now = f"; it now has {absent.newest}" if absent.newest else ""
        raise Problem(f"{source.name} {source.version}: {absent.what}{now}", _update_command(source)) from absent


def _newest(source: Source, scratch: Path) -> tuple[str, str, Path]:
    """version, file name, file"""
    kind, suite, name = origin_of(source)
    if kind == "pypi":
        version, file = registries.pypi_newest(name, scratch)
    elif kind == "npm":
        version, file = registries.npm_newest(name, scratch)
    elif kind == "debian":
        return registries.debian_package_newest(suite, name, source.file, scratch)
    else:
        version, file = registries.debian_source_newest(suite, name, source.file, scratch)
    return version, file.name, file


def _update_command(source: Source) -> str:
    return f"invoke sources --update {source.name}"
