"""Bodies that take time: iterables, files, slow readers, clients that leave."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

from tests.http.conftest import APPS, Server, Start
from tests.http.wire import TIMEOUT, Client


def test_a_file_is_sent_with_its_length(echo: Server) -> None:
    """A handler may return an open file."""
    expected = "A caf\u00e9 of many lines.\n".encode() * 3000
    with echo.client() as client:
        response = client.ask("/file")
        assert (expected, str(len(expected))) == (response.body, response.field("content-length"))


def test_a_text_file_is_sent(echo: Server) -> None:
    """A file opened as text is sent as UTF-8, in chunks."""
    expected = "A caf\u00e9 of many lines.\n".encode() * 3000
    with echo.client() as client:
        assert expected == client.ask("/file-text").body


def test_a_file_object_of_several_blocks_is_sent(echo: Server) -> None:
    """Anything with read() is a file."""
    with echo.client() as client:
        assert b"f" * 200_000 == client.ask("/file-like").body
        assert b"bytes" == client.ask("/bytes").body


def test_a_large_body_arrives_whole(echo: Server) -> None:
    """Megabytes are written without waiting for each other's requests."""
    with echo.client() as client, echo.client() as other:
        client.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\nGET /bytes HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"bytes" == other.ask("/bytes").body
        assert b"L" * 5_000_000 == client.response().body
        assert b"bytes" == client.response().body


def test_requests_behind_a_slow_response_are_answered_in_order(echo: Server) -> None:
    """Reading pauses while a response is stuck, and nothing of what was sent ahead is lost."""
    ahead = 4000
    with echo.client() as client:
        client.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        client.send(b"GET /echo/%d HTTP/1.1\r\nHost: a\r\n\r\n" % ahead * 1)
        client.socket.setblocking(False)
        waiting = b"GET /bytes HTTP/1.1\r\nHost: a\r\n\r\n" * ahead
        sent = 0
        with contextlib.suppress(BlockingIOError):
            while sent < len(waiting):
                sent += client.socket.send(waiting[sent:])
        client.socket.settimeout(TIMEOUT)
        assert 5_000_000 == len(client.response().body)
        assert b"/4000" in client.response().body
        client.send(waiting[sent:])
        assert {b"bytes"} == {client.response().body for _ in range(ahead)}


def test_an_endless_body_does_not_hold_up_others(echo: Server) -> None:
    """A generator without an end is sent between the requests of other clients."""
    with echo.client() as client, echo.client() as other:
        client.send(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        client.take(1_000_000)
        for _ in range(20):
            assert b"bytes" == other.ask("/bytes").body


def test_an_exception_in_the_middle_is_noticed(echo: Server) -> None:
    """A chunked body that fails has no end, and the connection is closed."""
    with echo.client() as client:
        client.send(b"GET /fails-later HTTP/1.1\r\nHost: a\r\n\r\n")
        body = client.rest().partition(b"\r\n\r\n")[2]
        assert b"1\r\na\r\n1\r\nb\r\n" == body
    assert "RuntimeError: in the middle" in echo.logged()


def test_an_exception_in_the_middle_of_1_0_is_noticed(server: Start) -> None:
    """A body that ends with the connection is cut off by a reset, not by an orderly end."""
    running = server("def page(e, s):\n    yield 'a'\n    raise RuntimeError\n\nPATHS = [('/', page)]\n")
    with running.client() as client:
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        try:
            ended = bool(client.socket.recv(0x10000)) and client.socket.recv(1) == b""
        except ConnectionResetError:
            ended = False
        assert not ended


def test_close_is_called_once(server: Start) -> None:
    """An iterable's close() is called at its end, after an exception, and when the client has gone."""
    running = server(APPS / "echo.py")
    with running.client() as client:
        assert b"ab" == client.ask("/closing").body
        client.ask("/fails-first")
        client.ask("/closing", method="HEAD")
        client.send(b"GET /fails-later HTTP/1.1\r\nHost: a\r\n\r\n")
        client.rest()
    running.stop()
    assert 4 == running.logged().count("tracked: closed\n")


def test_a_client_that_leaves_ends_its_body(server: Start) -> None:
    """A generator is closed when its client is gone."""
    running = server(APPS / "echo.py")
    with running.client() as client:
        client.send(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        client.take(1000)
    with running.client() as client:
        while "endless: closed" not in running.logged():
            assert b"bytes" == client.ask("/bytes").body


def test_a_client_that_has_said_its_end_is_answered(echo: Server) -> None:
    """A client may shut down its side after the last request."""
    with echo.client() as client:
        client.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\nGET /bytes HTTP/1.1\r\nHost: a\r\n\r\n")
        client.socket.shutdown(socket.SHUT_WR)
        assert 5_000_000 == len(client.response().body)
        assert b"bytes" == client.response().body
        assert b"" == client.rest()


def test_an_unfinished_request_gets_no_answer(echo: Server) -> None:
    """A body that is cut short never reaches a handler."""
    with echo.client() as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhel")
        client.socket.shutdown(socket.SHUT_WR)
        assert b"" == client.rest()


def test_a_client_is_told_to_continue(echo: Server) -> None:
    """100 (Continue) comes when the body is waited for, behind the responses before it."""
    request = b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    with echo.client() as client:
        client.send(b"GET /bytes HTTP/1.1\r\nHost: a\r\n\r\n" + request)
        assert [200, 100] == [client.response().status, client.response().status]
        client.send(b"hello")
        assert b'"body": "hello"' in client.response().body
        client.send(request + b"hello")
        assert b'"body": "hello"' in client.response().body


def test_a_refusal_reaches_a_client_that_is_still_sending(echo: Server) -> None:
    """The response to a body that is too big is not lost in a reset."""
    with echo.client() as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000)
        assert b"input body too big" == client.response().body
        assert b"" == client.rest()


def test_a_chunked_body_of_many_reads_arrives(echo: Server) -> None:
    """Chunks are put together whatever their number."""
    chunks = b"".join(b"%x\r\n%s\r\n" % (size, b"c" * size) for size in range(1, 400))
    with echo.client() as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
        assert b'"CONTENT_LENGTH": "79800"' in client.response().body


def test_unix_sockets_are_served(server: Start, tmp_path: Path) -> None:
    """SERVER may be a unix socket; a file left over from a crash is replaced."""
    path = tmp_path / "socket"
    app = "PATHS = [('/', lambda e, s: repr((e['REMOTE_ADDR'], e['REMOTE_PORT'], e['fapws.remote_port'])))]\n"
    first = server(app, "--server", f"unix:{path}")
    first.process.kill()
    first.process.wait()
    second = server(app, "--server", f"unix:{path}")
    with Client(second.address) as client:
        assert b"('', '0', 0)" == client.ask("/").body


def test_the_connection_limit_of_the_system_is_survived(server: Start) -> None:
    """Without free descriptors new clients are turned away, and the others are served."""
    running = server(
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))\n"
        "PATHS = [('/', lambda e, s: 'ok')]\n"
    )
    with running.client() as first:
        assert b"ok" == first.ask("/").body
        others = [running.client() for _ in range(60)]
        assert b"ok" == first.ask("/").body
        for other in others:
            other.socket.close()
        assert b"ok" == first.ask("/").body
    with running.client() as last:
        assert b"ok" == last.ask("/").body
