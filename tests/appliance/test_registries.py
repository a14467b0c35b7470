"""The registries: which Debian mirror is meant, what apt is told, and what is said when one cannot be reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.common.shell import Failed
from appliance.fetching import registries
from appliance.fetching.registries import Absent
from tests.appliance.cases import problem, written

DEB822 = """Types: deb
URIs: {scheme}://mirror.example/debian
Suites: trixie trixie-updates
Components: main

Types: deb
URIs: {scheme}://mirror.example/debian-security/
Suites: trixie-security
Components: main
""".format(scheme="http")
ONE_LINE = """# deb {scheme}://old.example/debian trixie main
deb [arch=amd64 signed-by=/k.gpg] {scheme}://near.example/debian/ trixie main
""".format(scheme="http")
MIRROR, NEAR = "http" + "://mirror.example", "http" + "://near.example"


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An apt configuration without any source, and none of our variables."""
    monkeypatch.setattr(registries, "_APT", tmp_path)
    monkeypatch.delenv("FAPWS_DEBIAN", raising=False)
    monkeypatch.delenv("FAPWS_DEBIAN_SECURITY", raising=False)
    return tmp_path


def test_the_mirror_of_a_deb822_file(apt: Path) -> None:
    """Main and security archive are those of this machine's own debian.sources."""
    written(apt, DEB822, "sources.list.d/debian.sources")
    assert (f"{MIRROR}/debian", f"{MIRROR}/debian-security") == registries.debian_mirrors()


def test_the_mirror_of_a_sources_list(apt: Path) -> None:
    """The old one-line form, with options; comments don't count; the security archive is guessed beside it."""
    written(apt, ONE_LINE, "sources.list")
    assert (f"{NEAR}/debian", f"{NEAR}/debian-security") == registries.debian_mirrors()


def test_the_mirror_that_the_user_names(apt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAPWS_DEBIAN comes before the machine's own configuration."""
    written(apt, ONE_LINE, "sources.list")
    monkeypatch.setenv("FAPWS_DEBIAN", f"{MIRROR}/debian/")
    assert (f"{MIRROR}/debian", f"{MIRROR}/debian-security") == registries.debian_mirrors()


def test_no_mirror(apt: Path) -> None:
    """On a machine that is no Debian one line says what to set."""
    said = "no Debian mirror is configured on this machine: set FAPWS_DEBIAN to the address of one, the part before /dists"
    assert said == problem(registries.debian_mirrors)


def test_signatures_are_checked(apt: Path) -> None:
    """The private apt gets the Debian keyring for each archive, and no permission to do without."""
    written(apt, DEB822, "sources.list.d/debian.sources")
    text = registries._debian_sources("trixie")
    assert 2 == text.count("Signed-By: /usr/share/keyrings/debian-archive-keyring")
    assert 0 == text.count("Trusted")


SHOWN = """Package: tiny
Version: 2.1-1
Filename: pool/t/tiny_2.1-1_amd64.deb
SHA256: 22

Package: tiny
Version: 2.0-3
SHA256: 20
"""


class Apt:
    """A stand-in for apt-cache and apt-get: knows two versions of `tiny`."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    def run(self, command: list[str | Path], *, cwd: Path | None = None, **options: object) -> str:
        words = [str(word) for word in command]
        self.commands.append(" ".join(words))
        if words[0] == "apt-cache":
            return SHOWN if "tiny" in words else ""
        if words[0] == "apt-get" and "download" in words and cwd is not None:
            (cwd / "tiny.deb").write_bytes(b"deb")
        if words[0] == "dpkg" and words[2:] == ["2.1-1", "gt", "2.1-1"]:
            raise Failed("dpkg", 1, "")
        return ""


@pytest.fixture
def stand_in(apt: Path, monkeypatch: pytest.MonkeyPatch) -> Apt:
    """apt is not asked: the stand-in answers."""
    written(apt, DEB822, "sources.list.d/debian.sources")
    monkeypatch.setenv("XDG_CACHE_HOME", str(apt / "cache"))
    known = Apt()
    monkeypatch.setattr(registries, "run", known.run)
    return known


def test_a_package_is_found_by_its_digest(stand_in: Apt, tmp_path: Path) -> None:
    """An older version that is still there is taken when the pin says so."""
    file = registries.debian_package("trixie", "tiny", "tiny_2.0-3_amd64.deb", "20", tmp_path)
    assert "tiny.deb" == file.name
    assert [line for line in stand_in.commands if line.endswith("download -qq tiny=2.0-3")]


def test_a_package_that_is_gone(stand_in: Apt, tmp_path: Path) -> None:
    """The lists are fetched anew before it is said, and the version that there is now is named."""
    with pytest.raises(Absent) as caught:
        registries.debian_package("trixie", "tiny", "tiny_1.0-1_amd64.deb", "10", tmp_path)
    assert ("Debian trixie no longer has the pinned file of tiny", "2.1-1") == (
        str(caught.value),
        caught.value.newest,
    )
    assert 1 <= len([line for line in stand_in.commands if " update " in line])


def test_the_newest_package(stand_in: Apt, tmp_path: Path) -> None:
    """Version, file name and file."""
    version, name, file = registries.debian_package_newest("trixie", "tiny", "tiny_1_amd64.deb", tmp_path)
    assert ("2.1-1", "tiny_2.1-1_amd64.deb", "tiny.deb") == (version, name, file.name)


def test_a_package_that_never_was(stand_in: Apt, tmp_path: Path) -> None:
    """The suite is named."""
    assert "Debian trixie has no package nothing" == problem(
        lambda: registries.debian_package_newest("trixie", "nothing", "nothing_1_amd64.deb", tmp_path)
    )


@pytest.mark.parametrize(
    "tail",
    [
        "Temporary failure resolving 'mirror'",
        "NewConnectionError: [Errno 101] Network is unreachable",
        "npm error code ENOTFOUND",
        "Max retries exceeded with url",
    ],
)
def test_no_network(tail: str) -> None:
    """However pip, apt and npm put it, one line says that there is no network and what to do."""
    hint = "connect, or set FAPWS_SOURCES to a folder made by: invoke sources --to FOLDER"
    said = f"no network: PyPI cannot be reached for tiny: {hint}"
    assert said == problem(lambda: registries._explain(Failed("pip", 1, tail), "tiny", "PyPI"))
