"""What is asked: the requests of every case, and what issue 4 wants them to cost."""

from __future__ import annotations

from dataclasses import dataclass

_BROWSER = b"".join(name + b": " + value + b"\r\n" for name, value in (
    (b"User-Agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    (b"Accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"),
    (b"Accept-Language", b"en-US,en;q=0.5"),
    (b"Accept-Encoding", b"gzip, deflate, br, zstd"),
    (b"Referer", b"http://localhost/index.html"),
    (b"Connection", b"keep-alive"),
    (b"Cookie", b"sessionid=38afes7a8c4f2b1e9d; csrftoken=u32t4o3tb3gg43"),
    (b"Upgrade-Insecure-Requests", b"1"),
    (b"Cache-Control", b"max-age=0"),
))


@dataclass(frozen=True)
class Case:
    """Requests of equal length, taken in turn; ``depth`` of them are sent at once, each answered by a 200 of one length.

    ``app`` is the page that is asked, a name of apps/pages.py.
    """

    name: str
    title: str
    app: str
    requests: tuple[bytes, ...]
    depth: int = 1
    close: bool = False  # a new connection for every request
    tls: bool = False


@dataclass(frozen=True)
class Must:
    """The most that one request may cost: user instructions, and system calls (exactly so many, or at most)."""

    instructions: int
    calls: float
    exactly: bool = True


def request(target: str, fields: bytes = b"", body: bytes = b"", method: str = "GET") -> bytes:
    """One HTTP/1.1 request."""
    return f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode() + fields + b"\r\n" + body


def post(size: int) -> bytes:
    """A POST of so many bytes."""
    fields = b"Content-Type: application/octet-stream\r\nContent-Length: %d\r\n" % size
    return request("/", fields, b"x" * size, "POST")


_PLAIN = (request("/"),)

KEEP_ALIVE = Case("keep-alive", "GET hello, keep-alive", "hello", _PLAIN)
HEADERS = Case("headers", "GET with 10 browser headers", "hello", (request("/?q=hello&page=2", _BROWSER),))
PATHS = Case("paths", "10 headers, path differs each time", "hello",
             tuple(request(f"/page{number:05}?q=hello", _BROWSER) for number in range(10_000)))
POST = Case("post", "POST 1 KB read by the app", "post", (post(1024),))
PIPELINED = Case("pipelined", "pipelined 16", "hello", _PLAIN, depth=16)
CLOSE = Case("close", "new connection per request", "hello", (request("/", b"Connection: close\r\n"),), close=True)
FILE = Case("file", "static file of 100 KB", "file", (request("/file"),))

TLS = Case("tls", "GET hello by TLS, keep-alive", "hello", _PLAIN, tls=True)

EXACT = (KEEP_ALIVE, HEADERS, PATHS, POST, PIPELINED)
TIMED = (KEEP_ALIVE, HEADERS, PIPELINED, POST, CLOSE, FILE, TLS)

MUSTS = {
    "keep-alive": Must(5_000, 3),
    "headers": Must(8_000, 3),
    "paths": Must(9_000, 3),
    "post": Must(8_000, 3),
    "pipelined": Must(4_000, 0.25, exactly=False),
}
# What part of a peer's speed fapws4 must reach at least, by CPU time per request: its time over ours.
SHARES: dict[str, dict[str, float]] = {
    "keep-alive": {"bare C": 0.92, "freastal": 1, "bjoern": 1, "fastwsgi": 1, "nginx": 1},
    "headers": {"bare C": 0.85},
    "pipelined": {"bare C": 0.55},
    "close": {"bjoern": 1},
    "file": {"nginx": 1},
    "tls": {"freastal": 1},
}
P99_MUST = 1.5  # times bare C's
SCALE_MUST = 1.1  # CPU of a request with two workers over one worker's
CROWD_MUST = 1.05  # the same beside 10,000 idle connections over without: two runs alike differ by as much

# By TLS 1.3, of which OpenSSL 3.0 has some 5,000 for two records; freastal needs 14,600 and 4, the issue wants time only.
TLS_MUST = Must(10_500, 3)

FLASK_MUST = 6_000  # instructions above those of the application itself

# A timer of the server that falls into a count is not a call of the request's.
CALLS_TOLERANCE = 0.02


def broken(must: Must, instructions: float, calls: float) -> list[str]:
    """What a cost breaks of a must, in words; empty when it keeps it."""
    found = []
    if instructions > must.instructions:
        found.append(f"{instructions:,.0f} instructions, must be <= {must.instructions:,}")
    if calls > must.calls + CALLS_TOLERANCE or (must.exactly and calls < must.calls - CALLS_TOLERANCE):
        found.append(f"{calls:.2f} calls, must be {'' if must.exactly else '<= '}{must.calls:g}")
    return found
