"""What every test may ask for: the sample `hello`, built once for the whole run by the real builder."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from appliance.build import Plan, build, make_plan
from appliance.common.places import REPOSITORY
from appliance.fetching.recipes import Board, load_board


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """A shell that starts the tests in the background has them ignore Ctrl-C, and the programs that they start too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def hello(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """samples/hello, frozen and made into an image."""
    app = REPOSITORY / "samples" / "hello" / "hello.py"
    plan = make_plan(str(app), "pc", str(tmp_path_factory.mktemp("dist")), 0, False)
    build(plan)
    return plan


@pytest.fixture(scope="session")
def hello_binary(hello: Plan) -> Path:
    """The static executable of samples/hello."""
    return hello.binary


@pytest.fixture(scope="session")
def hello_image(hello: Plan) -> Path:
    """The disk image of samples/hello for the board pc. Read-only: tests that write take a copy."""
    return hello.image


@pytest.fixture(scope="session")
def pc() -> Board:
    """The board `pc`."""
    return load_board("pc")
