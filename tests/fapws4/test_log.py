"""log.Log: one line per request that every log analyser reads, and that no client can forge."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fapws4.conftest import APPS, ask
from tests.http.conftest import Server

COMBINED = re.compile(
    r'(?P<host>\S+) - (?P<user>\S+) \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] "(?P<request>(?:[^"\\]|\\.)*)"'
    r' (?P<status>\d{3}) (?P<size>\d+|-) "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)"\n'
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log."""
    return tmp_path_factory.mktemp("log") / "access.log"


@pytest.fixture(scope="module")
def logged(app_server: Callable[..., Server], written: Path) -> Server:
    """A server that writes it."""
    return app_server("logged", written)


def line_of(server: Server, written: Path, target: str, headers: dict[str, str] | None = None, method: str = "GET") -> str:
    """The line that a request adds."""
    before = written.stat().st_size
    try:
        ask(server, target, headers, method)
    except http.client.IncompleteRead:
        assert target == "/broken"
    return written.read_bytes()[before:].decode("ascii")


@pytest.mark.parametrize(
    ("target", "method", "status", "size"),
    [
        ("/text?a=b", "GET", "200", "5"),
        ("/text", "HEAD", "200", "-"),
        ("/method", "GET", "200", "5"),
        ("/file", "GET", "200", str((APPS / "logged.py").stat().st_size)),
        ("/generator", "GET", "404", "4"),
        ("/broken", "GET", "200", "1"),
        ("/unborn", "GET", "500", "-"),
        ("/raising", "POST", "500", "-"),
        ("/nothing", "GET", "304", "-"),
    ],
)
def test_every_result_is_logged(logged: Server, written: Path, target: str, method: str, status: str, size: str) -> None:
    """Status and size are those of what was sent, for every kind of result."""
    found = COMBINED.fullmatch(line_of(logged, written, target, method=method))
    assert found is not None
    expected = ("127.0.0.1", "-", f"{method} {target} HTTP/1.1", status, size, "-", "-")
    assert expected == found.group("host", "user", "request", "status", "size", "referer", "agent")


@pytest.mark.parametrize(
    ("sent", "logged_as"),
    [
        ("Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)"),
        ('x" 200 1 "-" "forged', r"x\" 200 1 \"-\" \"forged"),
        ("back\\slash", r"back\\slash"),
        ("tab\there", r"tab\there"),
        ("caf\xe9", r"caf\xe9"),
        ("\x80\xff", r"\x80\xff"),
    ],
)
def test_headers_cannot_forge_lines(logged: Server, written: Path, sent: str, logged_as: str) -> None:
    """Quotes, backslashes and everything that is not plain text are escaped."""
    found = COMBINED.fullmatch(line_of(logged, written, "/text", {"User-Agent": sent, "Referer": sent}))
    assert found is not None
    assert (logged_as, logged_as) == found.group("agent", "referer")


@pytest.mark.parametrize(
    ("target", "forwarded", "host"),
    [
        ("/text", "1.2.3.4", "127.0.0.1"),
        ("/behind", None, "127.0.0.1"),
        ("/behind", "", "127.0.0.1"),
        ("/behind", "1.2.3.4", "1.2.3.4"),
        ("/behind", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("/behind", "2001:db8::1", "2001:db8::1"),
        ("/behind", 'a "b', r"a\x20\"b"),
    ],
)
def test_proxies_are_trusted_when_told(logged: Server, written: Path, target: str, forwarded: str | None, host: str) -> None:
    """A client cannot choose its address; behind a proxy the proxy's word counts."""
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    found = COMBINED.fullmatch(line_of(logged, written, target, headers))
    assert found is not None
    assert host == found["host"]


def test_the_compressed_size_is_logged(logged: Server, written: Path) -> None:
    """Outside of Gzip, Log sees what is sent."""
    found = COMBINED.fullmatch(line_of(logged, written, "/small", {"Accept-Encoding": "gzip"}))
    assert found is not None
    assert int(found["size"]) < 1000


def test_a_full_disk_does_not_stop_the_site(logged: Server) -> None:
    """A log that cannot be written is complained about, and the page is served."""
    assert b"served" == ask(logged, "/full").body
    assert "the access log cannot be written" in logged.logged()
