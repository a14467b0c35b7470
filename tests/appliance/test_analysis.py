"""What an app needs, found; what it cannot get, said with file, line and the way out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import packaging
import pytest

from appliance.build import Plan
from appliance.common.shell import Failed, run
from appliance.compiling.interpreter import Interpreter
from appliance.compiling.modules import widened
from appliance.freezing import analysis
from appliance.freezing.analysis import analyse, health_of, read_app, sets_tls, takes_device_tls, version_of
from appliance.packaging import syntax
from appliance.packaging.building import Workplace
from appliance.packaging.installation import Packages, install
from appliance.packaging.packages import choose
from tests.appliance import parcels
from tests.appliance.cases import problem, written


def test_an_app_that_is_not_there(tmp_path: Path) -> None:
    """A wrong path is named."""
    app = tmp_path / "page.py"
    assert f"{app} is not there: name the Python file of your app" == problem(lambda: read_app(app))


def test_a_folder_is_no_app(tmp_path: Path) -> None:
    """A folder is named, with the file that could be meant."""
    assert f"{tmp_path} is a folder: name the Python file in it, such as {tmp_path}/app.py" == problem(
        lambda: read_app(tmp_path)
    )


@pytest.mark.parametrize("content", [b"\x7fELF\x02\x01\x01\x00\x00", b"x = '\xff'\n", b"\0"])
def test_a_binary_file_is_no_app(tmp_path: Path, content: bytes) -> None:
    """What is not Python at all is said to be so."""
    app = tmp_path / "page"
    app.write_bytes(content)
    assert f"{app} is not Python: name the Python file of your app" == problem(lambda: read_app(app))


def test_a_syntax_error_has_its_line(tmp_path: Path) -> None:
    """A syntax error is shown as file:line with Python's own words."""
    app = written(tmp_path, "PATHS = []\n\ndef broken(:\n")
    assert problem(lambda: read_app(app)).startswith(f"{app}:3: invalid syntax: mend the line")


def test_a_binary_file_with_the_name_of_an_app(tmp_path: Path) -> None:
    """Its ending does not make it Python, and its mistake is in no line."""
    app = tmp_path / "app.py"
    app.write_bytes(b"PATHS = []\0")
    assert f"{app} is not Python: name the Python file of your app" == problem(lambda: read_app(app))


@pytest.mark.parametrize(("reader", "more"), [
    ((3, 13), ""), ((3, 14), ""),
    ((3, 11), ("; if it is syntax that came after Python 3.11, by which the builder reads apps: write it the older way, or"
               " build where python3 is 3.13, as on the device")),
])
def test_which_python_could_not_read_it(reader: tuple[int, int], more: str) -> None:
    """The builder's, which may be older than the device's."""
    assert f"mend the line{more}" == syntax._remedy(reader)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "my-app.py",
            "my-app.py cannot be imported as a module: use letters, digits and _ in its name, and the ending .py",
        ),
        ("json.py", "json.py has the name of a module of Python: rename it, to my_json.py for example"),
        ("fapws4.py", "fapws4.py has the name of a module of Python: rename it, to my_fapws4.py for example"),
    ],
)
def test_names_that_cannot_be_imported(tmp_path: Path, name: str, said: str) -> None:
    """The app is imported under its file's stem: a name that cannot be one, or that is taken, is refused."""
    app = written(tmp_path, "PATHS = []\n", name)
    assert said == problem(lambda: read_app(app))


@pytest.mark.parametrize(
    ("text", "sets"),
    [('TLS = ("a", "b")\n', True), ("TLS: tuple[str, str] = PAIR\n", True), ("A, TLS = 1, PAIR\n", True),
     ("x = TLS\n", False), ("def f():\n    TLS = 1\n", False), ('x = "TLS"\n', False)],
)
def test_an_app_that_sets_tls(tmp_path: Path, text: str, sets: bool) -> None:
    """An assignment to TLS at the top level of the app has OpenSSL linked."""
    assert sets is sets_tls(written(tmp_path, text))


@pytest.mark.parametrize("name", ["scrypt", "pbkdf2_hmac"])
def test_functions_that_only_openssl_has(interpreter: Interpreter, tmp_path: Path, name: str) -> None:
    """Naming one of them brings OpenSSL, with no other import than before; hashlib alone does not."""
    app = written(tmp_path, "import hashlib\n\nPATHS = [('/', lambda e, s: hashlib.sha256(b'').hexdigest())]\n")
    assert not {"_ssl", "_hashlib"} & set(analyse(app, interpreter).builtins)
    app.write_text(f"import hashlib\n\nPATHS = [('/', lambda e, s: str(hashlib.{name}))]\n")
    assert "_hashlib" in analyse(app, interpreter).builtins


def test_ssl_brings_openssl(interpreter: Interpreter, tmp_path: Path) -> None:
    """The module ssl is there for who imports it."""
    app = written(tmp_path, "import ssl\n\nPATHS = [('/', lambda e, s: ssl.OPENSSL_VERSION)]\n")
    assert {"_ssl", "_hashlib"} <= set(analyse(app, interpreter).builtins)


@pytest.mark.parametrize(
    ("text", "version"), [('VERSION = "1.2"\n', "1.2"), ("x = 1\n", "0"), ('VERSION = " 3 "\n', "3")]
)
def test_the_version_of_an_app(tmp_path: Path, text: str, version: str) -> None:
    """VERSION at the top level of the app is its version; without one it is 0."""
    assert version == version_of(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "path"),
    [('HEALTH = "/well"\n', "/well"), ("x = 1\n", ""), ('HEALTH = "/" + "well"\n', ""), ("HEALTH = None\n", "")],
)
def test_the_path_for_the_health_of_an_app(tmp_path: Path, text: str, path: str) -> None:
    """HEALTH as a plain text is known to the device; an app that works it out is asked for its first page instead."""
    assert path == health_of(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "takes"),
    [('TLS = "device"\n', True), ('TLS = ("a.pem", "b.pem")\n', False), ("x = 1\n", False), ('TLS = "Device"\n', False)],
)
def test_whose_certificate_an_app_wants(tmp_path: Path, text: str, takes: bool) -> None:
    """TLS = "device" at the top level is known to the device, which hands its own over."""
    assert takes == takes_device_tls(written(tmp_path, text))


def test_a_version_that_is_no_text(tmp_path: Path) -> None:
    """VERSION of another kind is refused with its line."""
    app = written(tmp_path, "x = 1\nVERSION = 2\n")
    assert f'{app}:2: VERSION must be a text: write it like VERSION = "1.0"' == problem(lambda: version_of(app))


def test_whose_a_module_is(probe_plan: Plan, probe_packages: Packages, interpreter: Interpreter) -> None:
    """Every module is counted for the app, fapws4, the standard library or its distribution."""
    found = {module.name: module.part for module in analyse(probe_plan.app, interpreter, probe_packages).modules}
    wanted = {
        "probe": "app",
        "beside": "app",
        "shop": "app",
        "shop.tax": "app",
        "space": "app",
        "space.inner": "app",
        "parcel": "parcel",
        "json": "stdlib",
        "encodings.cp1252": "stdlib",
    }
    assert wanted == {name: found[name] for name in wanted}
    assert [] == [name for name in found if name.startswith(("encodings.big5", "unittest", "pydoc", "_fapws4"))]


@pytest.mark.parametrize(("pack", "comes"), [
    ("def client():\n    from pack import checks\n", True),  # checks.py cannot be imported without
    ("def client():\n    import pdb\n", False),
    ("try:\n    import pdb\nexcept ImportError:\n    pdb = None\n", False),
    ("import xmlrpc.client", False),
    ("import xmlrpc.server", True),  # which imports pydoc, which the library has named before
])
def test_what_is_for_developers_comes_where_it_must(tmp_path: Path, interpreter: Interpreter, pack: str, comes: bool) -> None:
    """An import of a package or of the library counts when it must succeed; that of the app itself always would."""
    site = tmp_path / "site"
    (site / "pack").mkdir(parents=True)
    (site / "pack" / "__init__.py").write_text(pack)
    (site / "pack" / "checks.py").write_text("import pdb\n")
    app = written(tmp_path, "import pack\nPATHS = []\n")
    found = analyse(app, interpreter, Packages(site=site))
    assert comes is bool({"pdb", "pydoc"} & {module.name for module in found.modules})


def test_used_distributions_are_known(probe_plan: Plan, probe_packages: Packages, interpreter: Interpreter) -> None:
    """Name, version and licence of each installed package that is used; those that are only installed are not named."""
    found = analyse(probe_plan.app, interpreter, probe_packages)
    assert (("parcel", "1.4", "BSD-2-Clause"),) == found.distributions


@pytest.mark.parametrize("name", ["bottle", "altgraph", "packaging.tags", "PyInstaller"])
def test_packages_of_the_builder_are_not_seen(tmp_path: Path, interpreter: Interpreter, name: str) -> None:
    """What is installed beside the builder but not required cannot be found, even what PyInstaller itself needs."""
    app = written(tmp_path, f"import {name}\nPATHS = []\n")
    hint = "name its package in requirements.txt beside the app, or put its file there"
    top = name.partition(".")[0]
    assert f"{app}:1: the module {top} cannot be found: {hint}" == problem(lambda: analyse(app, interpreter))


def test_a_package_with_the_name_of_a_tool(
    tmp_path: Path, interpreter: Interpreter, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The app gets the one that it requires, though PyInstaller has one too."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    parcels.only_here(monkeypatch, tmp_path / "shop")
    own = Path(packaging.__path__[0])
    files = {f"packaging/{path.name}": path.read_bytes() for path in own.glob("*.py")}
    parcels.wheel(tmp_path / "shop", "packaging", "99", files)
    written(tmp_path, "packaging\n", "requirements.txt")
    app = written(tmp_path, "import packaging.tags\nPATHS = []\n")
    wanted = install(choose(app), place)
    found = analyse(app, interpreter, wanted)
    assert [("packaging", "99")] == [(name, version) for name, version, _ in found.distributions]
    assert {str(wanted.site)} == {module.file.partition("/packaging/")[0] for module in found.modules
                                  if module.name.startswith("packaging")}


def test_a_module_that_cannot_be_found(tmp_path: Path, interpreter: Interpreter) -> None:
    """The import is named by file and line, also in a file beside the app; the builder's own files are no modules."""
    app = written(tmp_path, "import os\n\nimport beside_it\nPATHS = []\n")
    other = written(
        tmp_path,
        '"""Doc."""\nimport sys\ntry:\n    import lost\nexcept ImportError:\n    pass\nimport preflight\n',
        "beside_it.py",
    )
    hint = "name its package in requirements.txt beside the app, or put its file there"
    assert f"{other}:7: the module preflight cannot be found: {hint}" == problem(lambda: analyse(app, interpreter))


def test_a_part_of_the_library_that_the_device_has_not(tmp_path: Path, interpreter: Interpreter) -> None:
    """`import curses` is refused when it is built, not when it runs: its C part is not in the device's Python."""
    app = written(tmp_path, "import curses\nPATHS = []\n")
    said = f"{app}:1: the module curses cannot be found: this part of the standard library is not in the device's Python"
    assert said == problem(lambda: analyse(app, interpreter))


class Counted:
    """Stands in for the analysis itself, which takes seconds: counts how often it is run."""

    def __init__(self, app: Path, *others: Path) -> None:
        self.times = 0
        self.files = [app, *others]

    def __call__(
        self, app: Path, interpreter: Interpreter, packages: Packages, exclude: list[str], further: list[str]
    ) -> dict[str, Any]:
        self.times += 1
        modules = [{"name": file.stem, "file": str(file), "package": False, "part": "app"} for file in self.files]
        found = {
            "modules": modules,
            "builtins": [],
            "files": [],
            "distributions": [],
            "through": {},
            "needs": {},
            "demands": {},
            "called": [],
            "always": [],
            "heard": ["popen", "strptime"],
            "left_out": [],
            "missing": [],
            "absent": ["settings", "shop.local"],
        }
        return dict(json.loads(json.dumps(found)))


ORIGINAL = "import os\n\ndef page(environ, start_response):\n    return 'one'\n\nPATHS = [('/', page)]\n"


@pytest.mark.parametrize(
    ("changed", "times"),
    [
        (ORIGINAL.replace("one", "two"), 1),
        (ORIGINAL + "\n# a comment\nSIZE = 3\n", 1),
        (ORIGINAL.replace("import os", "import os, json"), 2),
        (ORIGINAL + "\ndef later():\n    import wave\n", 2),
        (ORIGINAL + "\nimport importlib\nplugin = importlib.import_module('wave')\n", 2),
        (ORIGINAL.replace("'one'", "'one'.encode('cp1252')"), 2),
        (ORIGINAL.replace("'one'", "os.popen('one').read()"), 2),
        (ORIGINAL.replace("'one'", "getattr(os, 'popen')('one').read()"), 2),
        (ORIGINAL.replace("'one'", "os.getcwd()"), 1),
        (ORIGINAL.replace("'one'", "f'do_{os.name}'"), 2),
        ("import ctypes\n" + ORIGINAL, 2),
    ],
)
def test_what_makes_an_analysis_anew(
    tmp_path: Path, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch, changed: str, times: int
) -> None:
    """An edit of the body uses the analysis that is there; an edit of what is imported, in any way, does not."""
    app = written(tmp_path, ORIGINAL)
    counted = Counted(app)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(analysis, "_analyse_inside", counted)
    analyse(app, interpreter)
    app.write_text(changed)
    analyse(app, interpreter)
    assert times == counted.times


@pytest.mark.parametrize(
    ("new", "times"), [("settings.py", 2), ("shop/local.py", 2), ("notes.py", 1), ("settings/readme.txt", 1)]
)
def test_a_new_file_that_was_looked_for(
    tmp_path: Path, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch, new: str, times: int
) -> None:
    """A module that was missing and now stands beside the app is taken up."""
    app = written(tmp_path, ORIGINAL)
    counted = Counted(app)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(analysis, "_analyse_inside", counted)
    analyse(app, interpreter)
    written(tmp_path, "", new)
    analyse(app, interpreter)
    assert times == counted.times


def test_another_own_file_counts_too(
    tmp_path: Path, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Imports of modules beside the app are watched like the app's; so is that they are there."""
    app, other = written(tmp_path, ORIGINAL), written(tmp_path, "import os\n", "other.py")
    counted = Counted(app, other)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(analysis, "_analyse_inside", counted)
    analyse(app, interpreter)
    other.write_text("import os, re\n")
    analyse(app, interpreter)
    assert 2 == counted.times
    other.unlink()
    analyse(app, interpreter)
    assert 3 == counted.times


@pytest.mark.parametrize(("new", "times"), [("tax.py", 2), ("stock/__init__.py", 2), ("readme.txt", 1)])
def test_a_new_module_in_an_own_package(
    tmp_path: Path, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch, new: str, times: int
) -> None:
    """Hooks take all modules of a package (Django's migrations): one more is a reason to look again."""
    app, package = written(tmp_path, ORIGINAL), written(tmp_path, "", "shop/__init__.py")
    counted = Counted(app, package)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(analysis, "_analyse_inside", counted)
    analyse(app, interpreter)
    written(tmp_path / "shop", "", new)
    analyse(app, interpreter)
    assert times == counted.times


def test_texts_of_settings(tmp_path: Path, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any text in a file of settings may name a module."""
    app, settings = written(tmp_path, ORIGINAL), written(tmp_path, "INSTALLED_APPS = ['shop']\n", "site/settings.py")
    counted = Counted(app, settings)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(analysis, "_analyse_inside", counted)
    analyse(app, interpreter)
    settings.write_text("INSTALLED_APPS = ['shop', 'stock']\n")
    analyse(app, interpreter)
    assert 2 == counted.times


def test_hooks_have_the_c_modules_that_the_program_will_have(interpreter: Interpreter) -> None:
    """The builder's interpreter with sqlite3, which it lacks by itself, for those hooks that import the app's packages."""
    wide = widened(interpreter, {"_sqlite3"}, 1)
    assert (interpreter.stdlib, interpreter.digest) == (wide.stdlib, wide.digest)
    program = "import sqlite3; print(sqlite3.connect(':memory:').execute('SELECT 6 * 7').fetchone()[0])"
    assert "42\n" == run([wide.python, "-c", program])
    with pytest.raises(Failed, match="_sqlite3"):
        run([interpreter.python, "-c", program])


ASKING = """import importlib, importlib.metadata, {}

def page(*_):
    importlib.import_module("{}")
    return str(importlib.metadata.entry_points(group="crates"))
"""


def test_a_function_of_the_library_that_is_named_later(tmp_path: Path, interpreter: Interpreter) -> None:
    """What it imports comes with it, though the app's imports are the same; and goes with it."""
    texts = [f"import os\n\nPATHS = [('/', lambda e, s: str(os.{call}))]\n" for call in ("getcwd()", "popen('date')")]
    app = written(tmp_path, texts[0])
    found = []
    for number in (0, 1, 0):
        app.write_text(texts[number])
        found.append("subprocess" in {module.name for module in analyse(app, interpreter).modules})
    assert [False, True, False] == found


def test_what_is_known_of_a_module_goes_with_its_content(
    tmp_path: Path, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found in modules is kept for the next analysis, which finds the same; a package that is another now is read
    anew."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    app = written(tmp_path, "import crate\n\nPATHS = [('/', crate.page)]\n")
    written(tmp_path / "site", "[crates]\none = plugged\n", "crate-1.dist-info/entry_points.txt")
    written(tmp_path / "site", "Metadata-Version: 2.1\nName: crate\nVersion: 1\n", "crate-1.dist-info/METADATA")
    written(tmp_path / "site", "", "plugged.py")
    found = []
    for names in (("colorsys", "bisect"), ("colorsys", "bisect"), ("csv", "base64")):
        written(tmp_path / "site", ASKING.format(*names), "crate.py")
        found.append(analysis._analyse_inside(app, interpreter, Packages(site=tmp_path / "site"), [], []))
    assert found[0] == found[1]
    modules = [{item["name"] for item in each["modules"]} for each in found]
    assert {"crate", "plugged", "colorsys", "bisect"} <= modules[1]
    assert {"crate", "plugged", "csv", "base64"} <= modules[2]
    assert "colorsys" not in modules[2]
