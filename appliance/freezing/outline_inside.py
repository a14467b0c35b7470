"""What a module imports and names, part by part. Runs under the device's Python as a part of analysis_inside.py.

A part is the module's own level, which runs when it is imported, or one function or method, or what never runs in a frozen
program: under ``if TYPE_CHECKING:`` or ``if sys.platform == "win32":``. What stands under ``if __name__ == "__main__":``
runs when somebody has the text "-m".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_NEVER = {"False", "0", "sys.platform == 'win32'", "sys.platform.startswith('win')", "os.name == 'nt'", "'nt' in _names",
          "sys.platform == 'darwin'"}
_AS_PROGRAM = "__name__ == '__main__'"
OPTION = "-m"  # in a text it starts a module as a program
CHARACTER = "\\N{"  # in a text it names a character, as regular expressions may
TEXTS = {OPTION, CHARACTER}  # among the attributes of a part: it has such a text
_IMPORT_ERRORS = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_HARMLESS = {"property", "staticmethod", "classmethod", "cached_property", "wraps", "lru_cache", "cache", "contextmanager",
             "asynccontextmanager", "abstractmethod", "setter", "getter", "deleter", "overload", "coroutine"}
_NAMES = re.compile(r"[A-Za-z_]\w*(?:[.:][A-Za-z_]\w*)*", re.ASCII)
_PREFIX = re.compile(r"(\w{2,}_)(?:%|\{|$)", re.ASCII)
_SUFFIX = re.compile(r"_\w{2,}", re.ASCII)


@dataclass(eq=False)
class Part:
    """``name``: by which a function is called; without one, the part runs when the module is imported. ``owner``: the class
    that must be named too. ``unless``: it is an ``except ImportError`` that runs when one of these modules is missing.
    """

    names: frozenset[str] = frozenset()
    owner: str = ""
    unless: frozenset[str] = frozenset()
    never: bool = False
    imports: set[str] = field(default_factory=set)
    guarded: set[str] = field(default_factory=set)  # of the imports, those that may fail
    loads: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)  # also what is imported from modules, and texts that could be names
    taken: set[str] = field(default_factory=set)  # of the attributes, those that are no texts
    prefixes: set[str] = field(default_factory=set)  # texts that a name could begin with: "visit_"
    suffixes: set[str] = field(default_factory=set)  # or end with: "_open"
    star: bool = False


def outline(tree: ast.Module, name: str, package: bool) -> list[Part]:
    """The parts of a module, its own level first."""
    return _Outline(name, package).of(tree)


def called_from_c(program: str) -> frozenset[str]:
    """Every text in a program that could be the name of a function that its C code calls."""
    with open(program, "rb") as file:
        return frozenset(name.decode() for name in re.findall(rb"\0([A-Za-z_]\w{2,60})(?=\0)", file.read()))


class _Outline:
    def __init__(self, name: str, package: bool) -> None:
        self.name, self.package = name, package
        self.parts: list[Part] = []

    def of(self, tree: ast.Module) -> list[Part]:
        top = self._added(Part())
        self._body(tree.body, top, "", guarded=False)
        return self.parts

    def _added(self, part: Part) -> Part:
        self.parts.append(part)
        return part

    def _body(self, body: list[ast.stmt], part: Part, owner: str, guarded: bool) -> None:
        """Statements of the module's own level, or of the class ``owner``."""
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self._function(node, part, owner)
            elif isinstance(node, ast.ClassDef):
                self._collect([*node.decorator_list, *node.bases, *node.keywords], part)
                self._body(node.body, part, owner or node.name, guarded)
            elif isinstance(node, ast.If):
                self._collect([node.test], part)
                self._body(node.body, self._branch(node.test) or part, owner, guarded)
                self._body(node.orelse, part, owner, guarded)
            elif isinstance(node, ast.Try):
                self._try(node, part, owner, guarded)
            elif isinstance(node, ast.With | ast.For | ast.While):
                heads = [getattr(node, place, None) for place in ("iter", "target", "test")]
                self._collect([*filter(None, heads), *getattr(node, "items", ())], part)
                self._body([*node.body, *getattr(node, "orelse", ())], part, owner, guarded)
            elif not _lists_exports(node):
                self._collect([node], part, guarded)

    def _branch(self, test: ast.expr) -> Part | None:
        """The part of its own that an ``if`` begins, if it does."""
        if _never(test):
            return self._added(Part(never=True))
        return self._added(Part(frozenset([OPTION]))) if ast.unparse(test) == _AS_PROGRAM else None

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, outer: Part, owner: str) -> None:
        arguments = node.args
        self._collect([*node.decorator_list, *arguments.defaults, *filter(None, arguments.kw_defaults)], outer)
        if node.name == "__getattr__" and not owner:
            self._lazy_attributes(node, outer)
            return
        special = node.name.startswith("__") and node.name.endswith("__")
        if any(_last_name(decorator) not in _HARMLESS for decorator in node.decorator_list) or (special and not owner):
            part = outer  # a decorator may call it, or keep it for somebody who does
        else:
            part = self._added(Part(frozenset([owner if special else node.name]), owner))
        self._collect(node.body, part, function=True)

    def _lazy_attributes(self, node: ast.FunctionDef | ast.AsyncFunctionDef, outer: Part) -> None:
        """A module's ``__getattr__``: under ``if name == "x":`` stands what happens when somebody names x."""
        for inner in node.body:
            texts = {each.value for each in ast.walk(inner.test) if isinstance(each, ast.Constant)} \
                if isinstance(inner, ast.If) and not inner.orelse else set()
            names = frozenset(text for text in texts if isinstance(text, str))
            self._collect([inner], self._added(Part(names)) if names else outer, function=True)

    def _try(self, node: ast.Try, part: Part, owner: str, guarded: bool) -> None:
        caught = {_last_name(each) for handler in node.handlers for each in _caught(handler)}
        tried = {name for statement in node.body for name in _named(statement)}
        self._body(node.body, part, owner, guarded or bool(caught & _IMPORT_ERRORS))
        only_imports = caught <= {"ImportError", "ModuleNotFoundError"} and tried
        for handler in node.handlers:
            inner = self._added(Part(unless=frozenset(tried))) if only_imports else part
            self._body(handler.body, inner, owner, guarded)
        self._body([*node.orelse, *node.finalbody], part, owner, guarded)

    def _collect(self, nodes: Iterable[ast.AST], part: Part, guarded: bool = False, function: bool = False) -> None:
        """All that stands in the nodes, however deep."""
        for node in (each for top in nodes for each in _walk(top)):
            if isinstance(node, ast.Name):
                part.loads.add(node.id)
            elif isinstance(node, ast.Attribute):
                part.attributes.add(node.attr)
                part.taken.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                _take_text(node.value, part)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                names = set(self._modules(node))
                part.imports |= names
                part.guarded |= names if guarded or function else set()
                taken = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
                part.attributes |= taken
                part.taken |= taken
                part.star |= "*" in taken

    def _modules(self, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        """Every module that an import statement could mean, with the packages that it is in."""
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            steps = self.name.split(".")
            base = steps[: len(steps) - node.level + self.package] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        for name in names:
            steps = name.split(".")
            yield from (".".join(steps[:count]) for count in range(1, len(steps) + 1))


def _take_text(text: str, part: Part) -> None:
    """A text may be a name, the beginning or the end of one, or a small program."""
    if _NAMES.fullmatch(text) or "import " in text:
        part.attributes.update(re.findall(r"\w+", text))
    elif text == OPTION:
        part.attributes.add(OPTION)
    if CHARACTER in text:
        part.attributes.add(CHARACTER)
    if begins := _PREFIX.match(text):
        part.prefixes.add(begins[1])
    if _SUFFIX.fullmatch(text):
        part.suffixes.add(text)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Like ast.walk, without what never runs and without texts that stand alone."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        for child in ast.iter_child_nodes(current):
            dead = isinstance(current, ast.If) and child in current.body and _never(current.test)
            if not dead and not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
                waiting.append(child)


def _named(node: ast.stmt) -> list[str]:
    """The modules that an import statement names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def _never(test: ast.expr) -> bool:
    """Whether an ``if`` with this test never holds in a frozen program."""
    text = ast.unparse(test)
    return text.rpartition(".")[2] == "TYPE_CHECKING" or text in _NEVER


def _lists_exports(node: ast.stmt) -> bool:
    """``__all__ = [...]`` names without calling."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        targets = [node.value.func.value]
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)


def _caught(handler: ast.ExceptHandler) -> list[ast.expr]:
    if handler.type is None:
        return [ast.Name("BaseException")]
    return handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]


def _last_name(node: ast.expr) -> str:
    """``b`` of ``a.b`` and of ``a.b(...)``."""
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
