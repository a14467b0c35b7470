"""C modules of Python that need a library besides: in the programs that reach them, and in no other."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from appliance.build import Plan, build_binary, make_plan
from appliance.compiling.interpreter import Interpreter
from appliance.compiling.modules import needed_additions
from appliance.delivering.licences import read_build
from appliance.fetching.recipes import load_source
from appliance.freezing.analysis import analyse
from tests.appliance.cases import written
from tests.appliance.running import running

LEDGER = Path(__file__).parent / "apps" / "ledger" / "ledger.py"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The frozen app `ledger`."""
    plan = make_plan(str(LEDGER), "pc", str(tmp_path_factory.mktemp("ledger")), 0, False)
    build_binary(plan)
    return plan


def test_a_database(ledger: Plan, tmp_path: Path) -> None:
    """Written ahead to a log while another connection reads, found by words, still there after a restart."""
    environment = {"LEDGER_FILE": str(tmp_path / "store" / "ledger.db")}
    (tmp_path / "store").mkdir()
    command: list[str | Path] = [ledger.binary, "--server", "127.0.0.1:0"]
    with running(command, tmp_path / "log", environment) as program:
        for title, body in (("one", "the quick brown fox"), ("two", "a lazy dog"), ("three", "quick, quick and brown")):
            assert (200, "added") == program.get(f"/add?title={title}&body={quote(body)}")
        found = [["three", "[quick], [quick] and [brown]"], ["one", "the [quick] [brown] fox"]]
        assert found == program.told("/search?words=quick+AND+brown")
        about = program.told("/about")
        assert ["ledger.db", "ledger.db-shm", "ledger.db-wal"] == about["beside"]
        assert ("wal", load_source("sqlite").version, 3, 6000, 6000, True, "BEGIN TRANSACTION;") == tuple(
            about[name] for name in ("mode", "version", "threads", "packed", "pressed", "copy", "dump"))
        assert {"ENABLE_FTS5", "ENABLE_RTREE", "OMIT_LOAD_EXTENSION", "THREADSAFE=1"} <= set(about["options"])
    with running(command, tmp_path / "log", environment) as program:
        assert [["two", "a lazy [dog]"]] == program.told("/search?words=dog")


def test_what_is_linked_is_told(ledger: Plan, hello: Plan) -> None:
    """BUILD.json names the libraries with their flaws that are mended; an app without them has neither."""
    parts = {part.name: part for part in read_build(ledger.output)}
    assert ("3.46.1", "1.0.8", "5.8.1") == tuple(parts[name].version for name in ("sqlite", "bzip2", "liblzma"))
    assert {"CVE-2025-6965", "CVE-2025-7709"} <= set(parts["sqlite"].fixed)
    assert {"sqlite", "sqlite-debian", "bzip2", "xz"} <= sources_of(ledger)
    assert {"sqlite", "bzip2", "xz", "openssl"}.isdisjoint(sources_of(hello))


def sources_of(plan: Plan) -> set[str]:
    """The names of the files that a build is made of."""
    return {source["name"] for source in json.loads(plan.description.read_text())["sources"]}


@pytest.mark.parametrize(("name", "libraries"), [("shutil", []), ("bz2", ["bzip2"]), ("lzma", ["xz"])])
def test_what_only_the_library_tries_is_left_out(
    tmp_path: Path, interpreter: Interpreter, name: str, libraries: list[str]
) -> None:
    """zipfile and shutil do without bz2 and lzma; only who imports one has it."""
    app = written(tmp_path, f"import {name}, tarfile, zipfile\nPATHS = []\n")
    additions = needed_additions(analyse(app, interpreter).builtins, False)
    assert libraries == [addition.library for addition in additions]
