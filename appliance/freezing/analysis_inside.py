"""Runs under the device's Python, with PyInstaller importable: a request (JSON) on stdin, the findings on stdout.

Not imported by the builder; analysis.py starts it. Findings: modules, builtins, files, distributions, through (module -> the
one that imports it), needs (module -> what must be there with it), left_out, unknown (names to exclude that nothing imports),
missing, demands (file of a package -> what it asks of the system), called (names that packages may look for in libraries),
always (files that are imported whenever the app is), heard (names of the library's functions).
"""

from __future__ import annotations

import importlib.metadata
import json
import logging
import os
import sys
import tempfile

from missing_inside import absent_names, always_imported, missing_of
from names_inside import Plugins
from outline_inside import called_from_c
from reach_inside import Reach
from scan_inside import Scan, follow_names
from unseen import BY_C_MODULES, MODULES

KINDS = ("SourceModule", "Package", "NamespacePackage")

# What the interpreter imports by itself: to start, to print a traceback, to warn.
ALWAYS = ("abc", "codecs", "io", "encodings.aliases", "encodings.utf_8", "encodings.ascii", "encodings.latin_1",
          "fapws4.base", "traceback", "warnings")

# C modules that are linked when they are reached, though the interpreter that runs this has none. Most of the library tries
# to import _hashlib, and what handles archives bz2 and lzma, and does well without: _hashlib counts only for those who call
# what nothing else has, the packers for those outside the library that import them themselves.
OPENSSL_MODULE = "_ssl"
PACKERS = {"bz2": "_bz2", "lzma": "_lzma"}
LINKED_WHEN_REACHED = (OPENSSL_MODULE, "_sqlite3", *PACKERS.values())
OPENSSL_ONLY = {"scrypt", "pbkdf2_hmac"}

# In every program, under other names (appliance/freezing/archive.py).
FROZEN = ("importlib._bootstrap", "importlib._bootstrap_external")

# What core/frozen/finder.py imports on behalf of a module.
BROUGHT = {"importlib.resources": "importlib.readers"}


def analyse(request: dict, work: str, plugins: Plugins, scanned: dict[str, Scan]):
    """PyInstaller's Analysis object for the app, run with no spec file; ``scanned`` gets what is found in each module."""
    from PyInstaller.building import build_main
    from PyInstaller.config import CONF
    from PyInstaller.depend import analysis, bindepend, imphook

    # Three things are for PyInstaller's own way of starting a frozen program, which is not ours: the shared library of
    # Python (this one is static), the modules of its base_library.zip (150, most of them codecs), and its run-time hooks.
    for module in (bindepend, build_main.bindepend):
        module.get_python_library_path = lambda: sys.executable
    analysis.PY3_BASE_MODULES = frozenset()
    analysis.PyiModuleGraph.analyze_runtime_hooks = lambda *_: []
    implies = analysis.get_implies
    analysis.get_implies = lambda: {**implies(), **BY_C_MODULES}
    follow_names(analysis.PyiModuleGraph, plugins, scanned, request)
    keep_hidden_imports(imphook.ModuleHook)
    see_packages(build_main, request["site"])
    see_compiled(analysis.PyiModuleGraph, request["compiled"], request["site"])
    spec = os.path.join(work, "app.spec")
    CONF.update({"spec": spec, "specpath": work, "specnm": "app", "distpath": work, "workpath": work, "cachedir": work,
                 "warnfile": os.path.join(work, "warn"), "dot-file": os.path.join(work, "dot"), "code_cache": {},
                 "xref-file": os.path.join(work, "xref"), "hiddenimports": [], "pathex": [], "main_package": None,
                 "modules_cache": None, "ui_admin": False, "ui_access": False, "upx_dir": None, "noconfirm": True})
    return build_main.Analysis([request["app"]], pathex=request["path"], excludes=list(request["excluded"]),
                               hiddenimports=[*ALWAYS, *request["further"]], noarchive=False)


def see_packages(build_main, site: str) -> None:
    """Let the app's packages come first, for PyInstaller's hooks too, and the graph see nothing of the tools' own.

    What PyInstaller itself needs is imported by now, so a package of the app may have the name of one of its tools'.
    """
    tools = os.environ["PYTHONPATH"].split(os.pathsep)
    sys.path[:] = [*([site] if site else []), *(folder for folder in sys.path if folder not in tools), *tools]
    from PyInstaller.utils.hooks import setuptools

    make_graph = build_main.initialize_modgraph

    def narrowed(*arguments, **options):
        graph = make_graph(*arguments, **options)
        graph.path = [folder for folder in graph.path if folder not in tools]
        return graph

    build_main.initialize_modgraph = narrowed
    if not os.path.isdir(os.path.join(site, "setuptools")):  # its hooks would let its vendored packages stand for others
        setuptools._retrieve_setuptools_info = lambda: None


def keep_hidden_imports(hook_class) -> None:
    """Let what a module's hook names count as imported by the module: PyInstaller takes it without noting for whom."""
    process = hook_class._process_hidden_imports

    def noted(hook):
        process(hook)
        graph = hook.module_graph
        for node in filter(None, map(graph.find_node, hook.hiddenimports)):
            graph.add_edge(graph.find_node(hook.module_name), node)

    hook_class._process_hidden_imports = noted


def see_compiled(graph_class, compiled: dict, site: str) -> None:
    """Let the graph take the C modules of packages for built-in, under dotted names too, and follow what they import."""
    import ast

    from PyInstaller.lib.modulegraph.modulegraph import BUILTIN_MODULE

    find, load = graph_class._find_module, graph_class._load_module

    def find_module(graph, name, path, parent=None):
        full = f"{parent.identifier}.{name}" if parent is not None else name
        if full in compiled and graph.find_node(full) is None:
            return os.path.join(site, *full.split(".")), BUILTIN_MODULE
        return find(graph, name, path, parent)

    def load_module(graph, name, path, loader):
        module, code = load(graph, name, path, loader)
        if name in compiled:
            code = ast.parse("\n".join(filter(is_statement, compiled[name]["imports"])))
        return module, code

    graph_class._find_module, graph_class._load_module = find_module, load_module


def is_statement(text: str) -> bool:
    """Whether this is Python, as not all of Cython is."""
    try:
        compile(text, "", "exec")
    except SyntaxError:
        return False
    return True


def part_of(file: str, request: dict, owners: dict[str, str]) -> str:
    real = os.path.realpath(file)
    if real in owners:
        return owners[real]
    if real.startswith(os.path.realpath(request["package"]) + os.sep):
        return "fapws4"
    return "stdlib" if real.startswith(request["stdlib"] + os.sep) else "app"


def modules_of(nodes: list, request: dict, owners: dict[str, str]) -> list[dict]:
    """The Python modules among the nodes; the app under its file's stem."""
    found = []
    for node in nodes:
        kind = type(node).__name__
        space = kind == "NamespacePackage" or node.filename == "-"
        if kind not in KINDS or not (space or str(node.filename).endswith(".py")):
            continue
        file = "" if space else str(node.filename)
        part = part_of(file, request, owners) if file else "stdlib"
        found.append({"name": node.identifier, "file": file, "package": kind != "SourceModule", "part": part})
    for item in found:
        if not item["file"]:  # a namespace package: it is where its modules are
            inner = next((other for other in found if other["file"] and other["name"].startswith(item["name"] + ".")), item)
            item["part"] = inner["part"]
    stem = os.path.splitext(os.path.basename(request["app"]))[0]
    found = [item for item in found if item["name"] not in (stem, *FROZEN)]
    found.append({"name": stem, "file": request["app"], "package": False, "part": "app"})
    return sorted(found, key=lambda item: item["name"])


def reach(graph, scanned: dict[str, Scan], request: dict) -> Reach:
    """The modules that the app or the interpreter can come to.

    PyInstaller's hook for ``encodings`` brings all 120 codecs, and with the Chinese, Japanese and Korean ones a megabyte of
    tables. A codec is taken when a module that is not of the standard library has its name as a text, or zipfile or
    socket needs it.
    """
    library = (request["stdlib"], *(os.path.join(folder, "fapws4") for folder in request["path"]))
    outlines = {name: scan.parts for name, scan in scanned.items()}
    found = Reach(graph, outlines, request["app"], library, LINKED_WHEN_REACHED, request["exclude"],
                  called_from_c(sys.executable))
    for name in (graph._top_script_node.identifier, *ALWAYS, *request["further"]):
        found.add(name)
    found.with_codecs(name for name in ALWAYS if name.startswith("encodings."))
    while True:
        more = {name for name in _codecs_named(found.nodes.values(), request) if graph.find_node(name) is not None}
        more |= {name for by, name in BROUGHT.items() if by in found.nodes}
        if more <= found.nodes.keys() | found.codecs:
            return found
        for name in sorted(more):
            found.add(name, next((by for by, brought in BROUGHT.items() if brought == name), ""))
        found.with_codecs(name for name in more if name.startswith("encodings."))


def named(found: Reach, request: dict) -> dict[str, str]:
    """Module -> the one that imports it; the app under its file's stem."""
    script, stem = found.graph._top_script_node.identifier, os.path.splitext(os.path.basename(request["app"]))[0]
    return {name: stem if by == script else by for name, by in found.through.items() if name != script}


def needs(found: Reach, request: dict) -> dict[str, list[str]]:
    """Module -> what must be there with it; "" is the interpreter, which prints tracebacks with all that these may take, and
    what the program has besides the app."""
    script, stem = found.graph._top_script_node.identifier, os.path.splitext(os.path.basename(request["app"]))[0]
    return {"": sorted(found.reached_from([*ALWAYS, *request["further"]])),
            **{stem if name == script else name: names for name, names in found.needs().items()}}


def left_out(graph, found: Reach, excluded: list[str]) -> list[str]:
    """The modules that nothing comes to: of the graph, those of the interpreter, and what is excluded of the library."""
    kinds = (*KINDS, "BuiltinModule", "FrozenModule", "ExcludedModule")
    known = {node.identifier for node in graph.iter_graph() if type(node).__name__ in kinds}
    known |= {*MODULES, *sys.stdlib_module_names.intersection(excluded)}
    return sorted(name for name in known - found.nodes.keys() - set(FROZEN)
                  if not name.startswith("encodings."))


def _codecs_named(nodes, request: dict) -> set[str]:
    from encodings import normalize_encoding
    from encodings.aliases import aliases

    nodes = list(nodes)
    named = {node.identifier for node in nodes}
    wanted = {"encodings.cp437"} if "zipfile" in named else set()
    wanted |= {"encodings.idna"} if "socket" in named else set()
    for node in nodes:
        file = str(node.filename)
        if getattr(node, "code", None) is not None and not file.startswith(request["stdlib"] + os.sep):
            for text in _texts_of(node.code):
                name = normalize_encoding(text).lower()
                wanted.add(f"encodings.{aliases.get(name, name)}")
    return wanted


def imported_outside(name: str, graph, request: dict) -> bool:
    """Whether something that is not of the standard library imports this module."""
    node = graph.find_node(name)
    return node is not None and any(not str(other.filename).startswith(request["stdlib"] + os.sep)
                                    for other in graph.incoming(node) if other is not None)


def openssl_modules(found: Reach) -> set[str]:
    """Which of _ssl and _hashlib are reached."""
    if OPENSSL_MODULE in found.nodes:
        return {"_ssl", "_hashlib"}
    return {"_hashlib"} if "hashlib" in found.nodes and found.calls(OPENSSL_ONLY) else set()


def _texts_of(code) -> set[str]:
    texts = {constant for constant in code.co_consts
             if isinstance(constant, str) and constant.isascii() and len(constant) < 40}
    for constant in code.co_consts:
        if hasattr(constant, "co_consts"):
            texts |= _texts_of(constant)
    return texts


def owners_of_files(site: str) -> dict[str, str]:
    """Real path of each file that the app's packages have installed -> name of its distribution."""
    owners = {}
    for distribution in importlib.metadata.distributions(path=[site]) if site else ():
        name = distribution.metadata["Name"]
        owners.update((os.path.realpath(str(distribution.locate_file(file))), name)
                      for file in distribution.files or () if file.suffix == ".py")
    return owners


def files_of(analysis, plugins: Plugins, modules: list[dict]) -> list[tuple[str, str]]:
    """Data files: (path below lib, file on this machine). Neither PyInstaller's own base library archive is one, nor is the
    source of a module that is frozen in."""
    frozen = {item["file"] for item in modules}
    return sorted({(place.replace(os.sep, "/"), file) for place, file, kind in analysis.datas
                   if kind == "DATA" and file not in frozen and not place.endswith((".pyc", ".zip"))} | plugins.files())


def own_files(modules: list[dict]) -> set[tuple[str, str]]:
    """What stands beside the modules of those packages of fapws4 that are frozen in: styles, scripts, catalogues."""
    packages = [item for item in modules if item["part"] == "fapws4" and item["package"]]
    return {(f"{item['name'].replace('.', '/')}/{entry.name}", entry.path)
            for item in packages for entry in os.scandir(os.path.dirname(item["file"]))
            if entry.is_file() and not entry.name.endswith((".py", ".pyi", ".so"))}


def distributions_of(parts: set[str]) -> list[tuple[str, str, str]]:
    names = parts - {"app", "stdlib", "fapws4"}
    found = []
    for name in sorted(names, key=str.lower):
        metadata = importlib.metadata.metadata(name)
        classes = [text for text in metadata.get_all("Classifier", ()) if text.startswith("License ::")]
        classified = [text.rpartition(" :: ")[2] for text in classes]
        licence = metadata.get("License-Expression") or metadata.get("License") or ", ".join(classified) or "not stated"
        found.append((name, metadata["Version"], licence.strip().splitlines()[0]))
    return found


def asked_of(modules: list[dict], scanned: dict[str, Scan]) -> dict:
    """What the modules of packages ask of the system; those of the app change between analyses."""
    scans = [(item["file"], scanned[item["name"]]) for item in modules
             if item["file"] and item["name"] in scanned and item["part"] not in ("app", "stdlib", "fapws4")]
    return {"demands": {file: scan.demands for file, scan in scans if scan.demands},
            "called": sorted(set().union(*(scan.called for _, scan in scans)))}


def main() -> None:
    logging.getLogger().setLevel("ERROR")
    request = json.load(sys.stdin)
    sys.builtin_module_names = (*sys.builtin_module_names, *LINKED_WHEN_REACHED)
    sys.path.remove(os.path.dirname(os.path.abspath(__file__)))  # the builder's files are no modules of the app
    answer = os.dup(1)
    os.dup2(2, 1)  # hooks may print
    with tempfile.TemporaryDirectory() as work:
        os.environ["XDG_DATA_HOME"] = work  # of modules of the app that hooks import
        plugins, scanned = Plugins(request["site"]), {}
        analysis = analyse(request, work, plugins, scanned)
        found = reach(analysis.graph, scanned, request)
        nodes = list(found.nodes.values())
        modules = modules_of(nodes, request, owners_of_files(request["site"]))
        extensions = [name for name, _, kind in analysis.binaries if kind == "EXTENSION"]
        builtins = {node.identifier for node in nodes if type(node).__name__ == "BuiltinModule"}
        builtins |= openssl_modules(found)
        builtins -= {made for name, made in PACKERS.items() if not imported_outside(name, analysis.graph, request)}
        parts = {item["part"] for item in modules}
        parts |= {item["part"] for name, item in request["compiled"].items() if name in builtins}
        hard = {name: scan.hard for name, scan in scanned.items()}
        answers = {"modules": modules, "builtins": sorted(builtins), "extensions": sorted(extensions),
                   "files": sorted({*files_of(analysis, plugins, modules), *own_files(modules)}),
                   "distributions": distributions_of(parts),
                   "through": named(found, request), "needs": needs(found, request),
                   "left_out": left_out(analysis.graph, found, request["excluded"]),
                   "unknown": sorted(found.excluded - found.refused.keys()),
                   "missing": missing_of(analysis.graph, request["app"], modules, hard),
                   "absent": absent_names(analysis.graph), "always": always_imported(request["app"], modules, hard),
                   "heard": sorted(found.heard()), **asked_of(modules, scanned)}
    with os.fdopen(answer, "w") as out:
        out.write(json.dumps(answers) + "\n")


if __name__ == "__main__":
    main()
