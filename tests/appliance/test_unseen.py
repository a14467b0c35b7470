"""What C code of Python imports by name: told by what stands in the app's files."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from appliance.compiling.interpreter import Interpreter
from appliance.freezing.analysis import _part_of, analyse
from appliance.freezing.unseen import MODULES, imported_for


@pytest.mark.parametrize(("text", "modules"), [
    ("half = size // 2", ["_pylong"]),
    ("size //= 2", ["_pylong"]),
    ("divmod(size, 2)", ["_pylong"]),
    ("import operator; operator.floordiv", ["_pylong"]),
    ("import sys; sys.set_int_max_str_digits(0)", ["_pylong"]),
    ("half = size / 2  # 1 // 2", []),
    ("memoryview(data)", ["struct"]),
    ("kind = r'\\N{BULLET}'", ["unicodedata"]),
    ("text.encode('ascii', 'namereplace')", ["unicodedata"]),
    ("data.decode('unicode-escape')", ["unicodedata"]),
    ("größe = 1", ["unicodedata"]),
    ("class Maß: pass", ["unicodedata"]),
    ("def f(*, maß): pass", ["unicodedata"]),
    ("text = 'größe'", []),
])
def test_what_stands_in_a_file(text: str, modules: list[str]) -> None:
    """Operators, names and texts; a text in another language needs nothing."""
    assert modules == imported_for(ast.parse(text))


def test_what_nothing_asks_for_is_left_out_and_told_of(tmp_path: Path, interpreter: Interpreter) -> None:
    """A program without such a module knows it by name, so that it can say why it is not there."""
    app = tmp_path / "app.py"
    app.write_text("PATHS = [('/', lambda environ, start_response: 'x')]\n")
    left = {name for names in analyse(app, interpreter).left_out.values() for name in names}
    assert {*MODULES, "pdb", "unittest"} <= left


def test_an_edit_that_asks_for_one_is_an_edit_of_imports(tmp_path: Path) -> None:
    """What was found for the app before does not hold then."""
    app = tmp_path / "app.py"
    parts = []
    for text in ("half = 4 / 2", "half = 6 / 2", "half = 4 // 2"):
        app.write_text(text)
        parts.append(_part_of(app, set()))
    assert parts[0] == parts[1] != parts[2]
