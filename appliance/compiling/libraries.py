"""Sources become static libraries, each kept by the digest of everything that it is made from.

A library's folder in the cache has include/, lib/libNAME.a and what its recipe produces besides. It appears in one rename
when it is whole: a build that is killed leaves nothing half-made, and the next one is quick over what the compiler has
already seen (zig keeps every object by its content).
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import cache_folder, digest_of, scratch_folder, whole_folder
from appliance.common.progress import step
from appliance.common.shell import run
from appliance.compiling.toolchain import BUILDER, COMPILE_FLAGS, Toolchain, native_toolchain
from appliance.fetching.recipes import Compilation, GeneratedFile, Source, Variant, all_sources, load_source, load_target
from appliance.fetching.sources import source_digest, unpacked


@dataclasses.dataclass(frozen=True)
class Library:
    """A built library: ``prefix`` holds include/ and lib/; ``digest`` names everything it was made from."""

    name: str
    digest: str
    prefix: Path

    @property
    def archives(self) -> list[Path]:
        return sorted((self.prefix / "lib").glob("*.a"))


# What a build for another processor takes from the builder's own, by the words that recipes have for it: native, python.
Helpers = Mapping[str, Library]
_ALONE: Helpers = {}


def library_digest(source: Source, tools: Toolchain, helpers: Helpers = _ALONE) -> str:
    """Changes when a flag, a patch, a digest, a tool, a helper or a needed library does; with nothing else."""
    build = _compilation(source, tools)
    recipe = json.dumps(dataclasses.asdict(build), sort_keys=True)
    others = [library_digest(load_source(name), tools) for name in build.needs]
    others += [library.digest for library in helpers.values()]
    return digest_of(source.name, source_digest(source), recipe, tools.digest, *others)


def build_library(
    name: str, tools: Toolchain, jobs: int, offline: bool = False, helpers: Helpers = _ALONE
) -> Library:
    """The library ``name`` and, before it, those that it needs; from the cache when nothing has changed."""
    source = load_source(name)
    build = _compilation(source, tools)
    digest = library_digest(source, tools, helpers)
    prefix = _prefix(name, digest, tools)
    if not prefix.exists():
        needs = {need: build_library(need, tools, jobs, offline) for need in build.needs}
        tree = unpacked(name, offline)
        with step(f"compile {name}"), whole_folder(prefix) as kept, scratch_folder(cache_folder("work")) as scratch:
            _Workshop(source, build, tree, scratch.resolve(), {**needs, **helpers}, tools, jobs).build(kept)
    return Library(name, digest, prefix)


def is_built(name: str, tools: Toolchain, helpers: Helpers = _ALONE) -> bool:
    """Whether ``build_library`` would find it in the cache."""
    return _prefix(name, library_digest(load_source(name), tools, helpers), tools).exists()


def offering(headers: Iterable[str]) -> list[str]:
    """The sources of the libraries that have one of these headers."""
    wanted = set(headers)
    return [source.name for source in all_sources() if wanted & set(source.offers)]


def source_of_archive(archive: str) -> str:
    """The source of the library that is this file (libNAME.a); "" when there is none."""
    return next((source.name for source in all_sources() if source.offers and archive in _archives(source)), "")


def _archives(source: Source) -> list[str]:
    """The names of the files that a library consists of."""
    build = source.build or Compilation()
    own = [_archive(source)] if build.compile else []
    return [*own, *(Path(place).name for place in build.produces if place.endswith(".a"))]


def _archive(source: Source) -> str:
    """The name of the file that compiling makes."""
    return (source.build and source.build.archive) or f"lib{source.name.removeprefix('lib')}.a"


def _prefix(name: str, digest: str, tools: Toolchain) -> Path:
    return cache_folder("libraries", tools.target.name) / f"{name}-{digest[:16]}"


def _compilation(source: Source, tools: Toolchain) -> Compilation:
    """How a source is built for a target: with what its recipe has for that processor, without what it has for others."""
    build, processor = source.build, tools.target.processor
    if build is None:
        raise Problem(f"recipes/sources/{source.name}.toml has no [build]", "only a source with one can be a library")
    if build.processors and processor not in build.processors:
        raise Problem(f"recipes/sources/{source.name}.toml does not say how it is built for {processor}",
                      f"add a section [build.processors.{processor}]")
    own = build.processors.get(processor, Variant())
    return dataclasses.replace(build, compile=[*build.compile, *own.compile], processors={processor: own}, cross=[],
                               generate=[*build.generate, *([] if tools.native else build.cross)])


class _Workshop:
    """One library being built: the recipe, its tree, and an empty folder to work in."""

    def __init__(
        self, source: Source, recipe: Compilation, tree: Path, work: Path, needs: dict[str, Library], tools: Toolchain,
        jobs: int,
    ) -> None:
        self.source, self.recipe, self.tree, self.work = source, recipe, tree, work
        self.tools, self.jobs = tools, jobs
        self.words = {"source": str(tree), "work": str(work), "jobs": str(jobs), "cc": str(tools.cc), "ar": str(tools.ar),
                      "ranlib": str(tools.ranlib), "flags": " ".join(self._flags()), "triple": tools.target.triple,
                      "builder": load_target(BUILDER).triple, "native_cc": str(native_toolchain().cc),
                      **recipe.processors[tools.target.processor].words,
                      **{need: str(library.prefix) for need, library in needs.items()}}

    def build(self, kept: Path) -> None:
        for file in self.recipe.generate:
            self._generate(file)
        for command in self.recipe.commands:
            self._command(command)
        if self.recipe.compile:
            self._compile(kept / "lib" / _archive(self.source))
        for glob, dropped in self.recipe.headers.items():
            self._copy_headers(self._said(glob), self._said(dropped), kept / "include")
        for place, made in self.recipe.produces.items():
            if not (self.work / made).exists():
                raise Problem(f"building {self.source.name} gave no {made}", f"see recipes/sources/{self.source.name}.toml")
            (kept / place).parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (self.work / made).is_dir() else shutil.copyfile)(self.work / made, kept / place)

    def _flags(self) -> list[str]:
        """Paths of this machine must not reach the objects: the same sources give the same bytes anywhere."""
        maps = [f"-ffile-prefix-map={self.tree}=/{self.source.name}", f"-ffile-prefix-map={self.work}=/work"]
        return [*COMPILE_FLAGS, "-w", *maps]

    def _generate(self, file: GeneratedFile) -> None:
        text = (self.tree / file.template).read_text() if file.template else file.text
        for word, value in file.replace.items():
            text = text.replace(word, self._said(value))
        place = self.work / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text if file.template else self._said(text))

    def _command(self, command: list[str]) -> None:
        log = self.work / "log.txt"
        environment = {key: self._said(value) for key, value in self.recipe.environment.items()}
        run([self._said(word) for word in command], cwd=self.work, log=log, env={**self.tools.environment, **environment},
            what=f"building {self.source.name}")

    def _said(self, word: str) -> str:
        for name, value in self.words.items():
            word = word.replace(f"{{{name}}}", value)
        return word

    def _compile(self, archive: Path) -> None:
        files = sorted({path for glob in self.recipe.compile for path in self.tree.glob(glob)}
                       - {path for glob in self.recipe.exclude for path in self.tree.glob(glob)})
        if not files:
            raise Problem(f"recipes/sources/{self.source.name}.toml: compile matches no file", "mend its globs")
        folders = [self.work, *(self.tree / self._said(folder) for folder in self.recipe.include)]
        flags = [*self._flags(), *(f"-I{folder}" for folder in folders), *self.recipe.flags]
        objects = compile_files(files, self.tree, self.work / "objects", flags, self.tools, self.jobs)
        make_archive(archive, objects, self.tools)

    def _copy_headers(self, glob: str, dropped: str, include: Path) -> None:
        for header in self.tree.glob(glob):
            place = include / header.relative_to(self.tree / dropped)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(header, place)


def compile_files(
    files: list[Path], root: Path, objects: Path, flags: list[str], tools: Toolchain, jobs: int
) -> list[Path]:
    """Compile each C or assembler file below ``root`` to an object named after its path; in the order of ``files``."""
    objects.mkdir(parents=True, exist_ok=True)

    def compile_one(file: Path) -> Path:
        made = objects / f"{file.relative_to(root).as_posix().replace('/', '.')}.o"
        run([tools.cc, *flags, "-c", file, "-o", made], env=tools.environment, what=f"compiling {file.name}")
        return made

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(compile_one, files))


def make_archive(archive: Path, objects: list[Path], tools: Toolchain) -> None:
    """A static library, its members without dates and owners."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    run([tools.ar, "rcsD", archive, *objects], env=tools.environment, what=f"archiving {archive.name}")
