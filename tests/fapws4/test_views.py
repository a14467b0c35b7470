"""views.Staticfile: what tests/http/test_static.py does not say already."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fapws4.conftest import ask
from tests.http.conftest import Server


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files, and things that are none."""
    folder = tmp_path_factory.mktemp("files")
    root = folder / "root"
    (root / "docs" / "a:b c").mkdir(parents=True)
    (root / "empty").mkdir()
    (folder / "secret.txt").write_text("secret")
    (root / "a.txt").write_text("0123456789")
    (root / "index.html").write_text("home")
    (root / "docs" / "index.html").write_text("docs")
    (root / "docs" / "a:b c" / "index.html").write_text("deep")
    (root / "style.css").write_text("css " * 300)
    (root / "style.css.gz").write_bytes(gzip.compress(b"css " * 300))
    (root / "style.css.br").write_bytes(b"as if brotli")
    (root / "old.css").write_text("new")
    (root / "old.css.gz").write_bytes(gzip.compress(b"old"))
    os.utime(root / "old.css.gz", (1, 1))
    (root / "led.css").write_text("led")
    (root / "led.css.gz").symlink_to(folder / "secret.txt")
    (root / "out").symlink_to(folder)
    (root / "loop").symlink_to(root / "loop")
    (root / "zero").symlink_to("/dev/zero")
    os.mkfifo(root / "pipe")
    return root


@pytest.fixture(scope="module")
def files(app_server: Callable[..., Server], root: Path) -> Server:
    """A server for that folder."""
    return app_server("files", root)


@pytest.mark.parametrize(
    "target",
    [
        "/plain/out/secret.txt",
        "/plain/../secret.txt",
        "/plain/../root/a.txt",
        "/plain/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/plain/..%2fsecret.txt",
        "/plain/docs/../../secret.txt",
        "/plain//etc/passwd",
        "/plain/%2Fetc%2Fpasswd",
        "/plain/..%5csecret.txt",
        "/plain/a.txt/",
        "/plain/a.txt/.",
        "/plain/a.txt/x",
        "/plain/a.txt/..",
        "/plain/a.txt%20",
        "/plain/A.TXT",
        "/plain/loop",
        "/plain/zero",
        "/plain/pipe",
        "/plain/empty",
        "/plain/empty/",
        "/plain/docs/",
        "/plain/",
        "/plain/" + "x" * 300,
        "/plain/" + "x/" * 2500,
        "/plain/%ff%fe",
        "/plain/\\..\\secret.txt",
        "/empty/",
        "/onex",
        "/one.",
        "/one/.",
        "/one/x",
        "/slash../secret.txt",
    ],
)
def test_there_is_no_way_out(files: Server, target: str) -> None:
    """Whatever the path, only regular files of the folder are served."""
    found = ask(files, target)
    assert (404, b"Not Found") == (found.status, found.body)


def test_a_nul_is_refused(files: Server) -> None:
    """A name that the system would cut is not looked up."""
    assert ask(files, "/plain/a.txt%00.png").status in (400, 404)


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/", b"home"),
        ("/site/", b"home"),
        ("/site/docs/", b"docs"),
        ("/site/docs/..", b"home"),
        ("/docs/a%3Ab%20c/", b"deep"),
        ("/docs/../a.txt", b"0123456789"),
        ("/slash/a.txt", b"0123456789"),
        ("/one", b"0123456789"),
        ("/one/", b"0123456789"),
        ("/one?x=/../y", b"0123456789"),
    ],
)
def test_files_and_indexes_are_served(files: Server, target: str, body: bytes) -> None:
    """Folders show their index, a single file answers for its uri."""
    if target == "/site/docs/..":
        assert "./../" == ask(files, target).headers["location"]
        target = "/site/docs/../"
    found = ask(files, target)
    assert (200, body) == (found.status, found.body)


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/site", "./site/"),
        ("/site/docs", "./docs/"),
        ("/docs?x=1", "./docs/"),
        ("//docs", "./docs/"),
        ("/docs/a%3Ab%20c", "./a%3Ab%20c/"),
        ("//example.org/%2e%2e/docs", "./docs/"),
        ("//example.org/%2e%2e", "./../"),
    ],
)
def test_folders_get_their_slash(files: Server, target: str, location: str) -> None:
    """The redirect stays on this server, whatever the path looks like."""
    found = ask(files, target)
    assert (301, location) == (found.status, found.headers["location"])


@pytest.mark.parametrize(
    ("target", "accepted", "coding"),
    [
        ("/style.css", "gzip", "gzip"),
        ("/style.css", "gzip, br", "br"),
        ("/style.css", "br;q=0.1, gzip;q=0.2", "gzip"),
        ("/style.css", "gzip;q=0", None),
        ("/style.css", None, None),
        ("/plain/style.css", "gzip", None),
        ("/old.css", "gzip", None),
        ("/led.css", "gzip", None),
        ("/a.txt", "gzip", None),
    ],
)
def test_sidecars_are_sent_when_accepted(files: Server, target: str, accepted: str | None, coding: str | None) -> None:
    """A compressed file beside the original goes out in its place, with its type; never an outdated one."""
    found = ask(files, target, {"Accept-Encoding": accepted or "identity"})
    assert (200, coding) == (found.status, found.headers.get("content-encoding"))
    assert ("text/plain" if "txt" in target else "text/css") + "; charset=utf-8" == found.headers["content-type"]
    assert ("Accept-Encoding" if target == "/style.css" else None) == found.headers.get("vary")
    assert b"secret" not in found.body


def test_codings_are_told_apart(files: Server) -> None:
    """Each coding has an entity tag of its own, and ranges are those of what is sent."""
    codings = ("identity", "gzip", "br")
    tags = [ask(files, "/style.css", {"Accept-Encoding": coding}).headers["etag"] for coding in codings]
    assert 3 == len(set(tags))
    assert 304 == ask(files, "/style.css", {"Accept-Encoding": "gzip", "If-None-Match": tags[1]}).status
    assert 200 == ask(files, "/style.css", {"Accept-Encoding": "gzip", "If-None-Match": tags[0]}).status
    part = ask(files, "/style.css", {"Accept-Encoding": "br", "Range": "bytes=6-"})
    assert (206, b"brotli", "bytes 6-11/12") == (part.status, part.body, part.headers["content-range"])


def test_validators_have_their_form(files: Server, root: Path) -> None:
    """The tag is quoted, the dates are those of the file, and a 304 repeats what a cache needs."""
    os.utime(root / "a.txt", (784111777, 784111777))
    found = ask(files, "/site/a.txt")
    assert '"' == found.headers["etag"][0] == found.headers["etag"][-1]
    assert "Sun, 06 Nov 1994 08:49:37 GMT" == found.headers["last-modified"]
    assert "max-age=60" == found.headers["cache-control"]
    later = ask(files, "/site/a.txt", {"If-Modified-Since": "Mon, 07 Nov 1994 00:00:00 GMT"})
    same = ("etag", "last-modified", "cache-control")
    assert [found.headers[name] for name in same] == [later.headers[name] for name in same]
    assert (304, b"") == (later.status, later.body)
    assert 412 == ask(files, "/site/a.txt", {"If-Match": '"x"'}).status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_other_methods_are_refused(files: Server, method: str) -> None:
    """Files are read and nothing else."""
    found = ask(files, "/a.txt", method=method)
    assert (405, "GET, HEAD") == (found.status, found.headers["allow"])


def test_head_tells_what_get_would_send(files: Server) -> None:
    """HEAD has the headers of GET without a body; it has no ranges (RFC 9110 section 14.2)."""
    found = ask(files, "/a.txt", {"Range": "bytes=0-1"}, "HEAD")
    assert (200, "10", b"") == (found.status, found.headers["content-length"], found.body)


def test_packaged_files_are_told_apart_by_content(files: Server, root: Path) -> None:
    """Inside a frozen app, where all files have the same time, the tag follows the content."""
    file = root / "packaged.txt"
    file.write_text("one")
    os.utime(file, (1700000000, 1700000000))
    first = ask(files, "/packaged/packaged.txt")
    assert (200, b"one", None) == (first.status, first.body, first.headers.get("last-modified"))
    assert first.headers["etag"] == ask(files, "/packaged/packaged.txt").headers["etag"]
    assert 304 == ask(files, "/packaged/packaged.txt", {"If-None-Match": first.headers["etag"]}).status
    file.write_text("two")
    os.utime(file, (1700000000, 1700000000))
    assert 200 == ask(files, "/packaged/packaged.txt", {"If-None-Match": first.headers["etag"]}).status


def test_no_answer_keeps_a_file_open(files: Server) -> None:
    """Every way to answer closes what it has opened."""
    before = ask(files, "/descriptors").body
    etag = ask(files, "/a.txt").headers["etag"]
    for _ in range(5):
        ask(files, "/a.txt")
        ask(files, "/a.txt", method="HEAD")
        ask(files, "/style.css", {"Accept-Encoding": "br"})
        for headers in ({"Range": "bytes=1-2"}, {"Range": "bytes=99-"}, {"If-None-Match": etag}, {"If-Match": '"x"'}):
            ask(files, "/a.txt", headers)
    assert before == ask(files, "/descriptors").body
