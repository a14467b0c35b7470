"""The samples, each in both ways that it runs: under this machine's Python, and frozen into one program."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.build import build_binary, make_plan
from appliance.common.places import REPOSITORY
from tests.http.conftest import Command, Server, Start, command_of, end_server, start_server

NAMES = ("hello", "iterator", "static", "forms", "timer", "sse", "wsgi-django", "wsgi-flask", "wiki", "gateway",
         "console")


def app_of(name: str) -> Path:
    """The file of a sample; a module's name has no dashes."""
    return REPOSITORY / "samples" / name / f"{name.replace('-', '_')}.py"


Programs = Callable[[str], Path]


@pytest.fixture(scope="session")
def frozen_sample(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    """The program of a sample by its name, built when it is first asked for."""
    built: dict[str, Path] = {}

    def program(name: str) -> Path:
        if name not in built:
            plan = make_plan(str(app_of(name)), "pc", str(tmp_path_factory.mktemp(name)), 0, False)
            build_binary(plan)
            built[name] = plan.binary
        return built[name]

    return program


Way = Callable[[str], tuple[Command, Path | None]]


@pytest.fixture(params=["host", "frozen"])
def way(request: pytest.FixtureRequest, command: Command, frozen_sample: Programs, tmp_path: Path) -> Way:
    """How a sample is run: the program of that name, and its app where the program has none inside. What it keeps is in
    the test's own folder."""
    kept = {"XDG_DATA_HOME": str(tmp_path / "data")}

    def run(name: str) -> tuple[Command, Path | None]:
        if request.param == "host":  # the packages of the environment that runs the tests are importable: Flask is one
            return _with(command, kept | {"VIRTUAL_ENV": sys.prefix}), app_of(name)
        return _with(command_of(frozen_sample(name)), kept), None

    return run


def _with(command: Command, more: dict[str, str]) -> Command:
    """The command with more in its environment."""
    def start(*words: str | Path, environment: dict[str, str] | None = None, **options: object) -> subprocess.Popen[bytes]:
        return command(*words, environment={**more, **(environment or {})}, **options)

    return start


@pytest.fixture
def sample(way: Way, tmp_path: Path) -> Iterator[Start]:
    """Starts samples in a folder of their own: `sample("wiki", words...)`."""
    started: list[Server] = []

    def start(name: str, *words: str | Path) -> Server:
        program, app = way(name)
        started.append(start_server(program, tmp_path, app, *words, cwd=tmp_path))
        return started[-1]

    yield start
    for running in started:
        end_server(running)
