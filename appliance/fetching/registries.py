"""The package registries, each asked by its own ordinary client: pip, apt (in a private root, as any user) and npm.

Every function puts one file into a folder and returns its path; the caller checks the digest. ``Absent`` says that the
registry answered and does not have that file (any more); another Problem says that it could not be asked.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from appliance.common.errors import Problem
from appliance.common.places import SOURCE_DATE_EPOCH, cache_folder
from appliance.common.shell import Failed, run

_APT = Path("/etc/apt")
_PIP_INSIDE = Path(__file__).with_name("pip_inside.py")

# pip asks every source for its metadata; no machine code comes of it.
_NO_COMPILER = {"CC": "false", "CXX": "false", "FC": "false", "SOURCE_DATE_EPOCH": str(SOURCE_DATE_EPOCH)}

_KEYRINGS = ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp")
_NO_NETWORK = re.compile(r"Temporary failure|Could not resolve|Network is unreachable|Connection (refused|timed out|broken)"
                         r"|NewConnectionError|Max retries|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH"
                         r"|Failed to establish")


class Absent(Problem):
    """The registry was asked and does not have the file; ``newest`` is the version that it has instead ("" if none)."""

    def __init__(self, what: str, newest: str = "") -> None:
        self.newest = newest
        super().__init__(what)


# ---------------------------------------------------------------------------------------------------------------- pip


def pypi_sdist(name: str, version: str, sha256: str, folder: Path) -> Path:
    """The sdist of a PyPI project. pip checks the digest before it looks inside."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{name}=={version} --hash=sha256:{sha256}\n")
    _pip(["download", "--quiet", "--no-deps", "--no-binary", name, "--require-hashes", "-r", wanted, "-d", folder], name)
    return _only_file(folder, "*.tar.gz")


def pypi_newest(name: str, folder: Path) -> tuple[str, Path]:
    """The newest sdist of a PyPI project, and its version."""
    _pip(["download", "--quiet", "--no-deps", "--no-binary", name, name, "-d", folder], name)
    file = _only_file(folder, "*.tar.gz")
    return file.name.removesuffix(".tar.gz").rpartition("-")[2], file


def pypi_wheels(requirements: Path, folder: Path) -> None:
    """Every file that installing ``requirements`` (with hashes) on this machine needs."""
    _pip(["download", "--quiet", "--require-hashes", "-r", requirements, "-d", folder], requirements.name)


def packages(arguments: list[str | Path], tags: list[str], environment: dict[str, str], folder: Path) -> None:
    """What installing ``arguments`` needs, for wheels with these tags and for markers that see ``environment``.

    The files end up in ``folder``: wheels, and sources where there is no such wheel. A ``Refused`` says which source pip
    could not make ready.
    """
    note = folder / ".source.json"
    command: list[str | Path] = [
        sys.executable, _PIP_INSIDE, json.dumps(environment), note, "download", "--disable-pip-version-check",
        "--progress-bar", "off", "--dest", folder, *tags, *arguments]
    try:
        run(command, env=_NO_COMPILER, what="pip (for the app's requirements)")
    except Failed as failure:
        _explain(failure, "the app's requirements", "PyPI")
        source = json.loads(note.read_text()) if note.exists() else None
        raise Refused(failure, source) from failure
    finally:
        note.unlink(missing_ok=True)


class Refused(Problem):
    """pip could not do it; ``said`` is what it wrote, ``source`` what pip_inside.py noted of the source it was at."""

    def __init__(self, failure: Failed, source: dict[str, Any] | None) -> None:
        self.said, self.source = failure.tail, source
        super().__init__(failure.what, failure.hint)


def _pip(arguments: list[str | Path], name: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check"]
    try:
        run(command, what=f"pip (for {name})")
    except Failed as failure:
        _explain(failure, name, "PyPI")
        if "No matching distribution" in failure.tail or "Could not find a version" in failure.tail:
            raise Absent(f"PyPI has no file for {name} as it is pinned") from failure
        raise


# ---------------------------------------------------------------------------------------------------------------- npm


def npm_tarball(name: str, version: str, folder: Path) -> Path:
    """The tarball of an npm package."""
    try:
        run(["npm", "pack", "--silent", f"{name}@{version}", "--pack-destination", folder], what=f"npm (for {name})")
    except Failed as failure:
        _explain(failure, name, "the npm registry")
        if "E404" in failure.tail or "ETARGET" in failure.tail:
            raise Absent(f"npm has no {name} {version}") from failure
        raise
    return _only_file(folder, "*.tgz")


def npm_newest(name: str, folder: Path) -> tuple[str, Path]:
    """The newest tarball of an npm package, and its version."""
    version = str(json.loads(run(["npm", "view", "--json", name, "version"], what=f"npm (for {name})")))
    return version, npm_tarball(name, version, folder)


# ------------------------------------------------------------------------------------------------------------- Debian


def debian_package(suite: str, name: str, file: str, sha256: str, folder: Path) -> Path:
    """The binary package with that digest; ``name`` may be the meta-package that ``file`` was found through."""
    architecture = _architecture(file)
    for fresh in (False, True):
        apt = _apt(suite, architecture, fresh)
        for stanza in _stanzas(apt, ["apt-cache", "show", file.partition("_")[0]]):
            if stanza.get("SHA256") == sha256:
                with contextlib.suppress(Failed):
                    package = f"{file.partition('_')[0]}={stanza['Version']}"
                    run([*apt("apt-get"), "download", "-qq", package], cwd=folder)
                    return _only_file(folder, "*.deb")
    now = _stanzas(apt, ["apt-cache", "show", name])
    raise Absent(f"Debian {suite} no longer has the pinned file of {name}", now[0]["Version"] if now else "")


def debian_package_newest(suite: str, name: str, file: str, folder: Path) -> tuple[str, str, Path]:
    """The newest binary package, for the architecture of ``file``: its version, its file name in the archive, and the file.
    Follows a kernel's meta-package."""
    architecture = _architecture(file)
    apt = _apt(suite, architecture, True)
    stanzas = _stanzas(apt, ["apt-cache", "show", name])
    if not stanzas:
        raise Absent(f"Debian {suite} has no package {name}")
    real = re.match(rf"(linux-image-\S+-{architecture}) \(= ", stanzas[0].get("Depends", ""))
    if real and real[1] != name:
        return debian_package_newest(suite, real[1], file, folder)
    version = stanzas[0]["Version"]
    _announced(apt, ["download", "-qq", f"{name}={version}"], folder, f"{name} {version}")
    return version, Path(stanzas[0]["Filename"]).name, _only_file(folder, "*.deb")


def _architecture(file: str) -> str:
    """Whose lists name a package: any architecture's have those that are for all."""
    architecture = file.removesuffix(".deb").rpartition("_")[2]
    return "amd64" if architecture == "all" else architecture


def debian_source(suite: str, name: str, file: str, sha256: str, folder: Path) -> Path:
    """One file of a Debian source package, of whichever version of the package holds it with that digest."""
    versions: list[str] = []
    for fresh in (False, True):
        apt = _apt(suite, "amd64", fresh)
        stanzas = _stanzas(apt, ["apt-cache", "showsrc", "--only-source", name])
        versions = [stanza["Version"] for stanza in stanzas]
        for stanza in stanzas:
            if f"{sha256} " in stanza.get("Checksums-Sha256", "") and file in stanza["Checksums-Sha256"]:
                with contextlib.suppress(Failed):
                    return _debian_source_file(apt, name, stanza["Version"], file, folder)
    raise Absent(f"Debian {suite} no longer has {file} of {name}", _newest(versions))


def debian_source_package(suite: str, name: str, version: str, folder: Path) -> list[Path]:
    """Every file of a Debian source package. apt checks them against the archive's signed lists."""
    versions: list[str] = []
    for fresh in (False, True):
        apt = _apt(suite, "amd64", fresh)
        stanzas = _stanzas(apt, ["apt-cache", "showsrc", "--only-source", name])
        versions = [stanza["Version"] for stanza in stanzas]
        for stanza in stanzas:
            if stanza["Version"] == version:
                try:
                    run([*apt("apt-get"), "source", "--download-only", "-qq", f"{name}={version}"], cwd=folder)
                except Failed as failure:
                    _explain(failure, f"{name} {version}", "the Debian mirror")
                    raise Absent(f"the Debian mirror announces the source {name} {version} and does not have it") from failure
                return [folder / line.split()[2] for line in stanza["Checksums-Sha256"].splitlines() if line.strip()]
    raise Absent(f"Debian {suite} no longer has the source package {name} {version}", _newest(versions))


def debian_package_at(suite: str, architecture: str, name: str, version: str, folder: Path) -> Path:
    """The binary package in exactly that version. apt checks it against the archive's signed lists."""
    apt = _apt(suite, architecture, False)
    try:
        run([*apt("apt-get"), "download", "-qq", f"{name}={version}"], cwd=folder)
    except Failed as failure:
        _explain(failure, f"{name} {version}", "the Debian mirror")
        raise Absent(f"the Debian mirror does not have the package {name} {version}") from failure
    return _only_file(folder, f"{name}_*.deb")


def debian_source_newest(suite: str, name: str, file: str, folder: Path) -> tuple[str, Path]:
    """The newest version of a Debian source package, and its file that corresponds to ``file`` (orig or debian part)."""
    apt = _apt(suite, "amd64", True)
    version = _newest([stanza["Version"] for stanza in _stanzas(apt, ["apt-cache", "showsrc", "--only-source", name])])
    if not version:
        raise Absent(f"Debian {suite} has no source package {name}")
    part = re.search(r"\.(orig|debian)\.tar\.\w+$", file)
    _announced(apt, ["source", "--download-only", "-qq", f"{name}={version}"], folder, f"{name} {version}")
    return version, _only_file(folder, f"*{part[0]}" if part else "*.tar.*")


def _announced(apt: _Apt, arguments: list[str], folder: Path, what: str) -> None:
    """Download what the lists name; mirrors may lag behind their own lists."""
    try:
        run([*apt("apt-get"), *arguments], cwd=folder, what=f"apt-get (for {what})")
    except Failed as failure:
        _explain(failure, what, "the Debian mirror")
        raise Problem(f"the Debian mirror announces {what} and does not have it",
                      "the recipe is as it was; try later, or another mirror with FAPWS_DEBIAN") from failure


def _debian_source_file(apt: _Apt, name: str, version: str, file: str, folder: Path) -> Path:
    run([*apt("apt-get"), "source", "--download-only", "-qq", f"{name}={version}"], cwd=folder)
    return _only_file(folder, file)


class _Apt:
    """apt with a root of its own: ``apt(PROGRAM)`` is the beginning of a command."""

    def __init__(self, root: Path, sources: Path, architecture: str) -> None:
        self.root, self.sources, self.architecture = root, sources, architecture

    def __call__(self, program: str) -> list[str]:
        options = {
            "APT::Architecture": self.architecture, "APT::Architectures": self.architecture,
            "APT::Sandbox::User": "", "Acquire::Languages": "none", "Debug::NoLocking": "1",
            "Dir::Etc::sourcelist": str(self.sources), "Dir::Etc::sourceparts": "-",
            "Dir::State": str(self.root / "state"), "Dir::State::Lists": str(self.root / "lists"),
            "Dir::State::status": "/dev/null", "Dir::Cache": str(self.root / "cache"),
        }
        return [program, *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]


def _apt(suite: str, architecture: str, fresh: bool) -> _Apt:
    """The private apt of a suite, its lists fetched when there are none or when ``fresh``."""
    root = cache_folder("apt", f"{suite}-{architecture}")
    for part in ("state", "lists/partial", "cache/archives/partial"):
        (root / part).mkdir(parents=True, exist_ok=True)
    sources = root / "debian.sources"
    apt = _Apt(root, sources, architecture)
    with _one_at_a_time(root):
        text = _debian_sources(suite)
        known = sources.read_text() if sources.exists() else ""
        if fresh or known != text or not any((root / "lists").glob("*_Packages*")):
            sources.write_text(text)
            try:
                run([*apt("apt-get"), "update", "-qq", "-o", "APT::Update::Error-Mode=any"], what="apt-get update")
            except Failed as failure:
                sources.unlink()
                _explain(failure, f"Debian {suite}", "the Debian mirror")
                raise
    return apt


@contextlib.contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _debian_sources(suite: str) -> str:
    """The deb822 text that names the mirror: of FAPWS_DEBIAN, else of this machine's own apt configuration."""
    main, security = debian_mirrors()
    keyring = next((path for name in _KEYRINGS if (path := Path("/usr/share/keyrings", name)).exists()), None)
    if keyring is None:
        raise Problem("the keys of the Debian archive are not on this machine", "install the package debian-archive-keyring")
    stanza = "Types: deb deb-src\nURIs: {}\nSuites: {}\nComponents: main\nSigned-By: {}\n"
    return "\n".join((stanza.format(main, f"{suite} {suite}-updates", keyring),
                      stanza.format(security, f"{suite}-security", keyring)))


def debian_mirrors() -> tuple[str, str]:
    main = os.environ.get("FAPWS_DEBIAN", "").rstrip("/")
    if main:
        return main, os.environ.get("FAPWS_DEBIAN_SECURITY", f"{main}-security").rstrip("/")
    places = [_APT / "sources.list", *sorted((_APT / "sources.list.d").glob("*"))]
    text = "\n".join(path.read_text(errors="replace") for path in places if path.is_file())
    uris = [uri.rstrip("/") for uri in re.findall(r"^(?:URIs:|deb(?:-src)?(?: \[[^]]*\])?)\s*(\S+)", text, re.MULTILINE)]
    main = next((uri for uri in uris if uri.endswith("/debian")), "")
    security = next((uri for uri in uris if uri.endswith("/debian-security")), f"{main}-security")
    if not main:
        raise Problem("no Debian mirror is configured on this machine",
                      "set FAPWS_DEBIAN to the address of one, the part before /dists")
    return main, security


def _stanzas(apt: _Apt, command: list[str]) -> list[dict[str, str]]:
    """The paragraphs that apt-cache prints (none when it knows no such package), newest first as apt orders them."""
    shown = ""
    with contextlib.suppress(Failed):
        shown = run([*apt(command[0]), *command[1:]])
    paragraphs = [part for part in shown.split("\n\n") if part.strip()]
    return [dict(re.findall(r"^(\S+?):[ \n]*(.*(?:\n .*)*)", part, re.MULTILINE)) for part in paragraphs]


def _newest(versions: list[str]) -> str:
    """The highest of Debian versions, compared as Debian policy says by dpkg itself."""
    best = ""
    for version in versions:
        if not best:
            best = version
            continue
        with contextlib.suppress(Failed):
            run(["dpkg", "--compare-versions", version, "gt", best])
            best = version
    return best


# ------------------------------------------------------------------------------------------------------------- common


def _only_file(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise Absent(f"the registry gave no {pattern}")
    return found[0]


def _explain(failure: Failed, name: str, registry: str) -> None:
    if _NO_NETWORK.search(failure.tail):
        raise Problem(f"no network: {registry} cannot be reached for {name}",
                      "connect, or set FAPWS_SOURCES to a folder made by: invoke sources --to FOLDER") from failure
