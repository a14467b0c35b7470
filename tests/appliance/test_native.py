"""C modules of real packages, compiled from their sources into one static program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.build import Plan, build_binary, make_plan
from appliance.delivering.licences import read_build
from appliance.fetching.recipes import load_source
from tests.appliance.running import Running, running

NATIVE = Path(__file__).parent / "apps" / "native" / "native.py"
C_MODULES = ("_cffi_backend", "_greeting", "markupsafe._speedups", "msgpack._cmsgpack", "regex._regex", "yaml._yaml")

# page -> what it says, on every processor
ANSWERS: dict[str, Any] = {
    "escaped?%3Ca%3E&": "%3Ca%3E&amp;",
    "packed": [40, True, "Unpack failed: incomplete input", "msgpack._cmsgpack"],
    "matched": ["statik", True],
    "loaded": [True, "2026-11-23", "- 1\n- 2.5\n- true\n", "0.2.5"],
    "greeted": ["hello world", 42, 42, 8],
    "called": [5, 2, 3, 7, "A", "libwater.so.1: a static program cannot load libraries",
               "no_such_function: there is nothing of that name in this static program"],
}


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The frozen app `native`."""
    plan = make_plan(str(NATIVE), "pc", str(tmp_path_factory.mktemp("native")), 0, False)
    build_binary(plan)
    return plan


@pytest.fixture(scope="module")
def native(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """It runs."""
    with running([plan.binary, "--server", "127.0.0.1:0"], tmp_path_factory.mktemp("log") / "log") as program:
        yield program


def test_they_are_built_in(native: Running) -> None:
    """Under their own dotted names, the pure parts that would stand in for them left aside."""
    assert dict.fromkeys(C_MODULES, "built-in") == native.told("/modules")


@pytest.mark.parametrize("page", ANSWERS)
def test_they_work(native: Running, page: str) -> None:
    """MarkupSafe's speed-up, msgpack, regex, PyYAML by libyaml, the app's own C by cffi, and the libc by ctypes."""
    status, body = native.get(f"/{page}")
    assert 200 == status, native.log.read_text()
    assert ANSWERS[page] == (json.loads(body) if isinstance(ANSWERS[page], list) else body)


def test_they_are_told(plan: Plan) -> None:
    """BUILD.json has the digest of each source, its C modules and what built it; libyaml and libffi are components."""
    table = json.loads(plan.description.read_text())
    packages = {package["name"]: package for package in table["packages"]}
    assert "pyyaml-6.0.3.tar.gz" == packages["PyYAML"]["file"]
    assert ["yaml._yaml"] == packages["PyYAML"]["c_modules"]
    assert {"Cython", "setuptools"} == {tool["name"] for tool in packages["PyYAML"]["built_by"]}
    parts = {part.name: part for part in read_build(plan.output)}
    assert load_source("libyaml").version == parts["libyaml"].version
    assert "libffi" in parts
    assert {"libyaml", "libffi"} <= {source["name"] for source in table["sources"]}
    assert "libyaml 0.2.5: MIT" in plan.papers[-1].read_text()
