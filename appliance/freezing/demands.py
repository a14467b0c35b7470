"""What Python code asks of the system around it, as far as its text shows: programs that it starts, libraries that it opens by
ctypes or cffi, and functions that it may call by these.

Imported by the builder, and by analysis_inside.py under the device's Python: it imports nothing from here.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

PROGRAM, SHELL, LIBRARY = "program", "shell", "library"

# What starts a program, and which of its arguments says which one.
_STARTERS = {
    **{f"subprocess.{name}": 0 for name in ("run", "Popen", "call", "check_call", "check_output")},
    **{f"os.exec{kind}": 0 for kind in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")},
    **{f"os.spawn{kind}": 1 for kind in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")},
    "os.posix_spawn": 0, "os.posix_spawnp": 0, "pty.spawn": 0, "shutil.which": 0, "asyncio.create_subprocess_exec": 0,
}
_SHELLS = ("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "asyncio.create_subprocess_shell")

_OPENERS = ("ctypes.CDLL", "ctypes.PyDLL", "ctypes.cdll.LoadLibrary", "ctypes.pydll.LoadLibrary")
_SEARCH = "ctypes.util.find_library"

# What musl's libc is under other systems; core/libc/dynamic.c opens the program itself by these names.
_LIBC = ("c", "m", "pthread", "dl", "rt", "util")
_LIBC_FILE = re.compile(rf"(?:.*/)?lib(?:{'|'.join(_LIBC)})\.")

# Conditions that are never true on the device.
_NEVER = re.compile(r"""sys\.platform(\.startswith\(|\s==\s)'(win|darwin|cygwin)|os\.name == 'nt'|(typing\.)?TYPE_CHECKING$""")

# What is in these runs perhaps, or may fail.
_PERHAPS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.If, ast.IfExp, ast.BoolOp, ast.Try,
            getattr(ast, "TryStar", ast.Try), ast.With, ast.For, ast.While, ast.Match)

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_DECLARED = re.compile(r"([A-Za-z_]\w*)\s*\(", re.ASCII)  # in C


class Demand(NamedTuple):
    """``sure``: it is made whenever the module is imported."""

    kind: str
    name: str
    line: int
    sure: bool


def demands_of(tree: ast.Module) -> list[Demand]:
    """The programs and libraries that a module names in plain texts where it starts, looks for or opens them."""
    search = _Search(tree)
    search.look(tree, True)
    return search.found


def called_by_name(tree: ast.Module) -> set[str]:
    """The names under which a module may look for functions in a library: none, unless it imports ctypes or cffi."""
    if not any(name.partition(".")[0] in ("ctypes", "cffi") for name in _imported(tree).values()):
        return set()
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAME.fullmatch(node.value):
            found.add(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "cdef":
            found.update(name for text in _texts(node) for name in _DECLARED.findall(text))
    return found


class _Search:
    def __init__(self, tree: ast.Module) -> None:
        self.names, self.values = _imported(tree), _assigned_once(tree)
        self.found: list[Demand] = []

    def look(self, node: ast.AST, sure: bool) -> None:
        """Into a node and all below it; ``sure``: it runs whenever the module is imported, and nothing catches an error."""
        if isinstance(node, ast.Call):
            self._call(node, sure)
        for child in _parts(node):
            self.look(child, sure and not isinstance(node, _PERHAPS))

    def _call(self, node: ast.Call, sure: bool) -> None:
        called = self._full_name(node.func)
        if called in _SHELLS or (called in _STARTERS and _has_true(node, "shell")):
            self._add(SHELL, "shell", node)
        elif called in _STARTERS:
            if name := self._program(_argument(node, _STARTERS[called], "args")):
                self._add(PROGRAM, name, node)
        elif called == _SEARCH:
            if (name := self._text(_argument(node, 0, "name"))) and name not in _LIBC:
                self._add(LIBRARY, f"lib{name}", node)
        elif called in _OPENERS or called.endswith(".dlopen"):
            name = self._text(_argument(node, 0, "name"))
            if ".so" in name and not _LIBC_FILE.match(name):
                self._add(LIBRARY, name, node, sure)

    def _add(self, kind: str, name: str, node: ast.Call, sure: bool = False) -> None:
        self.found.append(Demand(kind, name, node.lineno, sure))

    def _full_name(self, function: ast.expr) -> str:
        """With the module that it is from, whatever the import calls it."""
        if isinstance(function, ast.Attribute):
            return f"{self._full_name(function.value)}.{function.attr}"
        return self.names.get(function.id, function.id) if isinstance(function, ast.Name) else ""

    def _program(self, words: ast.expr | None) -> str:
        """The first of the words of a command, when it is a plain text."""
        words = self._value(words)
        if isinstance(words, ast.BinOp) and not isinstance(words.left, ast.Name):
            return self._program(words.left)
        if isinstance(words, ast.List | ast.Tuple):
            return self._text(words.elts[0]) if words.elts else ""
        return self._text(words)

    def _text(self, node: ast.expr | None) -> str:
        node = self._value(node)
        return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""

    def _value(self, node: ast.expr | None) -> ast.expr | None:
        return self.values.get(node.id, node) if isinstance(node, ast.Name) else node


def _parts(node: ast.AST) -> Iterable[ast.AST]:
    """What is in a node, less what never runs on the device."""
    never = isinstance(node, ast.If) and _NEVER.match(ast.unparse(node.test))
    return node.orelse if isinstance(node, ast.If) and never else ast.iter_child_nodes(node)


def _imported(tree: ast.Module) -> dict[str, str]:
    """What names that import statements make stand for, in full."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update({entry.asname or entry.name.partition(".")[0]: entry.name if entry.asname
                          else entry.name.partition(".")[0] for entry in node.names})
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.update({entry.asname or entry.name: f"{node.module}.{entry.name}" for entry in node.names})
    return found


def _assigned_once(tree: ast.Module) -> dict[str, ast.expr]:
    """The values of names that are assigned in one place only."""
    assigned = [(target.id, node.value) for node in ast.walk(tree) if isinstance(node, ast.Assign)
                for target in node.targets if isinstance(target, ast.Name)]
    stored = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    given = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return {name: value for name, value in assigned if stored[name] == 1 and name not in given}


def _argument(call: ast.Call, place: int, word: str) -> ast.expr | None:
    if any(isinstance(argument, ast.Starred) for argument in call.args[: place + 1]):
        return None
    named = (keyword.value for keyword in call.keywords if keyword.arg == word)
    return call.args[place] if len(call.args) > place else next(named, None)


def _has_true(call: ast.Call, word: str) -> bool:
    return any(keyword.arg == word and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
               for keyword in call.keywords)


def _texts(node: ast.AST) -> Iterator[str]:
    return (each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str))
