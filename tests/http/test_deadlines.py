"""Clients that take too long, with a server whose deadlines are one second."""

from __future__ import annotations

import ctypes
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.build import server_program
from tests.http.conftest import APPS, Server, Start, command_of, end_server, start_server

# Deadlines of a second; and no worker lives long enough to have been well.
DEADLINES = [*(f"-DLIMIT_{name}_SECONDS=1" for name in ("HEAD", "BODY", "IDLE", "WRITE", "LINGER", "STOP")),
             "-DLIMIT_WELL_SECONDS=100000"]
# A test that is held up between connecting and sending shall not lose its connection by that.
PATIENT = "KEEPALIVE = 1000\n"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[Path], Server]]:
    """Starts an app on a server that waits for nobody."""
    program = server_program(*DEADLINES)
    started: list[Server] = []

    def start_app(app: Path) -> Server:
        started.append(start_server(command_of(program), tmp_path, app))
        return started[-1]

    yield start_app
    for running in started:
        end_server(running)


@pytest.fixture
def impatient(start: Callable[[Path], Server], tmp_path: Path) -> Server:
    """Such a server with apps/echo.py, which waits for the next request only."""
    app = tmp_path / "impatient.py"
    app.write_text(f"import sys\nsys.path.insert(0, {str(APPS)!r})\nfrom echo import PATHS\n{PATIENT}")
    return start(app)


@contextmanager
def held_up(running: Server) -> Iterator[None]:
    """For the server no time passes in this block; what is sent in it is there when it goes on."""
    running.process.send_signal(signal.SIGSTOP)
    yield
    running.process.send_signal(signal.SIGCONT)


def test_a_silent_client_is_let_go(start: Callable[[Path], Server]) -> None:
    """A connection without a request is closed without a word, before or after others."""
    running = start(APPS / "echo.py")
    with held_up(running):
        silent, served = running.client(), running.client()
        served.send(b"GET /bytes HTTP/1.1\r\nHost: a\r\n\r\n")
    with silent, served:
        assert b"bytes" == served.response().body
        assert [b"", b""] == [silent.rest(), served.rest()]


@pytest.mark.parametrize(
    "part",
    [b"GET / HTTP/1.1\r\n", b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhel",
     b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"],
)
def test_an_unfinished_request_is_refused(impatient: Server, part: bytes) -> None:
    """A client that stops in the middle of a request is told so."""
    with impatient.client() as client:
        client.send(part)
        assert 408 == client.response().status
        assert b"" == client.rest()


def test_a_head_gets_no_more_time_by_coming_slowly(impatient: Server) -> None:
    """A byte now and then does not keep a connection open."""
    with impatient.client() as client:
        client.send(b"GET / HTTP/1.1\r\n")
        client.socket.settimeout(0.2)
        while not client.received:
            client.send(b"X")
            try:
                client.more()
            except TimeoutError:
                continue
        assert b"HTTP/1.1 408 Request Timeout" == client.received.split(b"\r\n")[0]


@pytest.mark.parametrize("fields", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_a_body_gets_no_more_time_by_coming_slowly(impatient: Server, fields: str) -> None:
    """A few bytes now and then do not keep a connection open."""
    with impatient.client() as client:
        client.send(f"POST /echo HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n".encode())
        client.socket.settimeout(0.2)
        while not client.received:
            client.send(b"1\r\nX\r\n")
            try:
                client.more()
            except TimeoutError:
                continue
        assert b"HTTP/1.1 408 Request Timeout" == client.received.split(b"\r\n")[0]


UPLOADS = """
import fapws4, os, threading

@fapws4.streaming
def reads(environ, start_response):
    try:
        return environ["wsgi.input"].read()
    except OSError as error:
        os.write(2, f"{type(error).__name__}: {error}\\n".encode())
        raise

@fapws4.streaming
def thinks(environ, start_response):
    environ["wsgi.input"].read(1)
    threading.Event().wait(3.5)
    return environ["wsgi.input"].read()

PATHS = [("/reads", reads), ("/thinks", thinks), ("/", lambda e, s: "ok")]
"""


@pytest.fixture
def uploads(start: Callable[[Path], Server], tmp_path: Path) -> Server:
    """Such a server with handlers that read bodies as they arrive."""
    app = tmp_path / "uploads.py"
    app.write_text(PATIENT + UPLOADS)
    return start(app)


def test_a_reader_does_not_wait_for_ever(uploads: Server) -> None:
    """A client that has ceased to send, and one that sends a byte now and then, end the read and get a 408."""
    with uploads.client() as silent, uploads.client() as slow:
        for client in (silent, slow):
            client.send(b"POST /reads HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\nhel")
        slow.socket.settimeout(0.2)
        while not slow.received:
            slow.send(b"X")
            try:
                slow.more()
            except TimeoutError:
                continue
        assert (408, 408) == (silent.response().status, slow.response().status)
        assert b"" == silent.rest()
    assert 2 == uploads.logged().count("TimeoutError: [Errno 110] the client sends the body too slowly, or has ceased to\n")


def test_what_the_handler_does_is_not_the_clients_fault(uploads: Server) -> None:
    """Time counts only while the handler waits for the client."""
    with uploads.client() as client:
        client.send(b"POST /thinks HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        assert b"ello" == client.response().body
        assert b"ok" == client.ask("/").body


def test_a_stop_ends_uploads(start: Callable[[Path], Server], tmp_path: Path) -> None:
    """A handler that waits for its client when the time is over is told that it has gone, and the server ends."""
    app = tmp_path / "uploads.py"
    app.write_text("TIMEOUT = 1000\n" + PATIENT + UPLOADS)
    running = start(app)
    with running.client() as client, running.client() as other:
        client.send(b"POST /reads HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhel")
        assert b"ok" == other.ask("/").body
        assert 0 == running.stop()
    assert "ConnectionResetError: [Errno 104] the client has gone before the end of the body\n" in running.logged()


def test_a_client_that_reads_nothing_is_let_go(impatient: Server) -> None:
    """A response that is not taken is given up, and the body's iterator is closed."""
    with impatient.client() as client, impatient.client() as other:
        client.send(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        while "endless: closed" not in impatient.logged():
            assert b"bytes" == other.ask("/bytes").body


def test_a_stop_does_not_wait_for_ever(impatient: Server) -> None:
    """Whoever still reads when the time is over is cut off."""
    with impatient.client() as client:
        client.send(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        client.take(1000)
        assert 0 == impatient.stop()


def test_a_stop_does_not_wait_for_threads_for_ever(start: Callable[[Path], Server], tmp_path: Path) -> None:
    """Handlers that still are at work on a thread end with the process, whether they wait or compute."""
    app = tmp_path / "stuck.py"
    app.write_text(
        f"{PATIENT}"
        "import atexit, fapws4, os, threading\n"
        "atexit.register(os.write, 2, b'bye\\n')\n"
        "@fapws4.threaded\n"
        "def waits(e, s):\n"
        "    threading.Event().wait()\n"
        "@fapws4.threaded\n"
        "def computes(e, s):\n"
        "    while True:\n"
        "        pass\n"
        "PATHS = [('/waits', waits), ('/computes', computes), ('/', lambda e, s: 'ok')]\n"
    )
    running = start(app)
    with running.client() as waiting, running.client() as computing, running.client() as other:
        waiting.send(b"GET /waits HTTP/1.1\r\nHost: a\r\n\r\n")
        computing.send(b"GET /computes HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"ok" == other.ask("/").body
        assert 0 == running.stop()
    assert "bye\n" in running.logged()


def test_a_worker_that_hangs_is_ended_by_force(start: Callable[..., Server], tmp_path: Path) -> None:
    """The supervisor waits for a handler that never ends as long as for one that works on a thread, and no longer."""
    app = tmp_path / "hangs.py"
    app.write_text(
        f"{PATIENT}"
        "import os\n"
        "WORKERS = 2\n"
        "def hang(e, s):\n"
        "    os.write(2, b'hanging\\n')\n"
        "    while True:\n"
        "        pass\n"
        "PATHS = [('/', hang)]\n"
    )
    running = start(app)
    with running.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        running.await_log("hanging\n")
        assert 0 == running.stop()
    assert 1 == running.logged().count("has not stopped; it is ended by force\n")


def test_who_keeps_ending_is_replaced_later(start: Callable[[Path], Server], tmp_path: Path) -> None:
    """After the first time the supervisor waits, longer each time."""
    app = tmp_path / "ends.py"
    app.write_text(f"{PATIENT}import os\nWORKERS = 2\nPATHS = [('/end', lambda e, s: os._exit(3))]\n")
    running = start(app)
    for wait in ("", " in 1 s", " in 2 s"):
        with running.client() as client:
            client.send(b"GET /end HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"" == client.rest()
        running.await_log(f"ended (exit code 3); another one is started{wait}\n")
    assert 0 == running.stop()


def test_a_held_reply_has_no_deadline(start: Callable[[Path], Server], tmp_path: Path) -> None:
    """A client may listen for longer than any deadline."""
    app = tmp_path / "held.py"
    app.write_text(
        f"{PATIENT}"
        "import fapws4\n"
        "def page(e, s):\n"
        "    stream = fapws4.Stream()\n"
        "    fapws4.add_timer(3.5, lambda: stream.write('late') and stream.close() or False)\n"
        "    return stream\n"
        "PATHS = [('/', page)]\n"
    )
    with start(app).client() as client:
        assert b"late" == client.ask("/").body


def without_wires() -> None:
    """This thread, and the programs that it starts, are in a network without any card but their own loopback."""
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:  # CLONE_NEWNET
        raise OSError(ctypes.get_errno(), "no network of its own")
    turn_loopback("up")


def turn_loopback(state: str) -> None:
    """"up" or "down"; what is sent to 127.0.0.1 when it is down gets nowhere."""
    subprocess.run(["ip", "link", "set", "lo", state], check=True)


def test_a_client_whose_network_vanishes_is_let_go(start: Callable[[Path], Server], tmp_path: Path) -> None:
    """What is sent to it stays unacknowledged: by itself the kernel would hold it for a quarter of an hour."""
    app = tmp_path / "pulse.py"
    app.write_text(
        "from threading import Event\n"
        "from fapws4.marks import streaming\n\n"
        "@streaming\n"
        "def page(e, s):\n"
        "    try:\n"
        "        while not Event().wait(0.1):\n"
        "            yield b'pulse'\n"
        "    finally:\n"
        "        print('let go', flush=True)\n"
        "PATHS = [('/', page)]\n"
    )
    with ThreadPoolExecutor(1, initializer=without_wires) as there:
        running = there.submit(start, app).result()
        with there.submit(running.client).result() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            client.until(b"pulse")
            there.submit(turn_loopback, "down").result()
            running.await_log("let go")


def test_the_app_may_say_how_long_to_wait(server: Start) -> None:
    """KEEPALIVE ends silent connections, TIMEOUT unfinished requests."""
    app = "PATHS = [('/', lambda e, s: 'ok')]\n"
    with server("KEEPALIVE = 1\n" + app).client() as silent, server("TIMEOUT = 1\n" + app).client() as slow:
        slow.send(b"GET / HTTP/1.1\r\n")
        assert (b"", 408) == (silent.rest(), slow.response().status)


def test_connections_need_not_be_kept(server: Start) -> None:
    """With KEEPALIVE = 0 each response is the last of its connection."""
    with server("KEEPALIVE = 0\nPATHS = [('/', lambda e, s: 'ok')]\n").client() as client:
        response = client.ask("/")
        assert ("close", b"ok", b"") == (response.field("connection"), response.body, client.rest())


@pytest.mark.parametrize(("paths", "status"), [
    ("('/health', ill), ('/', well)", 500), ("('/', well), ('/health', ill)", 200), ("('/healthy', ill), ('/', ill)", 200)])
def test_an_app_that_has_the_path_of_health_says_itself_how_it_is(server: Start, paths: str, status: int) -> None:
    """By the first of its routes that fits, as for any path; otherwise the server says that it is there."""
    app = "def ill(e, s):\n    return 1 / 0\n\ndef well(e, s):\n    return 'well'\n\n"
    with server(f"{app}HEALTH = '/health'\nPATHS = [{paths}]\n").client() as client:
        answer = client.ask("/health")
    assert status == answer.status
    assert (answer.body == b"ok") == ("healthy" in paths)


def test_health_is_answered_without_the_app(server: Start) -> None:
    """HEALTH names a path that says ok as long as the server takes requests."""
    running = server("def page(e, s):\n    return 1 / 0\n\nHEALTH = '/health'\nPATHS = [('/', page)]\n")
    with running.client() as client:
        assert [200, 500] == [client.ask(target).status for target in ("/health?x", "/health/")]
        assert b"ok" == client.ask("/health").body
        client.ask("/health", method="HEAD")
