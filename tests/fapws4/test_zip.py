"""zip.Gzip: smaller for those who want it, unchanged for the others."""

from __future__ import annotations

import gzip
import http.client
import socket
import zlib
from collections.abc import Callable

import pytest

from tests.fapws4.conftest import APPS, ask, place_of
from tests.http.conftest import Server
from tests.http.wire import TIMEOUT

TEXT = ("caf\u00e9 " * 1000).encode()
GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture(scope="module")
def zipped(app_server: Callable[..., Server]) -> Server:
    """A server whose pages are compressed."""
    return app_server("zipped")


@pytest.mark.parametrize(
    ("kind", "body", "media_type"),
    [
        ("str", TEXT, "text/html; charset=utf-8"),
        ("bytes", TEXT, None),
        ("list", TEXT * 2, "text/html; charset=utf-8"),
        ("tuple", TEXT, "text/html; charset=utf-8"),
        ("file", TEXT * 50, None),
        ("text", TEXT, None),
        ("generator", b"a" + TEXT, "text/html; charset=utf-8"),
        ("rows", TEXT * 2, "text/html; charset=utf-8"),
        ("late", TEXT, "text/plain"),
    ],
)
def test_every_kind_of_result_is_compressed(zipped: Server, kind: str, body: bytes, media_type: str | None) -> None:
    """The client gets the same content, in fewer bytes and with the same type."""
    plain, found = ask(zipped, f"/{kind}"), ask(zipped, f"/{kind}", GZIP)
    assert (None, "Accept-Encoding", body) == (plain.headers.get("content-encoding"), plain.headers["vary"], plain.body)
    assert ("gzip", "Accept-Encoding") == (found.headers["content-encoding"], found.headers["vary"])
    assert body == gzip.decompress(found.body)
    assert len(found.body) < len(body)
    assert plain.status == found.status
    if kind != "text":
        assert [media_type] * 2 == [answer.headers.get("content-type") for answer in (plain, found)]


@pytest.mark.parametrize("accepted", ["", "gzip;q=0", "br", "identity", "deflate, *;q=0", "gzip;q=oops"])
def test_who_does_not_ask_gets_plain_text(zipped: Server, accepted: str) -> None:
    """The q-values of Accept-Encoding are obeyed."""
    found = ask(zipped, "/str", {"Accept-Encoding": accepted})
    assert (None, TEXT) == (found.headers.get("content-encoding"), found.body)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/small", 200),
        ("/tiny", 200),
        ("/none", 200),
        ("/empty", 200),
        ("/redirect", 302),
        ("/status?206", 206),
        ("/headers?Content-Encoding=br", 200),
        ("/headers?Content-Type=image/png", 200),
        ("/headers?Content-Type=application/zip", 200),
        ("/number", 500),
        ("/mixed", 500),
        ("/failing", 500),
    ],
)
def test_what_gains_nothing_is_left_alone(zipped: Server, target: str, status: int) -> None:
    """Small, encoded and partial content goes out as it is; errors stay errors."""
    found = ask(zipped, target, GZIP)
    assert status == found.status
    assert found.headers.get("content-encoding") in (None, "br")
    assert b"\x1f\x8b" != found.body[:2]


@pytest.mark.parametrize("status", ["204", "304"])
def test_responses_without_content_stay_so(zipped: Server, status: str) -> None:
    """No coding is announced where there is no body."""
    found = ask(zipped, f"/status?{status}", GZIP)
    assert (int(status), None, b"") == (found.status, found.headers.get("content-encoding"), found.body)


def test_head_is_left_alone(zipped: Server) -> None:
    """HEAD compresses nothing, but says that the answer depends on the request."""
    found = ask(zipped, "/str", GZIP, "HEAD")
    assert (200, None, "Accept-Encoding") == (found.status, found.headers.get("content-encoding"), found.headers["vary"])


@pytest.mark.parametrize(
    ("sent", "vary"),
    [("Cookie", "Cookie, Accept-Encoding"), ("accept-encoding", "accept-encoding"), ("*", "*")],
)
def test_vary_is_completed(zipped: Server, sent: str, vary: str) -> None:
    """What the handler says in Vary is kept."""
    assert vary == ask(zipped, f"/headers?Vary={sent}", GZIP).headers["vary"]


def test_validators_of_compressed_content_are_weak(zipped: Server) -> None:
    """A file under Gzip keeps its conditional requests, and ranges of it are never mixed up."""
    source = (APPS / "zipped.py").read_bytes()
    plain, found = ask(zipped, "/files/zipped.py"), ask(zipped, "/files/zipped.py", GZIP)
    etag = plain.headers["etag"]
    assert (source, source) == (plain.body, gzip.decompress(found.body))
    assert f"W/{etag}" == found.headers["etag"]
    assert {"content-length", "accept-ranges"}.isdisjoint(found.headers)
    assert 304 == ask(zipped, "/files/zipped.py", {**GZIP, "If-None-Match": f"W/{etag}"}).status
    part = ask(zipped, "/files/zipped.py", {**GZIP, "Range": "bytes=0-2", "If-Range": etag})
    assert (206, source[:3], None) == (part.status, part.body, part.headers.get("content-encoding"))
    whole = ask(zipped, "/files/zipped.py", {**GZIP, "Range": "bytes=0-2", "If-Range": f"W/{etag}"})
    assert (200, source) == (whole.status, gzip.decompress(whole.body))
    assert "W/" != ask(zipped, "/headers?ETag=W/%22x%22", GZIP).headers["etag"][2:4]


def test_pieces_arrive_when_they_are_made(zipped: Server) -> None:
    """The first chunk of a compressed generator holds its first piece."""
    connection = http.client.HTTPConnection(*place_of(zipped), timeout=TIMEOUT)
    connection.request("GET", "/generator", headers=GZIP)
    response = connection.getresponse()
    assert b"a" == zlib.decompressobj(31).decompress(response.read1(60))[:1]
    connection.close()


def test_sources_are_closed(zipped: Server) -> None:
    """Files, generators and iterables are closed, also when the client goes early."""
    before = ask(zipped, "/closed").body.decode()
    for kind in ("file", "rows", "generator"):
        ask(zipped, f"/{kind}", GZIP)
    with socket.create_connection(place_of(zipped), TIMEOUT) as client:
        client.sendall(b"GET /file HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n")
        while client.recv(65536):
            pass
    after = ask(zipped, "/closed").body.decode()
    assert ["file", "rows", "generator", "file"] == after.removeprefix(before).strip(",").split(",")
