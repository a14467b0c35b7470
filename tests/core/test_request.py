"""request.c, body.c and intake.c: one request out of a stream of bytes, however it is cut."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import pytest

LIMIT_HEAD = 32768
LIMIT_REQUEST_LINE = 16384
BODY_LIMIT = 1000


@dataclass(frozen=True)
class Outcome:
    """What the intake said in the end."""

    progress: str
    refusal: int = 0
    method: bytes = b""
    path: bytes = b""
    query: bytes = b""
    host: bytes = b""
    body: bytes = b""
    keep_alive: bool = False
    rest: bytes = b""


class Feeder:
    """Gives bytes to the parser as a connection does: all that is unanswered so far, in memory of exactly that size."""

    def __init__(self, core: ModuleType) -> None:
        self.lib, self.ffi = core.lib, core.ffi
        self.request = self.ffi.new("struct request *")
        self.intake = self.ffi.new("struct intake *")
        self.pending = b""
        self.ended = False

    def text(self, part: object) -> bytes:
        """The bytes of a slice."""
        return bytes(self.ffi.buffer(part.data, part.length)) if part.data != self.ffi.NULL else b""  # type: ignore[attr-defined]

    def feed(self, data: bytes) -> Outcome:
        """One more piece has arrived."""
        self.pending += data
        size = len(self.pending)
        memory = self.lib.malloc(max(size, 1))
        self.ffi.memmove(memory, self.pending, size)
        members = {"data": self.ffi.cast("char *", memory), "length": size, "ended": self.ended}
        view = self.ffi.new("struct input *", members)
        try:
            progress = self.lib.intake_head(self.request, self.intake, view)
            if progress == self.lib.READY:
                progress = self.lib.intake_body(self.request, self.intake, view, BODY_LIMIT)
            return self.outcome(progress, bytes(self.ffi.buffer(view.data, view.length)))
        finally:
            self.lib.free(memory)

    def outcome(self, progress: int, received: bytes) -> Outcome:
        """Copies what the parser found before its memory goes."""
        if progress == self.lib.WAITING:
            self.pending = received
            return Outcome("waiting")
        if progress == self.lib.REFUSED:
            return Outcome("refused", self.request.refusal)
        self.pending = received[self.request.consumed :]
        return Outcome(
            "ready",
            method=self.text(self.request.method),
            path=self.text(self.request.path),
            query=self.text(self.request.target.query),
            host=self.text(self.request.fields.host),
            body=self.text(self.request.body),
            keep_alive=bool(self.request.fields.keep_alive),
            rest=self.pending,
        )


def parse(core: ModuleType, data: bytes, step: int = 0) -> Outcome:
    """The outcome for `data`, given at once or in pieces of `step` bytes; at the end the client sends no more."""
    feeder = Feeder(core)
    for start in range(0, len(data), step or len(data)):
        outcome = feeder.feed(data[start : start + (step or len(data))])
        if outcome.progress != "waiting":
            return outcome
    feeder.ended = True
    return feeder.feed(b"")


def head(*fields: str, line: str = "GET / HTTP/1.1") -> bytes:
    """A request head with a Host field."""
    return "\r\n".join([line, "Host: a", *fields, "", ""]).encode("latin-1")


GOOD = {
    "plain": (head(), Outcome("ready", method=b"GET", path=b"/", host=b"a", keep_alive=True)),
    "query": (
        head(line="GET /a%20b/%zz?x=?%20 HTTP/1.1"),
        Outcome("ready", method=b"GET", path=b"/a b/%zz", query=b"x=?%20", host=b"a", keep_alive=True),
    ),
    "plus is no space": (
        head(line="GET /a+b HTTP/1.1"),
        Outcome("ready", method=b"GET", path=b"/a+b", host=b"a", keep_alive=True),
    ),
    "absolute-form": (
        head(line="GET http://h:80/x?y HTTP/1.1"),
        Outcome("ready", method=b"GET", path=b"/x", query=b"y", host=b"h:80", keep_alive=True),
    ),
    "absolute-form without path": (
        head(line="GET http://h HTTP/1.1"),
        Outcome("ready", method=b"GET", path=b"/", host=b"h", keep_alive=True),
    ),
    "asterisk": (
        head(line="OPTIONS * HTTP/1.1"),
        Outcome("ready", method=b"OPTIONS", path=b"*", host=b"a", keep_alive=True),
    ),
    "1.0": (b"GET / HTTP/1.0\r\n\r\n", Outcome("ready", method=b"GET", path=b"/")),
    "1.0 kept": (
        b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
        Outcome("ready", method=b"GET", path=b"/", keep_alive=True),
    ),
    "close in a list": (
        head("Connection: foo , CLOSE, keep-alive"),
        Outcome("ready", method=b"GET", path=b"/", host=b"a"),
    ),
    "1.7 is read as 1.1": (
        head(line="GET / HTTP/1.7"),
        Outcome("ready", method=b"GET", path=b"/", host=b"a", keep_alive=True),
    ),
    "empty line ahead": (
        b"\r\n" + head(),
        Outcome("ready", method=b"GET", path=b"/", host=b"a", keep_alive=True),
    ),
    "sized body": (
        head("Content-Length: \t5 \t", line="PUT / HTTP/1.1") + b"hello" + b"GET ",
        Outcome("ready", method=b"PUT", path=b"/", host=b"a", body=b"hello", keep_alive=True, rest=b"GET "),
    ),
    "chunked body": (
        head("Transfer-Encoding: Chunked", line="POST / HTTP/1.1")
        + b"5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\nGET ",
        Outcome("ready", method=b"POST", path=b"/", host=b"a", body=b"hello0123456789", keep_alive=True, rest=b"GET "),
    ),
    "empty chunked body": (
        head("Transfer-Encoding: chunked", line="POST / HTTP/1.1") + b"0\r\n\r\n",
        Outcome("ready", method=b"POST", path=b"/", host=b"a", keep_alive=True),
    ),
    "body of the limit": (
        head(f"Content-Length: {BODY_LIMIT}", line="POST / HTTP/1.1") + b"x" * BODY_LIMIT,
        Outcome("ready", method=b"POST", path=b"/", host=b"a", body=b"x" * BODY_LIMIT, keep_alive=True),
    ),
    "empty host": (
        b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
        Outcome("ready", method=b"GET", path=b"/", keep_alive=True),
    ),
}

BAD = {
    "garbage": (b"\x16\x03\x01\x02\r\n\r\n", 400),
    "garbage without an end": (b"GET /\x01a", 400),
    "two spaces": (head(line="GET  / HTTP/1.1"), 400),
    "space at the end of the line": (head(line="GET / HTTP/1.1 "), 400),
    "no version": (b"GET /\r\n\r\n", 400),
    "2.0": (head(line="GET / HTTP/2.0"), 505),
    "1.10": (head(line="GET / HTTP/1.10"), 400),
    "CONNECT": (head(line="CONNECT a:80 HTTP/1.1"), 501),
    "asterisk for GET": (head(line="GET * HTTP/1.1"), 400),
    "relative target": (head(line="GET x HTTP/1.1"), 400),
    "fragment": (head(line="GET /#x HTTP/1.1"), 400),
    "byte above 127 in the target": (head(line="GET /\xff HTTP/1.1"), 400),
    "encoded NUL": (head(line="GET /%00 HTTP/1.1"), 400),
    "absolute-form with user": (head(line="GET http://u@h/ HTTP/1.1"), 400),
    "absolute-form without host": (head(line="GET http:///x HTTP/1.1"), 400),
    "other scheme": (head(line="GET ftp://h/ HTTP/1.1"), 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "no host in absolute-form": (b"GET http://h/ HTTP/1.1\r\n\r\n", 400),
    "two hosts": (head("Host: a"), 400),
    "host with path": (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    "host with bad port": (b"GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", 400),
    "unclosed bracket": (b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
    "folded line": (head("X: a", " b"), 400),
    "bare LF": (b"GET / HTTP/1.1\nHost: a\n\n", 400),
    "bare LF between fields": (b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400),
    "bare LF at the end": (b"GET / HTTP/1.1\r\nHost: a\r\n\n", 400),
    "space before colon": (head("X : a"), 400),
    "NUL in a value": (head("X: a\0b"), 400),
    "length with sign": (head("Content-Length: +5"), 400),
    "empty length": (head("Content-Length:"), 400),
    "length twice": (head("Content-Length: 5", "Content-Length: 5"), 400),
    "length list": (head("Content-Length: 5, 5"), 400),
    "length and chunks": (head("Content-Length: 5", "Transfer-Encoding: chunked"), 400),
    "chunks and length": (head("Transfer-Encoding: chunked", "Content-Length: 5"), 400),
    "chunks in 1.0": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked twice": (head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), 400),
    "coding list": (head("Transfer-Encoding: gzip, chunked"), 400),
    "unknown coding": (head("Transfer-Encoding: gzip"), 501),
    "unknown expectation": (head("Expect: miracle"), 417),
    "length that wraps": (head("Content-Length: 18446744073709551621"), 413),
    "body above the limit": (head(f"Content-Length: {BODY_LIMIT + 1}"), 413),
    "chunk above the limit": (head("Transfer-Encoding: chunked") + b"3e9\r\n", 413),
    "chunks above the limit": (head("Transfer-Encoding: chunked") + b"3e8\r\n" + b"x" * 1000 + b"\r\n1\r\n", 413),
    "chunk size that wraps": (head("Transfer-Encoding: chunked") + b"ffffffffffffffff\r\n", 413),
    "chunk size with sign": (head("Transfer-Encoding: chunked") + b"+5\r\nhello\r\n0\r\n\r\n", 400),
    "chunk data too long": (head("Transfer-Encoding: chunked") + b"3\r\nhello\r\n0\r\n\r\n", 400),
    "long line": (b"GET /" + b"a" * LIMIT_REQUEST_LINE + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "long line without plain characters": (b"GET /" + b"%41" * LIMIT_REQUEST_LINE + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "long line without an end": (b"GET /" + b"a" * (LIMIT_REQUEST_LINE + 9), 414),
    "long head": (head(*[f"X: {'a' * 4000}"] * 9), 431),
    "long head without an end": (head(*[f"X: {'a' * 4000}"] * 9)[:-2], 431),
    "fault behind the limit": (head(*[f"X: {'a' * 4000}"] * 9)[:-2] + b"\0", 431),
    "too many fields": (head(*["X: a"] * 128), 431),
}


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize("name", GOOD)
def test_good_requests_are_read(core: ModuleType, name: str, step: int) -> None:
    """A request means the same however its bytes arrive."""
    data, expected = GOOD[name]
    if step > 0 and expected.rest:
        data = data[: -len(expected.rest)]
        expected = Outcome(**{**expected.__dict__, "rest": b""})
    assert expected == parse(core, data, step)


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize("name", BAD)
def test_bad_requests_are_refused(core: ModuleType, name: str, step: int) -> None:
    """A bad request gets the same status however its bytes arrive."""
    data, status = BAD[name]
    assert Outcome("refused", status) == parse(core, data, step)


@pytest.mark.parametrize("step", [0, 1000])
@pytest.mark.parametrize(("more", "progress", "refusal"), [(0, "ready", 0), (1, "refused", 414)])
def test_a_request_line_is_limited(core: ModuleType, step: int, more: int, progress: str, refusal: int) -> None:
    """To the byte, also when its path has to be decoded, for which there is no more room than that."""
    path = b"/%41" + b"a" * (LIMIT_REQUEST_LINE - len(b"GET /%41 HTTP/1.1\r\n") + more)
    outcome = parse(core, b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n", step)
    assert (progress, refusal) == (outcome.progress, outcome.refusal)
    assert outcome.path == (b"" if more else path.replace(b"%41", b"A"))


@pytest.mark.parametrize("step", [0, 1000, 65536])
@pytest.mark.parametrize(("size", "expected"), [(106_000, "ready"), (107_000, "refused")])
def test_what_surrounds_chunks_is_limited(core: ModuleType, size: int, expected: str, step: int) -> None:
    """Chunk extensions are read up to one limit, however their bytes arrive."""
    data = head("Transfer-Encoding: chunked", line="POST / HTTP/1.1") + b"0;" + b"a" * size + b"\r\n\r\n"
    outcome = parse(core, data, step)
    assert (expected, 413 if expected == "refused" else 0) == (outcome.progress, outcome.refusal)


@pytest.mark.parametrize("step", [0, 1, 1000])
@pytest.mark.parametrize(("size", "expected"), [(32_761, "ready"), (32_762, "refused")])
def test_a_trailer_section_is_limited(core: ModuleType, size: int, expected: str, step: int) -> None:
    """It may be as long as a head, to the byte, however its bytes arrive."""
    data = head("Transfer-Encoding: chunked", line="POST / HTTP/1.1") + b"0\r\nX: " + b"a" * size + b"\r\n\r\n"
    outcome = parse(core, data, step)
    assert (expected, 431 if expected == "refused" else 0) == (outcome.progress, outcome.refusal)


@pytest.mark.parametrize("name", GOOD)
def test_every_split_gives_the_same(core: ModuleType, name: str) -> None:
    """A request cut in two at any byte is the same request."""
    data, expected = GOOD[name]
    whole = data[: len(data) - len(expected.rest)]
    for cut in range(1, len(whole)):
        feeder = Feeder(core)
        assert Outcome("waiting") == feeder.feed(whole[:cut])
        assert expected.body == feeder.feed(whole[cut:]).body


def test_pipelined_requests_come_in_order(core: ModuleType) -> None:
    """What stands behind a request is the next one."""
    feeder = Feeder(core)
    first = feeder.feed(head(line="GET /1 HTTP/1.1") + head(line="GET /2 HTTP/1.1"))
    second = feeder.feed(b"")
    assert (b"/1", b"/2", b"") == (first.path, second.path, second.rest)


def test_expect_is_owed_until_the_body_comes(core: ModuleType) -> None:
    """A client that waits for 100 (Continue) is told to go on; one that does not wait is not."""
    waiting, hasty = Feeder(core), Feeder(core)
    data = head("Expect: 100-continue", "Content-Length: 5", line="POST / HTTP/1.1")
    waiting.feed(data)
    hasty.feed(data + b"h")
    assert (True, False) == (waiting.intake.owes_continue, hasty.intake.owes_continue)


def test_unfinished_head_waits(core: ModuleType) -> None:
    """Nothing is decided before the head is complete."""
    assert Outcome("waiting") == parse(core, head()[:-1])
