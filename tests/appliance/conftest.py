"""The app `probe`, frozen once: most tests of freezing ask the one program."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import analysis
from appliance.build import Plan, build_binary, compile_libraries, cores, make_plan
from appliance.interpreter import Interpreter
from tests.appliance.running import Running, running

HERE = Path(__file__).parent
PROBE = HERE / "apps" / "probe" / "probe.py"
SITE = HERE / "sites" / "parcel"


@contextlib.contextmanager
def with_parcel() -> Iterator[None]:
    """The made-up distribution `parcel` stands among the installed packages."""
    installed = [*analysis._site_folders(), str(SITE)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analysis, "_site_folders", lambda: installed)
        yield


@pytest.fixture(scope="session")
def interpreter() -> Interpreter:
    """The device's Python, for this machine."""
    return compile_libraries("x86_64", cores(), False)[1]


@pytest.fixture(scope="session")
def probe_plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Where the app `probe` is frozen to."""
    with with_parcel():
        plan = make_plan(str(PROBE), "pc", str(tmp_path_factory.mktemp("probe")), 0, False)
        build_binary(plan)
    return plan


@pytest.fixture(scope="session")
def probe(probe_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The frozen app `probe`, running with two words for it on its command line."""
    log = tmp_path_factory.mktemp("log") / "probe.log"
    with running([probe_plan.binary, "--server", "127.0.0.1:0", "one", "--two"], log) as program:
        yield program
