"""A Linux kernel of our own, kept by the digest of everything that it is made from, the machine's own compiler included.

It takes half an hour of one core, so nobody compiles it who has not asked for it, and what is interrupted goes on where it
stopped. The kernel's makefiles want gcc and GNU's linker; zig cannot stand in for them.

What comes of it has the shape of a distribution's package: the kernel, and a folder of modules, which says what is built in.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import SOURCE_DATE_EPOCH, cache_folder, digest_of, lasting_folder, scratch_folder, whole_folder
from appliance.common.progress import note, step
from appliance.common.shell import Failed, follow, run
from appliance.fetching.preflight import FOR_LINUX, require
from appliance.fetching.recipes import Kernel, KernelBuild, load_source
from appliance.fetching.sources import source_digest, unpacked
from appliance.fetching.unpacking import top_folder, unpack_archive

_FRAGMENT = "fapws4.config"  # what our configuration is called among the kernel's own
_IDENTITY = {
    "LC_ALL": "C", "KBUILD_BUILD_USER": "fapws4", "KBUILD_BUILD_HOST": "fapws4", "KBUILD_BUILD_VERSION": "1",
    "KBUILD_BUILD_TIMESTAMP": time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(SOURCE_DATE_EPOCH)),
}


def kernel_digest(recipe: Kernel) -> str:
    """What a compiled kernel depends on."""
    require(FOR_LINUX, f"compiling the kernel {recipe.name}")
    tools = [run([tool, "--version"]).partition("\n")[0] for tool in ("gcc", "ld")]
    return digest_of(source_digest(load_source(recipe.source)), json.dumps(dataclasses.asdict(recipe)), recipe.config,
                     *_IDENTITY.values(), *tools)


def compiled_kernel(recipe: Kernel, build: KernelBuild, jobs: int, offline: bool = False) -> Path:
    """The kernel of a recipe as a tree; from the cache when nothing that it is made from has changed."""
    digest = kernel_digest(recipe)
    tree = cache_folder("trees") / f"linux-{recipe.name}-{digest[:16]}"
    if not tree.exists():
        package = unpacked(recipe.source, offline)
        with lasting_folder(cache_folder("work"), f"linux-{recipe.name}", digest) as work:
            if not tree.exists():
                _Workshop(recipe, build, package, work, jobs).make(tree)
    return tree


class _Workshop:
    """One kernel being compiled, inside its sources, in a folder that outlives an interruption."""

    def __init__(self, recipe: Kernel, build: KernelBuild, package: Path, work: Path, jobs: int) -> None:
        self.recipe, self.build, self.package, self.jobs = recipe, build, package, jobs
        self.source, self.log = work / "source", work / "log.txt"

    def make(self, tree: Path) -> None:
        """The kernel into ``tree``."""
        if not self.source.exists():
            [archive] = self.package.glob(self.build.archive)
            with step(f"unpack {archive.name}"), scratch_folder(self.source.parent) as scratch:
                unpack_archive(archive, scratch)
                top_folder(scratch).rename(self.source)
        note(f"the kernel {self.recipe.name} is compiled: half an hour of one core, once; what is interrupted goes on there")
        with step(f"compile the kernel {self.recipe.name}") as say:
            self._configure()
            self._make([self.build.goal], say)
            with whole_folder(tree) as kept:
                self._collect(kept)

    def _configure(self) -> None:
        """The least kernel there is, and what our configuration says; a Problem when some of that did not come true."""
        shutil.copyfile(self.recipe.config, self.source / "kernel" / "configs" / _FRAGMENT)
        self._make(["tinyconfig", _FRAGMENT])
        lost = unmet(self.recipe.config.read_text(), (self.source / ".config").read_text())
        if lost:
            raise Problem(f"recipes/kernels/{self.recipe.config.name} says what this kernel cannot have: {', '.join(lost)}",
                          "see what they depend on, in the Kconfig files of its sources")

    def _make(self, goals: list[str], say: Callable[[str], None] | None = None) -> None:
        """Ask the kernel's makefiles for ``goals``, and ``say`` how far they are."""
        command = ["make", f"ARCH={self.build.architecture}", f"-j{self.jobs}", *goals]
        files = 0
        with self.log.open("a") as log:
            def tell(line: str) -> None:
                nonlocal files
                log.write(line + "\n")
                files += line.startswith(("  CC ", "  AS "))
                if say:
                    say(f"{files} files")

            try:
                follow(command, tell, cwd=self.source, env=_IDENTITY, what=f"compiling the kernel {self.recipe.name}")
            except Failed as failure:
                raise Problem(failure.what, f"see {self.log}") from failure

    def _collect(self, kept: Path) -> None:
        """Image and list of what is built in, where a distribution's package has them."""
        release = (self.source / "include" / "config" / "kernel.release").read_text().strip()
        modules = kept / "lib" / "modules" / release
        modules.mkdir(parents=True)
        (kept / "boot").mkdir()
        shutil.copyfile(self.source / self.build.made, kept / "boot" / "vmlinuz")
        shutil.copyfile(self.source / "modules.builtin", modules / "modules.builtin")


def unmet(wanted: str, got: str) -> list[str]:
    """The lines of a configuration that another one does not fulfil; "not set" is the same as =n."""
    has = dict(line.split("=", 1) for line in got.splitlines() if line.startswith("CONFIG_"))
    lines = [line.split("=", 1) for line in wanted.splitlines() if line.startswith("CONFIG_")]
    return [f"{name}={value}" for name, value in lines if has.get(name, "n") != value]
