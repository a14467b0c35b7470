"""What is found in a module of the standard library or of a package, kept by its content. Part of analysis_inside.py.

PyInstaller reads every instruction of a module to know its global names, and that of 300 modules of the library took most of
the time of an analysis, though they never change.
"""

from __future__ import annotations

import ast
import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field

from demands import Demand, called_by_name, demands_of
from missing_inside import Hard, hard_imports_in
from names_inside import Asked, Plugins, groups_asked, modules_run, names_imported, packages_asked
from outline_inside import Part, outline
from unseen import BY_CODECS, imported_for

# What the library needs without importing it: packages that it reads files of, when they are there, what makes
# `python -m` of an app's sys.executable, and what its part in C imports: module -> modules.
NEEDED = {"zoneinfo._common": ("tzdata",), "subprocess": ("runpy",), "decimal": ("collections.abc", "numbers"),
          "sqlite3.dbapi2": ("sqlite3.dump",), **BY_CODECS}


@dataclass(frozen=True)
class Scan:
    """``imports``: as the graph defers them, without the module that imports; ``names``: global ones; ``parts``: the outline;
    ``hard``: the imports that must succeed; ``texts``: the modules, with level, that its texts name; ``asked``: for which
    entry points it asks; ``demands`` and ``called``: what it asks of the system, and by which names of functions;
    ``packages``: for the metadata of which packages it asks."""

    imports: list[tuple[bool, tuple, dict]]
    names: set[str]
    parts: list[Part]
    hard: list[Hard]
    texts: list[tuple[str, int]]
    asked: Asked
    demands: list[Demand] = field(default_factory=list)
    called: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, module, tree, texts_count: bool) -> Scan:
        """Of a node that the graph has just scanned, and its syntax tree."""
        imports = [(star, (name, *rest), words) for star, (name, _, *rest), words in module._deferred_imports]
        package = type(module).__name__ == "Package"
        parts = outline(tree, module.identifier, package)
        hard = hard_imports_in(tree, module.identifier, package)
        if not texts_count:
            return cls(imports, module._global_attr_names, parts, hard, [], Asked())
        texts = [*names_imported(tree), *((name, 0) for name in (*modules_run(tree), *imported_for(tree)))]
        return cls(imports, module._global_attr_names, parts, hard, texts, groups_asked(tree), demands_of(tree),
                   called_by_name(tree), packages_asked(tree))

    def give(self, module) -> None:
        """Let the node be as the graph would leave it."""
        module._deferred_imports = [(star, (name, module, *rest), words) for star, (name, *rest), words in self.imports]
        module._global_attr_names |= self.names


class Scans:
    """Those in ``folder``, which belongs to one interpreter and one set of tools, for the files below ``installed``."""

    def __init__(self, folder: str, installed: list[str]) -> None:
        self.folder, self.installed = folder, tuple(installed)

    def of(self, module, make: Callable[[], Scan]) -> Scan:
        """That of a node; made, and kept, when there is none yet."""
        file = str(module.filename)
        if not file.endswith(".py") or not file.startswith(self.installed):
            return make()
        with open(file, "rb") as source:
            content = hashlib.sha256(source.read())
        content.update(f"\0{module.identifier}\0{type(module).__name__}".encode())
        kept = os.path.join(self.folder, content.hexdigest())
        try:
            with open(kept, "rb") as known:
                scan = pickle.load(known)
        except FileNotFoundError:
            scan = make()
            self._keep(scan, kept)
        else:
            scan.give(module)
        return scan

    def _keep(self, scan: Scan, kept: str) -> None:
        handle, work = tempfile.mkstemp(dir=self.folder)
        with open(handle, "wb") as file:
            pickle.dump(scan, file)
        os.replace(work, kept)


def follow_names(graph_class, plugins: Plugins, scanned: dict[str, Scan], request: dict) -> None:
    """Let the graph follow ``import_module("a.b")``, ``python -m a.b`` and entry points as it follows ``import a.b``, and note
    what is found in every module.

    It knows statements only. In the standard library such texts are for modules that few apps want: left alone. What the
    app's own files import, and what others must be able to import, is taken off the list of what is excluded.
    """
    scan_statements = graph_class._scan_code
    library, *packages = [folder + os.sep for folder in (request["stdlib"], request["site"]) if folder]
    scans = Scans(request["scans"], [library, *packages])

    def scan_code(graph, module, code, tree=None):
        file = str(module.filename)

        def scan() -> Scan:
            scan_statements(graph, module, code, tree)
            return Scan.of(module, ast.Module([]) if tree is None else tree, not file.startswith(library))

        found = scanned[module.identifier] = scans.of(module, scan)
        plugins.described(found.packages)
        by_name = [*plugins.looked_for(found.asked), *NEEDED.get(module.identifier, ())]
        named = [*found.texts, *((name, 0) for name in by_name)]
        module._deferred_imports += [(False, (name, module, None, level), {}) for name, level in named]
        own = not file.startswith((library, *packages))
        readmit(graph, {name for _, (name, *_), _ in module._deferred_imports} if own else {name for _, name, _ in found.hard})
        return module

    graph_class._scan_code = scan_code


def readmit(graph, names: set[str]) -> None:
    """Take the packages of these modules off the list of what is excluded, also when somebody has named them before."""
    nodes = graph.graph
    for name in {name.partition(".")[0] for name in names}:
        if graph.lazynodes.get(name, name) is None:
            del graph.lazynodes[name]
        elif name in nodes and type(nodes.node_data(name)).__name__ == "ExcludedModule":
            nodes.hide_node(name)
            del nodes.hidden_nodes[name]  # a hidden name would stay taken
