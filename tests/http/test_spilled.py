"""Bodies that are too long for memory: they wait in a file until they are whole, and are read from there."""

from __future__ import annotations

import random
import resource
from pathlib import Path

import pytest

from tests.build import server_program
from tests.http.conftest import Server, Start, command_of, end_server, start_server
from tests.http.memory import grown_by, watch_memory
from tests.http.test_uploads import chunk, head

MEMORY = 262144  # LIMIT_SPILL

APP = """
import fapws4, hashlib, json, os
from fapws4.multipart import parse_form

MAX_BODY_SIZE = 150_000_000

def digest(environ, start_response):
    found, length = hashlib.sha256(), 0
    for block in iter(lambda: environ["wsgi.input"].read(65_000), b""):
        found.update(block)
        length += len(block)
    return f"{length} {environ['CONTENT_LENGTH']} {found.hexdigest()}"

def ways(environ, start_response):
    source, found = environ["wsgi.input"], []
    found.append(source.read(10))
    found.append(source.readline())
    found.append(source.readline(7))
    found.append(source.readline(0))
    found += source.readlines(50_000)
    target = bytearray(70_000)
    found.append(bytes(target[:source.readinto(target)]))
    found.append(next(source, b""))
    found.append(source.read(100_001))
    found += [source.readline(100), source.read(None), source.read(), source.readline(), source.read(5)]
    assert [b"", b"", b""] == found[-3:] and [] == list(source) + source.readlines()
    return found

def files(environ, start_response):
    links = [os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if name.isdigit() and
             os.path.exists(f"/proc/self/fd/{name}")]
    return json.dumps([link for link in links if "deleted" in link or "memfd" in link])

def count(environ, start_response):
    return str(len(os.listdir("/proc/self/fd")))

def form(environ, start_response):
    return json.dumps([[name, len(values), len(values[0])] for name, values in environ["fapws.params"].items()])

def multipart(environ, start_response):
    with parse_form(environ) as form:
        return json.dumps([len(form.fields["a"][0]), len(form.files["f"][0].file.read())])

def whole(environ, start_response):
    environ["wsgi.input"].read(5)
    return environ["wsgi.input"].getvalue()

def keep(environ, start_response):
    KEPT.append(environ["wsgi.input"])

KEPT = []
PATHS = [("/digest", digest), ("/files", files), ("/count", count), ("/form", form), ("/multipart", multipart),
         ("/whole", whole), ("/keep", keep), ("/ways", ways), ("/upload", fapws4.streaming(ways)),
         ("/threaded", fapws4.threaded(digest)), ("/", lambda e, s: "ok")]
"""


def content(length: int) -> bytes:
    """Bytes that repeat nowhere, in lines of all lengths."""
    source = random.Random(length)
    data = bytearray()
    while len(data) < length:
        data += source.randbytes(source.choice([0, 1, 80, 5_000, 100_000])).replace(b"\n", b"") + b"\n"
    return bytes(data[:length])


def digest(data: bytes) -> bytes:
    """What /digest answers."""
    import hashlib

    return f"{len(data)} {len(data)} {hashlib.sha256(data).hexdigest()}".encode()


def send_chunked(target: str, data: bytes, size: int) -> bytes:
    """A request with a body in chunks."""
    chunks = [chunk(data[at : at + size]) for at in range(0, len(data), size)]
    return head(target, "Transfer-Encoding: chunked") + b"".join(chunks) + b"0\r\n\r\n"


@pytest.fixture
def running(server: Start) -> Server:
    """A server with the app above."""
    return server(APP)


@pytest.mark.parametrize("length", [MEMORY - 1, MEMORY, MEMORY + 1, MEMORY + 65536, MEMORY + 65537, 5_000_000])
@pytest.mark.parametrize("target", ["/digest", "/threaded"])
def test_a_long_body_is_the_same(running: Server, length: int, target: str) -> None:
    """Whatever its length and however it comes, and the request behind it is answered."""
    data = content(length)
    with running.client() as client:
        for request in (head(target, f"Content-Length: {length}") + data, send_chunked(target, data, 65_536),
                        send_chunked(target, data, 1_000)):
            client.send(request + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert digest(data) == client.response().body
            assert b"ok" == client.response().body


@pytest.mark.parametrize("target", ["/ways", "/upload"])
@pytest.mark.parametrize("length", [MEMORY - 1, 1_000_000])
def test_every_way_to_read_is_the_same(running: Server, target: str, length: int) -> None:
    """Files, memory and uploads have the methods of a file, mixed as one likes."""
    data = content(length)
    with running.client() as client:
        assert data == client.ask(target, method="POST", body=data).body


def test_memory_stays_flat(server: Start) -> None:
    """100 MB wait in a file, not in memory."""
    running = server(APP, environment={"ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=1"})
    data = content(10_000_000)
    with running.client() as client:
        assert digest(data) == client.ask("/digest", method="POST", body=data).body
        before = watch_memory(running.process.pid)
        client.send(head("/digest", "Content-Length: 100000000"))
        for _ in range(10):
            client.send(data)
        assert digest(data * 10) == client.response().body
        client.send(send_chunked("/digest", data * 10, 100_000))
        assert digest(data * 10) == client.response().body
        assert grown_by(running.process.pid, before) < 5_000_000


def test_the_file_is_in_tmpdir_and_has_no_name(server: Start, tmp_path: Path) -> None:
    """It is gone when nobody needs it any more, even after a crash."""
    folder = tmp_path / "spool"
    folder.mkdir()
    with server(APP, environment={"TMPDIR": str(folder)}).client() as client:
        before = client.ask("/count").body
        links = client.ask("/files", method="POST", body=content(MEMORY + 1)).body.decode()
        assert [str(folder) in links, "deleted" in links] == [True, True]
        assert [] == list(folder.iterdir())
        assert (b"[]", before) == (client.ask("/files").body, client.ask("/count").body)


def test_without_tmpdir_memory_is_used(server: Start) -> None:
    """A read-only system has no place for files."""
    with server(APP, environment={"TMPDIR": "/nowhere/at/all"}).client() as client:
        assert b"memfd:fapws4 body" in client.ask("/files", method="POST", body=content(MEMORY + 1)).body
        data = content(1_000_000)
        assert digest(data) == client.ask("/digest", method="POST", body=data).body


def test_memory_for_bodies_is_limited(tmp_path: Path) -> None:
    """All bodies together get LIMIT_SPILL_MEMORY; who comes too late is told so, and room comes back."""
    (tmp_path / "app.py").write_text(APP)
    program = server_program("-DLIMIT_SPILL_MEMORY=1000000")
    running = start_server(command_of(program), tmp_path, tmp_path / "app.py", environment={"TMPDIR": "/nowhere"})
    data = content(600_000)
    with running.client() as client, running.client() as other:
        assert 200 == client.ask("/keep", method="POST", body=data).status
        answer = other.ask("/digest", method="POST", body=data)
        assert (507, "close") == (answer.status, answer.field("connection"))
    with running.client() as client:
        assert 200 == client.ask("/digest", method="POST", body=content(MEMORY + 1)).status
        assert 200 == client.ask("/digest", method="POST", body=content(MEMORY + 1)).status
    assert "fapws4: POST /digest from 127.0.0.1: the body cannot be kept in TMPDIR: No space left on device\n" in (
        running.logged())
    end_server(running)


def test_memory_that_could_not_be_filled_comes_back(tmp_path: Path) -> None:
    """What was reserved for a block of which not all was written is not lost for those who come later."""
    (tmp_path / "app.py").write_text(APP)
    program = server_program("-DLIMIT_SPILL_MEMORY=1000000")
    running = start_server(command_of(program), tmp_path, tmp_path / "app.py", environment={"TMPDIR": "/nowhere"},
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (270_000, 270_000)))
    for _ in range(20):
        with running.client() as client:
            assert 507 == client.ask("/digest", method="POST", body=content(400_000)).status
    assert 20 == running.logged().count("the body cannot be kept in TMPDIR: File too large\n")
    end_server(running)


def test_a_full_disk_is_told(server: Start) -> None:
    """A file that cannot grow is a 507 for its request alone, and nothing stays open."""

    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    running = server(APP, preexec_fn=limit_files)
    with running.client() as client:
        before = client.ask("/count").body
    for request in (head("/digest", "Content-Length: 9000000") + b"x" * 9_000_000,
                    send_chunked("/digest", b"x" * 9_000_000, 100_000)):
        with running.client() as client:
            client.send(request)
            assert 507 == client.response().status
    with running.client() as client:
        assert 200 == client.ask("/digest", method="POST", body=content(500_000)).status
        assert before == client.ask("/count").body
    assert 2 == running.logged().count("the body cannot be kept in TMPDIR: File too large\n")


def test_a_long_form_is_parsed(running: Server) -> None:
    """fapws.params has the fields of a form that is in a file, as of any other."""
    body = b"&".join([b"a=" + b"x" * 200_000, b"b=" + b"%41" * 100_000, b"a=2"])
    with running.client() as client:
        response = client.ask("/form", "Content-Type: application/x-www-form-urlencoded", method="POST", body=body)
        assert b'[["a", 2, 200000], ["b", 1, 100000]]' == response.body


def test_a_long_multipart_form_is_parsed(running: Server) -> None:
    """multipart reads its parts from the file."""
    parts = [b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"a" * 200_000,
             b'\r\n--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + content(2_000_000),
             b"\r\n--x--\r\n"]
    with running.client() as client:
        response = client.ask("/multipart", "Content-Type: multipart/form-data; boundary=x", method="POST",
                              body=b"".join(parts))
        assert b"[200000, 2000000]" == response.body


def test_the_whole_value_can_be_had(running: Server) -> None:
    """getvalue() does not mind what was read before."""
    data = content(1_000_000)
    with running.client() as client:
        assert data == client.ask("/whole", method="POST", body=data).body


def test_an_expected_100_is_said_before_a_long_body(running: Server) -> None:
    """The body goes to a file only after the client was told to send it."""
    data = content(MEMORY + 1)
    with running.client() as client:
        client.send(head("/digest", "Expect: 100-continue", f"Content-Length: {len(data)}"))
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == client.until(b"\r\n\r\n")
        client.send(data)
        assert digest(data) == client.response().body


def test_a_client_that_leaves_leaves_nothing(running: Server) -> None:
    """The file of a body that never becomes whole is closed."""
    with running.client() as client:
        before = client.ask("/count").body
    for _ in range(20):
        with running.client() as client:
            client.send(head("/digest", "Content-Length: 5000000") + b"x" * 1_000_000)
    with running.client() as client:
        while client.ask("/count").body != before:
            pass
