"""Handlers on threads: slow ones do not hold up the others."""

from __future__ import annotations

import signal
import socket

import pytest

from tests.http.conftest import Server, Start
from tests.http.test_life import wait_until_refused
from tests.http.wire import TIMEOUT

APP = """
import fapws4, io, os, threading, time

gate = threading.Event()
home = threading.get_ident()

def said(text):
    os.write(2, (text + "\\n").encode())

@fapws4.threaded
def waits(environ, start_response):
    start_response("201 Made", [("X-A", "b")])
    gate.wait()
    return environ["PATH_INFO"] + str(threading.get_ident() != home) + str(environ["wsgi.multithread"])

@fapws4.threaded
def pieces(environ, start_response):
    start_response("203 Pieces", [])
    try:
        yield str(threading.get_ident() != home)
        for _ in range(3):
            yield "x" * 100_000
    finally:
        said("pieces: closed on " + ("a thread" if threading.get_ident() != home else "the loop"))

@fapws4.threaded
def endless(environ, start_response):
    count = 0
    try:
        while True:
            count += 1
            yield b"x" * 65536
            said(f"endless: {count}")
    finally:
        said("endless: closed")

@fapws4.threaded
def raises(environ, start_response):
    raise RuntimeError("on a thread")

@fapws4.threaded
def fails_later(environ, start_response):
    yield "a"
    raise RuntimeError("in the middle")

@fapws4.threaded
def bad_header(environ, start_response):
    start_response("200 OK", [("A", "b\\r\\nc")])
    yield "never"

class Object:
    @fapws4.threaded
    def __call__(self, environ, start_response):
        return [str(threading.get_ident() != home)]

    def method(self, environ, start_response):
        return io.BytesIO(str(threading.get_ident() != home).encode())

def tell(environ, start_response):
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    write(b"written ")
    return iter([str((threading.get_ident() != home, environ["SCRIPT_NAME"])).encode()])

def open_gate(environ, start_response):
    gate.set()

PATHS = [
    ("/waits/", waits), ("/pieces", pieces), ("/endless", endless), ("/raises", raises), ("/open", open_gate),
    ("/fails-later", fails_later), ("/bad-header", bad_header), ("/object", Object()),
    ("/method", fapws4.threaded(Object().method)), ("/wsgi", fapws4.threaded(fapws4.wsgi(tell))),
    ("/none", fapws4.threaded(lambda e, s: None)), ("/empty", fapws4.threaded(lambda e, s: iter([]))),
    ("/file", fapws4.threaded(lambda e, s: open(__file__, "rb"))), ("/int", fapws4.threaded(lambda e, s: 5)),
    ("/", lambda e, s: "ok"),
]
"""


@pytest.fixture
def running(server: Start) -> Server:
    """A server with the app above."""
    return server(APP)


def request(target: str, version: str = "1.1") -> bytes:
    """The bytes of a simple request."""
    return f"GET {target} HTTP/{version}\r\nHost: a\r\n\r\n".encode()


def test_others_are_served_while_one_waits(running: Server) -> None:
    """A handler on a thread may wait for something that another request does."""
    with running.client() as slow, running.client() as other:
        slow.send(request("/waits/one") + request("/waits/two") + request("/"))
        assert b"ok" == other.ask("/").body
        other.ask("/open")
        answers = [slow.response() for _ in range(3)]
    assert [(201, b"oneTrueTrue"), (201, b"twoTrueTrue"), (200, b"ok")] == [(a.status, a.body) for a in answers]
    assert "b" == answers[0].field("x-a")


def test_more_wait_than_there_are_threads(running: Server) -> None:
    """All are answered in the end."""
    clients = [running.client() for _ in range(50)]
    for client in clients:
        client.send(request("/waits/x"))
    with running.client() as other:
        other.ask("/open")
    assert {201} == {client.response().status for client in clients}
    for client in clients:
        client.socket.close()


def test_every_kind_of_result_is_sent(running: Server) -> None:
    """What a handler may return, it may return on a thread; iterables are asked and closed there."""
    with running.client() as client:
        pieces = client.ask("/pieces")
        assert (203, b"True" + b"x" * 300_000) == (pieces.status, pieces.body)
        found = [client.ask(f"/{name}").body for name in ("object", "method", "wsgi")]
        assert [b"True", b"True", b"written (True, '/wsgi')"] == found
        assert [b"", b""] == [client.ask("/none").body, client.ask("/empty").body]
        file = client.ask("/file")
        assert (APP.encode(), str(len(APP))) == (file.body, file.field("content-length"))
        assert b"" == client.ask("/pieces", method="HEAD").body
        client.send(request("/pieces", "1.0"))
        assert b"True" + b"x" * 300_000 == client.rest().partition(b"\r\n\r\n")[2]
    assert 3 == running.logged().count("pieces: closed on a thread\n")


def test_what_goes_wrong_is_a_500(running: Server) -> None:
    """An exception, a wrong header and a wrong type are answered as ever, and logged."""
    with running.client() as client:
        assert [500, 500, 500] == [client.ask(target).status for target in ("/raises", "/bad-header", "/int")]
        client.send(request("/fails-later"))
        assert client.rest().endswith(b"\r\n\r\n1\r\na\r\n")
    logged = running.logged()
    assert "fapws4: GET /raises from 127.0.0.1: the app failed" in logged
    assert ("RuntimeError: on a thread" in logged, "RuntimeError: in the middle" in logged) == (True, True)


def test_a_slow_client_holds_back_its_handler(running: Server) -> None:
    """The iterable is asked for no more than the client takes, and closed when the client leaves."""
    with running.client() as client, running.client() as other:
        client.send(request("/endless"))
        client.take(1_000_000)
        for _ in range(50):
            assert b"ok" == other.ask("/").body
        assert running.logged().count("endless: ") < 1000
    with running.client() as other:
        while "endless: closed" not in running.logged():
            other.ask("/")


def test_a_client_may_leave_before_the_answer(running: Server) -> None:
    """The answer is dropped, and the next client is served."""
    with running.client() as client:
        client.send(request("/waits/x"))
        with running.client() as other:
            other.ask("/")
    with running.client() as other:
        other.ask("/open")
        assert 201 == other.ask("/waits/y").status


def test_a_client_that_has_said_its_end_gets_its_answer(running: Server) -> None:
    """A half-closed connection is answered."""
    with running.client() as client, running.client() as other:
        client.send(request("/waits/x"))
        client.socket.shutdown(socket.SHUT_WR)
        other.ask("/")
        other.ask("/open")
        assert 201 == client.response().status


def test_a_stop_waits_for_threads(running: Server) -> None:
    """A handler that is at work when the server is told to stop is answered, also when its client has left."""
    with running.client() as client, running.client() as leaving, running.client() as opener:
        client.send(request("/waits/x"))
        leaving.send(request("/waits/y"))
        opener.ask("/")
        leaving.socket.close()
        opener.send(b"GET /open HTTP/1.1\r\n")
        running.process.send_signal(signal.SIGTERM)
        opener.send(b"Host: a\r\n\r\n")
        assert (201, "close") == ((answer := client.response()).status, answer.field("connection"))
    assert 0 == running.process.wait(TIMEOUT)


def test_a_second_signal_does_not_wait(running: Server) -> None:
    """A handler that never returns does not keep the server."""
    with running.client() as client:
        client.send(request("/waits/x"))
        with running.client() as other:
            other.ask("/")
        running.process.send_signal(signal.SIGTERM)
        wait_until_refused(running)
        assert 128 + signal.SIGTERM == running.stop()
