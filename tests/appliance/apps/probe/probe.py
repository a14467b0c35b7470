"""An app that tells what it sees from inside the static program: each page is one question, each answer is JSON."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.resources
import inspect
import json
import os
import pkgutil
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import parcel

import shop.prices
from beside import who

try:
    import curses
except ImportError:
    curses = None  # type: ignore[assignment]

SERVER = os.environ.get("PROBE_SERVER") or None
VERSION = "2.7"
STARTED_AS = __name__
LATIN = "Grüße".encode("cp1252")
plugin = importlib.import_module("shop.plugin")

if __name__ == "__main__":
    raise SystemExit("the app was run as __main__")


def names() -> dict[str, Any]:
    """How the app is named."""
    return {"name": STARTED_AS, "in_modules": sys.modules.get("probe") is sys.modules[__name__], "argv": sys.argv[1:],
            "file": __file__, "package_file": shop.__file__, "spec": str(__spec__ and __spec__.origin), "curses": curses is not None}


def imports() -> dict[str, Any]:
    """What was imported, each in another way."""
    import space.inner

    return {"relative": shop.prices.total(3), "beside": who(), "by_name": plugin.GREETING, "namespace": space.inner.DEPTH,
            "namespace_path": list(space.__path__), "latin": LATIN.hex(), "installed": parcel.WEIGHT,
            "children": sorted(module.name for module in pkgutil.iter_modules(shop.__path__))}


def resources() -> dict[str, Any]:
    """What importlib.resources and importlib.metadata tell about an installed package."""
    texts = importlib.resources.files("parcel") / "texts"
    return {"version": importlib.metadata.version("parcel"), "summary": importlib.metadata.metadata("parcel")["Summary"],
            "texts": {entry.name: entry.read_text() for entry in texts.iterdir()}}


def found() -> dict[str, Any]:
    """Modules that no import names: by an entry point, by the package's hook."""
    points = importlib.metadata.entry_points(group="parcel.flavours")
    hidden = importlib.import_module(".".join(["parcel", "hidden"]))
    return {"flavours": {point.name: point.load() for point in points}, "hidden": hidden.DEPTH,
            "all": sorted(module.name for module in pkgutil.walk_packages(parcel.__path__, "parcel."))}


def missing_module() -> dict[str, Any]:
    """Fails, to be seen in the traceback."""
    return {"never": shop.prices.broken(1)}


def source() -> dict[str, Any]:
    """Source text is not in the program."""
    try:
        return {"source": inspect.getsource(names)}
    except OSError as error:
        return {"refused": str(error)}


def ask(call: str, *arguments: str) -> Any:
    """One call about files; its result, or the name of the error."""
    calls: dict[str, Callable[..., Any]] = {
        "read": lambda path: open(path).read(), "read_bytes": lambda path: open(path, "rb").read().hex(),
        "write": lambda path: open(path, "w").write("x"), "append": lambda path: open(path, "a").write("x"),
        "create": lambda path: os.open(path, os.O_CREAT | os.O_WRONLY), "size": lambda path: os.stat(path).st_size,
        "mode": lambda path: oct(os.stat(path).st_mode), "lmode": lambda path: oct(os.lstat(path).st_mode),
        "time": lambda path: int(os.stat(path).st_mtime), "list": lambda path: sorted(os.listdir(path)),
        "scan": lambda path: sorted((entry.name, entry.is_dir()) for entry in os.scandir(path)),
        "walk": lambda path: sorted(os.path.join(top, name) for top, _, files in os.walk(path) for name in files),
        "readable": lambda path: os.access(path, os.R_OK), "writable": lambda path: os.access(path, os.W_OK),
        "exists": os.path.exists, "isdir": os.path.isdir, "isfile": os.path.isfile, "realpath": os.path.realpath,
        "mkdir": os.mkdir, "remove": os.remove, "rmdir": os.rmdir, "rename": os.rename, "symlink": os.symlink,
        "chmod": lambda path: os.chmod(path, 0o600), "utime": os.utime, "truncate": lambda path: os.truncate(path, 0),
        "readlink": os.readlink, "statvfs": lambda path: bool(os.statvfs(path)), "chdir": os.chdir, "getcwd": os.getcwd,
        "glob": lambda pattern: sorted(__import__("glob").glob(pattern)),
    }
    try:
        return calls[call](*arguments)
    except OSError as error:
        return type(error).__name__ + " " + os.strerror(error.errno or 0)


def answer(question: Callable[[], Any]) -> Callable[[dict[str, Any], Any], str]:
    """A handler that sends the answer as JSON."""

    def handler(environ: dict[str, Any], start_response: Any) -> str:
        return json.dumps(question())

    return handler


def files(environ: dict[str, Any], start_response: Any) -> str:
    """/files?call=NAME&path=PATH&path=PATH"""
    query = parse_qs(environ["QUERY_STRING"])
    return json.dumps(ask(query["call"][0], *query.get("path", [])))


PATHS = [("/names", answer(names)), ("/imports", answer(imports)), ("/resources", answer(resources)), ("/source", answer(source)),
         ("/found", answer(found)), ("/broken", answer(missing_module)), ("/files", files)]
