"""Which imports must succeed, and which one cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.freezing.missing_inside import always_imported, hard_imports, missing_of


class Node:
    """A node of PyInstaller's graph, as far as missing_inside.py looks at it."""

    def __init__(self, identifier: str, filename: str | None, names: set[str]) -> None:
        self.identifier, self.filename, self.names = identifier, filename, names

    def is_global_attr(self, name: str) -> bool:
        return name in self.names


class SourceModule(Node):
    """A module with a file."""


class MissingModule(Node):
    """A module that is nowhere."""


class Graph:
    """Modules by name; what is not among them is missing."""

    def __init__(self, nodes: dict[str, Node]) -> None:
        self.nodes = nodes

    def find_node(self, name: str) -> Node:
        return self.nodes.get(name) or MissingModule(name, None, set())


def search(
    folder: Path, texts: dict[str, str], names: dict[str, set[str]] | None = None
) -> list[tuple[str, int, str]]:
    """What is missing for the first of these modules: (file name, line, what). Those named lib_* are not the app's own."""
    nodes: dict[str, Node] = {}
    modules: list[dict[str, Any]] = []
    for name, text in texts.items():
        file = folder / f"{name}.py"
        file.write_text(text)
        nodes[name] = SourceModule(name, str(file), (names or {}).get(name, set()))
        part = "lib" if name.startswith("lib_") else "app"
        modules.append({"name": name, "file": str(file), "package": False, "part": part})
    found = missing_of(Graph(nodes), modules[0]["file"], modules)
    return [(Path(item["file"]).name, item["line"], item["what"]) for item in found]


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    import lost\nexcept ImportError:\n    lost = None\n",
        "if False:\n    import lost\n",
        "def later():\n    import lost\n",
        "import contextlib_\nwith contextlib_.suppress(ImportError):\n    import lost\n".replace(
            "contextlib_", "known"
        ),
        "from __future__ import annotations\n",
        "import __main__, _fapws4, _frozen_importlib_external\n",
        "from known import name\n",
    ],
)
def test_imports_that_may_fail(tmp_path: Path, text: str) -> None:
    """Inside try, if, with and functions an import may fail; names that a module defines are no modules."""
    assert [] == search(tmp_path, {"page": text, "known": ""}, {"known": {"name"}})


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"page": "import lost\n"}, ("page.py", 1, "the module lost cannot be found")),
        ({"page": "x = 1\nfrom lost import x\n"}, ("page.py", 2, "the module lost cannot be found")),
        ({"page": "from known import gone\n", "known": ""}, ("page.py", 1, "the module known.gone cannot be found")),
        ({"page": "import other\n", "other": "\nimport lost\n"}, ("other.py", 2, "the module lost cannot be found")),
        (
            {"page": "import lib_a\n", "lib_a": "import lost\n"},
            ("page.py", 1, "lib_a needs lost, which cannot be found"),
        ),
        (
            {"page": "import lib_a\n", "lib_a": "import lib_b\n", "lib_b": "import lib_a, lost\n"},
            ("page.py", 1, "lib_a needs lost, which cannot be found"),
        ),
    ],
)
def test_the_first_import_that_cannot_succeed(
    tmp_path: Path, texts: dict[str, str], expected: tuple[str, int, str]
) -> None:
    """It is named where the app's own file asks for it, whatever is missing behind it."""
    assert [expected] == search(tmp_path, texts)


def test_what_is_only_tried_may_lack_things(tmp_path: Path) -> None:
    """A module of the app that is imported inside try may have imports that fail."""
    texts = {"page": "try:\n    import other\nexcept ImportError:\n    pass\n", "other": "import lost\n"}
    assert [] == search(tmp_path, texts)


@pytest.mark.parametrize(
    ("text", "package", "expected"),
    [
        ("from . import tax\n", True, [(1, "shop", ["shop.tax"])]),
        ("from .tax import rate\n", True, [(1, "shop.tax", ["shop.tax.rate"])]),
        ("from .tax import rate\n", False, [(1, "tax", ["tax.rate"])]),
        ("import a.b, c\n", False, [(1, "a.b", []), (1, "c", [])]),
    ],
)
def test_relative_imports_are_resolved(
    tmp_path: Path, text: str, package: bool, expected: list[tuple[int, str, list[str]]]
) -> None:
    """A relative import is the full name that Python would look for."""
    file = tmp_path / "__init__.py"
    file.write_text(text)
    assert expected == hard_imports(str(file), "shop", package)


def test_what_is_always_imported(tmp_path: Path) -> None:
    """Packages above a module and what is taken from one count, imports that may fail or come later do not."""
    texts = {"page": "import a.b\nfrom c import d, word\ntry:\n    import e\nexcept ImportError:\n    pass\n",
             "a": "", "a.b": "def f():\n    import g\n", "c": "", "c.d": "from . import h\n", "c.h": "", "e": "", "g": ""}
    items = []
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text)
        items.append({"name": name, "file": str(tmp_path / f"{name}.py"), "package": name in "ac", "part": "app"})
    found = always_imported(str(tmp_path / "page.py"), items)
    assert {"a", "a.b", "c", "c.d", "c.h", "page"} == {Path(file).stem for file in found}
