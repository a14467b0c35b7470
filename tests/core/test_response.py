"""response.c: the bytes of a response, and how the client finds its end."""

from __future__ import annotations

from types import ModuleType

import pytest


class Writer:
    """A response to one request, with a banner that never changes."""

    def __init__(self, core: ModuleType, method: bytes = b"GET", version: int = 1, keep_alive: bool = True) -> None:
        self.lib, self.ffi = core.lib, core.ffi
        self.alive: list[object] = []
        self.response = self.ffi.new("struct response *")
        self.output = self.ffi.new("struct buffer *")
        self.banner = self.ffi.new("struct banner *")
        request = self.ffi.new("struct request *")
        request.method = self.slice(method)
        request.minor_version = version
        request.fields.keep_alive = keep_alive
        self.lib.banner_update(self.banner, 784111777)
        self.lib.response_reset(self.response, request)

    def slice(self, text: bytes) -> object:
        """A slice of memory that lives as long as the writer."""
        memory = self.ffi.from_buffer("char[]", text)
        self.alive.append(memory)
        return {"data": memory, "length": len(text)}

    def field(self, name: bytes, value: bytes) -> bool:
        """Adds one field."""
        return bool(self.lib.response_field(self.response, self.slice(name), self.slice(value)))

    def status(self, text: bytes) -> bool:
        """Sets the status."""
        return bool(self.lib.response_status(self.response, self.slice(text)))

    def begin(self, body: bytes, whole: bool = True) -> bytes:
        """The bytes of head and body."""
        self.response.body = self.slice(body)
        self.response.whole = whole
        self.lib.response_begin(self.response, self.banner, self.output)
        return self.written()

    def written(self) -> bytes:
        """All that was appended so far."""
        return bytes(self.ffi.buffer(self.output.data, self.output.length))


BANNER = b"Server: fapws4\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"


def test_a_whole_body_has_its_length(core: ModuleType) -> None:
    """A client of a kept connection knows where the response ends."""
    writer = Writer(core)
    writer.status(b"200 OK")
    writer.field(b"X-A", b"caf\xe9")
    expected = b"HTTP/1.1 200 OK\r\nX-A: caf\xe9\r\n" + BANNER + b"Content-Length: 5\r\n\r\nhello"
    assert expected == writer.begin(b"hello")


def test_a_status_without_reason_gets_one(core: ModuleType) -> None:
    """`404` alone is enough for a handler."""
    writer = Writer(core)
    writer.status(b"404")
    assert b"HTTP/1.1 404 Not Found" == writer.begin(b"").split(b"\r\n")[0]


@pytest.mark.parametrize("text", [b"", b"20", b"abc", b"2000", b"100 Continue", b"200 O\r\nK", b"200\x00"])
def test_bad_statuses_are_refused(core: ModuleType, text: bytes) -> None:
    """What is no final status never reaches the client."""
    assert not Writer(core).status(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [(b"", b"x"), (b"X A", b"x"), (b"X:", b"x"), (b"X\r\nY", b"x"), (b"X", b"a\r\nY: b"), (b"X", b"a\0"), (b"X", b"\n"),
     (b"Content-Length", b"x"), (b"Content-Length", b"-1"), (b"Content-Length", b"")],
)
def test_bad_fields_are_refused(core: ModuleType, name: bytes, value: bytes) -> None:
    """No text of an app can add a header or a second response."""
    assert not Writer(core).field(name, value)


def test_two_lengths_are_refused(core: ModuleType) -> None:
    """An app cannot give two lengths."""
    writer = Writer(core)
    assert [True, False] == [writer.field(b"Content-Length", b"5"), writer.field(b"content-length", b"5")]


def test_fields_of_the_connection_are_the_servers(core: ModuleType) -> None:
    """An app that sets Transfer-Encoding or Connection does not break the framing."""
    writer = Writer(core)
    writer.status(b"200 OK")
    assert writer.field(b"Transfer-Encoding", b"identity")
    assert writer.field(b"Connection", b"keep-alive")
    assert b"HTTP/1.1 200 OK\r\n" + BANNER + b"Content-Length: 1\r\n\r\nx" == writer.begin(b"x")


def test_an_app_may_end_the_connection(core: ModuleType) -> None:
    """`Connection: close` of an app is obeyed."""
    writer = Writer(core)
    writer.status(b"200 OK")
    writer.field(b"Connection", b"Close")
    assert b"\r\nConnection: close\r\n" in writer.begin(b"x")
    assert not writer.response.keep_alive


def test_date_and_server_can_be_replaced(core: ModuleType) -> None:
    """An app's own Date and Server are sent instead of the server's."""
    writer = Writer(core)
    writer.status(b"200 OK")
    writer.field(b"date", b"D")
    writer.field(b"SERVER", b"S")
    assert b"HTTP/1.1 200 OK\r\ndate: D\r\nSERVER: S\r\nContent-Length: 0\r\n\r\n" == writer.begin(b"")


def test_head_has_the_length_and_no_body(core: ModuleType) -> None:
    """HEAD is answered like GET, without the body."""
    writer = Writer(core, method=b"HEAD")
    writer.status(b"200 OK")
    assert writer.begin(b"hello").endswith(b"Content-Length: 5\r\n\r\n")


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_statuses_without_body_have_none(core: ModuleType, status: bytes) -> None:
    """204 and 304 never have a body or a Content-Length."""
    writer = Writer(core)
    writer.status(status)
    assert b"HTTP/1.1 " + status + b"\r\n" + BANNER + b"\r\n" == writer.begin(b"hello")


def test_too_much_body_is_cut(core: ModuleType) -> None:
    """Nothing beyond the announced length is sent."""
    writer = Writer(core)
    writer.status(b"200 OK")
    writer.field(b"Content-Length", b"3")
    assert writer.begin(b"hello").endswith(b"\r\n\r\nhel")
    assert writer.response.keep_alive


def test_too_little_body_ends_the_connection(core: ModuleType) -> None:
    """A client sees that something is missing."""
    writer = Writer(core)
    writer.status(b"200 OK")
    writer.field(b"Content-Length", b"9")
    assert b"Connection: close\r\n" in writer.begin(b"hello")


@pytest.mark.parametrize("length", [9, 10, 99, 100, 18446744073709551615])
def test_a_length_of_any_size_is_written(core: ModuleType, length: int) -> None:
    """A body in pieces may be longer than memory."""
    writer = Writer(core)
    writer.status(b"200 OK")
    writer.response.has_length, writer.response.length = True, length
    assert writer.begin(b"", whole=False).endswith(b"\r\nContent-Length: %d\r\n\r\n" % length)


def test_a_large_body_is_not_copied(core: ModuleType) -> None:
    """A body of megabytes is written from where it lies."""
    writer = Writer(core)
    writer.status(b"200 OK")
    assert writer.begin(b"x" * 20000).endswith(b"Content-Length: 20000\r\n\r\n")
    assert 20000 == writer.response.tail.length


def test_pieces_are_chunked(core: ModuleType) -> None:
    """A body of unknown length is sent in chunks, and empty pieces do not end it."""
    writer = Writer(core)
    writer.status(b"200 OK")
    assert writer.begin(b"", whole=False).endswith(b"Transfer-Encoding: chunked\r\n\r\n")
    start = len(writer.written())
    framing = writer.ffi.addressof(writer.response, "framing")
    for piece in [b"hello", b"", b"x" * 26]:
        assert writer.lib.MORE == writer.lib.response_chunk(framing, writer.slice(piece), writer.output)
    assert writer.lib.DONE == writer.lib.response_end(framing, writer.output)
    assert b"5\r\nhello\r\n1a\r\n" + b"x" * 26 + b"\r\n0\r\n\r\n" == writer.written()[start:]


def test_pieces_for_1_0_end_with_the_connection(core: ModuleType) -> None:
    """A client of HTTP/1.0 knows no chunks."""
    writer = Writer(core, version=0)
    writer.status(b"200 OK")
    assert writer.begin(b"a", whole=False).endswith(b"Connection: close\r\n\r\na")
    assert not writer.response.keep_alive


def test_pieces_never_exceed_the_length(core: ModuleType) -> None:
    """A generator that yields too much is cut, one that yields too little is noticed."""
    writer = Writer(core)
    writer.status(b"200 OK")
    writer.field(b"Content-Length", b"6")
    writer.begin(b"1234", whole=False)
    framing = writer.ffi.addressof(writer.response, "framing")
    assert writer.lib.BROKEN == writer.lib.response_end(framing, writer.output)
    assert writer.lib.BROKEN == writer.lib.response_chunk(framing, writer.slice(b"5678"), writer.output)
    assert writer.written().endswith(b"\r\n\r\n123456")


def test_a_kept_1_0_connection_says_so(core: ModuleType) -> None:
    """A client of HTTP/1.0 must be told that the connection stays."""
    writer = Writer(core, version=0)
    writer.status(b"200 OK")
    assert b"\r\nConnection: keep-alive\r\n" in writer.begin(b"x")


def test_a_refusal_closes(core: ModuleType) -> None:
    """A body above the limit is answered with the words that fapws always used."""
    writer = Writer(core)
    writer.lib.response_refuse(writer.response, 413)
    writer.lib.response_begin(writer.response, writer.banner, writer.output)
    assert writer.written().startswith(b"HTTP/1.1 413 Content Too Large\r\n")
    assert writer.written().endswith(b"Connection: close\r\n\r\ninput body too big")
