"""Sources: where a file is looked for, what is done about a wrong one, and how a pin is refreshed."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.common.places import digest_of
from appliance.fetching import recipes, registries, sources
from appliance.fetching.recipes import Source
from appliance.fetching.sources import fetch, keep_copy, missing, require_offline, unpacked, update
from tests.appliance.cases import left_over, problem, written


def tarball(files: dict[str, str]) -> bytes:
    """A .tar.gz of these files below tiny-1/."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"tiny-1/{name}")
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return out.getvalue()


DATA = tarball({"tiny.c": "int tiny(void) { return 1; }\n", "tiny.h": "int tiny(void);\n"})
RECIPE = f"""# Why it is here.
name = "tiny"
version = "1"
origin = "pypi:tiny"
file = "tiny-1.tar.gz"  # its sdist
sha256 = "{hashlib.sha256(DATA).hexdigest()}"
licence = "MIT"
"""


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """One recipe in a folder of its own, an empty cache, and no registry."""
    folder = tmp_path / "recipes"
    written(folder, RECIPE, "sources/tiny.toml")
    for module in (recipes, sources):
        monkeypatch.setattr(module, "RECIPES", folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("FAPWS_SOURCES", raising=False)
    monkeypatch.setattr(registries, "pypi_sdist", registry([]))
    return recipes.load_source("tiny")


def registry(calls: list[str], data: bytes = DATA) -> Callable[[str, str, str, Path], Path]:
    """A stand-in for pip that gives this data and notes each call."""

    def give(name: str, version: str, sha256: str, folder: Path) -> Path:
        calls.append(name)
        file = folder / f"{name}-{version}.tar.gz"
        file.write_bytes(data)
        return file

    return give


def cached(folder: Path) -> list[str]:
    """The names of all files in the cache."""
    return sorted(path.name for path in (folder / "cache").rglob("*") if path.is_file())


def test_a_file_is_fetched_once(tiny: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry is asked for what is not here, and never again."""
    calls: list[str] = []
    monkeypatch.setattr(registries, "pypi_sdist", registry(calls))
    assert DATA == fetch(tiny).read_bytes() == fetch(tiny, offline=True).read_bytes()
    assert (["tiny"], ["tiny-1.tar.gz"], []) == (calls, cached(tmp_path), left_over(tmp_path))


def test_the_folder_of_the_user_comes_before_the_registry(
    tiny: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With FAPWS_SOURCES nothing is fetched that stands there; also offline."""
    calls: list[str] = []
    monkeypatch.setattr(registries, "pypi_sdist", registry(calls))
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / tiny.file).write_bytes(DATA)
    monkeypatch.setenv("FAPWS_SOURCES", str(tmp_path / "given"))
    assert [] == missing([tiny])
    assert (DATA, []) == (fetch(tiny, offline=True).read_bytes(), calls)


@pytest.mark.parametrize("where", ["registry", "folder"])
def test_a_wrong_digest_stops(tiny: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """A tampered file is named with the digest that it has, and nothing of it is kept."""
    wrong = DATA[:-1] + b"!"
    monkeypatch.setattr(registries, "pypi_sdist", registry([], wrong))
    if where == "folder":
        (tmp_path / "given").mkdir()
        (tmp_path / "given" / tiny.file).write_bytes(wrong)
        monkeypatch.setenv("FAPWS_SOURCES", str(tmp_path / "given"))
    said = (
        f"tiny-1.tar.gz is not what recipes/sources/tiny.toml says: sha256 {hashlib.sha256(wrong).hexdigest()}: "
        "do not use it; if the change is wanted: invoke sources --update tiny"
    )
    assert said == problem(lambda: fetch(tiny))
    assert ([], []) == (cached(tmp_path), left_over(tmp_path))


def test_offline_names_all_that_is_missing(tiny: Source) -> None:
    """Every file that is not here is listed in one go."""
    other = Source(**{**tiny.__dict__, "name": "other", "file": "other-2.tar.gz", "sha256": "11"})
    said = problem(lambda: require_offline([tiny, other]))
    assert said.startswith(
        "offline, and these files are not here: tiny-1.tar.gz, other-2.tar.gz: on a machine with internet: "
    )
    assert problem(lambda: fetch(tiny, offline=True)).startswith("offline, and tiny-1.tar.gz is not here: ")


def test_a_sources_folder_that_is_none(tiny: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong FAPWS_SOURCES is named."""
    monkeypatch.setenv("FAPWS_SOURCES", str(tmp_path / "nothing"))
    said = f"FAPWS_SOURCES is {tmp_path}/nothing, which is not a folder: name one made by: invoke sources --to FOLDER"
    assert said == problem(lambda: fetch(tiny))


def test_a_pin_that_is_gone(tiny: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the registry no longer has the pinned file, its new version and the command are named."""

    def gone(*arguments: object) -> Path:
        raise registries.Absent("Debian trixie no longer has the pinned file of tiny", "2")

    monkeypatch.setattr(registries, "pypi_sdist", gone)
    said = "tiny 1: Debian trixie no longer has the pinned file of tiny; it now has 2: invoke sources --update tiny"
    assert said == problem(lambda: fetch(tiny))


def test_an_update_rewrites_the_pin_only(tiny: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """version, file and sha256 change; comments and all other keys stay as they are."""
    data = tarball({"tiny.c": "int tiny(void) { return 2; }\n"})

    def newest(name: str, folder: Path) -> tuple[str, Path]:
        return "2", registry([], data)(name, "2", "", folder)

    monkeypatch.setattr(registries, "pypi_newest", newest)
    old, new = update("tiny")
    assert ("1", "2", data) == (old.version, new.version, fetch(new, offline=True).read_bytes())
    expected = RECIPE.replace('"1"', '"2"').replace("tiny-1.tar.gz", "tiny-2.tar.gz").replace(old.sha256, new.sha256)
    assert expected == (tmp_path / "recipes" / "sources" / "tiny.toml").read_text()


def test_an_origin_that_is_not_understood(tiny: Source) -> None:
    """It is named, with those that there are."""
    odd = Source(**{**tiny.__dict__, "origin": "git:tiny"})
    assert problem(lambda: fetch(odd)).startswith(
        "recipes/sources/tiny.toml: origin git:tiny is not understood: it is pypi:NAME"
    )


PATCH = "--- a/tiny.c\n+++ b/tiny.c\n@@ -1 +1 @@\n-int tiny(void) { return 1; }\n+int tiny(void) { return 7; }\n"


def test_a_tree_is_patched(tiny: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The house's own patches are applied; a new patch is a new tree beside the old one."""
    monkeypatch.setattr(registries, "pypi_sdist", registry([]))
    plain = unpacked("tiny")
    written(tmp_path / "recipes", PATCH, "patches/tiny/seven.patch")
    patched = unpacked("tiny")
    assert ["tiny.c", "tiny.h"] == sorted(path.name for path in patched.iterdir())
    assert ("int tiny(void) { return 1; }\n", "int tiny(void) { return 7; }\n") == (
        (plain / "tiny.c").read_text(),
        (patched / "tiny.c").read_text(),
    )


def test_a_patch_that_does_not_fit(tiny: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The patch and the source are named, and no tree is left."""
    monkeypatch.setattr(registries, "pypi_sdist", registry([]))
    written(tmp_path / "recipes", PATCH.replace("return 1", "return 4"), "patches/tiny/seven.patch")
    assert problem(lambda: unpacked("tiny")).startswith("patch seven.patch of tiny failed (exit code 1)")
    assert [] == list((tmp_path / "cache" / "fapws4" / "trees").iterdir())


def test_a_copy_for_another_machine(tiny: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """keep_copy puts the verified file under its own name, over one that was broken."""
    monkeypatch.setattr(registries, "pypi_sdist", registry([]))
    written(tmp_path / "to", "broken", tiny.file)
    assert digest_of(DATA) == digest_of(keep_copy(tiny, tmp_path / "to"))
