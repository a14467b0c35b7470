"""--trace: a program has what its tests import, and what is reached by name."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.build import Frozen, build_binary, make_plan
from appliance.common.errors import Problem
from appliance.freezing.analysis import Analysis, Module
from appliance.freezing.trace import Trial, narrowed, traced
from appliance.skeleton import new_app
from tests.appliance.cases import problem, written

NAMES = ("page", "traceback", "shop", "shop.tax", "shop.prices", "plugin", "lazy", "encodings", "encodings.cp1252")
ANALYSIS = Analysis(Path("/home/page.py"), tuple(Module(name, f"/home/{name}.py", False, "app") for name in NAMES),
                    ("zlib", "_json"), (), (), left_out={"unseen": ("tarfile",)},
                    needs={"": ["traceback"], "shop.tax": ["shop.prices"], "page": ["plugin"],
                           "encodings": ["encodings.cp1252"]})


def test_what_is_kept() -> None:
    """What was imported, the packages that it is in, what the interpreter needs, and what any of them needs or names."""
    found = narrowed(ANALYSIS, ["shop.tax", "encodings", "zlib", "nowhere"])
    assert {*NAMES} - {"lazy"} == {module.name for module in found.modules}
    assert ("zlib",) == found.builtins
    assert ["unseen", ("tarfile",), ("lazy", "_json")] == [next(iter(found.left_out)), *found.left_out.values()]


def test_an_app_without_tests(tmp_path: Path) -> None:
    """What to do is said."""
    app = written(tmp_path, "PATHS = []\n")
    way = "write test_page.py (invoke new shows how), or say --trace=COMMAND"
    said = f"there are no tests beside {app}, by which it could be traced: {way}"
    assert said == problem(lambda: Trial("").words(app))


@pytest.mark.parametrize(("command", "said"), [("echo wrong; exit 3", "the tests of page.py failed (exit code 3): wrong"),
                                               ("exit 0", "the tests of page.py never started it")])
def test_a_trace_that_cannot_be(tmp_path: Path, command: str, said: str) -> None:
    """Tests that fail are no trace, nor are tests that start nothing; nothing is kept of either."""
    app = written(tmp_path, "PATHS = []\n")
    with pytest.raises(Problem) as refused:
        traced(replace(ANALYSIS, app=app, modules=()), Trial(command), "", lambda program: None)
    assert str(refused.value).startswith(said)
    assert not app.with_suffix(".trace").exists()


UNTESTED = '''

def precise(environ: Environ, start_response: Start_response) -> str:
    """Tested by nobody."""
    import decimal
    try:
        import fractions
    except ImportError as error:
        return str(error)
    return f"{decimal} {fractions}"


PATHS.insert(0, ("/precise", precise))
'''


def test_a_new_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `invoke new` makes it: its tests are run with the program, and only once as long as nothing changes."""
    new_app(tmp_path / "shop")
    app = tmp_path / "shop" / "shop.py"
    app.write_text(app.read_text() + UNTESTED)
    whole, kept = _built(app, tmp_path / "whole", None), _built(app, tmp_path / "kept", "")
    assert {"json", "json.decoder", "decimal", "fractions"} <= whole.keys()
    assert {"json", "json.decoder"} == {"json", "json.decoder", "decimal", "fractions"} & kept.keys()
    record = app.with_suffix(".trace").read_text()
    assert {"json", "json.decoder"} <= set(record.splitlines())
    monkeypatch.setattr(sys, "executable", "/nowhere")  # that cannot run pytest
    assert kept == _built(app, tmp_path / "again", "")
    assert record == app.with_suffix(".trace").read_text()


def _built(app: Path, folder: Path, trace: str | None) -> dict[str, int]:
    """The modules in a program, with their sizes."""
    frozen: Frozen = build_binary(make_plan(str(app), "pc", str(folder), 0, False, trace=trace))
    return frozen.archive.sizes
