"""A client that sends exact bytes and reads exact responses (RFC 9112)."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass

TIMEOUT = 60.0  # seconds; far more than any answer takes, so that a hang becomes a failure


@dataclass(frozen=True)
class Response:
    """One response; `fields` has lower-case names, in the order of arrival."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes

    def field(self, name: str) -> str | None:
        """The first value of a field."""
        return next((value for key, value in self.fields if key == name), None)


class Client:
    """One connection to a server on the loopback; by TLS when there is a context for it."""

    def __init__(self, address: tuple[str, int] | str, context: ssl.SSLContext | None = None) -> None:
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(TIMEOUT)
        self.received = b""
        try:
            self.socket.connect(address)
        except OSError:
            self.socket.close()
            raise
        if family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Sends; a server that has closed already shows when reading."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return

    def send_slowly(self, data: bytes) -> None:
        """Sends byte by byte."""
        for at in range(len(data)):
            self.send(data[at : at + 1])

    def more(self) -> bool:
        """Waits for more bytes; False at the end."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        self.received += data
        return bool(data)

    def until(self, mark: bytes) -> bytes:
        """Takes everything up to and with `mark`."""
        while mark not in self.received:
            assert self.more(), f"the connection ended, {mark!r} is missing in {self.received[:200]!r}"
        head, _, self.received = self.received.partition(mark)
        return head + mark

    def take(self, count: int) -> bytes:
        """Takes `count` bytes."""
        while len(self.received) < count:
            assert self.more(), f"the connection ended, {count - len(self.received)} bytes are missing"
        data, self.received = self.received[:count], self.received[count:]
        return data

    def rest(self) -> bytes:
        """Takes everything up to the end of the connection."""
        while self.more():
            pass
        data, self.received = self.received, b""
        return data

    def chunks(self) -> bytes:
        """Takes a chunked body."""
        body = b""
        while size := int(self.until(b"\r\n"), 16):
            body += self.take(size)
            assert b"\r\n" == self.take(2)
        assert b"\r\n" == self.take(2)
        return body

    def response(self, method: str = "GET") -> Response:
        """Takes the next response; `method` is that of its request."""
        head = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, code, _ = head[0].split(" ", 2)
        assert version == "HTTP/1.1"
        pairs = [line.split(": ", 1) for line in head[1:-2]]
        fields = [(name.lower(), value) for name, value in pairs]
        found = Response(int(code), fields, b"")
        if method == "HEAD" or int(code) in (204, 304) or int(code) < 200:
            return found
        if found.field("transfer-encoding") == "chunked":
            return Response(int(code), fields, self.chunks())
        length = found.field("content-length")
        return Response(int(code), fields, self.rest() if length is None else self.take(int(length)))

    def ask(self, target: str, *fields: str, method: str = "GET", body: bytes = b"") -> Response:
        """Sends one ordinary request and takes its response."""
        lines: Iterable[str] = [f"{method} {target} HTTP/1.1", "Host: test", *fields]
        if body:
            lines = [*lines, f"Content-Length: {len(body)}"]
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        return self.response(method)
