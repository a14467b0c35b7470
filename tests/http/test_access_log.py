"""ACCESS_LOG: one line for each request, whatever becomes of it."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
from pathlib import Path

from tests.http.conftest import APPS, Command, Server, Start
from tests.http.test_life import outcome
from tests.http.wire import Client

APP = """
import fapws4, time
from fapws4.views import Staticfile
HEALTH = "/health"
MAX_BODY_SIZE = 1000
def pieces(e, s):
    yield b"a" * 10
    yield b"b" * 10
def broken(e, s):
    yield b"a" * 10
    raise RuntimeError("in the middle")
@fapws4.threaded
def later(e, s):
    return b"later"
def large(e, s):
    return b"L" * 5_000_000
def raises(e, s):
    raise RuntimeError("on purpose")
def endless(e, s):
    while True:
        yield b"x" * 65536
PATHS = [("/pieces", pieces), ("/broken", broken), ("/later", later), ("/large", large), ("/raises", raises),
         ("/endless", endless), ("/static/", Staticfile(FOLDER + "/")), ("/", lambda e, s: b"hello")]
"""
LINE = re.compile(
    r'(?P<host>\S+) - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "(?P<line>.*?)" (?P<status>\d{3})'
    r' (?P<bytes>\d+) "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)"'
)


def serve(server: Start, log: Path, *words: str, settings: str = "") -> Server:
    """The app with a log."""
    app = f"FOLDER = {str(log.parent)!r}\nACCESS_LOG = {str(log)!r}\n{settings}\n{APP}"
    return server(app, *words)


def entries(log: Path) -> list[tuple[str, str, int]]:
    """Request line, status and bytes of every line."""
    found = [LINE.fullmatch(line) for line in log.read_text().splitlines()]
    assert None not in found, log.read_text()
    return [(match["line"], match["status"], int(match["bytes"])) for match in found if match]


def test_every_kind_of_answer(server: Start, tmp_path: Path) -> None:
    """The status and the bytes of the body as they went to the socket, chunk framing included."""
    log = tmp_path / "access.log"
    (tmp_path / "file.txt").write_bytes(b"f" * 300_000)
    running = serve(server, log)
    with running.client() as client:
        for target in ("/", "/later", "/pieces", "/raises", "/health", "/static/file.txt", "/static/none", "/large"):
            client.ask(target)
        client.ask("/", method="HEAD")
        client.ask("*", method="OPTIONS")
        client.send(b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.0\r\n\r\n")
        client.rest()
    running.stop()
    assert [
        ("GET / HTTP/1.1", "200", 5), ("GET /later HTTP/1.1", "200", 5), ("GET /pieces HTTP/1.1", "200", 35),
        ("GET /raises HTTP/1.1", "500", 21), ("GET /health HTTP/1.1", "200", 2),
        ("GET /static/file.txt HTTP/1.1", "200", 300_000), ("GET /static/none HTTP/1.1", "404", 9),
        ("GET /large HTTP/1.1", "200", 5_000_000), ("HEAD / HTTP/1.1", "200", 0), ("OPTIONS * HTTP/1.1", "200", 0),
        ("GET /1 HTTP/1.1", "200", 5), ("GET /2 HTTP/1.0", "200", 5),
    ] == entries(log)


def test_refused_requests(server: Start, tmp_path: Path) -> None:
    """Requests that no handler sees are there too: 400, 408, 413, 414, 501 and 505."""
    log = tmp_path / "access.log"
    running = serve(server, log, settings="TIMEOUT = 1")
    for data in (
        b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/3.0\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /p HTTP/1.1\r\nHost: a\r\nUser-Agent: u\r\nContent-Length: 5000\r\n\r\n", b"GET /slow HTTP/1.1\r\nHo",
        b"\x16\x03\x01\x00",
    ):
        with running.client() as client:
            client.send(data)
            client.rest()
    running.stop()
    assert [
        ("GET /a b HTTP/1.1", "400"), ("GET / HTTP/3.0", "505"), ("CONNECT a:1 HTTP/1.1", "501"),
        ("POST /p HTTP/1.1", "413"), ("GET /slow HTTP/1.1", "408"), (r"\x16\x03\x01\x00", "400"),
    ] == [entry[:2] for entry in entries(log)]
    assert '413 18 "-" "u"' in log.read_text()


def test_values_cannot_forge_lines(server: Start, tmp_path: Path) -> None:
    """Quotes, backslashes and bytes beyond ASCII are escaped; what is missing is a dash."""
    log = tmp_path / "access.log"
    running = serve(server, log)
    with running.client() as client:
        client.ask('/"', 'User-Agent: a"b\\c\u00e9\t', "Referer: http://a/")
        client.ask("/")
    running.stop()
    first, second = log.read_text().splitlines()
    assert first.endswith(r'"GET /\" HTTP/1.1" 200 5 "http://a/" "a\"b\\c\xe9"')
    assert second.endswith('"GET / HTTP/1.1" 200 5 "-" "-"')
    assert first.startswith("127.0.0.1 - - [")


def test_clients_that_go_away(server: Start, tmp_path: Path) -> None:
    """The status stays, the bytes say how far it came; a body that breaks off is logged as well."""
    log = tmp_path / "access.log"
    running = serve(server, log)
    with running.client() as client:
        client.send(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        client.take(200_000)
    with running.client() as client:
        client.send(b"GET /broken HTTP/1.1\r\nHost: a\r\n\r\n")
        client.rest()
    running.stop()
    found = {line: (status, size) for line, status, size in entries(log)}
    assert found["GET /endless HTTP/1.1"][0] == "200"
    assert found["GET /endless HTTP/1.1"][1] > 199_000
    assert found["GET /broken HTTP/1.1"] == ("200", 15)


def test_unix_sockets_and_v6(server: Start, tmp_path: Path) -> None:
    """A client on a unix socket has no address, one of IPv6 has its own, and one of IPv4 at a socket for both."""
    running = serve(server, tmp_path / "unix.log", "--server", f"unix:{tmp_path}/socket")
    with Client(f"{tmp_path}/socket") as client:
        client.ask("/")
    running.stop()
    assert (tmp_path / "unix.log").read_text().startswith("- - - [")
    running = serve(server, tmp_path / "v6.log", "--server", "[::]:0")
    for host in ("::1", "127.0.0.1"):
        with socket.create_connection((host, int(running.address[1]))) as raw:
            raw.sendall(b"GET / HTTP/1.0\r\n\r\n")
            while raw.recv(1000):
                pass
    running.stop()
    assert ["::1", "127.0.0.1"] == [line.split()[0] for line in (tmp_path / "v6.log").read_text().splitlines()]


def test_rotation(server: Start, tmp_path: Path) -> None:
    """On SIGHUP a file of the same name is begun."""
    log = tmp_path / "access.log"
    running = serve(server, log)
    with running.client() as client:
        client.ask("/before")
        log.rename(tmp_path / "old.log")
        running.process.send_signal(signal.SIGHUP)
        while "read anew: the access log" not in running.logged():
            client.ask("/between")
        client.ask("/behind")
    running.stop()
    assert entries(tmp_path / "old.log")[0][0] == "GET /before HTTP/1.1"
    assert entries(log)[-1][0] == "GET /behind HTTP/1.1"


def test_stdout_and_the_option(server: Start) -> None:
    """--access-log goes before the app; - is stdout."""
    running = server(APPS / "echo.py", "--access-log", "-")
    with running.client() as client:
        client.ask("/bytes")
    running.stop()
    assert '"GET /bytes HTTP/1.1" 200 5 "-" "-"' in running.logged()


def test_a_reader_that_stops_reading_holds_nobody_up(server: Start, tmp_path: Path) -> None:
    """A full pipe costs lines, never an answer; how many is said."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    end = os.open(fifo, os.O_RDWR)
    running = serve(server, fifo)
    requests = b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\nReferer: %s\r\n\r\n" % (n, b"r" * 900) for n in range(50))
    with running.client() as client:
        for _ in range(40):
            client.send(requests)
            assert [200] * 50 == [client.response().status for _ in range(50)]
    reader = threading.Thread(target=lambda: [None for _ in iter(lambda: os.read(end, 65536).endswith(b"stop"), True)])
    reader.start()
    running.stop()
    os.write(end, b"stop")
    reader.join()
    os.close(end)
    assert re.search(r"ACCESS_LOG: [1-9]\d* lines are lost", running.logged())


def test_what_cannot_be_opened(command: Command, tmp_path: Path) -> None:
    """One line says so before anything is served; so it is with a value of another type."""
    app = tmp_path / "app.py"
    app.write_text("ACCESS_LOG = '/no/such/folder/log'\nPATHS = []\n")
    code, said = outcome(command, app, "--server", "127.0.0.1:0")
    assert (1, True) == (code, "ACCESS_LOG: /no/such/folder/log cannot be opened: No such file or directory" in said)
    app.write_text("ACCESS_LOG = 5\nPATHS = []\n")
    said = 'fapws4: ACCESS_LOG: must be the path of a file, or "-" (stdout)\n'
    assert (1, said) == outcome(command, app, "--server", "127.0.0.1:0")
