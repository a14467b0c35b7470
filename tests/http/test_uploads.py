"""Handlers that read the body as it arrives (fapws4.streaming)."""

from __future__ import annotations

import contextlib
import signal
import socket

import pytest

from tests.http.conftest import Server, Start
from tests.http.memory import grown_by, watch_memory
from tests.http.wire import TIMEOUT, Client

APP = """
import fapws4, os, threading

MAX_BODY_SIZE = 100
gate = threading.Event()

def said(text):
    os.write(2, (text + "\\n").encode())

@fapws4.streaming(limit=None)
def count(environ, start_response):
    total = 0
    for block in iter(lambda: environ["wsgi.input"].read(50_000), b""):
        total += len(block)
    return f"{total} {environ['wsgi.multithread']} {environ['wsgi.input_terminated']}"

@fapws4.streaming(limit=None)
def echo_lines(environ, start_response):
    said("echo: begun")
    start_response("200 OK", [("Content-Type", "text/plain")])
    for line in environ["wsgi.input"]:
        yield line
    said("echo: ended")

@fapws4.streaming(limit=None)
def waits(environ, start_response):
    said("waits: begun")
    gate.wait()
    return count(environ, start_response)

@fapws4.streaming
def tells(environ, start_response):
    try:
        return environ["wsgi.input"].read()
    except OSError as error:
        said(f"tells: {type(error).__name__}: {error}")
        raise

@fapws4.streaming
def loses(environ, start_response):
    said("loses: begun")
    try:
        environ["wsgi.input"].read()
    except ConnectionResetError:
        said("loses: ended")
        raise

@fapws4.streaming
def hides(environ, start_response):
    try:
        environ["wsgi.input"].read()
    except OSError as error:
        return type(error).__name__

@fapws4.streaming(limit=None)
def refuses(environ, start_response):
    start_response("401 Unauthorized", [])
    return "no"

@fapws4.streaming(limit=None)
def keeps(environ, start_response):
    keeps.input = environ["wsgi.input"]
    return keeps.input.read(2)

def reads_late(environ, start_response):
    try:
        return keeps.input.read()
    except ValueError as error:
        return str(error)

@fapws4.streaming(limit=None)
def unrelated(environ, start_response):
    environ["wsgi.input"].read()
    open("/nowhere/at/all")

class Object:
    @fapws4.streaming
    def __call__(self, environ, start_response):
        return environ["wsgi.input"].read()

    def method(self, environ, start_response):
        return environ["wsgi.input"].read(2)

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return iter([environ["SCRIPT_NAME"].encode(), environ["wsgi.input"].readline()])

def open_gate(environ, start_response):
    gate.set()

PATHS = [
    ("/count", count), ("/lines", echo_lines), ("/waits", waits), ("/tells", tells), ("/hides", hides), ("/loses", loses),
    ("/refuses", refuses), ("/keeps", keeps), ("/late", reads_late), ("/unrelated", unrelated), ("/object", Object()),
    ("/method", fapws4.streaming(limit=5)(Object().method)),
    ("/wsgi", fapws4.streaming(limit=50)(fapws4.wsgi(application))), ("/open", open_gate), ("/", lambda e, s: "ok"),
]
"""

CHUNKED = "Transfer-Encoding: chunked"


def head(target: str, *fields: str) -> bytes:
    """The head of a POST."""
    return "\r\n".join([f"POST {target} HTTP/1.1", "Host: a", *fields, "", ""]).encode()


def chunk(data: bytes) -> bytes:
    """One chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def wait_for(running: Server, text: str) -> None:
    """Asks for something else until the log has a text: one more turn of the loop each time."""
    with running.client() as other:
        while text not in running.logged():
            assert b"ok" == other.ask("/").body


def send_until_stuck(client: Client, other: Client, data: bytes) -> int:
    """Sends until neither the kernel nor the server takes more; how much that was."""
    client.socket.setblocking(False)
    sent, patience = 0, 0
    while patience < 50 and sent < len(data):
        with contextlib.suppress(BlockingIOError):
            sent += client.socket.send(data[sent : sent + 1_000_000])
            patience = 0
        patience += 1
        assert b"ok" == other.ask("/").body
    client.socket.settimeout(TIMEOUT)
    return sent


@pytest.fixture
def running(server: Start) -> Server:
    """A server with the app above."""
    return server(APP)


def test_the_handler_works_while_the_body_arrives(running: Server) -> None:
    """Each line is answered before the next one is sent."""
    with running.client() as client:
        client.send(head("/lines", CHUNKED))
        wait_for(running, "echo: begun")
        client.send(chunk(b"first\n"))
        answer = client.until(b"first\n\r\n")
        client.send(chunk(b"second") + chunk(b" line\n"))
        answer += client.until(b"second line\n\r\n")
        client.send(b"0\r\n\r\n" + head("/count", "Content-Length: 3") + b"abc")
        assert b"0\r\n\r\n" == client.until(b"0\r\n\r\n")
        assert b"3 True True" == client.response().body
    assert b"Transfer-Encoding: chunked" in answer


def test_a_large_body_is_never_in_memory(server: Start) -> None:
    """50 MB go through the handler, sized and chunked, and the server does not grow by a tenth of that."""
    running = server(APP, environment={"ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=1"})
    block = b"x" * 1_000_000
    with running.client() as client:
        assert b"1000000 True True" == client.ask("/count", method="POST", body=block).body
        before = watch_memory(running.process.pid)
        client.send(head("/count", "Content-Length: 50000000"))
        for _ in range(50):
            client.send(block)
        assert b"50000000 True True" == client.response().body
        client.send(head("/count", CHUNKED))
        for _ in range(50):
            client.send(chunk(block))
        client.send(b"0\r\n\r\n")
        assert b"50000000 True True" == client.response().body
        assert grown_by(running.process.pid, before) < 5_000_000


def test_a_slow_handler_holds_back_its_client(running: Server) -> None:
    """While the handler does not read, the client's bytes stay in the network; then all of them arrive."""
    data = b"x" * 60_000_000
    with running.client() as client, running.client() as other:
        client.send(head("/waits", f"Content-Length: {len(data)}"))
        wait_for(running, "waits: begun")
        before = watch_memory(running.process.pid)
        sent = send_until_stuck(client, other, data)
        assert sent < len(data)
        assert grown_by(running.process.pid, before) < 2_000_000
        other.ask("/open")
        client.socket.sendall(data[sent:])
        assert b"60000000 True True" == client.response().body
        assert b"ok" == client.ask("/").body


def test_continue_is_said_by_the_first_read(running: Server) -> None:
    """100 (Continue) comes when the handler wants the body, not before; the connection goes on."""
    with running.client() as client, running.client() as other:
        client.send(head("/waits", "Expect: 100-continue", "Content-Length: 5"))
        wait_for(running, "waits: begun")
        client.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.socket.recv(1)
        client.socket.settimeout(TIMEOUT)
        other.ask("/open")
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == client.until(b"\r\n\r\n")
        client.send(b"hello")
        assert b"5 True True" == client.response().body
        assert b"ok" == client.ask("/").body


def test_a_client_that_does_not_wait_is_not_told_to_continue(running: Server) -> None:
    """Who sends the body with the head needs no 100."""
    with running.client() as client:
        assert b"5 True True" == client.ask("/count", "Expect: 100-continue", method="POST", body=b"hello").body


def test_who_is_refused_is_not_told_to_continue(running: Server) -> None:
    """The answer is the first that comes, and the last: nobody knows whether the body would still follow."""
    with running.client() as client:
        client.send(head("/refuses", "Expect: 100-continue", "Content-Length: 5"))
        answer = client.response()
        assert (401, "close", b"no") == (answer.status, answer.field("connection"), answer.body)
        assert b"" == client.rest()


@pytest.mark.parametrize("fields", [("Content-Length: 20000000",), (CHUNKED,)])
def test_a_refused_upload_gets_its_answer(running: Server, fields: tuple[str, ...]) -> None:
    """The answer survives although the client goes on sending; then the connection ends."""
    data = b"x" * 20_000_000
    with running.client() as client:
        client.send(head("/refuses", *fields) + (chunk(data) + b"0\r\n\r\n" if CHUNKED in fields else data)[:200_000])
        assert (401, b"no") == ((answer := client.response()).status, answer.body)
        client.send(data)
        client.rest()


def test_what_is_left_of_a_small_body_is_dropped(running: Server) -> None:
    """The next request on the connection is found behind a body that comes after its answer."""
    with running.client() as client:
        client.send(head("/refuses", "Content-Length: 60000"))
        assert 401 == client.response().status
        client.send(b"GET /open HTTP/1.1\r\n" * 3000 + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"ok" == client.response().body
        client.send(head("/refuses", CHUNKED))
        assert 401 == client.response().status
        client.send(chunk(b"GET /open HTTP/1.1\r\n" * 3000) + b"0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"ok" == client.response().body


def test_nothing_can_be_read_after_the_answer(running: Server) -> None:
    """An input that is kept says that its request is answered."""
    with running.client() as client:
        client.send(head("/keeps", "Content-Length: 6") + b"ab")
        assert b"ab" == client.response().body
        with running.client() as other:
            assert b"the request is answered, its body is gone" == other.ask("/late").body
        client.send(b"cdef")
        assert b"ok" == client.ask("/").body


@pytest.mark.parametrize("body", [b"5\r\nhello\r\nzz\r\n", b"5\r\nhello\r\n60\r\n" + b"x" * 96 + b"\r\n0\r\n\r\n"])
def test_a_handler_may_hide_what_is_wrong(running: Server, body: bytes) -> None:
    """Its answer is sent, and the connection ends, because nobody knows where the next request begins."""
    with running.client() as client:
        client.send(head("/hides", CHUNKED) + body)
        assert b"OSError" == client.response().body
        assert b"" == client.rest()


def test_what_is_wrong_has_a_name(running: Server) -> None:
    """read() says why there is no body, and the client is told by status; no traceback is logged."""
    for body, status in [(b"60\r\n" + b"x" * 96 + b"\r\n5\r\n", 413), (b"zz\r\n", 400)]:
        with running.client() as client:
            client.send(head("/tells", CHUNKED) + body)
            assert (status, b"") == (client.response().status, client.rest())
    with running.client() as client:
        client.send(head("/tells", "Content-Length: 5") + b"hel")
        client.socket.shutdown(socket.SHUT_WR)
        assert (400, b"") == (client.response().status, client.rest())
    assert [
        "tells: OSError: [Errno 27] the body is bigger than the handler's limit",
        "tells: OSError: [Errno 74] the chunks of the body are malformed",
        "tells: ConnectionResetError: [Errno 104] the client has gone before the end of the body",
    ] == [line for line in running.logged().splitlines() if not line.startswith("fapws4: ")]
    assert "Traceback" not in running.logged()


def test_a_failure_of_the_app_stays_one(running: Server) -> None:
    """An OSError that has nothing to do with the client is a 500, and logged."""
    with running.client() as client:
        assert 500 == client.ask("/unrelated", method="POST", body=b"hello").status
    assert "FileNotFoundError" in running.logged()


@pytest.mark.parametrize("reset", [False, True])
def test_a_client_that_leaves_is_noticed(running: Server, reset: bool) -> None:
    """The handler's read ends with an error, whichever way the client goes; the thread is free again."""
    for count in range(1, 41):  # more than there are threads
        with running.client() as client:
            client.send(head("/loses", "Content-Length: 50") + b"hello")
            with running.client() as other:
                while running.logged().count("loses: begun") < count:
                    assert b"ok" == other.ask("/").body
            if reset:
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    with running.client() as other:
        while running.logged().count("loses: ended") < 40:
            assert b"ok" == other.ask("/").body
        assert b"hello" == other.ask("/tells", method="POST", body=b"hello").body


def test_every_kind_of_handler_reads(running: Server) -> None:
    """Objects, methods and mounted applications are handlers too, and limits are their own."""
    with running.client() as client:
        assert b"hello" == client.ask("/object", method="POST", body=b"hello").body
        assert b"he" == client.ask("/method", method="POST", body=b"hello").body
        assert b"/wsgiline\n" == client.ask("/wsgi", method="POST", body=b"line\nother\n").body
        assert b"/wsgi" == client.ask("/wsgi").body
    for target, length in [("/method", 6), ("/object", 101), ("/wsgi", 51)]:
        with running.client() as client:
            client.send(head(target, f"Content-Length: {length}"))
            assert (413, b"input body too big") == ((answer := client.response()).status, answer.body)


def test_an_application_may_be_streaming(server: Start) -> None:
    """A module without PATHS too."""
    running = server(
        "import fapws4\n"
        "@fapws4.streaming(limit=5)\n"
        "def application(environ, start_response):\n"
        "    start_response('200 OK', [])\n"
        "    return [environ['wsgi.input'].read()]\n"
    )
    with running.client() as client:
        assert b"hello" == client.ask("/x", method="POST", body=b"hello").body
        assert 413 == client.ask("/x", method="POST", body=b"hello!").status


@pytest.mark.parametrize("limit", ["-1", "'1'", "True", "1.5"])
def test_a_limit_is_a_number(server: Start, limit: str) -> None:
    """A limit that is none is told when the app is imported."""
    with pytest.raises(AssertionError, match=r"streaming\(\): limit is a number of bytes or None, not"):
        server(f"import fapws4\nPATHS = [('/', fapws4.streaming(limit={limit})(print))]\n")


def test_a_stop_waits_for_uploads(running: Server) -> None:
    """What is being uploaded when the server is told to stop may end."""
    with running.client() as client:
        client.send(head("/count", "Content-Length: 10") + b"hello")
        with running.client() as other:
            other.ask("/")
        running.process.send_signal(signal.SIGTERM)
        client.send(b"hello")
        answer = client.response()
        assert (b"10 True True", "close") == (answer.body, answer.field("connection"))
    assert 0 == running.process.wait(TIMEOUT)
