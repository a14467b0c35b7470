"""A kernel for a board: its image, and a cpio member with the modules that the board's recipe names.

What a module needs is written in the module itself (section .modinfo), so neither depmod nor root is needed. Softdeps may
name an alias of a crypto module instead of a module ("pre: crc32c"); without a modprobe in the image nobody else
resolves them, and ext4 would not mount. PID 1 reads, next to the modules, three texts (core/init/hardware/module_index.h):

    /etc/modules.always    one NAME per line, loaded at every boot in this order
    /etc/modules.alias     lines "PATTERN NAME": which module drives a device whose modalias matches
    /etc/modules.depends   lines "NAME DEP DEP...": the whole closure in load order, NAME itself not listed
"""

from __future__ import annotations

import difflib
import json
import lzma
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import cache_folder, digest_of, file_digest, whole_folder
from appliance.common.progress import step
from appliance.compiling.linux import compiled_kernel, kernel_digest
from appliance.fetching.recipes import Board, Kernel, load_kernel, load_source
from appliance.fetching.sources import source_digest, unpacked
from appliance.formats import cpio, elf

_SUFFIX = ".ko.xz"
_NAMED_BY_ALIAS = ("kernel/crypto/", "kernel/arch/", "kernel/lib/")  # folders of what softdeps name by an alias


@dataclass(frozen=True)
class PreparedKernel:
    """What an image takes from a kernel: two files in the cache, and facts about them."""

    image: Path
    modules: Path  # cpio member
    release: str  # uname -r
    names: list[str]  # of the modules, sorted
    modules_digests: dict[str, str]  # module -> sha256 of its file
    firmware: dict[str, list[str]]  # module -> firmware files that it may ask for; none is shipped


def prepare_kernel(board: Board, offline: bool = False, jobs: int = 1) -> PreparedKernel:
    """The kernel of a board, from the cache when neither its source nor the board's lists have changed. One of our own is
    compiled, by ``jobs`` compilers at once."""
    recipe = load_kernel(board.kernel)
    own_code = (Path(module) for module in (__file__, cpio.__file__, elf.__file__))
    lists = json.dumps([board.modules_always, board.modules_on_demand])
    made_of = kernel_digest(recipe) if recipe.build else source_digest(load_source(recipe.source))
    digest = digest_of(made_of, recipe.image, recipe.modules, lists, *own_code)
    folder = cache_folder("kernels") / f"{board.kernel}-{digest[:16]}"
    if not folder.exists():
        tree = _tree_of(recipe, offline, jobs)
        image, modules = _only(tree, recipe.image, recipe.name), _only(tree, recipe.modules, recipe.name)
        with step(f"kernel {modules.name}"), whole_folder(folder) as work:
            chosen = choose_modules(modules, board.modules_always, board.modules_on_demand, board.name)
            (work / "vmlinuz").write_bytes(image.read_bytes())
            (work / "modules.cpio").write_bytes(modules_member(chosen))
            facts = {"release": modules.name, "names": sorted(chosen.files), "firmware": chosen.firmware,
                     "modules_digests": {name: file_digest(path) for name, path in chosen.files.items()}}
            (work / "facts.json").write_text(json.dumps(facts))
    facts = json.loads((folder / "facts.json").read_text())
    return PreparedKernel(folder / "vmlinuz", folder / "modules.cpio", **facts)


def _tree_of(recipe: Kernel, offline: bool, jobs: int) -> Path:
    """What the patterns of a recipe are for."""
    return compiled_kernel(recipe, recipe.build, jobs, offline) if recipe.build else unpacked(recipe.source, offline)


def require_modules(board: Board, wanted: Mapping[str, str], offline: bool = False, jobs: int = 1) -> None:
    """A Problem when the kernel of a board lacks a module that is ``wanted``, which has the beginning of its sentence."""
    if not wanted:
        return
    recipe = load_kernel(board.kernel)
    tree = _ModuleTree(_only(_tree_of(recipe, offline, jobs), recipe.modules, recipe.name))
    for name, who in wanted.items():
        tree.require(name, who)


@dataclass(frozen=True)
class ChosenModules:
    """Modules with all that they need; names have underscores only."""

    always: list[str]
    files: dict[str, Path]
    depends: dict[str, list[str]]  # in load order, the whole closure
    aliases: dict[str, list[str]]  # those that a device can have: BUS:...
    firmware: dict[str, list[str]]


def choose_modules(
    folder: Path, always: Iterable[str], on_demand: Iterable[str], board: str
) -> ChosenModules:
    """The closure of two lists of module names over a kernel's module folder (.../lib/modules/RELEASE).

    What is built into the kernel is dropped; a name that the kernel does not know at all is a Problem that names ``board``.
    """
    tree = _ModuleTree(folder)
    wanted = {kind: [name.replace("-", "_") for name in names]
              for kind, names in (("always", always), ("on demand", on_demand))}
    for name in [*wanted["always"], *wanted["on demand"]]:
        tree.require(name, f"recipes/boards/{board}.toml names")
    depends: dict[str, list[str]] = {}
    for name in [*wanted["always"], *wanted["on demand"]]:
        for part in [*tree.needs(name), name] if name in tree.files else []:
            depends[part] = tree.needs(part)
    names = sorted(depends)
    return ChosenModules(
        always=[name for name in wanted["always"] if name in tree.files],
        files={name: tree.files[name] for name in names},
        depends={name: depends[name] for name in names},
        aliases={name: [alias for alias in tree.facts(name).get("alias", []) if ":" in alias] for name in names},
        firmware={name: tree.facts(name)["firmware"] for name in names if "firmware" in tree.facts(name)},
    )


def modules_member(chosen: ChosenModules) -> bytes:
    """The cpio member: the modules, compressed as the distribution signed them, and the three texts."""
    aliases = [f"{alias} {name}" for name, patterns in chosen.aliases.items() for alias in patterns]
    depends = [" ".join([name, *needs]) for name, needs in chosen.depends.items() if needs]
    texts = {"always": chosen.always, "alias": aliases, "depends": depends}
    return cpio.archive([
        cpio.folder("etc"),
        *(cpio.file(f"etc/modules.{name}", _lines(lines)) for name, lines in texts.items()),
        cpio.folder("lib"),
        cpio.folder("lib/modules"),
        *(cpio.file(f"lib/modules/{name}{_SUFFIX}", path.read_bytes()) for name, path in chosen.files.items()),
    ])


@dataclass
class _ModuleTree:
    """All modules of a kernel. What was read is kept, because one module is needed by many."""

    folder: Path
    known: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    @cached_property
    def files(self) -> dict[str, Path]:
        return {_module_name(path.name): path for path in sorted(self.folder.rglob(f"*{_SUFFIX}"))}

    @cached_property
    def builtin(self) -> set[str]:
        return {_module_name(Path(line).name) for line in (self.folder / "modules.builtin").read_text().splitlines()}

    def require(self, name: str, who: str) -> None:
        """A Problem that begins with ``who`` names it when there is no such module, in a file or in the kernel itself."""
        if name in self.files or name in self.builtin:
            return
        near = difflib.get_close_matches(name, [*self.files, *self.builtin])
        hints = {0: "remove it", 1: "the nearest name is "}
        hint = hints.get(len(near), "the nearest names are ") + ", ".join(near)
        if not self.files:
            hint = "it has what its configuration builds in, and no modules: add it there, or take another kernel"
        raise Problem(f"{who} the module {name}, which kernel {self.folder.name} does not have", hint)

    @cached_property
    def by_alias(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, path in self.files.items():
            if path.relative_to(self.folder).as_posix().startswith(_NAMED_BY_ALIAS):
                for alias in self.facts(name).get("alias", []):
                    found.setdefault(alias.replace("-", "_"), []).append(name)
        return found

    def facts(self, name: str) -> dict[str, list[str]]:
        """.modinfo of a module: key -> values."""
        if name not in self.known:
            facts: dict[str, list[str]] = {}
            for entry in elf.section(lzma.decompress(self.files[name].read_bytes()), ".modinfo").split(b"\0"):
                key, _, value = entry.decode(errors="replace").partition("=")
                facts.setdefault(key, []).append(value)
            self.known[name] = facts
        return self.known[name]

    def needs(self, name: str) -> list[str]:
        """Every module that must be loaded before this one, in load order."""
        order: dict[str, None] = {}
        for direct in self._direct(name):
            order.update(dict.fromkeys([*self.needs(direct), direct]))
        return list(order)

    def _direct(self, name: str) -> list[str]:
        facts = self.facts(name)
        hard = [word for value in facts.get("depends", []) for word in value.split(",") if word]
        soft = [word for value in facts.get("softdep", []) for word in _softdeps_before(value)]
        named = [word.replace("-", "_") for word in [*hard, *soft]]
        found = [other for word in named for other in ([word] if word in self.files else self.by_alias.get(word, []))]
        return [other for other in found if other != name]


def _softdeps_before(value: str) -> list[str]:
    """The names behind "pre:" in "pre: a b post: c"."""
    names, before = [], False
    for word in value.split():
        if word.endswith(":"):
            before = word == "pre:"
        elif before:
            names.append(word)
    return names


def _module_name(file_name: str) -> str:
    return file_name.split(".ko")[0].replace("-", "_")


def _lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _only(tree: Path, pattern: str, recipe: str) -> Path:
    found = sorted(tree.glob(pattern))
    if len(found) != 1:
        raise Problem(f"{pattern} of recipes/kernels/{recipe}.toml matches {len(found)} files", "it must match one")
    return found[0]
