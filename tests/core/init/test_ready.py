"""The server's word that it listens, and the URL made of it."""

from typing import Any

import pytest


def feed(pure: Any, *pieces: bytes) -> tuple[bool, str, int]:
    """Whether the last piece completed a good line, and the host and port read."""
    ready = pure.ffi.new("struct ready *")
    done = False
    for piece in pieces:
        span, _block = pure.span(piece)
        done = bool(pure.lib.ready_feed(ready, span[0]))
    return done, pure.ffi.string(ready.host).decode(), ready.port


def test_the_line_is_understood_in_pieces(pure: Any) -> None:
    """The line counts when its end has come, however it was cut."""
    assert feed(pure, b"listening 0.0.0.0 80\n") == (True, "0.0.0.0", 80)
    assert feed(pure, b"listen", b"ing ::1 655", b"35\n") == (True, "::1", 65535)
    assert feed(pure, b"listening 0.0.0.0 80") == (False, "", 0)


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"listening\n",
        b"listening 0.0.0.0\n",
        b"listening 0.0.0.0 0\n",
        b"listening 0.0.0.0 65536\n",
        b"listening 0.0.0.0 99999999999999999999\n",
        b"listening 0.0.0.0 8x\n",
        b"listening 0.0.0.0 -1\n",
        b"listening 0.0.0.0 80 more\n",
        b"listening \x1b[2J 80\n",
        b"listening " + b"a" * 64 + b" 80\n",
        b"hearing 0.0.0.0 80\n",
        b"x" * 500 + b"\n",
    ],
)
def test_a_hostile_app_cannot_print_what_it_likes(pure: Any, line: bytes) -> None:
    """Only a host and a port are ever believed."""
    assert not feed(pure, line)[0]


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("10.0.2.15", 80, "http://10.0.2.15/"),
        ("10.0.2.15", 8888, "http://10.0.2.15:8888/"),
        ("fe80::1", 80, "http://[fe80::1]/"),
        ("fe80::1", 81, "http://[fe80::1]:81/"),
    ],
)
def test_urls_are_what_a_browser_takes(pure: Any, host: str, port: int, expected: str) -> None:
    """Port 80 goes without saying, IPv6 goes in brackets."""
    ready = pure.ffi.new("struct ready *", {"port": port})
    out = pure.ffi.new("char[]", 128)
    pure.lib.ready_url(ready, host.encode(), out, 128)
    assert expected == pure.ffi.string(out).decode()


@pytest.mark.parametrize(("host", "expected"), [("0.0.0.0", True), ("::", True), ("127.0.0.1", False)])
def test_everywhere_is_known(pure: Any, host: str, expected: bool) -> None:
    """Only a server on every address answers at the device's addresses."""
    ready = pure.ffi.new("struct ready *", {"host": host.encode()})
    assert expected == pure.lib.ready_is_everywhere(ready)
