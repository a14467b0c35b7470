"""The app `probe`, frozen once: most tests of freezing ask the one program."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.build import Plan, build_binary, compile_libraries, cores, make_plan
from appliance.compiling.interpreter import Interpreter
from appliance.compiling.toolchain import native_toolchain
from appliance.packaging.building import Workplace
from appliance.packaging.installation import Packages, install
from appliance.packaging.packages import choose
from tests.appliance import parcels
from tests.appliance.running import Running, errors, invoke, running

HERE = Path(__file__).parent
PROBE = HERE / "apps" / "probe" / "probe.py"
SITE = HERE / "sites" / "parcel"

SEVERAL = ("--target", "aarch64,x86_64", "--format", "oci,image")


@contextlib.contextmanager
def with_parcel(folder: Path) -> Iterator[None]:
    """pip finds the made-up distribution `parcel`, which the probe requires, in an empty ``folder``; and nothing else."""
    members = {path.relative_to(SITE).as_posix(): path.read_bytes() for path in SITE.rglob("*")
               if path.is_file() and "__pycache__" not in path.parts}
    parcels.zipped(folder / "parcel-1.4-py3-none-any.whl", members)
    with pytest.MonkeyPatch.context() as patch:
        parcels.only_here(patch, folder)
        yield


@pytest.fixture(scope="session")
def interpreter() -> Interpreter:
    """The device's Python, for this machine."""
    return compile_libraries("x86_64", cores(), False)[1]


@pytest.fixture(scope="session")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a build of samples/hello for two processors in every format, by the command."""
    folder = tmp_path_factory.mktemp("several") / "out"
    done = invoke("build-appliance", "samples/hello/hello.py", *SEVERAL, "--output", folder)
    assert (0, []) == (done.returncode, errors(done))
    return folder


@pytest.fixture(scope="session")
def place(interpreter: Interpreter) -> Workplace:
    """Where packages are built for this machine."""
    return Workplace(interpreter, native_toolchain(), cores())


@pytest.fixture(scope="session")
def probe_plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Where the app `probe` is frozen to."""
    with with_parcel(tmp_path_factory.mktemp("parcel")):
        plan = make_plan(str(PROBE), "pc", str(tmp_path_factory.mktemp("probe")), 0, False)
        build_binary(plan)
    return plan


@pytest.fixture(scope="session")
def probe_packages(probe_plan: Plan, place: Workplace) -> Packages:
    """What the probe requires."""
    return install(choose(probe_plan.app), place)


@pytest.fixture(scope="session")
def probe(probe_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The frozen app `probe`, running with two words for it on its command line."""
    log = tmp_path_factory.mktemp("log") / "probe.log"
    with running([probe_plan.binary, "--server", "127.0.0.1:0", "one", "--two"], log) as program:
        yield program
