"""Sources of packages become wheels, by their own build back-ends; each is kept by the digest of all that it is made from.

A back-end runs under the builder's Python, in a folder of its own, and sees the packages that its pyproject.toml asks for
and no others. The compiler that it is given makes objects instead of shared libraries, so its C modules can be linked.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.common.places import CORE, cache_folder, digest_of, file_digest, scratch_folder, whole_folder
from appliance.common.progress import note, step
from appliance.common.shell import Failed, run
from appliance.compiling.interpreter import LINKED, VERSION, Interpreter, build_interpreter, link_interpreter
from appliance.compiling.libraries import Library, build_library, compile_files, library_digest, offering
from appliance.compiling.toolchain import COMPILE_FLAGS, Toolchain, native_toolchain
from appliance.fetching.recipes import load_source
from appliance.fetching.unpacking import top_folder, unpack_archive
from appliance.packaging import wheels
from appliance.packaging.compiler import compiler_for
from appliance.packaging.extensions import (
    Extension,
    NoRecipe,
    extension_from,
    extension_of,
    imports_in,
    link_words,
    linked_with,
)
from appliance.packaging.inittab import functions_of, inittab
from appliance.packaging.packages import Choice, File, fetch_files, refused, to_build, unbuildable
from appliance.packaging.requirements import Requirements, requirements_to_build

_SCRIPT = Path(__file__).with_name("backend_inside.py")
_FACTS = "facts.json"
_FORMAT = "1"  # of what a build leaves in the cache; another number, and everything is built anew

Tool = tuple[str, str, str, str]  # name, version, file and sha256 of a package that built another


@dataclass(frozen=True)
class Package:
    """One distribution: ``file`` is what the registry gave and ``sha256`` its digest, ``wheel`` what it became.

    ``extensions`` are its C modules, ``imports`` the import statements in their sources, ``tools`` what built it.
    """

    name: str
    version: str
    file: str
    sha256: str
    wheel: Path
    wheel_sha256: str
    extensions: tuple[Extension, ...] = ()
    imports: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    own: bool = False  # it is the app's own C


@dataclass(frozen=True)
class Workplace:
    """For which Python and processor, and with what, packages are built."""

    interpreter: Interpreter
    tools: Toolchain
    jobs: int
    offline: bool = False

    def at_home(self) -> Workplace:
        """The same for what runs while building."""
        tools = native_toolchain()
        return replace(self, interpreter=build_interpreter(tools, self.jobs, self.offline), tools=tools)


def make_packages(choice: Choice, place: Workplace) -> list[Package]:
    """What becomes of the files of a choice."""
    return [_of_wheel(file) if file.is_wheel else _of_source(file, choice.wanted, place) for file in choice.files]


def _of_wheel(file: File) -> Package:
    name, version = wheels.identity(file.path)
    return Package(name, version, file.path.name, file.sha256, file.path, file.sha256)


def _of_source(file: File, wanted: Requirements, place: Workplace) -> Package:
    """A source, built when it is not in the cache."""
    wanted = replace(wanted, file=file.own or wanted.file)
    needed = make_packages(fetch_files(to_build(file, wanted), place.offline), place.at_home())
    offered = offering(file.includes)
    digest = digest_of(file.sha256, compiler_for(place.interpreter, place.tools).digest, _SCRIPT, _FORMAT,
                       *(package.wheel_sha256 for package in needed),
                       *(library_digest(load_source(name), place.tools) for name in offered))
    kept = cache_folder("built", place.tools.target.name) / f"{file.path.name}-{digest[:16]}"
    if not kept.exists():
        with step(f"compile {file.path.name}"):
            libraries = [build_library(name, place.tools, place.jobs, place.offline) for name in offered]
            with whole_folder(kept) as work:
                _Build(file, wanted, place, needed, libraries).run(work)
    facts = json.loads((kept / _FACTS).read_text())
    return Package(facts["name"], facts["version"], file.path.name, file.sha256, kept / facts["wheel"], facts["sha256"],
                   tuple(extension_from(item, kept / "objects") for item in facts["extensions"]), tuple(facts["imports"]),
                   tuple((name, version, origin, sha256) for name, version, origin, sha256 in facts["tools"]),
                   file.own is not None)


class _Build:
    """One source being built; ``run`` leaves its wheel, the objects of its C modules, and facts about them."""

    def __init__(
        self, file: File, wanted: Requirements, place: Workplace, needed: Sequence[Package], offered: Sequence[Library]
    ) -> None:
        self.file, self.wanted, self.place, self.needed, self.offered = file, wanted, place, list(needed), offered
        self.facts = wheels.source_facts(file.path)
        self.compiler = compiler_for(place.interpreter, place.tools)

    def run(self, kept: Path) -> None:
        with scratch_folder(cache_folder("work")) as scratch:
            tree = _unpacked(self.file.path, scratch / "source")
            try:
                wheel = self._wheel(tree, kept, scratch)
            except Failed as failure:
                raise unbuildable(self.file.path.name, self.facts, failure.tail, failure.hint, self.wanted) from failure
            extensions = self._extensions(wheel, kept / "objects")
            imports = imports_in(tree) if extensions else []
        if self.facts.language and not extensions:
            note(f"{self.file.path.name}: its part in {self.facts.language} is left out, the one in Python does the work")
        name, version = wheels.identity(wheel)
        table = {"name": name, "version": version, "wheel": wheel.name, "sha256": file_digest(wheel),
                 "extensions": [extension.facts for extension in extensions], "imports": imports,
                 "tools": [(tool.name, tool.version, tool.file, tool.sha256) for tool in self.needed]}
        (kept / _FACTS).write_text(json.dumps(table, indent=1) + "\n")

    def _wheel(self, tree: Path, kept: Path, scratch: Path) -> Path:
        """The wheel that the back-end makes, in ``kept``; what it asks for besides is fetched first."""
        asked = json.loads(self._backend(["requires"], tree, scratch / "first").splitlines()[-1])
        if asked:
            more = requirements_to_build(self.file.path.name, asked, self.wanted.index_options)
            self.needed += make_packages(fetch_files(more, self.place.offline), self.place.at_home())
        self._backend(["wheel", kept], tree, scratch / "all")
        made = sorted(kept.glob("*.whl"))
        if len(made) != 1:
            raise refused(self.file.path.name, self.wanted, "makes no wheel", "ask its authors")
        return made[0]

    def _backend(self, words: list[str | Path], tree: Path, site: Path) -> str:
        """Run the back-end with the packages that it needs, in ``site``."""
        wheels.install((package.wheel for package in self.needed), site)
        python = python_with([extension for package in self.needed for extension in package.extensions], self.place)
        path = [str(self.compiler.folder / "python"), str(site)]
        environment = {**self.compiler.environment(tree, self.offered), "PYTHONPATH": os.pathsep.join(path),
                       "PYTHONNOUSERSITE": "1", "PYTHONHASHSEED": "0", "HOME": str(tree.parent)}
        return run([python, "-X", "utf8", "-B", _SCRIPT, *words], cwd=tree, env=environment,
                   what=f"building {self.file.path.name}")

    def _extensions(self, wheel: Path, folder: Path) -> list[Extension]:
        """The C modules in a wheel, as objects in ``folder``; other machine code is refused."""
        found = []
        for place in wheels.machine_files(wheel):
            with zipfile.ZipFile(wheel) as archive:
                data = archive.read(place)
            try:
                extension = extension_of(wheels.installed(place), data, folder)
            except NoRecipe as lacking:
                raise refused(self.file.path.name, self.wanted, f"is to be linked with the library {lacking}, for which there "
                              "is no recipe", f"write recipes/sources/{lacking}.toml, or use a package that does without"
                              ) from lacking
            if extension is None:
                raise refused(self.file.path.name, self.wanted, f"makes machine code ({place}) that is no C module of Python, "
                              "which a static program cannot load")
            found.append(extension)
        return found


def python_with(extensions: Sequence[Extension], place: Workplace) -> Path:
    """The builder's Python, with C modules of packages in it if there are any."""
    home = place.at_home()
    if not extensions:
        return home.interpreter.python
    names = ["cpython", *dict.fromkeys([*LINKED, *linked_with(extensions)])]
    libraries = [build_library(name, home.tools, home.jobs, home.offline) for name in names]
    functions = functions_of(libraries[0]) | {extension.name: extension.function for extension in extensions}
    digest = digest_of(home.interpreter.digest, inittab(functions), *(extension.object for extension in extensions),
                       *(library.digest for library in libraries))
    folder = cache_folder("interpreters", "extended") / digest[:16]
    if not folder.exists():
        with step("link the builder's interpreter with C modules"), whole_folder(folder) as work, \
                scratch_folder(cache_folder("work")) as scratch:
            (scratch / "inittab.c").write_text(inittab(functions))
            include = f"-I{libraries[0].prefix}/include"
            table = compile_files([scratch / "inittab.c"], scratch, scratch, [*COMPILE_FLAGS, include], home.tools, 1)
            more = [*table, *link_words(extensions)]
            (work / "bin").mkdir()
            main = CORE / "interpreter.c"
            link_interpreter(work / "bin" / f"python{VERSION}", main, libraries, home.tools, home.jobs, more)
            (work / "lib").mkdir()
            (work / "lib" / f"python{VERSION}").symlink_to(home.interpreter.stdlib)
    return folder / "bin" / f"python{VERSION}"


def _unpacked(sdist: Path, folder: Path) -> Path:
    """The top folder of a source."""
    folder.mkdir()
    if zipfile.is_zipfile(sdist):
        with zipfile.ZipFile(sdist) as archive:
            archive.extractall(folder)
    else:
        unpack_archive(sdist, folder)
    return top_folder(folder).resolve()
