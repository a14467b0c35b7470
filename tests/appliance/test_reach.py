"""What a program can come to: of the library only what somebody can call."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from appliance.build import build_binary, make_plan
from appliance.common.places import REPOSITORY
from appliance.common.shell import Failed, run
from appliance.compiling.interpreter import Interpreter
from appliance.freezing.analysis import analyse
from tests.appliance.cases import problem, written

LIBRARY, SITE, OWN = "/python/lib", "/site", "/home/app"


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The two files that run under the device's Python, imported here."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "appliance" / "freezing"))
    import outline_inside  # type: ignore[import-not-found]
    import reach_inside  # type: ignore[import-not-found]

    return SimpleNamespace(outline=outline_inside.outline, Reach=reach_inside.Reach)


class Graph:
    """PyInstaller's graph, as far as Reach looks at it: modules by their texts, C modules without one."""

    def __init__(self, inside: SimpleNamespace, texts: dict[str, str | None]) -> None:
        files = {name: self._file(name, text) for name, text in texts.items()}
        self.nodes = {name: SimpleNamespace(identifier=name, filename=file) for name, file in files.items()}
        self.outlines = {name: inside.outline(ast.parse(text), name, False) for name, text in texts.items()
                         if text is not None}

    @staticmethod
    def _file(name: str, text: str | None) -> str | None:
        folder = {"app": OWN, "pack": SITE}.get(name.partition("_")[0], LIBRARY)
        return None if text is None else f"{folder}/{name}.py"

    def find_node(self, name: str) -> Any:
        return self.nodes.get(name)

    def outgoing(self, node: Any) -> list[Any]:
        named = set().union(*(part.imports for part in self.outlines.get(node.identifier, ())))
        return [self.nodes[name] for name in sorted(named & self.nodes.keys())]


def reached(inside: SimpleNamespace, texts: dict[str, str | None], exclude: tuple[str, ...] = ()) -> Any:
    """Where an app comes to in a world of these modules."""
    graph = Graph(inside, texts)
    found = inside.Reach(graph, graph.outlines, f"{OWN}/app.py", (LIBRARY,), ("_ssl",), exclude, ("open",))
    found.add("app")
    found.follow()
    return found


SHELF = """def parcel():
    import tarlike

class Box:
    def open(self):
        import ziplike

    def __len__(self):
        import counting
"""


@pytest.mark.parametrize(("app", "more"), [
    ("import shelf", set()),
    ("import shelf; shelf.parcel()", {"tarlike"}),
    ("import shelf; getattr(shelf, 'parcel')", {"tarlike"}),
    ("from shelf import parcel", {"tarlike"}),
    ("import shelf; kind = 'cel'; getattr(shelf, 'par_' + kind)", set()),
    ("import shelf; shelf.Box", {"counting", "ziplike"}),  # open: a name that C calls
    ("import shelf; word = 'Box'", {"counting", "ziplike"}),
    ("def parcel():\n    pass\nimport shelf\nparcel()", set()),  # another one's
])
def test_functions_of_the_library_count_when_they_are_named(inside: SimpleNamespace, app: str, more: set[str]) -> None:
    """An import inside a function, or inside a class, waits for somebody who has the name of it."""
    texts: dict[str, str | None] = {"app": app, "shelf": SHELF, "tarlike": "", "ziplike": "", "counting": ""}
    assert {"app", "shelf"} | more == reached(inside, texts).nodes.keys()


@pytest.mark.parametrize(("shelf", "comes"), [
    ("def do_post():\n    import far\n", True),
    ("def http_open():\n    import far\n", True),
    ("def undo():\n    import far\n", False),
])
def test_names_that_are_put_together(inside: SimpleNamespace, shelf: str, comes: bool) -> None:
    """A text that a name begins or ends with calls it too."""
    app = "import shelf\ngetattr(shelf, f'do_{word}')\ngetattr(shelf, word + '_open')"
    assert comes is ("far" in reached(inside, {"app": app, "shelf": shelf, "far": ""}).nodes)


@pytest.mark.parametrize("shelf", [
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import far\n",
    "if False:\n    import far\n",
    "import sys\nif sys.platform == 'win32':\n    import far\n",
    "if __name__ == '__main__':\n    import far\n",
    "try:\n    import _time\nexcept ImportError:\n    import far\n".replace("_time", "time"),
    "def __getattr__(name):\n    if name == 'Far':\n        import far\n        return far\n",
])
def test_what_never_runs(inside: SimpleNamespace, shelf: str) -> None:
    """For the type checker, for other systems, as a program, without a C module that is there, for a name nobody has."""
    assert "time" in sys.builtin_module_names
    found = reached(inside, {"app": "import shelf", "shelf": shelf, "far": "", "time": None})
    assert "far" not in found.nodes


def test_a_module_that_is_run(inside: SimpleNamespace) -> None:
    """Who has the text "-m" may start a module of the library as a program."""
    shelf = "if __name__ == '__main__':\n    import far\n"
    app = "import sys, shelf\nargs = [sys.executable, '-m', 'shelf']"
    assert "far" in reached(inside, {"app": app, "shelf": shelf, "far": ""}).nodes


GUARDED = "try:\n    import ssl\nexcept ImportError:\n    ssl = None\n"


@pytest.mark.parametrize(("app", "pack", "comes"), [
    ("import pack", "import middle", False),  # the library would like to have it
    ("import pack", GUARDED, False),  # so would a package
    ("import pack", "def serve():\n    import ssl\n", False),
    ("import pack", f"if TYPE_CHECKING:\n    import ssl\n{GUARDED}", False),
    ("import pack", "import ssl", True),  # the package needs it
    ("import pack", "import client", True),  # the package is a client by itself
    ("import client", "", True),
    ("def page():\n    import ssl\n", "", True),  # the app's own word
    (GUARDED, "", True),
])
def test_a_costly_library_comes_for_those_who_want_it(inside: SimpleNamespace, app: str, pack: str, comes: bool) -> None:
    """OpenSSL is megabytes, and half of the library asks whether it is there."""
    texts: dict[str, str | None] = {"app": app, "pack": pack, "middle": "import client", "client": GUARDED, "ssl": ""}
    assert comes is ("ssl" in reached(inside, texts).nodes)


@pytest.mark.parametrize(("app", "calls"), [
    ("import pack", False), ("import pack; pack.checked", True), ("from pack import checked", True),
    ("import pack, hashlib; hashlib.scrypt", True), ("def scrypt():\n    import pack\n", False),
])
def test_what_a_package_offers_counts_when_somebody_takes_it(inside: SimpleNamespace, app: str, calls: bool) -> None:
    """A package may know passwords; OpenSSL's functions for them are linked for an app that can come to them."""
    pack = """import hashlib

def checked(word):
    return _made(word)

def _made(word, how="scrypt"):
    return hashlib.scrypt(word)
"""
    assert calls is reached(inside, {"app": app, "pack": pack, "hashlib": ""}).calls({"scrypt"})


def test_excluded(inside: SimpleNamespace) -> None:
    """A module that is excluded is out with what it alone needs; one that nobody imports is told."""
    texts: dict[str, str | None] = {"app": "import pack, shelf", "pack": "import far, near", "shelf": "import near", "far": "",
                                    "near": ""}
    found = reached(inside, texts, exclude=("pack", "far"))
    assert ({"app", "shelf", "near"}, {"pack": "pack"}) == (found.nodes.keys(), found.refused)


def test_an_excluded_module_must_be_one(tmp_path: Path, interpreter: Interpreter) -> None:
    """A name that the app does not reach is refused, and the one that may be meant is told."""
    app = written(tmp_path, "import json\nPATHS = []\n")
    said = "jsen cannot be excluded: page.py reaches no module of that name: json?"
    assert said == problem(lambda: analyse(app, interpreter, exclude=["jsen"]))


ABSENT = """import importlib.util
import sys

try:
    import json
except ImportError:
    json = None

def said(name):
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        return f"{error.name}: {error}"

sys.stderr.write("|".join(map(str, [said("shutil"), said("json"), said("nowhere"), importlib.util.find_spec("json")])) + "|")
raise OSError("told")
"""


def test_a_program_says_why_a_module_is_out(tmp_path: Path) -> None:
    """Excluded, or seen by nobody; what never was there is not found as ever, and find_spec finds none of them."""
    app = written(tmp_path, ABSENT)
    written(tmp_path, '[tool.fapws4]\nexclude = ["json"]\n', "pyproject.toml")
    plan = make_plan(str(app), "pc", str(tmp_path / "dist"), 0, False)
    build_binary(plan)
    log = tmp_path / "log"
    with pytest.raises(Failed):
        run([plan.binary, "--check"], log=log)
    unseen, excluded, absent, found = log.read_text().split("|")[:4]
    assert unseen == ("shutil: No module named 'shutil' in this program: nothing was seen to need it when this program was "
                      "built; import it in the app's own file, and build again")
    assert excluded == ("json: No module named 'json' in this program: it was left out by --exclude (or [tool.fapws4] "
                        "exclude) when this program was built")
    assert ("nowhere: No module named 'nowhere'", "None") == (absent, found)
