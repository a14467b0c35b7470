"""What a module reaches by names that stand in it as texts. Runs under the device's Python as a part of analysis_inside.py.

``import_module("a.b")``, ``[sys.executable, "-m", "a.b"]``, and modules that nothing but the entry points of an installed
distribution name.
"""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
from dataclasses import dataclass
from typing import Any

# Groups that are for tools, not for a program that runs.
TOOLS = {"console_scripts", "gui_scripts", "pyinstaller40", "distutils.commands", "setuptools.finalize_distribution_options"}

ASKING = ("entry_points", "iter_entry_points")

# Functions of importlib.metadata that take the name of a distribution.
METADATA = ("version", "metadata", "distribution", "requires")


def names_imported(tree: ast.AST) -> list[tuple[str, int]]:
    """(module, level) of each import that is a call with the name as a literal; level as in an import statement."""
    found = []
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        name = text_of(call.args[0])
        if name and last_name(call.func) in ("import_module", "__import__"):
            others = [*call.args[1:], *(word.value for word in call.keywords)]
            packages = [text for text in map(text_of, others) if text]
            bare = name.lstrip(".")
            level = len(name) - len(bare)
            if level == 1 and packages:
                bare, level = f"{packages[0]}.{bare}", 0
            if bare:
                found.append((bare, level))
    return found


def modules_run(tree: ast.AST) -> list[str]:
    """The modules that lists like ``[sys.executable, "-m", "a.b"]`` name; of a package, what is run in it too."""
    found = []
    for words in ast.walk(tree):
        if isinstance(words, ast.List | ast.Tuple) and words.elts and last_name(words.elts[0]) == "executable":
            texts = [text_of(word) for word in words.elts]
            if "-m" in texts[:-1] and (name := texts[texts.index("-m") + 1]):
                found += [name, f"{name}.__main__"]
    return found


def packages_asked(tree: ast.AST) -> set[str]:
    """The names in calls like ``version("name")``, however importlib.metadata was imported."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args)
    return {text_of(call.args[0]) for call in calls if last_name(call.func) in METADATA} - {""}


class Plugins:
    """The entry points of the distributions in the folder ``site``, and which distributions were asked for, by them or by
    name."""

    def __init__(self, site: str) -> None:
        installed = list(importlib.metadata.distributions(path=[site])) if site else []
        self.installed = {canonical(distribution.name): distribution for distribution in installed}
        self.points = [(point, distribution) for distribution in installed for point in distribution.entry_points
                       if point.group not in TOOLS]
        self.asked: dict[str, Any] = {}

    def described(self, names: set[str]) -> None:
        """Take what importlib.metadata reads of the distributions with these names."""
        self.asked.update((found.name, found) for name in names if (found := self.installed.get(canonical(name))))

    def looked_for(self, asked: Asked) -> list[str]:
        """The modules behind the entry points that a module may ask for."""
        known = {point.group for point, _ in self.points}
        groups = known & asked.groups or (set() if asked.certain else known)
        chosen = [(point, distribution) for point, distribution in self.points if point.group in groups]
        self.asked.update((distribution.name, distribution) for _, distribution in chosen)
        return [point.module for point, _ in chosen]

    def files(self) -> set[tuple[str, str]]:
        """What importlib.metadata reads of those distributions: (path below lib, file on this machine)."""
        files = [(str(file), os.fspath(distribution.locate_file(file))) for distribution in self.asked.values()
                 for file in distribution.files or () if file.parent.suffix == ".dist-info"]
        return {(place, file) for place, file in files if os.path.basename(place) in ("METADATA", "entry_points.txt")}


@dataclass(frozen=True)
class Asked:
    """The groups of entry points that a module asks for: those that its calls name; or, when one has a name that comes from
    elsewhere (not ``certain``), those that stand in it as texts, of which there may be none that is a group: then all."""

    groups: frozenset[str] = frozenset()
    certain: bool = True


def groups_asked(tree: ast.AST) -> Asked:
    """What a module asks importlib.metadata for."""
    asking = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name) and last_name(node) in ASKING]
    renamed = any(isinstance(node, ast.alias) and node.asname and node.name in ASKING for node in ast.walk(tree))
    if not (asking or renamed):
        return Asked()
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    groups = [group_of(calls[id(node)]) if id(node) in calls else "" for node in asking]
    if all(groups) and not renamed:
        return Asked(frozenset(groups))
    return Asked(frozenset(map(text_of, ast.walk(tree))), False)


def canonical(name: str) -> str:
    """The name of a distribution, however it is spelled."""
    return re.sub(r"[-_.]+", "-", name).lower()


def group_of(call: ast.Call) -> str:
    """The group that a call of ``entry_points`` names; "" when that is not known."""
    words = [word.value for word in call.keywords if word.arg == "group"]
    return text_of(next(iter([*words, *call.args]), None))


def text_of(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def last_name(node: ast.AST) -> str:
    """``c`` of ``a.b.c``."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
