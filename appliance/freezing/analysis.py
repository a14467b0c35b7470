"""What an app needs: PyInstaller's analysis, run as a library under the device's own Python.

Its module graph, hooks and data files say which modules, C modules and files the app can reach. The analysis takes
seconds and depends on what the app's own files import, not on the rest of their text: it is kept by that, so that editing
a page and building again does not run it again.
"""

from __future__ import annotations

import ast
import difflib
import json
import os
import re
import site
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from encodings import normalize_encoding
from encodings.aliases import aliases
from pathlib import Path
from typing import Any

from appliance.common.errors import Problem
from appliance.common.places import PACKAGE, REPOSITORY, cache_folder, digest_of, tree_digest, whole_file, whole_folder
from appliance.common.progress import step
from appliance.common.shell import Failed, run
from appliance.compiling.interpreter import Interpreter
from appliance.compiling.modules import ADDED_MODULES, widened
from appliance.freezing import demands, unseen
from appliance.freezing.demands import Demand
from appliance.packaging.installation import NO_PACKAGES, Packages
from appliance.packaging.syntax import unreadable

_SCRIPT = Path(__file__).with_name("analysis_inside.py")
_SCRIPTS = (_SCRIPT, *(_SCRIPT.with_name(f"{name}_inside.py") for name in ("missing", "names", "outline", "reach", "scan")),
            Path(demands.__file__), Path(unseen.__file__))

# Functions of importlib.metadata, as in names_inside.py.
METADATA = ("version", "metadata", "distribution", "requires")

# A text that a name may begin or end with, or that brings names to regular expressions, as in outline_inside.py.
_PART_OF_NAME = re.compile(r"\w{2,}_(?:%|\{|$)|_\w+$|\\N\{|-m$", re.ASCII)

# Of hashlib, as in analysis_inside.py.
_OPENSSL_ONLY = {"scrypt", "pbkdf2_hmac"}

_CODECS = {*aliases, *aliases.values()}

# Dragged in by hooks or by name, useless on a device; an app that imports one of them itself gets it all the same.
_EXCLUDED = ("pydoc", "pydoc_data", "unittest", "doctest", "pdb", "bdb", "test", "tkinter", "idlelib", "lib2to3", "ensurepip",
             "venv", "distutils", "setuptools", "pkg_resources", "_distutils_hack", "_pyrepl", "pip", "turtle",
             "antigravity", "this", "PyInstaller", "_sysconfigdata__linux_x86_64-linux-gnu")


# What an import says of a module that is not in the program.
_UNSEEN = "nothing was seen to need it when this program was built; import it in the app's own file, and build again"
_EXCLUDED_BY_USER = "it was left out by --exclude (or [tool.fapws4] exclude) when this program was built"


@dataclass(frozen=True)
class Module:
    """One module in Python: its dotted name, its file ("" for a namespace package), whether it is a package, and its part.

    ``part`` is app (the app's own files), fapws4, stdlib or the name of the installed distribution.
    """

    name: str
    file: str
    package: bool
    part: str


@dataclass(frozen=True)
class Analysis:
    """Everything that goes into the archive, and the C modules that the program must hold.

    ``through`` has for each module, C modules too, the one that imports it; "" is the interpreter itself. ``left_out`` are
    modules that imports name and the program lacks, by the reason that it gives to who imports one all the same. ``needs``:
    what must be there with a module, or with the interpreter (""): what it imports at once, and what it reaches by name.
    ``demands``: what files ask of the system; ``called``: the names by which functions may be looked for in libraries;
    ``always``: the files that are imported whenever the app is.
    """

    app: Path
    modules: tuple[Module, ...]
    builtins: tuple[str, ...]
    files: tuple[tuple[str, str], ...]  # (path below the tree's lib folder, file on this machine)
    distributions: tuple[tuple[str, str, str], ...]  # (name, version, licence) of the packages that are used
    packages: Packages = NO_PACKAGES  # all that the app requires
    through: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    needs: Mapping[str, list[str]] = field(default_factory=dict)
    demands: Mapping[str, tuple[Demand, ...]] = field(default_factory=dict)
    called: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()


def read_app(app: Path) -> ast.Module:
    """The syntax tree of the app; a Problem when it cannot be one."""
    if not app.exists():
        raise Problem(f"{app} is not there", "name the Python file of your app")
    if app.is_dir():
        raise Problem(f"{app} is a folder", f"name the Python file in it, such as {app / 'app.py'}")
    check_name(app)
    try:
        return ast.parse(app.read_bytes(), str(app))
    except SyntaxError as error:
        if app.suffix != ".py" or error.lineno is None:  # NUL bytes are in no line
            raise Problem(f"{app} is not Python", "name the Python file of your app") from error
        raise unreadable(app, error) from error
    except ValueError as error:  # NUL bytes, or bytes that are not text
        raise Problem(f"{app} is not Python", "name the Python file of your app") from error


def check_name(app: Path) -> None:
    """A Problem when a file of this name cannot be an app."""
    if not app.stem.isidentifier():
        raise Problem(f"{app.name} cannot be imported as a module",
                      "use letters, digits and _ in its name, and the ending .py")
    if app.stem in (*sys.stdlib_module_names, "fapws4"):
        raise Problem(f"{app.name} has the name of a module of Python", f"rename it, to my_{app.name} for example")


def version_of(app: Path) -> str:
    """The text that the app assigns to ``VERSION`` at its top level; "0" when it does not."""
    for node in read_app(app).body:
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == "VERSION" for to in node.targets):
            if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str) and node.value.value.strip():
                return node.value.value.strip()
            raise Problem(f"{app}:{node.lineno}: VERSION must be a text", 'write it like VERSION = "1.0"')
    return "0"


def health_of(app: Path) -> str:
    """The path that the app assigns to ``HEALTH`` at its top level as a plain text; "" when it does not."""
    for node in read_app(app).body:
        if (isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == "HEALTH" for to in node.targets)
                and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)):
            return node.value.value
    return ""


def takes_device_tls(app: Path) -> bool:
    """Whether the app assigns "device" to ``TLS`` at its top level: it is served with the device's own certificate."""
    return any(isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == "TLS" for to in node.targets)
               and isinstance(node.value, ast.Constant) and node.value.value == "device" for node in read_app(app).body)


def sets_tls(app: Path) -> bool:
    """Whether the app assigns to ``TLS`` at its top level, so that its program must speak it."""
    return any(isinstance(node, ast.Assign | ast.AnnAssign) and
               any(isinstance(name, ast.Name) and name.id == "TLS" and isinstance(name.ctx, ast.Store)
                   for name in ast.walk(node)) for node in read_app(app).body)


def analyse(
    app: Path, interpreter: Interpreter, packages: Packages = NO_PACKAGES, exclude: Iterable[str] = (), jobs: int = 1,
    offline: bool = False, further: Iterable[str] = (),
) -> Analysis:
    """Find what the app needs; from the cache when no import of its own files has changed.

    Besides the app's own files and the standard library only ``packages`` are seen: never what happens to be installed
    where the builder runs. The modules ``exclude``, and what only they reach, are left out; the modules ``further`` are
    wanted besides the app.
    ``jobs`` and ``offline`` are for what must be compiled so that hooks can import the packages here.
    """
    app, exclude, further = app.resolve(), sorted(set(exclude)), sorted(further)
    read_app(app)
    folder = cache_folder("analyses", digest_of(str(app))[:16])
    key = digest_of(interpreter.digest, str(interpreter.stdlib), *_SCRIPTS, Path(__file__), str(app), *_tool_folders(),
                    _tools(), str(packages.site), packages.digest, tree_digest(PACKAGE), *exclude, "further", *further)
    kept = folder / f"{key[:16]}.json"
    found = json.loads(kept.read_text()) if kept.exists() else None
    if found is None or _has_changed(found, app.parent):
        with step(f"analyse {app.name}"):
            found = _analyse_with(set(), app, interpreter, packages, exclude, further, jobs, offline)
        files = [item["file"] for item in found["modules"] if item["part"] == "app"]
        found["own"] = {file: _part_of(Path(file), set(found["heard"])) for file in files}
        with whole_file(kept) as work:
            work.write_text(json.dumps(found, indent=1))
    own = {file: tree for file in found["own"] if (tree := _tree(Path(file)))}
    return Analysis(app, tuple(Module(**item) for item in found["modules"]), tuple(found["builtins"]),
                    tuple((place, file) for place, file in found["files"]),
                    tuple((name, version, licence) for name, version, licence in found["distributions"]), packages,
                    found["through"], _left_out(found["left_out"], exclude), found["needs"],
                    {**{file: tuple(Demand(*each) for each in asked) for file, asked in found["demands"].items()},
                     **{file: tuple(demands.demands_of(tree)) for file, tree in own.items()}},
                    frozenset(found["called"]).union(*map(demands.called_by_name, own.values())), frozenset(found["always"]))


def _left_out(names: list[str], exclude: list[str]) -> dict[str, tuple[str, ...]]:
    """Names of modules by the reason why the program lacks them."""
    excluded = tuple(name for name in names if name.startswith(tuple(f"{each}." for each in exclude)) or name in exclude)
    others = tuple(name for name in names if name not in excluded)
    return {reason: found for reason, found in ((_EXCLUDED_BY_USER, excluded), (_UNSEEN, others)) if found}


def _has_changed(found: dict[str, Any], folder: Path) -> bool:
    """Whether an own file has other imports than then, or a new one now stands for a module of elsewhere or of nowhere."""
    heard = set(found["heard"])
    if any(_part_of(Path(file), heard) != part for file, part in found["own"].items()):
        return True
    known = {item["name"] for item in found["modules"] if item["part"] in ("app", "fapws4")}
    names = {item["name"].partition(".")[0] for item in found["modules"]} | set(found["absent"])
    places = [folder / name.replace(".", "/") for name in names - known]
    return any((place / "__init__.py").exists() or place.with_name(f"{place.name}.py").exists() for place in places)


def _analyse_with(
    added: set[str], app: Path, interpreter: Interpreter, packages: Packages, exclude: list[str], further: list[str],
    jobs: int, offline: bool,
) -> dict[str, Any]:
    """Analyse under the interpreter with these added modules, and with one more for each that turns out to be missing."""
    wide = widened(interpreter, added, jobs, offline) if added else interpreter
    try:
        return _analyse_inside(app, wide, packages, exclude, further)
    except Failed as failure:
        said = failure.tail.strip().splitlines()[-1]
        lacking = set(re.findall(r"No module named '(\w+)'", said)) & ADDED_MODULES.keys() - added
        if not lacking:
            raise Problem(f"{app.name} cannot be analysed", said) from failure
    return _analyse_with(added | lacking, app, interpreter, packages, exclude, further, jobs, offline)


def _analyse_inside(
    app: Path, interpreter: Interpreter, packages: Packages, exclude: list[str], further: list[str]
) -> dict[str, Any]:
    """Run analysis_inside.py under the interpreter and take up what it found."""
    scans = cache_folder("scans", digest_of(interpreter.digest, _tools(), *_SCRIPTS)[:16])
    request = {"app": str(app), "path": [str(app.parent), str(_package_folder())], "excluded": _EXCLUDED,
               "compiled": {extension.name: {"part": "app" if package.own else package.name, "imports": package.imports}
                            for package in packages.chosen for extension in package.extensions},
               "site": str(packages.site or ""), "stdlib": str(interpreter.stdlib), "package": str(PACKAGE),
               "repository": str(REPOSITORY), "exclude": exclude, "further": further, "scans": str(scans)}
    bytecode = cache_folder("bytecode", interpreter.digest[:16])  # hooks start dozens of interpreters that import the same
    environment = {"PYTHONPATH": os.pathsep.join(_tool_folders()), "PYTHONDONTWRITEBYTECODE": "", "PYTHONHASHSEED": "0",
                   "PYTHONNOUSERSITE": "1", "PYTHONPYCACHEPREFIX": str(bytecode)}
    answer = run([interpreter.python, "-X", "utf8", _SCRIPT], stdin=json.dumps(request).encode(), env=environment,
                 what=f"analysing {app.name}")
    found: dict[str, Any] = json.loads(answer.splitlines()[-1])
    for missing in found["missing"]:
        raise Problem(f"{missing['file']}:{missing['line']}: {missing['what']}", missing["hint"])
    for unknown in found["unknown"]:
        near = difflib.get_close_matches(unknown, found["through"], 1)
        raise Problem(f"{unknown} cannot be excluded: {app.name} reaches no module of that name",
                      f"{near[0]}?" if near else "the names of its modules are in REPORT.txt: --report")
    return found


def _package_folder() -> Path:
    """A folder that holds the package fapws4 and nothing else, so that the builder's own files are not importable."""
    folder = cache_folder("package") / digest_of(str(PACKAGE))[:16]
    if not folder.exists():
        with whole_folder(folder) as work:
            (work / "fapws4").symlink_to(PACKAGE)
    return folder


def _tool_folders() -> list[str]:
    """Where PyInstaller is."""
    return [folder for folder in site.getsitepackages() if Path(folder).is_dir()]


def _tools() -> str:
    """The distributions there, by the names of their metadata folders."""
    return "\n".join(sorted(path.name for folder in _tool_folders() for path in Path(folder).glob("*.dist-info")))


def _part_of(file: Path, heard: set[str]) -> str:
    """Digest of a file's part in the analysis; of a package, of which modules there are in it too: hooks take them all.

    ``heard`` are the names of the functions of the library: naming one, in whatever way, lets it run with all it imports.
    """
    inside = file.parent.iterdir() if file.name == "__init__.py" and file.exists() else ()
    names = sorted(path.name for path in inside if path.suffix == ".py" or (path / "__init__.py").exists())
    return digest_of(_imports_of(file, heard), *names)


def _imports_of(file: Path, heard: set[str]) -> str:
    """Digest of import statements, calls that import by name, names of codecs and of functions."""
    tree = _tree(file)
    if tree is None:
        return "unreadable"
    wanted = [ast.dump(node) for node in ast.walk(tree)
              if isinstance(node, ast.Import | ast.ImportFrom) or (isinstance(node, ast.Call) and _imports_by_name(node))
              or (isinstance(node, ast.List | ast.Tuple) and any(map(_is_module_option, node.elts)))]
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    codecs = {name for text in texts if text.isascii() and (name := normalize_encoding(text).lower()) in _CODECS}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    said = attributes.union(*(re.findall(r"\w+", text) for text in texts))
    names = said & (heard | _OPENSSL_ONLY) | {text for text in texts if _PART_OF_NAME.match(text)}
    # Any text may be the name of a group of entry points, or of a module of Django's settings.
    meant = texts if file.stem == "settings" or "entry_points" in ast.unparse(tree) else set()
    return digest_of(*wanted, *sorted(codecs), *sorted(names), *sorted(meant), *unseen.imported_for(tree))


def _tree(file: Path) -> ast.Module | None:
    """None when there is no such file, or the builder's Python is too old for it."""
    try:
        return ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


def _is_module_option(word: ast.expr) -> bool:
    return isinstance(word, ast.Constant) and word.value == "-m"


def _imports_by_name(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    return name.rpartition(".")[2] in ("import_module", "__import__", "find_spec", "CDLL", "LoadLibrary", "entry_points",
                                       "iter_modules", "files", *METADATA)
