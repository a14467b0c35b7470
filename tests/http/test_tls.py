"""https: what clients get, what is refused, and certificates that change while the server runs."""

from __future__ import annotations

import http.client
import signal
import socket
import ssl
import subprocess
import threading
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from tests.build import server_program
from tests.http.certificates import Pair, make_pair
from tests.http.conftest import APPS, Command, Server, Start, command_of, end_server, start_server
from tests.http.hands import GET, Hands
from tests.http.test_cases import CASES, bytes_of, check
from tests.http.test_deadlines import DEADLINES
from tests.http.wire import TIMEOUT, Client


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Another certificate, of another kind."""
    return make_pair(tmp_path_factory.mktemp("certificates"), "two", "rsa")


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_cases(echo_tls: Server, case: dict[str, Any]) -> None:
    """Every case of plain HTTP holds; only the scheme is another."""
    echoed = {name: value.replace("http", "https") if name == "wsgi.url_scheme" else value
              for name, value in case.get("echo", {}).items()}
    case = {**case, "echo": echoed} if echoed else case
    with echo_tls.client() as client:
        client.send(bytes_of(case["send"]))
        check(client, case)


def test_the_app_knows(echo_tls: Server) -> None:
    """environ says https, and so does the address that is printed."""
    with echo_tls.client() as client:
        body = client.ask("/echo").body
    assert b'"wsgi.url_scheme": "https"' in body
    assert b'"HTTPS": "on"' in body
    assert f"listening on https://127.0.0.1:{echo_tls.address[1]}/" in echo_tls.logged()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_http_client(echo_tls: Server, pair: Pair, version: ssl.TLSVersion) -> None:
    """http.client gets answers on a kept connection."""
    port = int(echo_tls.address[1])
    connection = http.client.HTTPSConnection("localhost", port, context=pair.context(version), timeout=TIMEOUT)
    for _ in range(3):
        connection.request("GET", "/tuple")
        assert b"ab" == connection.getresponse().read()
    connection.request("POST", "/echo", body=b"b" * 90_000)
    assert b"b" * 90_000 in connection.getresponse().read()
    connection.close()


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_curl(echo_tls: Server, pair: Pair, version: str) -> None:
    """curl gets small and large bodies, one after another on one connection."""
    url = f"https://localhost:{echo_tls.address[1]}"
    done = subprocess.run(["curl", "-sS", "--cacert", pair.certificate, "--tls-max", version, "-w", "%{num_connects} ",
                           "-o", "-", f"{url}/large", "-o", "-", f"{url}/file-like", "-o", "-", f"{url}/bytes"],
                          capture_output=True, timeout=TIMEOUT, check=True)
    assert b"L" * 5_000_000 + b"1 " + b"f" * 200_000 + b"0 bytes0 " == done.stdout


def test_what_is_spoken_inside(echo_tls: Server, pair: Pair) -> None:
    """HTTP/1.1 is chosen among several protocols; a client that wants something else only is told so."""
    context = pair.context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with Client(echo_tls.address, context) as client:
        assert isinstance(client.socket, ssl.SSLSocket)
        assert "http/1.1" == client.socket.selected_alpn_protocol()
        assert b"bytes" == client.ask("/bytes").body
    context.set_alpn_protocols(["h2"])
    with pytest.raises(ssl.SSLError, match=r"(?i)no.application.protocol"):
        Client(echo_tls.address, context)


def test_clients_come_back_by_tickets(echo_tls: Server, pair: Pair) -> None:
    """A second connection does without a whole handshake."""
    context = pair.context(ssl.TLSVersion.TLSv1_2)
    with Client(echo_tls.address, context) as first:
        assert b"bytes" == first.ask("/bytes").body
        assert isinstance(first.socket, ssl.SSLSocket)
        session = first.socket.session
    with Client(echo_tls.address) as second:
        second.socket = context.wrap_socket(second.socket, server_hostname="localhost", session=session)
        assert second.socket.session_reused


def test_a_handshake_byte_by_byte(echo_tls: Server, pair: Pair) -> None:
    """However slowly the handshake and the request come, they are understood."""
    hands = Hands(echo_tls, pair.context())
    with hands.plain:
        hands.shake(1)
        hands.tls.write(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        hands.send(1)
        assert hands.rest().endswith(b"\r\n\r\nbytes")


def test_the_end_is_said_by_either_side(echo_tls: Server, pair: Pair) -> None:
    """A client that has said its end still gets its answer, and the server's end behind it."""
    hands = Hands(echo_tls, pair.context())
    with hands.plain:
        hands.shake()
        hands.tls.write(GET)
        with pytest.raises(ssl.SSLWantReadError):
            hands.tls.unwrap()
        hands.send()
        assert hands.rest().endswith(b"\r\n\r\nbytes")


def test_a_client_that_only_reads_on(echo_tls: Server) -> None:
    """A half-closed client gets its answer."""
    with echo_tls.client() as client:
        client.send(GET)
        socket.socket.shutdown(client.socket, socket.SHUT_WR)  # SSLSocket's own would forget how to decrypt
        assert b"bytes" == client.response().body


def test_pipelined_behind_a_slow_answer(echo_tls: Server) -> None:
    """A client that sends far ahead of what it reads is paused, and loses nothing."""
    count = 6000
    with echo_tls.client() as client:
        client.send(b"GET /large HTTP/1.1\r\nHost: test\r\n\r\n")
        sender = threading.Thread(target=client.send, args=[GET * count])
        assert client.until(b"\r\n").endswith(b"200 OK\r\n")  # the rest waits in the sockets
        sender.start()
        client.until(b"\r\n\r\n")
        assert b"L" * 5_000_000 == client.take(5_000_000)
        assert {b"bytes"} == {client.response().body for _ in range(count)}
        sender.join(TIMEOUT)


HELD = """
import time
import fapws4


def stream(environ, start_response):
    held = fapws4.Stream()
    left = ["three", "two", "one"]

    def tick():
        held.write(left.pop() + " ")
        fapws4.add_timer(0.01, tick) if left else held.close()

    fapws4.add_timer(0.01, tick)
    return held


@fapws4.threaded
def slow(environ, start_response):
    time.sleep(0.01)
    return "from a thread"


PATHS = [("/stream", stream), ("/slow", slow)]
"""


def test_held_replies_and_threads(server: Start, pair: Pair) -> None:
    """What is written later, and what comes from a thread, is encrypted like the rest."""
    running = server(HELD + f"TLS = ({str(pair.certificate)!r}, {str(pair.key)!r})\n")
    running.context = pair.context()
    with running.client() as client:
        assert b"one two three " == client.ask("/stream").body
        assert b"from a thread" == client.ask("/slow").body
    assert 0 == running.stop()


# ---- what is refused


def shake(server: Server, *words: str, said: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """A client that can do what Python's would not."""
    command = ["openssl", "s_client", *words, "-connect", f"127.0.0.1:{server.address[1]}"]
    return subprocess.run(command, input=said, capture_output=True, timeout=TIMEOUT, check=False)


@pytest.mark.parametrize("step", [65536, 1])
def test_plain_http_is_told_so(echo_tls: Server, step: int) -> None:
    """A client that speaks plain HTTP gets a plain answer that says what to do."""
    with Client(echo_tls.address) as client:
        for at in range(0, len(GET), step):
            client.send(GET[at : at + step])
        answer = client.response()
        assert (400, "close") == (answer.status, answer.field("connection"))
        assert b"This port speaks https" in answer.body
        assert b"" == client.rest()


def test_garbage_ends_the_connection(echo_tls: Server) -> None:
    """What is no TLS at all is let go without a line in the log."""
    before = echo_tls.logged()
    for garbage in (b"\x00" * 100, b"\x16\x03\x01\xff\xff" + b"\x16" * 400, b"\x80\x2e\x01\x00\x02" + b"\xff" * 60):
        with Client(echo_tls.address) as client:
            client.send(garbage)
            client.socket.shutdown(socket.SHUT_WR)
            client.rest()
    with echo_tls.client() as client:
        assert b"bytes" == client.ask("/bytes").body
    assert before == echo_tls.logged()


def test_old_versions_are_refused(server: Start, pair: Pair) -> None:
    """TLS 1.1 is refused, and the log says it once."""
    running = server(APPS / "echo.py", *pair.words)
    for version in ("-tls1", "-tls1_1", "-tls1_1"):
        assert b"alert protocol version" in shake(running, version, "-cipher", "DEFAULT:@SECLEVEL=0").stderr
    assert 0 == running.stop()
    assert 1 == running.logged().count("fapws4: TLS: 127.0.0.1: unsupported protocol")


def test_a_client_without_trust_is_named_once(server: Start, pair: Pair, other: Pair) -> None:
    """Clients that do not trust the certificate show in the log, with one line for all."""
    running = server(APPS / "echo.py", *pair.words)
    for _ in range(3):
        with pytest.raises(ssl.SSLCertVerificationError):
            Client(running.address, other.context())
    assert 0 == running.stop()
    assert 1 == running.logged().count("fapws4: TLS: 127.0.0.1: ")


def test_renegotiation_is_refused(echo_tls: Server) -> None:
    """A client cannot make the server shake hands again."""
    done = shake(echo_tls, "-tls1_2", said=b"R\n")
    assert b"RENEGOTIATING" in done.stdout + done.stderr
    assert b"no renegotiation" in done.stderr


def test_a_stalled_handshake_is_let_go(pair: Pair, tmp_path: Path) -> None:
    """Half a handshake, or none, does not hold a connection."""
    program = server_program(*DEADLINES)
    running = start_server(command_of(program), tmp_path, APPS / "echo.py", *pair.words)
    half = Hands(running, pair.context())
    with half.plain, Client(running.address) as silent:
        hello = half.to_send()
        half.plain.send(hello[: len(hello) // 2])
        assert [b"", b""] == [half.plain.rest(), silent.rest()]
    end_server(running)


def test_sslscan_finds_nothing_weak(echo_tls: Server) -> None:
    """The scanner finds TLS 1.2 and 1.3 with strong ciphers, and nothing else."""
    done = subprocess.run(["sslscan", "--xml=-", f"127.0.0.1:{echo_tls.address[1]}"], capture_output=True, timeout=60,
                          check=True)
    found = ElementTree.fromstring(done.stdout).find("ssltest")
    assert found is not None
    enabled = {(each.get("type"), each.get("version")) for each in found.findall("protocol") if each.get("enabled") == "1"}
    assert {("tls", "1.2"), ("tls", "1.3")} == enabled
    ciphers = [(each.get("strength"), str(each.get("cipher"))) for each in found.findall("cipher")]
    assert set() == {strength for strength, _ in ciphers} - {"strong", "acceptable"}
    assert ciphers
    assert [] == [name for _, name in ciphers if not name.startswith(("TLS_", "ECDHE-")) or "CBC" in name]
    assert "1" not in {each.get("supported") for each in found.findall("compression")}
    assert b"Compression: NONE" in shake(echo_tls, "-tls1_2").stdout
    assert {"0"} == {each.get("vulnerable") for each in found.findall("heartbleed")}
    groups = {str(each.get("name")) for each in found.findall("group")}
    assert [] == [name for name in groups if name.startswith("ffdhe")]
    renegotiation = found.find("renegotiation")
    assert renegotiation is not None
    assert "0" == renegotiation.get("supported")


# ---- files


def refusal_of(command: Command, *words: str | Path) -> str:
    """What a server says that does not start."""
    process = command(APPS / "echo.py", "--server", "127.0.0.1:0", *words)
    said = process.communicate(timeout=TIMEOUT)[1].decode()
    assert process.returncode in (1, 2)
    return str(said)


def test_files_are_validated_before_binding(command: Command, pair: Pair, other: Pair, tmp_path: Path) -> None:
    """What is wrong with certificate or key is said in one line that names the file."""
    absent, text = tmp_path / "absent.pem", tmp_path / "text.pem"
    text.write_text("no certificate\n")
    for certificate, key, blamed in (
        (absent, pair.key, f"{absent}: No such file or directory"),
        (pair.certificate, absent, f"{absent}: No such file or directory"),
        (text, pair.key, f"{text}: holds no certificate in PEM form that can be used (no start line)"),
        (pair.certificate, text, f"{text}: holds no private key in PEM form that needs no password"),
        (pair.certificate, other.key, f"{other.key}: is not the key of the certificate"),
    ):
        said = refusal_of(command, "--cert", certificate, "--key", key)
        assert said.startswith(f"fapws4: TLS: {blamed}")
        assert 1 == said.count("\n")
    assert "fapws4: --cert: names one file of two" in refusal_of(command, "--cert", pair.certificate)


def test_a_locked_key_is_refused(command: Command, pair: Pair, tmp_path: Path) -> None:
    """A key with a password does not make the server ask for it."""
    locked = tmp_path / "locked.pem"
    subprocess.run(["openssl", "pkey", "-in", pair.key, "-out", locked, "-aes256", "-passout", "pass:secret"], check=True)
    assert "holds no private key in PEM form that needs no password" in refusal_of(
        command, "--cert", pair.certificate, "--key", locked)


@pytest.mark.parametrize("value", ["'cert.pem'", "('cert.pem',)", "('a', 'b', 'c')", "(1, 2)", "('', 'a')", "{}", "True"])
def test_tls_of_the_app_is_validated(command: Command, tmp_path: Path, value: str) -> None:
    """A TLS that is no pair of files is refused in one line."""
    app = tmp_path / "app.py"
    app.write_text(f"PATHS = [('/', lambda e, s: '')]\nTLS = {value}\n")
    process = command(app, "--check")
    said = process.communicate(timeout=TIMEOUT)[1].decode()
    assert 'fapws4: TLS: must name two files, like ("cert.pem", "key.pem"), or be "device"\n' == said
    assert 1 == process.returncode


def test_check_reads_the_files(command: Command, pair: Pair, tmp_path: Path) -> None:
    """--check looks at certificate and key too."""
    app = tmp_path / "app.py"
    app.write_text(f"PATHS = [('/', lambda e, s: '')]\nTLS = ({str(pair.certificate)!r}, 'absent.pem')\n")
    process = command(app, "--check")
    said = process.communicate(timeout=TIMEOUT)[1].decode()
    assert "fapws4: TLS: absent.pem: No such file or directory\n" == said


# ---- certificates that change


def serial_of(server: Server) -> str:
    """Which certificate a new client is shown."""
    shown = ssl.get_server_certificate(server.address)  # type: ignore[arg-type]
    return shown.strip()


def hang_up(server: Server, lines: int) -> None:
    """Sends SIGHUP, and waits until the log has so many lines about it."""
    server.process.send_signal(signal.SIGHUP)
    while server.logged().count("SIGHUP") < lines:
        with Client(server.address, server.context) as client:
            client.ask("/bytes")


def test_certificates_are_read_anew(server: Start, pair: Pair, other: Pair, tmp_path: Path) -> None:
    """On SIGHUP new clients get the new certificate, no request fails, and a bad pair changes nothing."""
    live = Pair(tmp_path / "live.pem", tmp_path / "live-key.pem")
    live.become(pair)
    running = server(APPS / "echo.py", *live.words)
    running.context = ssl.create_default_context(cadata=pair.certificate.read_text() + other.certificate.read_text())
    answers: list[bytes] = []
    over = threading.Event()

    def load() -> None:
        while not over.is_set():
            with running.client() as client:
                answers.extend(client.ask("/bytes").body for _ in range(3))

    with running.client() as old:
        loaders = [threading.Thread(target=load) for _ in range(3)]
        for loader in loaders:
            loader.start()
        live.become(other)
        hang_up(running, 1)
        assert other.certificate.read_text().strip() == serial_of(running)
        live.key.write_bytes(pair.key.read_bytes())
        hang_up(running, 2)
        assert other.certificate.read_text().strip() == serial_of(running)
        over.set()
        for loader in loaders:
            loader.join(TIMEOUT)
        assert b"bytes" == old.ask("/bytes").body
    assert {b"bytes"} == set(answers)
    said = running.logged()
    assert f"fapws4: TLS: {live.key}: is not the key of the certificate; the old certificate stays in force" in said
    assert "SIGHUP: read anew: the certificate;" in said
