"""Held replies: long poll and Server-Sent Events."""

from __future__ import annotations

import signal
import socket

import pytest

from tests.http.conftest import Server, Start
from tests.http.wire import TIMEOUT

APP = """
import fapws4, os, threading

streams = {}

def said(text):
    os.write(2, (text + "\\n").encode())

def open_stream(environ, start_response):
    name = environ["PATH_INFO"]
    length = environ["QUERY_STRING"]
    start_response("200 OK", [("Content-Type", "text/event-stream")] + ([("Content-Length", length)] if length else []))
    def gone():
        said(f"gone: {name} {streams[name].closed}")
    stream = streams[name] = fapws4.Stream(on_gone=gone, on_drain=lambda: said(f"drained: {name}"))
    return stream

def write(environ, start_response):
    name, text = environ["PATH_INFO"].split("/")
    return str(streams[name].write(text))

def write_on_thread(environ, start_response):
    name, text = environ["PATH_INFO"].split("/")
    threading.Thread(target=lambda: streams[name].write(text.encode())).start()

def fill(environ, start_response):
    stream, count = streams[environ["PATH_INFO"]], 0
    try:
        while True:
            stream.write(b"x" * 65536)
            count += 1
    except BufferError:
        return str(count)

def close(environ, start_response):
    streams[environ["PATH_INFO"]].close()

def poll(environ, start_response):
    stream = fapws4.Stream()
    def answer():
        stream.write("polled")
        stream.close()
        return False
    fapws4.add_timer(0.01, answer)
    return stream

def at_once(environ, start_response):
    stream = fapws4.Stream()
    stream.write("all ")
    stream.write("at once")
    stream.close()
    return stream

KEPT = fapws4.Stream()

PATHS = [
    ("/open/", open_stream), ("/write/", write), ("/thread/", write_on_thread), ("/fill/", fill), ("/close/", close),
    ("/poll", poll), ("/at-once", at_once), ("/same", lambda e, s: KEPT), ("/on-thread/", fapws4.threaded(open_stream)),
    ("/wrong", lambda e, s: fapws4.Stream().write(5)), ("/", lambda e, s: "ok"),
]
"""


@pytest.fixture
def running(server: Start) -> Server:
    """A server with the app above."""
    return server(APP)


def wait_for_log(running: Server, text: str) -> None:
    """Serves until the app has said this."""
    with running.client() as client:
        while text not in running.logged():
            client.ask("/")


@pytest.mark.parametrize("place", ["/open/a", "/on-thread/a"])
def test_events_arrive_one_by_one(running: Server, place: str) -> None:
    """The head comes at once, and each piece when it is written, from requests and from threads."""
    with running.client() as reader, running.client() as writer:
        reader.send(f"GET {place} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert b"text/event-stream" in reader.until(b"\r\n\r\n")
        assert b"True" == writer.ask("/write/a/one").body
        assert b"3\r\none\r\n" == reader.take(8)
        writer.ask("/thread/a/two2")
        assert b"4\r\ntwo2\r\n" == reader.take(9)
        writer.ask("/close/a")
        assert b"0\r\n\r\n" == reader.take(5)
        assert b"ok" == reader.ask("/").body
        assert 500 == writer.ask("/write/a/late").status
    assert "ValueError: write() to a closed Stream" in running.logged()
    assert "gone" not in running.logged()


def test_a_long_poll_is_answered_later(running: Server) -> None:
    """A timer answers; what was sent ahead is answered behind it, and HTTP/1.0 is too."""
    with running.client() as client:
        client.send(b"GET /poll HTTP/1.1\r\nHost: a\r\n\r\nGET /at-once HTTP/1.1\r\nHost: a\r\n\r\n")
        assert [b"polled", b"all at once"] == [client.response().body, client.response().body]
        client.send(b"GET /poll HTTP/1.0\r\n\r\n")
        assert client.rest().endswith(b"\r\n\r\npolled")


def test_a_length_is_kept_to(running: Server) -> None:
    """With Content-Length the body is complete when that is written and closed, else the connection ends."""
    with running.client() as reader, running.client() as writer:
        reader.send(b"GET /open/a?3 HTTP/1.1\r\nHost: a\r\n\r\n")
        reader.until(b"\r\n\r\n")
        writer.ask("/write/a/abc")
        writer.ask("/close/a")
        assert b"abc" == reader.take(3)
        assert b"ok" == reader.ask("/").body
        reader.send(b"GET /open/b?3 HTTP/1.1\r\nHost: a\r\n\r\n")
        reader.until(b"\r\n\r\n")
        writer.ask("/write/b/ab")
        writer.ask("/close/b")
        assert b"ab" == reader.rest()


def test_the_app_hears_that_a_client_has_gone(running: Server) -> None:
    """on_gone is called when the client closes or says its end, and for HEAD; writing is an error then."""
    with running.client() as reader, running.client() as half:
        reader.send(b"GET /open/a HTTP/1.1\r\nHost: a\r\n\r\n")
        half.send(b"GET /open/b HTTP/1.1\r\nHost: a\r\n\r\n")
        reader.until(b"\r\n\r\n")
        half.until(b"\r\n\r\n")
        half.socket.shutdown(socket.SHUT_WR)
        assert b"" == half.rest()
    wait_for_log(running, "gone: a True\n")
    wait_for_log(running, "gone: b True\n")
    with running.client() as client:
        assert 500 == client.ask("/write/a/x").status
        client.ask("/open/c", method="HEAD")
        assert b"ok" == client.ask("/").body
    assert "BrokenPipeError: write(): the client has gone" in running.logged()
    assert 1 == running.logged().count("gone: c True\n")


def test_a_slow_client_is_told_of(running: Server) -> None:
    """write() is limited, nothing of what it took is lost, and on_drain comes when it is all on its way."""
    with running.client() as reader, running.client() as writer:
        reader.send(b"GET /open/a HTTP/1.1\r\nHost: a\r\n\r\n")
        reader.until(b"\r\n\r\n")
        blocks = [1]
        while any(blocks[-20:]):  # the socket has taken what it takes, and nothing moves any more
            blocks.append(int(writer.ask("/fill/a").body))
        assert b"ok" == writer.ask("/").body
        assert "BufferError" not in running.logged()
        before = running.logged().count("drained: a\n")
        left = sum(blocks[1:]) * 65536
        while left > 0:
            size = int(reader.until(b"\r\n"), 16)
            reader.take(size + 2)
            left -= size
        while running.logged().count("drained: a\n") == before:
            writer.ask("/")
        assert b"True" == writer.ask("/write/a/more").body
        assert b"4\r\nmore\r\n" == reader.take(9)


def test_a_stream_belongs_to_one_response(running: Server) -> None:
    """Returning it twice, and writing what is no text, are errors of the second handler only."""
    with running.client() as first, running.client() as second:
        first.send(b"GET /same HTTP/1.1\r\nHost: a\r\n\r\n")
        first.until(b"\r\n\r\n")
        assert [500, 500] == [second.ask("/same").status, second.ask("/wrong").status]
    assert "a Stream can be returned once" in running.logged()


def test_a_stop_ends_held_replies(running: Server) -> None:
    """Clients that listen do not keep the server; their bodies end properly."""
    with running.client() as reader:
        reader.send(b"GET /open/a HTTP/1.1\r\nHost: a\r\n\r\n")
        reader.until(b"\r\n\r\n")
        running.process.send_signal(signal.SIGTERM)
        assert b"0\r\n\r\n" == reader.rest()
    assert 0 == running.process.wait(TIMEOUT)
    assert "gone: a True\n" in running.logged()
