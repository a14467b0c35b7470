"""A client that asks one request after the other on one connection: for counts, which time does not change."""

from __future__ import annotations

import itertools
import re
import socket
import ssl
from collections.abc import Iterator, Sequence

from appliance.common.errors import Problem

PATIENCE = 20  # seconds for one answer; a server under valgrind is some fifty times slower
_LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)\r\n", re.IGNORECASE)


def drive(port: int, turn: Iterator[bytes], count: int, depth: int, tls: bool = False) -> None:
    """Ask one request, then ``count`` more, ``depth`` at once; every answer must be a 200 as long as the first one."""
    with _connected(port, tls) as connection:
        connection.sendall(next(turn))
        length = _first_answer(connection)
        for _ in range(count // depth):
            connection.sendall(b"".join(itertools.islice(turn, depth)))
            _receive(connection, length, depth)


def hold(port: int, count: int, texts: Sequence[bytes], answered: bool, tls: bool = False,
         newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED) -> list[socket.socket]:
    """Open ``count`` connections and send ``texts`` on each; with ``answered``, until each has had one whole answer."""
    connections = []
    for number in range(count):
        # One address has ports for 28,000 connections, those in TIME_WAIT included: use many.
        connection = _connected(port, tls, f"127.0.1.{1 + number % 200}", newest)
        connection.sendall(texts[number % len(texts)])
        if answered:
            _first_answer(connection)
        connections.append(connection)
    return connections


def expected_length(head: bytes) -> int:
    """Bytes of the whole answer, by its head (up to and including the empty line)."""
    found = _LENGTH.search(head)
    if not head.startswith(b"HTTP/1.1 200") or not found:
        raise Problem(f"no 200 with a Content-Length: {head[:200]!r}")
    return len(head) + int(found[1])


def _connected(port: int, tls: bool, address: str = "",
               newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE, (address, 0))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not tls:
        return connection
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it was made for the occasion
    context.maximum_version = newest
    return context.wrap_socket(connection)


def _first_answer(connection: socket.socket) -> int:
    """Receive one answer whose length is not known; its length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _some(connection)
    length = expected_length(received[: received.index(b"\r\n\r\n") + 4])
    left = length - len(received)
    while left > 0:
        left -= len(_some(connection))
    if left < 0:
        raise Problem("the answer is longer than its Content-Length")
    return length


def _receive(connection: socket.socket, length: int, answers: int) -> None:
    received = 0
    while received < length * answers:
        part = _some(connection)
        if received % length == 0 and not part.startswith(b"HTTP/1.1 200"):
            raise Problem(f"not a 200: {part[:200]!r}")
        received += len(part)
    if received != length * answers:
        raise Problem("the answers are not all of the same length")


def _some(connection: socket.socket) -> bytes:
    try:
        part = connection.recv(1 << 20)
    except TimeoutError:
        raise Problem(f"the server does not answer (in {PATIENCE} s)") from None
    if not part:
        raise Problem("the server closed the connection")
    return part
