"""What an app imports and cannot get. Runs under the device's Python as a part of analysis_inside.py.

Only imports that must succeed count: statements at the top level of a module, outside try, if and with. They are followed
from the app, so a module that is imported for the case that it is there may lack whatever it likes.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from typing import Any

ABSENT = ("MissingModule", "InvalidSourceModule", "InvalidPackage", "InvalidCompiledModule", "ExcludedModule")

# Always there: what runs, the import system under its own names, and the C modules of the program itself.
PROVIDED = ("__main__", "_frozen_importlib", "_frozen_importlib_external", "_fapws4", "_fapws4_archive", "_fapws4_secrets")

# (line, module, what is taken from it as if it were modules too) of an import that must succeed.
Hard = tuple[int, str, list[str]]


def missing_of(
    graph: Any, app: str, modules: list[dict[str, Any]], known: Mapping[str, list[Hard]] | None = None
) -> list[dict[str, Any]]:
    """The first import that cannot succeed, as {file, line, what, hint}; nothing when all can.

    ``known`` are the imports of modules that somebody has read already.
    """
    own = {item["name"]: item for item in modules if item["part"] == "app"}
    return _Search(graph, own, known or {}).in_file(app, "", False)


def always_imported(
    app: str, modules: list[dict[str, Any]], known: Mapping[str, list[Hard]] | None = None
) -> list[str]:
    """The files of the app and of packages that are imported whenever the app is."""
    there = {item["name"]: item for item in modules if item["file"] and item["part"] not in ("stdlib", "fapws4")}
    waiting: list[dict[str, Any]] = [{"file": app, "name": "", "package": False}]
    files: set[str] = set()
    while waiting:
        item = waiting.pop()
        if item["file"] in files:
            continue
        files.add(item["file"])
        needed = (known or {}).get(item["name"]) or hard_imports(item["file"], item["name"], item["package"])
        for _, target, children in needed:
            steps = target.split(".")
            names = [*(".".join(steps[:end]) for end in range(1, len(steps) + 1)), *children]
            waiting += [there[name] for name in names if name in there]
    return sorted(files)


def absent_names(graph: Any) -> list[str]:
    """The names of all modules that were looked for and not found."""
    return sorted({node.identifier for node in graph.iter_graph() if type(node).__name__ == "MissingModule"})


class _Search:
    def __init__(self, graph: Any, own: dict[str, dict[str, Any]], known: Mapping[str, list[Hard]]) -> None:
        self.graph, self.own, self.known = graph, own, known
        self.seen: set[str] = set()
        self.lacks: dict[str, str] = {}

    def in_file(self, file: str, name: str, package: bool) -> list[dict[str, Any]]:
        """Of one of the app's own files."""
        self.seen.add(file)
        for line, target, children in hard_imports(file, name, package):
            for wanted in (target, *(child for child in children if self._is_lost_child(target, child))):
                lacking = self._lacking(wanted)
                if lacking:
                    return [{"file": file, "line": line, **_told(self.graph, wanted, lacking)}]
            for wanted in (target, *children):
                item = self.own.get(wanted)
                if item and item["file"] and item["file"] not in self.seen:
                    found = self.in_file(item["file"], wanted, item["package"])
                    if found:
                        return found
        return []

    def _is_lost_child(self, module: str, child: str) -> bool:
        """``from module import child``: neither a module nor a name that the module may define."""
        parent, node = self.graph.find_node(module), self.graph.find_node(child)
        if node is None or type(node).__name__ not in ABSENT or parent is None:
            return False
        return not (parent.is_global_attr("__getattr__") or parent.is_global_attr(child.rpartition(".")[2]))

    def _lacking(self, name: str) -> str:
        """``name``, or the module that it needs at its top level, when there is no such module; "" when all is well."""
        if name not in self.lacks:
            self.lacks[name] = ""  # modules may import one another
            node = self.graph.find_node(name)
            if node is not None and type(node).__name__ in ABSENT and name not in PROVIDED:
                self.lacks[name] = name
            elif node is None and "." in name:  # the graph does not look inside a package that is not there
                self.lacks[name] = self._lacking(name.rpartition(".")[0])
            elif node is not None and name not in self.own and str(node.filename).endswith(".py"):
                needed = self._needed(node, name)
                self.lacks[name] = next((found for _, other, _ in needed if (found := self._lacking(other))), "")
        return self.lacks[name]

    def _needed(self, node: Any, name: str) -> list[Hard]:
        return self.known[name] if name in self.known else hard_imports(node.filename, name, type(node).__name__ == "Package")


def hard_imports(file: str, name: str, package: bool) -> list[Hard]:
    """Each import of a file that must succeed."""
    with open(file, "rb") as source:
        return hard_imports_in(ast.parse(source.read()), name, package)


def hard_imports_in(tree: ast.Module, name: str, package: bool) -> list[Hard]:
    """The same of a syntax tree."""
    found: list[Hard] = []
    for node in tree.body:
        if isinstance(node, ast.Import):
            found += [(node.lineno, entry.name, []) for entry in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            steps = name.split(".")
            base = steps[: len(steps) - node.level + package] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found.append((node.lineno, module, [f"{module}.{entry.name}" for entry in node.names]))
    return found


def _told(graph: Any, wanted: str, lacking: str) -> dict[str, str]:
    top = lacking.partition(".")[0]
    wanted = lacking if wanted.startswith(f"{lacking}.") else wanted
    direct = wanted == lacking or wanted.partition(".")[0] in sys.stdlib_module_names
    what = f"the module {wanted} cannot be found" if direct else f"{wanted} needs {lacking}, which cannot be found"
    if top in sys.stdlib_module_names:
        hint = "this part of the standard library is not in the device's Python"
    elif "." in lacking and graph.find_node(top) is not None and type(graph.find_node(top)).__name__ not in ABSENT:
        hint = f"{top} is there, but not that part of it"
    else:
        hint = "name its package in requirements.txt beside the app, or put its file there"
    return {"what": what, "hint": hint}
