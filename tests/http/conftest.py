"""A running server for each test that asks: started on a free port, which says so on a pipe, stopped by its pid."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.build import build_binary, make_plan
from appliance.common.places import REPOSITORY
from tests.build import server_program
from tests.http.certificates import Pair, make_pair
from tests.http.wire import TIMEOUT, Client

APPS = Path(__file__).parent / "apps"


@dataclass
class Server:
    """A running server."""

    address: tuple[str, int] | str
    process: subprocess.Popen[bytes]
    log: Path
    context: ssl.SSLContext | None = None  # of clients, when it speaks TLS

    def client(self) -> Client:
        """A new connection."""
        return Client(self.address, self.context)

    def logged(self) -> str:
        """What it has written to stderr so far."""
        return self.log.read_text()

    def await_log(self, text: str, count: int = 1) -> None:
        """Returns once it has written this so many times."""
        end = time.monotonic() + TIMEOUT
        while self.logged().count(text) < count:
            assert time.monotonic() < end, f"{text!r} is not {count} times in:\n{self.logged()}"

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends a signal and waits for the exit code."""
        self.process.send_signal(number)
        return self.process.wait(TIMEOUT)


Command = Callable[..., "subprocess.Popen[bytes]"]
Start = Callable[..., Server]


@pytest.fixture(scope="session")
def program() -> Path:
    """The executable under test."""
    return server_program()


@pytest.fixture(scope="session")
def command(program: Path) -> Command:
    """Starts the program with these words; stdout and stderr are pipes unless said otherwise."""
    return command_of(program)


def command_of(program: Path) -> Command:
    """As the fixture `command`, for any program."""

    def start(*words: str | Path, environment: dict[str, str] | None = None, **options: object) -> subprocess.Popen[bytes]:
        kept = {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "VIRTUAL_ENV")}
        # pymalloc would hide faults from AddressSanitizer; CPython itself does not free everything at its end.
        kept |= {"PYTHONPATH": str(REPOSITORY), "PYTHONMALLOC": "malloc", "ASAN_OPTIONS": "detect_leaks=0"}
        kept |= {"PYTHONDONTWRITEBYTECODE": "1"} | (environment or {})
        options = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE} | options
        return subprocess.Popen([program, *words], env=kept, **options)  # type: ignore[call-overload, no-any-return]

    return start


def start_server(command: Command, folder: Path, app: Path | None, *words: str | Path, **options: object) -> Server:
    """Starts an app (None: the one that is frozen into the program); returns once it listens."""
    log = folder / f"{app.stem if app else 'frozen'}.log"
    reading, writing = os.pipe()
    environment = {"FAPWS_READY_FD": str(writing), **options.pop("environment", {})}  # type: ignore[dict-item]
    address = [] if "--server" in words else ["--server", "127.0.0.1:0"]
    descriptors = [writing, *options.pop("pass_fds", [])]  # type: ignore[misc]
    with log.open("wb") as output:
        process = command(
            *([app] if app else []), *address, *words,
            stdout=output, stderr=output, pass_fds=descriptors, environment=environment, **options,
        )
    os.close(writing)
    with os.fdopen(reading, "rb") as ready:
        said = ready.read().decode()
    assert said, f"the server ended with {process.wait(TIMEOUT)}:\n{log.read_text()}"
    _, host, port = said.removesuffix(" https\n").split()
    return Server(host if host.startswith("/") else (host, int(port)), process, log)


def end_server(server: Server) -> None:
    """Ends a server, and shows its log if the sanitizers found anything."""
    if server.process.poll() is None:
        server.process.kill()
    server.process.wait(TIMEOUT)
    for mark in ("AddressSanitizer", "runtime error:"):
        assert mark not in server.logged(), server.logged()


@pytest.fixture
def server(command: Command, tmp_path: Path) -> Iterator[Start]:
    """Starts servers: `server(app, words...)`, the app a path or Python text, or None when the words name it."""
    started: list[Server] = []

    def start(app: Path | str | None, *words: str | Path, **options: object) -> Server:
        path = tmp_path / f"app{len(started)}.py" if isinstance(app, str) else app
        if path and isinstance(app, str):
            path.write_text(app)
        started.append(start_server(command, tmp_path, path, *words, **options))
        return started[-1]

    yield start
    for running in started:
        end_server(running)


@pytest.fixture(scope="session")
def frozen_echo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """apps/echo.py frozen into one executable by the builder."""
    plan = make_plan(str(APPS / "echo.py"), "pc", str(tmp_path_factory.mktemp("frozen")), 0, False)
    build_binary(plan)
    return plan.binary


@pytest.fixture(scope="module", params=["host", "frozen"])
def echo(
    request: pytest.FixtureRequest, command: Command, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One server for all tests of a file, with apps/echo.py: under this machine's Python, and frozen."""
    folder = tmp_path_factory.mktemp("echo")
    if request.param == "host":
        running = start_server(command, folder, APPS / "echo.py")
    else:
        program: Path = request.getfixturevalue("frozen_echo")
        running = start_server(command_of(program), folder, None)
    yield running
    end_server(running)


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A certificate and its key."""
    return make_pair(tmp_path_factory.mktemp("certificates"), "one")


@pytest.fixture(scope="module")
def echo_tls(command: Command, pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all TLS tests of a file, with apps/echo.py."""
    running = start_server(command, tmp_path_factory.mktemp("tls"), APPS / "echo.py", *pair.words)
    running.context = pair.context()
    yield running
    end_server(running)
