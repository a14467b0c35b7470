"""Bodies that lie in files: sent by the kernel, cut or missed where the length says so, and answered again without Python."""

from __future__ import annotations

import gzip
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http.conftest import APPS, Command, Server, end_server, start_server
from tests.http.wire import Client

LARGE = bytes(range(250)) * 400


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files to be served."""
    folder = tmp_path_factory.mktemp("files") / "root"
    folder.mkdir()
    (folder / "large").write_bytes(LARGE)
    (folder / "small").write_bytes(b"small")
    (folder / "empty").write_bytes(b"")
    (folder / "huge").write_bytes(LARGE * 40)
    (folder / "packed.gz").write_bytes(gzip.compress(LARGE))
    return folder


@pytest.fixture(scope="module")
def files(command: Command, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for them."""
    environment = {"FILES_FOLDER": str(folder)}
    running = start_server(command, tmp_path_factory.mktemp("log"), APPS / "files.py", environment=environment)
    yield running
    end_server(running)


def calls(client: Client) -> int:
    """How often Python was asked for a static file since the last time."""
    return int(client.ask("/calls").body)


@pytest.mark.parametrize(("name", "body"), [("large", LARGE), ("small", b"small"), ("huge", LARGE * 40)])
def test_the_second_answer_needs_no_python(files: Server, name: str, body: bytes) -> None:
    """Head and content are those of the first answer, for GET and for HEAD, whatever the query."""
    with files.client() as client:
        first = client.ask(f"/static/{name}", "Accept-Encoding: x")
        calls(client)
        again = client.ask(f"/static/{name}?v=2", "Accept-Encoding: x")
        head = client.ask(f"/static/{name}", "Accept-Encoding: x", method="HEAD")
        assert 0 == calls(client)
        assert body == first.body == again.body
        dated = {"date"}
        plain = [[field for field in answer.fields if field[0] not in dated] for answer in (first, again, head)]
        assert plain[0] == plain[1] == plain[2]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (["Range: bytes=0-1"], 206),
        (["If-None-Match: *"], 304),
        (["If-Match: \"x\""], 412),
        (["If-Modified-Since: Sun, 06 Nov 2044 08:49:37 GMT"], 304),
        (["If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT"], 412),
        (["Range: bytes=0-1", "If-Range: \"x\""], 200),
        (["Accept-Encoding: gzip", "Accept-Encoding: br"], 200),
        (["Accept-Encoding: y"], 200),
    ],
)
def test_conditions_are_decided_anew(files: Server, fields: list[str], status: int) -> None:
    """What depends on more than the path and the coding is never answered from memory."""
    with files.client() as client:
        client.ask("/static/small")
        calls(client)
        assert status == client.ask("/static/small", *fields).status
        assert 1 == calls(client)


def test_a_changed_file_is_seen_at_once(files: Server, folder: Path) -> None:
    """Rewritten, replaced, removed, made again: every request sees the file as it is."""
    file = folder / "changing"
    with files.client() as client:
        for content in (b"one", b"two", b"x" * 50_000, b"y" * 50_000):
            file.write_bytes(content)
            assert [content] * 3 == [client.ask("/static/changing").body for _ in range(3)]
        (folder / "other").write_bytes(b"new")
        (folder / "other").rename(file)
        assert b"new" == client.ask("/static/changing").body
        file.unlink()
        assert 404 == client.ask("/static/changing").status
        file.write_bytes(b"back")
        assert b"back" == client.ask("/static/changing").body


def test_a_link_that_turns_outside_is_noticed(files: Server, folder: Path) -> None:
    """A name that led to a file of the folder leads nowhere once it points out of it."""
    (folder.parent / "secret").write_bytes(b"secret")
    link = folder / "link"
    link.symlink_to(folder / "small")
    with files.client() as client:
        assert [b"small"] * 2 == [client.ask("/static/link").body for _ in range(2)]
        link.unlink()
        link.symlink_to(folder.parent / "secret")
        assert 404 == client.ask("/static/link").status


def test_more_files_than_are_kept(files: Server, folder: Path) -> None:
    """Each answer is its own file, however many there are, and descriptors stay bounded."""
    for number in range(300):
        (folder / f"many{number}").write_bytes(b"%d " % number * 10_000)
    with files.client() as client:
        for _ in range(2):
            for number in range(300):
                assert b"%d " % number * 10_000 == client.ask(f"/static/many{number}").body
        assert 100 > int(client.ask("/descriptors").body)


def test_decorated_files_go_through_their_decorator(files: Server) -> None:
    """What stands around Staticfile is asked every time."""
    with files.client() as client:
        for _ in range(2):
            calls(client)
            found = client.ask("/zipped/large", "Accept-Encoding: gzip")
            assert 1 == calls(client)
            assert "application/octet-stream" == found.field("content-type")
            assert LARGE == (gzip.decompress(found.body) if found.field("content-encoding") else found.body)


def test_a_file_is_cut_at_the_announced_length(files: Server) -> None:
    """Never more than Content-Length; the connection goes on."""
    with files.client() as client:
        assert LARGE[:100] == client.ask("/short").body
        assert b"" == client.ask("/none").body
        assert LARGE == client.ask("/static/large").body


def test_a_file_that_is_too_short_ends_the_connection(files: Server) -> None:
    """What was promised and is not there is noticed by the client."""
    with files.client() as client:
        client.send(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\nGET /short HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"content-length: 200000" in client.until(b"\r\n\r\n").lower()
        assert LARGE == client.rest()


def test_files_of_other_kinds(files: Server) -> None:
    """A position, write(), what read() makes of a file, and files without a size."""
    with files.client() as client:
        assert LARGE[99_000:] == client.ask("/part").body
        assert b"before small" == client.ask("/written").body
        assert LARGE == client.ask("/unpacked").body
        assert str(APPS / "files.py").encode() in client.ask("/process").body
        assert (200, b"") == ((found := client.ask("/static/empty")).status, found.body)


def test_requests_behind_a_file_are_answered_in_order(files: Server) -> None:
    """Pipelined files, small and large ones, keep their order."""
    names = ["large", "small", "huge", "small", "empty", "large"]
    with files.client() as client:
        for _ in range(2):
            client.send(b"".join(b"GET /static/%s HTTP/1.1\r\nHost: a\r\n\r\n" % name.encode() for name in names))
            bodies = {"large": LARGE, "small": b"small", "huge": LARGE * 40, "empty": b""}
            assert [bodies[name] for name in names] == [client.response().body for _ in names]


def test_a_slow_reader_holds_up_nobody(files: Server) -> None:
    """A client that takes a large file byte by byte gets it whole; others are served meanwhile."""
    with files.client() as slow, files.client() as other:
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
        slow.send(b"GET /static/huge HTTP/1.1\r\nHost: a\r\n\r\n")
        slow.until(b"\r\n\r\n")
        for _ in range(20):
            slow.take(1000)
            assert LARGE == other.ask("/static/large").body
        assert len(LARGE) * 40 - 20_000 == len(slow.take(len(LARGE) * 40 - 20_000))


def test_a_client_that_goes_leaves_nothing_open(files: Server, folder: Path) -> None:
    """Files whose client has gone are closed."""
    with files.client() as client:
        before = int(client.ask("/descriptors").body)
        for _ in range(10):
            with files.client() as gone:
                gone.send(b"GET /part HTTP/1.1\r\nHost: a\r\n\r\nGET /static/huge HTTP/1.1\r\nHost: a\r\n\r\n")
                gone.until(b"\r\n\r\n")
        while int(client.ask("/descriptors").body) > before + 1:  # huge itself may be kept now
            pass


def test_a_file_that_shrinks_while_it_is_sent(files: Server, folder: Path) -> None:
    """The connection ends: the client must not take it for complete, nor wait."""
    file = folder / "shrinking"
    file.write_bytes(LARGE * 40)
    with files.client() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
        client.send(b"GET /static/shrinking HTTP/1.1\r\nHost: a\r\n\r\n")
        client.until(b"\r\n\r\n")
        os.truncate(file, 10)
        assert len(LARGE) * 40 > len(client.rest())
