"""A kernel of our own: compiled once, gone on with where it was stopped, as it was configured. The real one with --long."""

from __future__ import annotations

import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.build import with_kernel
from appliance.compiling import linux
from appliance.compiling.linux import compiled_kernel, kernel_digest, unmet
from appliance.fetching import recipes
from appliance.fetching.recipes import Board, Kernel, KernelBuild, load_kernel
from appliance.imaging.kernel import prepare_kernel
from tests.appliance.cases import problem, written

# What the makefiles of the kernel do, as far as it is seen from outside: they drop what depends on something that is missing.
MAKEFILE = """
tinyconfig:
\techo CONFIG_TINY=y > .config
%.config:
\tgrep -v LOST kernel/configs/$@ >> .config
bzImage:
\t@echo "  CC      one.o"; grep -q STOPPED .config && test ! -e one.o && touch one.o && exit 3; \\
\tmkdir -p include/config out; echo 6.12-toy > include/config/kernel.release; \\
\techo kernel/fs/toy.ko > modules.builtin; echo "$(ARCH) $$KBUILD_BUILD_TIMESTAMP" > out/image
"""
BUILD = KernelBuild("usr/src/*.tar.xz", "toy", "bzImage", "out/image")
TOY = Kernel("toy", "x86_64", "linux-source", "boot/vmlinuz", "lib/modules/*", BUILD)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package of a toy's sources stands in for that of Linux, and the recipes and the cache are empty."""
    written(tmp_path, MAKEFILE, "linux-toy/Makefile")
    (tmp_path / "linux-toy" / "kernel" / "configs").mkdir(parents=True)
    archive = tmp_path / "package" / "usr" / "src" / "linux-toy.tar.xz"
    archive.parent.mkdir(parents=True)
    with tarfile.open(archive, "w:xz") as tar:
        tar.add(tmp_path / "linux-toy", "linux-toy")
    monkeypatch.setattr(recipes, "RECIPES", tmp_path / "recipes")
    monkeypatch.setattr(linux, "source_digest", lambda source: "toy")
    monkeypatch.setattr(linux, "load_source", lambda name: name)
    monkeypatch.setattr(linux, "unpacked", lambda name, offline: tmp_path / "package")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def configured(folder: Path, *lines: str) -> Kernel:
    """The toy with this configuration."""
    written(folder, "# the toy's\n" + "".join(f"CONFIG_{line}\n" for line in lines), "recipes/kernels/toy.config")
    return TOY


def test_a_kernel_is_compiled_once(package: Path) -> None:
    """It has the shape of Debian's package; what it was made in is gone, and the next one is from the cache."""
    toy = configured(package, "NET=y")
    tree = compiled_kernel(toy, BUILD, 1)
    assert "toy Tue Nov 14 22:13:20 UTC 2023\n" == (tree / "boot/vmlinuz").read_text()
    assert "kernel/fs/toy.ko\n" == (tree / "lib/modules/6.12-toy/modules.builtin").read_text()
    assert [] == list((package / "cache/fapws4/work").iterdir())
    made = (tree / "boot/vmlinuz").stat().st_mtime_ns
    assert (tree, made) == (compiled_kernel(toy, BUILD, 1), (tree / "boot/vmlinuz").stat().st_mtime_ns)


def test_the_digest(package: Path) -> None:
    """Another configuration or another goal is another kernel; the same is the same."""
    first = kernel_digest(configured(package, "NET=y"))
    assert first == kernel_digest(TOY)
    assert first != kernel_digest(replace(TOY, build=replace(BUILD, goal="vmlinux")))
    assert first != kernel_digest(configured(package, "NET=n"))


def test_what_is_interrupted_goes_on(package: Path) -> None:
    """A failure names the log; what was compiled is there when the next one begins, and is gone when the inputs are others."""
    toy = configured(package, "STOPPED=y")
    said = problem(lambda: compiled_kernel(toy, BUILD, 1))
    assert said.startswith("compiling the kernel toy failed (exit code 2): see ")
    assert "CC      one.o" in Path(said.rpartition("see ")[2]).read_text()
    [left] = (package / "cache/fapws4/work").iterdir()
    assert (left / "source/one.o").exists()
    assert (compiled_kernel(toy, BUILD, 1) / "boot/vmlinuz").exists()
    assert not left.exists()


def test_what_others_left_is_removed(package: Path) -> None:
    """Work on inputs that are no longer wanted does not fill the disk."""
    problem(lambda: compiled_kernel(configured(package, "STOPPED=y"), BUILD, 1))
    compiled_kernel(configured(package, "NET=y"), BUILD, 1)
    assert [] == list((package / "cache/fapws4/work").iterdir())


def test_a_line_that_does_not_come_true(package: Path) -> None:
    """The configuration is a promise."""
    said = problem(lambda: compiled_kernel(configured(package, "NET=y", "LOST=y"), BUILD, 1))
    assert said.startswith("recipes/kernels/toy.config says what this kernel cannot have: CONFIG_LOST=y: see what they depend")


def test_what_is_not_set_is_n() -> None:
    """As Kconfig writes it."""
    assert [] == unmet("CONFIG_A=n\n# CONFIG_B=y\n", "# CONFIG_A is not set\n")
    assert ['CONFIG_C="x"', "CONFIG_D=n"] == unmet('CONFIG_C="x"\nCONFIG_D=n\n', 'CONFIG_C="y"\nCONFIG_D=y\n')


def test_a_kernel_for_another_processor(pc: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    """The board's own is named; an unknown one is refused like any recipe."""
    assert (pc, "small") == (with_kernel(pc, ""), with_kernel(pc, "small").kernel)
    arm = replace(pc, name="arm", target="aarch64")
    assert "the kernel small is for x86_64, and the board arm is aarch64: its own is debian-amd64" == problem(
        lambda: with_kernel(arm, "small"))
    assert "did you mean small?" in problem(lambda: with_kernel(pc, "smal"))


@pytest.mark.long
def test_the_small_kernel(pc: Board) -> None:
    """It has all that the board names, built in, so no module is in the image; and it is less than two thirds of Debian's."""
    small, debian = prepare_kernel(with_kernel(pc, "small"), jobs=2), prepare_kernel(pc)
    assert [] == small.names
    assert small.image.stat().st_size < debian.image.stat().st_size * 2 // 3
    assert small.modules.stat().st_size < 2048
    assert load_kernel("small").config.exists()
