"""Which modules a frozen program can come to, and through which. Runs under the device's Python as a part of
analysis_inside.py.

PyInstaller's graph has an edge for every import statement. Of the app's own files and its packages all count that can run.
Of the library (Python's, and fapws4 itself) those inside a function count only once something that runs has the function's
name, as a name, as an attribute or as a text: nobody can call it without. Those of an ``except ImportError`` whose ``try``
imports C modules of the program do not count. So what is left out is what nobody was seen to want; who imports it at run
time all the same is told so (core/frozen/finder.py).
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterable
from typing import Any

from outline_inside import CHARACTER, TEXTS, Part

# (who imports, what) -> the name that somebody must have for that: functions in C, which no statement shows; warnings, which
# tell where an object was made when tracemalloc knows, and do as well without; tracebacks, which mark columns in lines of
# source that a program has not got; regular expressions, which may name characters.
_ONLY_FOR = {("time", "_strptime"): "strptime", ("_datetime", "_strptime"): "strptime",
             ("warnings", "tracemalloc"): "tracemalloc", ("traceback", "unicodedata"): "unicodedata",
             ("traceback", "ast"): "ast", ("re._parser", "unicodedata"): CHARACTER}

# What brings a library of megabytes along, and which much of the library and of the packages imports for the case that it is
# there: ssl. See _wants.
_COSTLY = ("ssl",)

# The import system itself names importlib.metadata, and through it half of the library, for callers that ask for it: they
# import it themselves.
_UNFOLLOWED = ("importlib._bootstrap", "importlib._bootstrap_external", "zipimport")


class Reach:
    """The nodes that are come to from those that were added, and of each through whom."""

    def __init__(self, graph: Any, outlines: dict[str, list[Part]], app: str, library: Iterable[str], uncertain: Iterable[str],
                 excluded: Iterable[str], called_from_c: Iterable[str]) -> None:
        self.graph, self.outlines = graph, outlines
        self.app = os.path.dirname(app) + os.sep
        self.library = tuple(folder + os.sep for folder in library)
        self.excluded = set(excluded)
        self.nodes: dict[str, Any] = {}
        self.through: dict[str, str] = {}
        self.refused: dict[str, str] = {}  # an excluded name -> the first module that is out for it
        self.codecs: set[str] = set()  # of the modules of encodings only these count
        self._certain = {"_frozen_importlib", "_frozen_importlib_external", *sys.builtin_module_names} - set(uncertain)
        self._names = set(called_from_c)
        self._said: set[str] = set()  # as _names, by Python alone
        self._begins: tuple[str, ...] = ()
        self._ends: tuple[str, ...] = ()
        self._loads: dict[str, set[str]] = {}
        self._live: dict[str, set[str]] = {}  # module -> what its parts that run import
        self._firm: set[str] = set()  # what somebody outside of the library imports without being ready for its absence
        self._followed: dict[str, set[str]] = {}
        self._asleep: list[tuple[str, Part]] = []
        self._queue: deque[str] = deque()

    def add(self, name: str, through: str = "") -> None:
        """Come to a module, unless it is excluded."""
        node = self.graph.find_node(name)
        if node is None or node.identifier in self.nodes or self._is_excluded(node.identifier):
            return
        self.nodes[node.identifier] = node
        self.through[node.identifier] = through
        self._read(node.identifier)
        self._queue.append(node.identifier)

    def follow(self) -> None:
        """Come to all that is reached from what has been added."""
        while self._queue or self._wake():
            while self._queue:
                self._edges(self._queue.popleft())

    def with_codecs(self, names: Iterable[str]) -> None:
        """Come to these modules of ``encodings``."""
        self.codecs.update(names)
        for name in sorted(self.codecs):
            self.add(name, "encodings")
        self.follow()

    def reached_from(self, names: Iterable[str]) -> set[str]:
        """All that is come to from these modules."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found and name in self.nodes:
                found.add(name)
                waiting += self._followed.get(name, ())
        return found

    def calls(self, names: set[str]) -> bool:
        """Whether the app has one of these names, or a package in something that somebody can call."""
        packed = [name for name in self.nodes if not self.is_library(name)]
        return any(names & part.taken for name in packed for part in self._callable(name))

    def heard(self) -> set[str]:
        """The names by which functions of the library are called, and what else in the app's own files lets it import more."""
        parts = [part for name in self.nodes if self.is_library(name) for part in self.outlines.get(name, ())]
        return set(_ONLY_FOR.values()).union(*(part.names | {part.owner} for part in parts)) - {""}

    def _callable(self, name: str) -> list[Part]:
        """Of a module's parts those that run with its import, and functions that these or somebody else can call."""
        waiting = [part for part in self.outlines.get(name, ()) if not part.never]
        found: list[Part] = []
        loads: set[str] = set()
        while ready := [part for part in waiting
                        if not part.names or self._is_own(name) or part.names & (self._said | loads)]:
            waiting = [part for part in waiting if part not in ready]
            found += ready
            loads |= set().union(*(part.loads for part in ready))
        return found

    def needs(self) -> dict[str, list[str]]:
        """Module -> what it imports when it is imported itself, and what it reaches by other ways than an import statement."""
        found = {"encodings": self.codecs & self.nodes.keys()}
        for name, node in self.nodes.items():
            parts = self.outlines.get(name, ())
            said = set[str]().union(*(part.imports for part in parts))
            others = {other.identifier for other in self.graph.outgoing(node) if other is not None} - said
            firm = set[str]().union(*(part.imports - part.guarded for part in parts
                                      if not (part.names or part.never or part.unless)))
            found[name] = found.get(name, set()) | ((others | firm) & self.nodes.keys())
        return {name: sorted(names) for name, names in sorted(found.items()) if names}

    def is_library(self, name: str) -> bool:
        """Whether a module that was come to is of Python's library or of the package fapws4."""
        return str(self.nodes[name].filename).startswith(self.library)

    def _is_own(self, name: str) -> bool:
        return str(self.nodes[name].filename).startswith(self.app)

    def _is_excluded(self, name: str) -> bool:
        steps = name.split(".")
        hit = self.excluded & {".".join(steps[:count]) for count in range(1, len(steps) + 1)}
        for each in hit:
            self.refused.setdefault(each, name)
        return bool(hit)

    def _read(self, name: str) -> None:
        """Take up the parts of a module: those that run with its import now, functions of the library when they are called."""
        self._live[name], self._loads[name] = set(), set()
        for part in self.outlines.get(name, ()):
            if part.never or (part.unless and part.unless <= self._certain):
                continue
            if part.names and self.is_library(name):
                self._asleep.append((name, part))
            else:
                self._run(name, part)

    def _run(self, name: str, part: Part) -> None:
        self._live[name] |= part.imports
        self._loads[name] |= part.loads
        self._said |= part.attributes - (TEXTS if self.is_library(name) else set()) | (part.loads if part.star else set())
        self._begins += tuple(part.prefixes - set(self._begins))
        self._ends += tuple(part.suffixes - set(self._ends))
        if not self.is_library(name):
            self._firm |= part.imports if self._is_own(name) else part.imports - part.guarded

    def _wake(self) -> bool:
        """Let run what is called by now, and look again at who imports it and at what was declined; whether there is any."""
        ready, asleep = [], []
        for name, part in self._asleep:
            (ready if self._is_called(name, part) else asleep).append((name, part))
        self._asleep = asleep
        for name, part in ready:
            self._run(name, part)
        self._queue.extend(sorted({name for name, _ in ready}))
        if not ready:
            for costly in _COSTLY:
                wanting = sorted(name for name in self._live if costly in self._live[name] and self._wants(name, costly))
                if wanting:
                    self.add(costly, wanting[0])
        return bool(self._queue)

    def _is_called(self, name: str, part: Part) -> bool:
        return any(self._is_named(name, each) for each in part.names) and self._is_named(name, part.owner)

    def _is_named(self, module: str, name: str) -> bool:
        """Whether a name of a module stands in something that runs."""
        return (not name or name in self._loads[module] or name in self._said or name in self._names
                or name.startswith(self._begins) or name.endswith(self._ends))

    def _wants(self, name: str, costly: str) -> bool:
        """Whether an import of something costly counts: one of the app's own does, one of a package where it must succeed,
        and of the library that of a module which somebody outside of it wants for itself (urllib.request, say)."""
        if self._is_own(name):
            return True
        return name in self._firm if self.is_library(name) else any(
            costly in part.imports - part.guarded for part in self.outlines[name] if not part.never)

    def _edges(self, name: str) -> None:
        if name in _UNFOLLOWED:
            return
        imports = set[str]().union(*(part.imports for part in self.outlines.get(name, ())))
        for other in sorted(node.identifier for node in self.graph.outgoing(self.nodes[name]) if node is not None):
            only_for = _ONLY_FOR.get((name, other))
            if not (other in imports - self._live[name] or (only_for and only_for not in self._said)
                    or (other in _COSTLY and other in imports)
                    or (other.startswith("encodings.") and other not in self.codecs)):
                self._followed.setdefault(name, set()).add(other)
                self.add(other, name)
