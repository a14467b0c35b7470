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
        b"listening 0.0.0.0 80 https more\n",
        b"listening 0.0.0.0 https\n",
        b"listening \x1b[2J 80\n",
        b"listening " + b"a" * 64 + b" 80\n",
        b"hearing 0.0.0.0 80\n",
        b"x" * 500 + b"\n",
    ],
)
def test_a_hostile_app_cannot_print_what_it_likes(pure: Any, line: bytes) -> None:
    """Only a host and a port are ever believed."""
    assert not feed(pure, line)[0]


@pytest.mark.parametrize("port", [b"0", b"65536", b"65539"])
def test_a_port_that_is_none_is_not_known(pure: Any, port: bytes) -> None:
    """As long as there is no port, nobody asks there."""
    assert 0 == feed(pure, b"listening 0.0.0.0 " + port + b"\n")[2]


def test_what_it_speaks_is_known(pure: Any) -> None:
    """https when the server says so, also when that comes in pieces."""
    for line, secure in ((b"listening 0.0.0.0 443 https\n", True), (b"listening 0.0.0.0 443\n", False)):
        ready = pure.ffi.new("struct ready *")
        for byte in line:
            span, _block = pure.span(bytes([byte]))
            done = pure.lib.ready_feed(ready, span[0])
        assert (True, 443, secure) == (done, ready.port, ready.secure)


@pytest.mark.parametrize(
    ("host", "port", "secure", "expected"),
    [
        ("10.0.2.15", 80, False, "http://10.0.2.15/"),
        ("10.0.2.15", 8888, False, "http://10.0.2.15:8888/"),
        ("10.0.2.15", 443, True, "https://10.0.2.15/"),
        ("10.0.2.15", 80, True, "https://10.0.2.15:80/"),
        ("10.0.2.15", 443, False, "http://10.0.2.15:443/"),
        ("fe80::1", 80, False, "http://[fe80::1]/"),
        ("fe80::1", 81, False, "http://[fe80::1]:81/"),
    ],
)
def test_urls_are_what_a_browser_takes(pure: Any, host: str, port: int, secure: bool, expected: str) -> None:
    """The port that the scheme has by itself goes without saying, IPv6 goes in brackets."""
    ready = pure.ffi.new("struct ready *", {"port": port, "secure": secure})
    out = pure.ffi.new("char[]", 128)
    pure.lib.ready_url(ready, host.encode(), out, 128)
    assert expected == pure.ffi.string(out).decode()


@pytest.mark.parametrize(("host", "expected"), [("0.0.0.0", True), ("::", True), ("127.0.0.1", False)])
def test_everywhere_is_known(pure: Any, host: str, expected: bool) -> None:
    """Only a server on every address answers at the device's addresses."""
    ready = pure.ffi.new("struct ready *", {"host": host.encode()})
    assert expected == pure.lib.ready_is_everywhere(ready)
