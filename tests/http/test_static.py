"""views.Staticfile: files below a folder, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.http.conftest import APPS, Command, Server, end_server, start_server


@pytest.fixture(scope="module")
def static(command: Command, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a small tree of files."""
    folder = tmp_path_factory.mktemp("static")
    root = folder / "root"
    (root / "sub").mkdir(parents=True)
    (folder / "root-secret").write_text("secret")
    (root / "a.txt").write_text("0123456789")
    (root / "caf\u00e9.css").write_text("css")
    (root / "a..b").write_text("dots")
    (root / "index.html").write_text("index")
    (root / "empty").write_text("")
    (root / "outside").symlink_to(folder / "root-secret")
    (root / "inside").symlink_to(root / "a.txt")
    running = start_server(command, folder, APPS / "static.py", environment={"STATIC_FOLDER": str(root)})
    yield running
    end_server(running)


@pytest.mark.parametrize(
    ("target", "status", "kind", "body"),
    [
        ("/static/a.txt", 200, "text/plain; charset=utf-8", b"0123456789"),
        ("/static/caf%C3%A9.css", 200, "text/css; charset=utf-8", b"css"),
        ("/static/a..b", 200, "application/octet-stream", b"dots"),
        ("/static/empty", 200, "application/octet-stream", b""),
        ("/static/inside", 200, "text/plain; charset=utf-8", b"0123456789"),
        ("/static/sub/../a.txt", 200, "text/plain; charset=utf-8", b"0123456789"),
        ("/one.txt", 200, "text/plain; charset=utf-8", b"0123456789"),
        ("/aged/", 200, "text/html; charset=utf-8", b"index"),
        ("/static/", 404, "text/plain; charset=utf-8", b"Not Found"),
        ("/static/sub", 404, "text/plain; charset=utf-8", b"Not Found"),
        ("/static/missing", 404, "text/plain; charset=utf-8", b"Not Found"),
        ("/static/outside", 404, "text/plain; charset=utf-8", b"Not Found"),
        ("/static/../root-secret", 404, "text/plain; charset=utf-8", b"Not Found"),
        ("/static-secret", 404, "text/plain; charset=utf-8", b"Not Found"),
        ("/static/%2e%2e/root-secret", 404, "text/plain; charset=utf-8", b"Not Found"),
        ("/static//etc/passwd", 404, "text/plain; charset=utf-8", b"Not Found"),
        ("/one.txt/x", 404, "text/plain; charset=utf-8", b"Not Found"),
    ],
)
def test_only_files_inside_are_served(static: Server, target: str, status: int, kind: str, body: bytes) -> None:
    """A path cannot leave the folder, by dots, links or slashes."""
    with static.client() as client:
        found = client.ask(target)
    assert (status, kind, body) == (found.status, found.field("content-type"), found.body)


@pytest.mark.parametrize(
    ("wanted", "status", "described", "body"),
    [
        ("bytes=2-4", 206, "bytes 2-4/10", b"234"),
        ("bytes=7-", 206, "bytes 7-9/10", b"789"),
        ("bytes=-3", 206, "bytes 7-9/10", b"789"),
        ("bytes=-99", 206, "bytes 0-9/10", b"0123456789"),
        ("bytes=0-99", 206, "bytes 0-9/10", b"0123456789"),
        ("bytes=10-", 416, "bytes */10", b"Range Not Satisfiable"),
        ("bytes=-0", 416, "bytes */10", b"Range Not Satisfiable"),
        ("bytes=4-2", 200, None, b"0123456789"),
        ("bytes=1-2,4-5", 200, None, b"0123456789"),
        ("bytes=x-", 200, None, b"0123456789"),
        ("lines=1-2", 200, None, b"0123456789"),
    ],
)
def test_ranges_are_served(static: Server, wanted: str, status: int, described: str | None, body: bytes) -> None:
    """A player or a resumed download gets the part that it asks for."""
    with static.client() as client:
        found = client.ask("/static/a.txt", f"Range: {wanted}")
        assert (status, described, body) == (found.status, found.field("content-range"), found.body)
        assert 200 == client.ask("/static/a.txt").status


def test_unchanged_files_are_not_sent_again(static: Server) -> None:
    """ETag and Last-Modified save the transfer, and If-Range protects a resumed one."""
    with static.client() as client:
        first = client.ask("/aged/a.txt")
        etag, changed = first.field("etag"), first.field("last-modified")
        assert "max-age=60" == first.field("cache-control")
        same = [f"If-None-Match: {etag}", f'If-None-Match: "x", W/{etag}', "If-None-Match: *"]
        for field in [*same, f"If-Modified-Since: {changed}"]:
            again = client.ask("/aged/a.txt", field)
            assert (304, etag, b"") == (again.status, again.field("etag"), again.body)
        other = client.ask("/aged/a.txt", 'If-None-Match: "x"', f"If-Modified-Since: {changed}")
        assert 200 == other.status
        assert 206 == client.ask("/aged/a.txt", "Range: bytes=0-1", f"If-Range: {etag}").status
        assert 200 == client.ask("/aged/a.txt", "Range: bytes=0-1", 'If-Range: "x"').status


def test_only_reading_is_allowed(static: Server) -> None:
    """A file cannot be posted to; HEAD says what GET would."""
    with static.client() as client:
        refused = client.ask("/static/a.txt", method="POST", body=b"x")
        assert (405, "GET, HEAD") == (refused.status, refused.field("allow"))
        assert "10" == client.ask("/static/a.txt", method="HEAD").field("content-length")
