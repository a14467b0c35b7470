"""Freezing: what an app finds inside the static program, and that the same sources give the same bytes."""

from __future__ import annotations

import json
import random
import shutil
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.build import Plan
from appliance.common.places import REPOSITORY
from appliance.common.shell import run
from appliance.compiling.interpreter import Interpreter
from appliance.freezing.analysis import Module, analyse
from appliance.freezing.archive import Entry, freeze, pack, virtual_path
from appliance.packaging.installation import Packages
from tests.appliance.running import Running

COMPILER = REPOSITORY / "appliance" / "freezing" / "archive_inside.py"
TEXTS = "/appliance/lib/parcel/texts"


def test_the_app_is_imported_under_its_own_name(probe: Running) -> None:
    """The app is the module `probe`, never `__main__`, and has its own words in sys.argv."""
    told = probe.told("/names")
    assert ("probe", True, ["one", "--two"]) == (told["name"], told["in_modules"], told["argv"])


def test_modules_know_their_files(probe: Running) -> None:
    """`__file__` of the app and of its packages is a path below /appliance/app."""
    told = probe.told("/names")
    assert ("/appliance/app/probe.py", "/appliance/app/shop/__init__.py") == (told["file"], told["package_file"])


def test_an_optional_module_may_be_missing(probe: Running) -> None:
    """`try: import curses` does no harm where there is no _curses."""
    assert probe.told("/names")["curses"] is False


def test_every_way_to_import(probe: Running) -> None:
    """Relative imports, a module beside the app, one imported by name only, a namespace package, an installed package."""
    told = probe.told("/imports")
    assert (330, "beside", "hello from the plugin", 2, 5) == tuple(
        told[name] for name in ("relative", "beside", "by_name", "namespace", "installed")
    )
    assert ["/appliance/app/space"] == told["namespace_path"]


def test_a_codec_named_as_text_is_there(probe: Running) -> None:
    """A text like "cp1252" in the app brings that codec along."""
    assert "Grüße".encode("cp1252").hex() == probe.told("/imports")["latin"]


def test_pkgutil_lists_a_package(probe: Running) -> None:
    """Modules inside the program can be listed as if they were files."""
    assert ["plugin", "prices", "tax"] == probe.told("/imports")["children"]


def test_resources_and_metadata_of_a_package(probe: Running) -> None:
    """importlib.resources and importlib.metadata know an installed package that was frozen."""
    told = probe.told("/resources")
    assert ("1.4", "made up for a test") == (told["version"], told["summary"])
    assert {"one.txt": "one\n", "zwei.txt": "zwei\n"} == told["texts"]


def test_modules_that_no_import_names(probe: Running) -> None:
    """One that an entry point names, of a group that the app asks for, and one that the package's PyInstaller hook names."""
    told = probe.told("/found")
    assert ({"sweet": "sweet"}, 7) == (told["flavours"], told["hidden"])
    assert ["parcel.flavours", "parcel.flavours.sweet", "parcel.hidden"] == told["all"]


def test_a_traceback_shows_file_and_line(probe: Running) -> None:
    """An error in frozen code names the file and the line, and no line of the import system."""
    assert 500 == probe.get("/broken")[0]
    log = probe.log.read_text()
    assert 'File "/appliance/app/shop/prices.py", line 13, in broken' in log
    assert "_fapws4_finder" not in log


def test_source_text_is_not_inside(probe: Running) -> None:
    """inspect.getsource says so in its usual way."""
    assert {"refused": "could not get source code"} == probe.told("/source")


@pytest.mark.parametrize(
    ("call", "path", "expected"),
    [
        ("read", f"{TEXTS}/one.txt", "one\n"),
        ("read_bytes", f"{TEXTS}/zwei.txt", b"zwei\n".hex()),
        ("read", f"{TEXTS}/../texts//./one.txt", "one\n"),
        ("read", f"{TEXTS}/one.txt/", "FileNotFoundError No such file or directory"),
        ("read", f"{TEXTS}/three.txt", "FileNotFoundError No such file or directory"),
        ("read", "/appliance/../etc/hostname", "FileNotFoundError No such file or directory"),
        ("read", TEXTS, "IsADirectoryError Is a directory"),
        ("read", "/appliance/lib/" + "x" * 5000, "FileNotFoundError No such file or directory"),
        ("size", f"{TEXTS}/one.txt", 4),
        ("mode", f"{TEXTS}/one.txt", "0o100444"),
        ("lmode", TEXTS, "0o40555"),
        ("time", f"{TEXTS}/one.txt", 1_700_000_000),
        ("exists", f"{TEXTS}/three.txt", False),
        ("isfile", f"{TEXTS}/one.txt", True),
        ("isdir", f"{TEXTS}/", True),
        ("isdir", "/appliancex", False),
        ("readable", f"{TEXTS}/one.txt", True),
        ("writable", f"{TEXTS}/one.txt", False),
        ("realpath", f"{TEXTS}/../texts/one.txt", f"{TEXTS}/one.txt"),
        ("list", "/appliance", ["app", "bin", "lib"]),
        ("list", TEXTS, ["one.txt", "zwei.txt"]),
        ("list", f"{TEXTS}/one.txt", "NotADirectoryError Not a directory"),
        ("list", "/appliance/nothing", "FileNotFoundError No such file or directory"),
        ("scan", "/appliance/lib/parcel", [["flavours", True], ["texts", True]]),
        ("walk", "/appliance/lib/parcel", [f"{TEXTS}/one.txt", f"{TEXTS}/zwei.txt"]),
        ("glob", f"{TEXTS}/*.txt", [f"{TEXTS}/one.txt", f"{TEXTS}/zwei.txt"]),
    ],
)
def test_packaged_files_read_like_others(probe: Running, call: str, path: str, expected: object) -> None:
    """open, stat, listdir, access and their kin work on files inside the program."""
    assert expected == probe.file(call, path)


READ_ONLY = "OSError Read-only file system"


@pytest.mark.parametrize(
    ("call", "paths", "expected"),
    [
        ("write", [f"{TEXTS}/one.txt"], READ_ONLY),
        ("append", [f"{TEXTS}/one.txt"], READ_ONLY),
        ("write", [f"{TEXTS}/new.txt"], READ_ONLY),
        ("create", [f"{TEXTS}/new.txt"], READ_ONLY),
        ("mkdir", [f"{TEXTS}/new"], READ_ONLY),
        ("mkdir", [TEXTS], "FileExistsError File exists"),
        ("remove", [f"{TEXTS}/one.txt"], READ_ONLY),
        ("remove", [f"{TEXTS}/new.txt"], "FileNotFoundError No such file or directory"),
        ("rmdir", [TEXTS], READ_ONLY),
        ("rename", [f"{TEXTS}/one.txt", f"{TEXTS}/two.txt"], READ_ONLY),
        ("rename", ["/tmp", f"{TEXTS}/two.txt"], READ_ONLY),
        ("symlink", ["/tmp", f"{TEXTS}/link"], READ_ONLY),
        ("chmod", [f"{TEXTS}/one.txt"], READ_ONLY),
        ("utime", [f"{TEXTS}/one.txt"], READ_ONLY),
        ("truncate", [f"{TEXTS}/one.txt"], READ_ONLY),
    ],
)
def test_packaged_files_cannot_be_changed(probe: Running, call: str, paths: list[str], expected: str) -> None:
    """Whatever would change a file inside the program fails as on a read-only file system."""
    assert expected == probe.file(call, *paths)


def _entries() -> list[Entry]:
    names = ["json", "json.decoder", "app", "zürich"]
    return [
        Entry(name, f"/appliance/lib/{name}.py", name.encode() * 9, 9 * len(name.encode()), 1, "app")
        for name in names
    ]


def test_the_order_of_entries_does_not_matter() -> None:
    """The same entries give the same archive, in whichever order they were found."""
    shuffled = _entries()
    random.Random(4).shuffle(shuffled)
    assert pack(_entries(), "app") == pack(shuffled, "app")


def test_the_layout_is_the_documented_one() -> None:
    """Header, hash table, entries, texts and data stand where core/frozen/archive.c looks for them."""
    data = pack(_entries(), "app")
    magic, slots, entries, size, app = struct.unpack_from("<8s4I", data)
    assert (b"FAPWS4A2", 8, 4, len(data)) == (magic, slots, entries, size)
    assert b"app\0" == data[app : app + 4]
    name, length, _, start, stored, inflated, flags, mark = struct.unpack_from("<8I", data, 24 + 4 * slots)
    assert (b"app", b"app" * 9) == (data[name : name + length], data[start : start + stored])
    assert (27, 1, 0, zlib.crc32(b"app" * 9) % 10**9) == (inflated, flags, start % 16, mark)


@pytest.mark.parametrize(
    ("module", "path"),
    [
        (Module("shop.tax", "/x/tax.py", False, "app"), "/appliance/app/shop/tax.py"),
        (Module("json", "/x/__init__.py", True, "stdlib"), "/appliance/lib/json/__init__.py"),
        (Module("space", "", True, "app"), "/appliance/app/space/"),
    ],
)
def test_paths_inside_the_program(module: Module, path: str) -> None:
    """The app's own modules stand below app, all others below lib; a namespace package is a folder."""
    assert path == virtual_path(module)


def test_the_same_source_gives_the_same_code(interpreter: Interpreter, tmp_path: Path) -> None:
    """Modules compiled in another order, by another process, from another folder are the same bytes."""
    names = [
        "json/decoder",
        "dataclasses",
        "enum",
        "typing",
        "inspect",
        "argparse",
        "collections/__init__",
        "email/_header_value_parser",
    ]

    def compiled(names: list[str], folder: Path) -> dict[str, bytes]:
        modules = []
        for name in names:
            copy = folder / f"{name}.py"
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(interpreter.stdlib / f"{name}.py", copy)
            modules.append(
                {
                    "file": str(copy),
                    "path": f"/appliance/lib/{name}.py",
                    "level": 0,
                    "to": name.replace("/", "."),
                }
            )
        made = folder / "made"
        made.mkdir()
        run([interpreter.python, "-I", "-S", COMPILER], cwd=made, stdin=json.dumps(modules).encode())
        return {path.name: path.read_bytes() for path in made.iterdir()}

    first, second = compiled(names, tmp_path / "a"), compiled(names[::-1], tmp_path / "b")
    alone = compiled(names[3:4], tmp_path / "c")
    assert first == second
    assert alone["typing"] == first["typing"]


def test_compiled_twice_is_the_same_archive(
    probe_plan: Plan, probe_packages: Packages, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With nothing kept from before, all modules compiled anew, the archive is the same to the last byte."""
    found = analyse(probe_plan.app, interpreter, probe_packages)
    first = freeze(found, interpreter)
    monkeypatch.setattr("appliance.freezing.archive.cache_folder", lambda *parts: tmp_path)
    again = freeze(found, interpreter)
    assert first.digest == again.digest
    assert [] == [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_the_share_of_each_part(probe_plan: Plan, probe_packages: Packages, interpreter: Interpreter) -> None:
    """It is known how many bytes are the standard library's, fapws4's, the app's and those of each package."""
    shares = freeze(analyse(probe_plan.app, interpreter, probe_packages), interpreter).shares
    assert {"app", "data", "fapws4", "parcel", "stdlib"} == set(shares)
    assert [] == [part for part, size in shares.items() if size <= 0]


def test_the_table_of_time_zones(probe_plan: Plan, probe_packages: Packages, interpreter: Interpreter) -> None:
    """It is in a program with the module that reads it, and in no other."""
    found = analyse(probe_plan.app, interpreter, probe_packages)
    reader = Module("fapws4.device.zones", str(REPOSITORY / "fapws4" / "device" / "zones.py"), False, "fapws4")
    table = "/appliance/lib/fapws4/device/zones.txt"
    sizes = freeze(replace(found, modules=(*found.modules, reader)), interpreter).sizes
    assert 3000 < sizes[table] < 6000
    assert table not in freeze(found, interpreter).sizes
