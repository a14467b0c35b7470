"""What an app requires: chosen for the device's Python, kept by its text; what cannot be had in pure Python is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest

from appliance.common.places import file_digest
from appliance.fetching import registries
from appliance.packaging.building import Workplace
from appliance.packaging.installation import NO_PACKAGES, Packages, install
from appliance.packaging.packages import choose, copy_packages
from tests.appliance import parcels
from tests.appliance.cases import COMPILED, cache_with, problem, written

ELF = b"\x7fELF\x02\x01\x01" + bytes(64)


class Gather(Protocol):
    """Choose and install what an app requires."""

    def __call__(self, app: Path, named: str = "", target: str = "x86_64", offline: bool = False) -> Packages: ...


@pytest.fixture
def gather(place: Workplace) -> Gather:
    """From requirements to installed packages."""

    def call(app: Path, named: str = "", target: str = "x86_64", offline: bool = False) -> Packages:
        return install(choose(app, named, target, offline), replace(place, offline=offline))

    return call


@pytest.fixture
def shop(tmp_path: Path, place: Workplace, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the registry; of packages the cache is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_with(tmp_path / "cache", *COMPILED)))
    parcels.only_here(monkeypatch, tmp_path / "shop")
    return tmp_path / "shop"


def app_with(folder: Path, requirements: str, name: str = "requirements.txt") -> Path:
    """An app beside a file of requirements."""
    written(folder / "app", requirements, name)
    return written(folder / "app", "PATHS = []\n")


def chosen(packages: Packages) -> list[tuple[str, str, str]]:
    """Name, version and file of each."""
    return [(package.name, package.version, package.file) for package in packages.chosen]


def test_an_app_without_requirements(tmp_path: Path, gather: Gather) -> None:
    """Nothing is required, and no folder made."""
    assert NO_PACKAGES == gather(written(tmp_path, "PATHS = []\n"))


def test_wheels_and_what_they_need(shop: Path, tmp_path: Path, gather: Gather) -> None:
    """The newest that fits, and what it needs in turn; with the digests of the files; installed in one folder."""
    parcels.wheel(shop, "ship", "1")
    newest = parcels.wheel(shop, "ship", "2", more=("Requires-Dist: crate",))
    apart = {"crate-3.data/purelib/lid.py": b"", "crate-3.data/scripts/x": b""}
    parcels.wheel(shop, "crate", "3", {"crate/__init__.py": b"", **apart})
    found = gather(app_with(tmp_path, "ship  # the newest\n"))
    assert [("crate", "3", "crate-3-py3-none-any.whl"), ("ship", "2", newest.name)] == chosen(found)
    assert found.chosen[1].sha256 == file_digest(newest)
    assert found.site
    assert ["crate", "crate-3.dist-info", "lid.py", "ship-2.dist-info", "ship.py"] == sorted(
        path.name for path in found.site.iterdir())


@pytest.mark.parametrize(
    ("marker", "wanted"),
    [("python_version == '3.13'", True), ("python_full_version < '3.13'", False), ("sys_platform == 'win32'", False),
     ("platform_machine == 'x86_64'", True), ("implementation_name != 'cpython'", False)],
)
def test_markers_are_those_of_the_device(shop: Path, tmp_path: Path, marker: str, wanted: bool, gather: Gather) -> None:
    """Whatever Python the builder runs under."""
    parcels.wheel(shop, "ship", "1", more=(f"Requires-Dist: crate; {marker}",))
    parcels.wheel(shop, "crate", "3")
    assert wanted is bool(gather(app_with(tmp_path, "ship\n")).find("Crate"))


def test_markers_of_another_processor(shop: Path, tmp_path: Path, gather: Gather) -> None:
    """They are those of the target, and what is chosen for it is kept apart."""
    parcels.wheel(shop, "ship", "1", more=("Requires-Dist: crate; platform_machine == 'armv7l'",))
    parcels.wheel(shop, "crate", "3")
    app = app_with(tmp_path, "ship\n")
    assert [1, 2] == [len(gather(app, target=target).chosen) for target in ("aarch64", "armv7")]


def test_requires_python_is_about_the_device(shop: Path, tmp_path: Path, gather: Gather) -> None:
    """A version for another Python is passed over."""
    parcels.wheel(shop, "ship", "1", more=("Requires-Python: >=3.13",))
    parcels.wheel(shop, "ship", "2", more=("Requires-Python: <3.13",))
    assert ["1"] == [package.version for package in gather(app_with(tmp_path, "ship\n")).chosen]


def test_dependencies_of_pyproject(shop: Path, tmp_path: Path, gather: Gather) -> None:
    """[project] dependencies count where there is no requirements.txt; a file that is named counts before both."""
    parcels.wheel(shop, "ship", "1")
    parcels.wheel(shop, "crate", "3")
    app = app_with(tmp_path, '[project]\ndependencies = ["ship==1"]\n', "pyproject.toml")
    assert ["ship"] == [package.name for package in gather(app).chosen]
    other = written(tmp_path, "crate\n", "other.txt")
    assert ["crate"] == [package.name for package in gather(app, str(other)).chosen]


def test_pyproject_without_dependencies(shop: Path, tmp_path: Path, gather: Gather) -> None:
    """It requires nothing."""
    assert NO_PACKAGES == gather(app_with(tmp_path, '[tool.fapws4]\ndata = []\n', "pyproject.toml"))


def test_a_source_without_machine_code_is_built(shop: Path, tmp_path: Path, gather: Gather) -> None:
    """It becomes a wheel; the digest that is told is that of the source."""
    source = parcels.sdist(shop, "ship", "1")
    found = gather(app_with(tmp_path, "ship\n"))
    assert ("ship", source.name, file_digest(source)) == (found.chosen[0].name, found.chosen[0].file, found.chosen[0].sha256)
    assert found.site
    assert "KIND = 'built'\n" == (found.site / "ship.py").read_text()


def test_a_speed_up_that_is_not_built(shop: Path, tmp_path: Path, gather: Gather, capsys: pytest.CaptureFixture[str]) -> None:
    """A wheel with machine code is passed over for the source; if that makes no machine code, this is said."""
    parcels.wheel(shop, "ship", "1", {"ship.so": ELF}, "cp313-cp313-musllinux_1_2_x86_64")
    source = parcels.sdist(shop, "ship", "1", {"src/fast.c": "int fast;\n"})
    assert source.name == gather(app_with(tmp_path, "ship\n")).chosen[0].file
    assert f"note: {source.name}: its part in C is left out, the one in Python does the work" in capsys.readouterr().err


def test_a_wheel_of_a_machine_without_machine_code(shop: Path, tmp_path: Path, gather: Gather) -> None:
    """What a source builds is judged by what is in it, not by what it is called."""
    parcels.sdist(shop, "ship", "1", {"fast.c": ""}, tag="cp311-cp311-linux_x86_64")
    assert ["ship"] == [package.name for package in gather(app_with(tmp_path, "ship\n")).chosen]


MACHINE = "which a static program cannot load"
WAY_OUT = "use a package, or a version of it, that does without"


Refusal = Callable[..., str]


@pytest.fixture
def refusal(tmp_path: Path, gather: Gather) -> Refusal:
    """What an app that requires this is told, after the name of its file."""

    def call(requirement: str = "ship") -> str:
        app = app_with(tmp_path, f"{requirement}\n")
        said = problem(lambda: gather(app))
        assert said.startswith(f"{app.with_name('requirements.txt')}: ")
        return said.partition(": ")[2]

    return call


def test_a_wheel_without_its_source(shop: Path, refusal: Refusal) -> None:
    """It is told by its file."""
    parcels.wheel(shop, "ship", "1", {"ship.so": ELF}, "cp313-cp313-manylinux_2_17_x86_64")
    assert (f"ship-1-cp313-cp313-manylinux_2_17_x86_64.whl is machine code, {MACHINE}, and comes without its source: "
            f"{WAY_OUT}") == refusal()


def test_a_pure_wheel_with_machine_code(shop: Path, refusal: Refusal) -> None:
    """Tags are no proof: ELF inside is found, whatever it is called."""
    parcels.wheel(shop, "ship", "1", {"ship/__init__.py": b"", "ship/engine.bin": ELF})
    assert f"ship-1-py3-none-any.whl has machine code (ship/engine.bin), {MACHINE}: {WAY_OUT}" == refusal()


@pytest.mark.parametrize(
    ("language", "file", "command"), [("Fortran", "solve.f90", "$FC -c solve.f90"), ("Rust", "src/lib.rs", "$CARGO build")])
def test_a_source_that_needs_another_compiler(shop: Path, refusal: Refusal, language: str, file: str, command: str) -> None:
    """It is told with its language and what builds it, when the build has failed."""
    parcels.sdist(shop, "ship", "1", {file: "", "fast.c": ""}, (command,))
    assert f"ship-1.tar.gz needs {language} compiled (by backend), for which there is no compiler here: {WAY_OUT}" == refusal()


@pytest.mark.parametrize(
    ("tool", "file", "reason"),
    [("maturin", "src/main.rs", "needs Rust compiled (by maturin), for which there is no compiler here"),
     ("setuptools-rust", "src/main.rs", "needs Rust compiled (by setuptools-rust), for which there is no compiler here"),
     ("meson-python", "solve.f90", "needs Fortran compiled by meson-python, which takes no compiler for the device"),
     ("scikit-build-core", "fast.cpp", "needs C++ compiled by scikit-build-core, which takes no compiler for the device")],
)
def test_a_source_whose_tools_bring_their_compilers(shop: Path, refusal: Refusal, tool: str, file: str, reason: str) -> None:
    """It is refused by what its pyproject.toml names, before anything is built; the tool itself is not needed for that."""
    parcels.wheel(shop, tool.replace("-", "_"), "1")
    parcels.sdist(shop, "ship", "1", {file: ""}, requires=f'["{tool}>=1"]')
    assert f"ship-1.tar.gz {reason}: {WAY_OUT}" == refusal()


def test_a_source_whose_build_back_end_cannot_be_had(shop: Path, refusal: Refusal) -> None:
    """maturin is for Rust: that is the reason, not what it fails with here."""
    parcels.sdist(shop, "ship", "1", {"src/main.rs": ""}, requires='["maturin>=1"]', backend="maturin")
    assert f"ship needs Rust compiled (by maturin), for which there is no compiler here: {WAY_OUT}" == refusal()


def test_a_source_that_fails(shop: Path, refusal: Refusal) -> None:
    """Python's own words are shown."""
    parcels.sdist(shop, "ship", "1", {"backend.py": "raise RuntimeError('no luck')\n"})
    assert "ship cannot be built: RuntimeError: no luck" == refusal()


def test_what_is_not_there(shop: Path, refusal: Refusal) -> None:
    """Neither as a wheel nor as a source."""
    said = "ship==9 cannot be found for Python 3.13: mend its name or version, or look whether it is for this Python at all"
    assert said == refusal("ship==9")


def test_versions_that_do_not_go_together(shop: Path, refusal: Refusal) -> None:
    """The ones that pip names."""
    parcels.wheel(shop, "ship", "1", more=("Requires-Dist: crate==3",))
    parcels.wheel(shop, "crate", "3")
    parcels.wheel(shop, "crate", "4")
    said = "these do not go together: The user requested crate==4; ship 1 depends on crate==3: ask for versions that do"
    assert said == refusal("ship==1\ncrate==4")


def test_a_digest_that_does_not_match(shop: Path, refusal: Refusal) -> None:
    """The file is not used."""
    parcels.wheel(shop, "ship", "1")
    said = refusal(f"ship==1 --hash=sha256:{'0' * 64}")
    assert said.startswith("ship==1 has none of the digests that stand with it: ")


def test_what_was_chosen_is_kept(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gather: Gather) -> None:
    """pip is asked once for a text; a comment changes nothing, another requirement does, in a file that is named too."""
    parcels.wheel(shop, "ship", "1")
    parcels.wheel(shop, "crate", "3")
    asked: list[object] = []
    ask = registries.packages

    def count(*words: Any) -> None:
        asked.append(words)
        ask(*words)

    monkeypatch.setattr(registries, "packages", count)
    written(tmp_path / "app", "ship\n", "more.txt")
    for text, times in (("-r more.txt\n", 1), ("# a comment\n-r  more.txt # and more\n", 1), ("-r more.txt\ncrate\n", 2)):
        gather(app_with(tmp_path, text))
        assert times == len(asked)
    written(tmp_path / "app", "ship==1\n", "more.txt")
    gather(app_with(tmp_path, "-r more.txt\n"))
    assert 3 == len(asked)


@pytest.mark.parametrize("line", ["-e .", "--editable ../ship", "./lib"])
def test_folders_are_refused(tmp_path: Path, line: str, gather: Gather) -> None:
    """A build would not see that they have changed."""
    written(tmp_path / "app" / "lib", "")
    app = app_with(tmp_path, f"{line}\n")
    assert (f"{app.with_name('requirements.txt')}: {line} is a folder, whose changes a build would not see: put the modules "
            "beside the app, or require a wheel of it") == problem(lambda: gather(app))


def test_files_that_are_not_there(tmp_path: Path, gather: Gather) -> None:
    """Named on the command line, or in the file itself."""
    app = app_with(tmp_path, "-r lost.txt\n")
    assert "lost.txt is not there: name a requirements file, or a pyproject.toml" == problem(lambda: gather(app, "lost.txt"))
    assert f"{app.with_name('requirements.txt')}: lost.txt is not there: mend the line" == problem(lambda: gather(app))


def test_an_offline_machine(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gather: Gather) -> None:
    """From the folder of `invoke sources APP --to FOLDER`: the same files, and pip is not asked."""
    parcels.sdist(shop, "ship", "1")
    app = app_with(tmp_path, "ship\n")
    copy_packages(app, tmp_path / "to")
    online = gather(app)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_with(tmp_path / "elsewhere", *COMPILED)))
    monkeypatch.setattr(registries, "_pip", None)
    monkeypatch.setattr(registries, "packages", None)
    assert problem(lambda: gather(app, offline=True)).startswith(
        f"offline, and what {app.with_name('requirements.txt')} names is not here as it stands now: ")
    monkeypatch.setenv("FAPWS_SOURCES", str(tmp_path / "to"))
    assert [package.sha256 for package in online.chosen] == [package.sha256 for package in gather(app, offline=True).chosen]


def test_a_folder_for_offline_machines_that_was_changed(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gather: Gather
) -> None:
    """A file that is not the one that was chosen is not used."""
    parcels.wheel(shop, "ship", "1")
    app = app_with(tmp_path, "ship\n")
    copy_packages(app, tmp_path / "to")
    [file] = (tmp_path / "to").rglob("*.whl")
    file.write_bytes(b"other")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_with(tmp_path / "elsewhere", *COMPILED)))
    monkeypatch.setenv("FAPWS_SOURCES", str(tmp_path / "to"))
    said = f"{file} is not what files.json beside it says: make the folder anew with: invoke sources APP.py --to FOLDER"
    assert said == problem(lambda: gather(app, offline=True))


def test_a_wheel_that_reaches_outside(shop: Path, tmp_path: Path, gather: Gather) -> None:
    """No file of a wheel lands beside its folder."""
    parcels.wheel(shop, "ship", "1", {"../evil.py": b""})
    app = app_with(tmp_path, "ship\n")
    assert "ship-1-py3-none-any.whl has a file outside of itself: ../evil.py: do not use it" == problem(lambda: gather(app))
