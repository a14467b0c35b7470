"""The question for the app's health: what counts as an answer, asked of real sockets."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

MORE = -1
MINUTE_MS = 60_000


def status(pure: Any, answer: bytes) -> int:
    """What the first bytes of an answer say."""
    span, _block = pure.span(answer)
    return int(pure.lib.health_status(span[0]))


@pytest.mark.parametrize(("answer", "expected"), [
    (b"HTTP/1.1 200 OK\r\n", 200), (b"HTTP/1.0 404", 404), (b"HTTP/1.1 599 x", 599), (b"HTTP/1.1 100 Continue", 100),
    (b"\x15\x03\x03\x00\x02\x02\x0a", 0),
    (b"HTTP/2 200 OK\r\n\r\n", 0), (b"HTTP/1.1 600 ", 0), (b"HTTP/1.1 2x0 ", 0), (b"HTTP/1.1200 OK", 0),
    (b"SSH-2.0-x", 0), (b"\0" * 20, 0),
])
def test_what_counts_as_an_answer(pure: Any, answer: bytes, expected: int) -> None:
    """A status line of HTTP and nothing else."""
    assert status(pure, answer) == expected
    assert all(status(pure, answer[:length]) in (MORE, expected) for length in range(len(answer)))


def begin(pure: Any, health: Any, host: str, port: int, path: str = "/well", secure: bool = False) -> None:
    """Puts the question. However slow this machine is, a server that is there is waited for."""
    text = pure.ffi.new("char[]", host.encode())
    pure.lib.health_ask(health, pure.ffi.new("struct health_place *", [text, port, secure]), path.encode())
    if health.fd >= 0:
        pure.lib.loop_set(health.loop, pure.ffi.addressof(health, "patience"), MINUTE_MS)


@pytest.fixture
def ask(pure: Any) -> Callable[[str, int, str], list[int]]:
    """Asks, and turns the loop until there is an answer; all answers that came."""
    loop, health = pure.ffi.new("struct loop *"), pure.ffi.new("struct health *")
    answers: list[int] = []
    pure.ffi.def_extern(name="answered")(lambda _owner, value: answers.append(value))
    pure.lib.loop_init(loop)
    pure.lib.health_init(health, loop, pure.lib.answered, pure.ffi.NULL)

    def run(host: str, port: int, path: str = "/well", secure: bool = False) -> list[int]:
        answers.clear()
        begin(pure, health, host, port, path, secure)
        assert answers == []
        while not answers:
            pure.lib.loop_turn(loop)
        assert health.fd == -1
        return list(answers)

    run.health, run.loop = health, loop  # type: ignore[attr-defined]
    return run


@pytest.fixture(params=["127.0.0.1", "::1"])
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    """A server that a test plays itself."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family) as server:
        server.bind((request.param, 0))
        server.listen()
        yield server


def play(pure: Any, ask: Any, listener: socket.socket, pieces: list[bytes]) -> tuple[list[int], bytes]:
    """The answers to a question that is met with these pieces and then an end, and the question."""
    host, port = listener.getsockname()[:2]
    answers: list[int] = []
    pure.ffi.def_extern(name="answered")(lambda _owner, value: answers.append(value))
    begin(pure, ask.health, host, port)
    pure.lib.loop_turn(ask.loop)
    with listener.accept()[0] as peer:
        question = peer.recv(4096)
        for piece in pieces:
            peer.sendall(piece)
            if not answers:
                pure.lib.loop_turn(ask.loop)
    while not answers:
        pure.lib.loop_turn(ask.loop)
    return answers, question


def test_a_question_is_http(pure: Any, ask: Any, listener: socket.socket) -> None:
    """What a server sees is a GET of the path with its own address as Host, on a connection that ends."""
    answers, question = play(pure, ask, listener, [b"HTTP/1.1 2", b"04 No Content\r\n\r\n"])
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    assert answers == [204]
    assert question.decode() == (f"GET /well HTTP/1.1\r\nHost: {shown}:{port}\r\nUser-Agent: fapws4-init\r\n"
                                 "Connection: close\r\n\r\n")


@pytest.mark.parametrize("pieces", [[], [b"HTTP/1.1 20"], [b"nonsense"]], ids=["an end", "half", "nonsense"])
def test_what_is_no_answer_is_said_once(pure: Any, ask: Any, listener: socket.socket, pieces: list[bytes]) -> None:
    """A server that hangs up, in the middle too, or that is none, has not answered."""
    assert play(pure, ask, listener, pieces)[0] == [0]


def test_nobody_there(ask: Any, listener: socket.socket) -> None:
    """A port where nothing listens is no answer, and comes from the loop like any other."""
    host, port = listener.getsockname()[:2]
    listener.close()
    assert ask(host, port) == [0]


@pytest.mark.parametrize("host", ["", "localhost", "300.0.0.1", "fe80::1%eth0"])
def test_what_is_no_address(ask: Any, host: str) -> None:
    """Names are not looked up: PID 1 asks its own machine."""
    assert ask(host, 80) == [0]


def test_a_path_that_is_too_long(ask: Any) -> None:
    """It is never cut: asked for another path, an app could answer anything."""
    assert ask("127.0.0.1", 80, "/" + "x" * 300) == [0]


def test_the_server_itself_is_asked(pure: Any, ask: Any, listener: socket.socket) -> None:
    """`*` is a question that a server answers without its app."""
    host, port = listener.getsockname()[:2]
    begin(pure, ask.health, host, port, "*")
    assert bytes(pure.ffi.buffer(ask.health.request, 19)) == b"OPTIONS * HTTP/1.1\r"[:19]
    pure.lib.health_forget(ask.health)
    assert ask.health.fd == -1


def test_without_openssl_there_is_no_answer_by_https(ask: Any, listener: socket.socket) -> None:
    """The child that would ask says nothing, and the answer comes from the loop all the same."""
    host, port = listener.getsockname()[:2]
    assert ask(host, port, secure=True) == [0]
