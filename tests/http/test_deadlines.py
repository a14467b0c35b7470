"""Clients that take too long, with a server whose deadlines are one second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.build import server_program
from tests.http.conftest import APPS, Server, command_of, end_server, start_server

NAMES = ("HEAD", "BODY", "IDLE", "WRITE", "LINGER", "STOP")


@pytest.fixture
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that waits for nobody."""
    program = server_program(*(f"-DLIMIT_{name}_SECONDS=1" for name in NAMES))
    running = start_server(command_of(program), tmp_path_factory.mktemp("impatient"), APPS / "echo.py")
    yield running
    end_server(running)


def test_a_silent_client_is_let_go(impatient: Server) -> None:
    """A connection without a request is closed without a word, before or after others."""
    with impatient.client() as silent, impatient.client() as served:
        assert b"bytes" == served.ask("/bytes").body
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
        client.take(100_000)
        assert 0 == impatient.stop()
