"""The record layer behind a handshake of TLS 1.3: what it takes, what it refuses and by which alert (RFC 8446, 5 and 6)."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.build import server_program
from tests.http.certificates import Pair
from tests.http.conftest import APPS, Server, Start, command_of, end_server, start_server
from tests.http.hands import ALERT, DATA, GET, HANDSHAKE, KEY_UPDATE, MOST, Hands, Speaker
from tests.http.wire import TIMEOUT, Client

CLOSE_NOTIFY, UNEXPECTED_MESSAGE, BAD_RECORD_MAC, RECORD_OVERFLOW, ILLEGAL_PARAMETER, DECODE_ERROR = 0, 10, 20, 22, 47, 50
CERTIFICATE_REVOKED, USER_CANCELED = 44, 90
WARNING, FATAL = 1, 2
SUITES = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
ROTATE, ROTATE_BOTH = (bytes([KEY_UPDATE, 0, 0, 1, asked]) for asked in (0, 1))
IDLE = 32  # records without data that are taken, one after another

Speak = Callable[[], Speaker]


@pytest.fixture
def speak(echo_tls: Server, pair: Pair, tmp_path: Path) -> Iterator[Speak]:
    """Makes clients."""
    made: list[Speaker] = []

    def one() -> Speaker:
        made.append(Speaker(echo_tls, pair, tmp_path))
        return made[-1]

    yield one
    for each in made:
        each.plain.socket.close()


def post(length: int) -> bytes:
    """A request with a body of this length, whose answer says it."""
    body = b"<<" + bytes(length - 4) + b">>"
    return b"POST /measure HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n" % length + body


# ---- what is taken


def test_an_answer_is_one_record(speak: Speak) -> None:
    """Head and body come together; a large body in full records."""
    with speak() as client:
        assert client.ask(client.out.seal(GET)).endswith(b"\r\n\r\nbytes")
        client.send(client.out.seal(GET.replace(b"/bytes", b"/large")))
        found = [client.said() for _ in range(5_000_000 // MOST + 1)]
    assert {DATA} == {kind for kind, _ in found}
    assert {MOST} == {len(content) for _, content in found[:-1]}
    assert b"".join(content for _, content in found).endswith(b"\r\n\r\n" + b"L" * 5_000_000)


def test_records_in_two_parts(speak: Speak) -> None:
    """A record is understood wherever it is cut: what answers the one before it shows that the first part was read."""
    with speak() as client:
        client.send(client.out.seal(GET))
        assert DATA == client.said()[0]
        record = client.out.seal(GET)
        for at in range(1, len(record)):
            following = client.out.seal(GET)
            if at == 1:
                client.send(record[:1])
            assert client.ask(record[at:], following[: at + 1]).endswith(b"bytes")
            record = following


def test_many_records_at_once(speak: Speak) -> None:
    """Several requests, and a request of many records, are understood."""
    with speak() as client:
        client.send(*(client.out.seal(GET) for _ in range(100)))
        received = b""
        while received.count(b"\r\n\r\nbytes") < 100:
            received += client.said()[1]
        assert client.ask(*(client.out.seal(GET[at : at + 1]) for at in range(len(GET)))).endswith(b"bytes")


@pytest.mark.parametrize("begun", [b"", b"POST /measure"], ids=["at-once", "begun"])
@pytest.mark.parametrize("length", [4, 100, 2_000, 10_000, 90_000, 299_999])
def test_bodies(speak: Speak, begun: bytes, length: int) -> None:
    """Full records are understood, also where there is less room than a record holds."""
    request = post(length)
    with speak() as client:
        client.send(client.out.seal(begun), client.out.seal(request[len(begun) : len(begun) + 7]))
        rest = request[len(begun) + 7 :]
        records = [client.out.seal(rest[at : at + MOST]) for at in range(0, len(rest), MOST)]
        assert client.ask(*records).endswith(b"\r\n\r\n%d << >> %d" % (length, length))
        assert client.ask(client.out.seal(GET)).endswith(b"bytes")


@pytest.mark.parametrize("padding", [1, 2, 16, 255, 5_000, MOST - len(GET)])
def test_padding(speak: Speak, padding: int) -> None:
    """Zeros behind the content do not count, up to the largest record."""
    with speak() as client:
        for _ in range(2):
            assert client.ask(client.out.seal(GET, padding=padding)).endswith(b"bytes")


def test_empty_records(speak: Speak) -> None:
    """Records without content hide how much is sent; so many that they are an attack are not taken."""
    with speak() as client:
        for _ in range(2):
            empty = [client.out.seal(b"", padding=at) for at in range(IDLE)]
            assert client.ask(*empty, client.out.seal(GET)).endswith(b"bytes")
        client.send(*(client.out.seal(b"") for _ in range(IDLE + 1)))
        assert [(ALERT, bytes([FATAL, UNEXPECTED_MESSAGE]))] == list(client.records())


def test_the_version_of_a_record_counts_for_nothing(speak: Speak) -> None:
    """Only that it is what the client authenticated."""
    with speak() as client:
        record = bytearray(client.out.seal(GET))
        record[2] ^= 1
        client.send(bytes(record))
        assert [(ALERT, bytes([FATAL, BAD_RECORD_MAC]))] == list(client.records())


# ---- keys that change


@pytest.mark.parametrize("cuts", [[], [1], [4], [1, 2, 3, 4]], ids=str)
def test_the_client_changes_its_keys(speak: Speak, cuts: list[int]) -> None:
    """KeyUpdate, also in pieces, with the next request right behind it."""
    with speak() as client:
        for _ in range(3):
            pieces = [ROTATE[a:b] for a, b in zip([0, *cuts], [*cuts, 5], strict=True)]
            records = [client.out.seal(piece, HANDSHAKE) for piece in pieces]
            client.out.advance()
            assert client.ask(*records, client.out.seal(GET)).endswith(b"bytes")


def test_the_client_wants_all_keys_changed(speak: Speak) -> None:
    """The server changes its own too, once it is asked, and says so before."""
    with speak() as client:
        for _ in range(3):
            record = client.out.seal(ROTATE_BOTH, HANDSHAKE)
            client.out.advance()
            client.send(record, client.out.seal(GET))
            assert (HANDSHAKE, ROTATE) == client.said()
            client.back.advance()
            assert client.said()[1].endswith(b"bytes")


def test_keys_are_not_used_for_ever(pair: Pair, tmp_path: Path) -> None:
    """Before a key has encrypted too many records the server changes it; OpenSSL's clients understand that."""
    program = server_program("-DLIMIT_TLS_KEY_RECORDS=5")
    running = start_server(command_of(program), tmp_path, APPS / "echo.py", *pair.words)
    with Client(running.address, pair.context()) as ordinary:
        assert [b"bytes"] * 20 == [ordinary.ask("/bytes").body for _ in range(20)]
        assert b"L" * 5_000_000 == ordinary.ask("/large").body
    with Speaker(running, pair, tmp_path) as client:
        changes = 0
        for _ in range(20):
            client.send(client.out.seal(GET))
            kind, content = client.said()
            if kind == HANDSHAKE:
                assert client.back.number in (5, 6)  # the tickets count, and the change itself
                assert ROTATE == content
                changes += 1
                client.back.advance()
                kind, content = client.said()
            assert content.endswith(b"bytes")
    assert 4 == changes
    assert 0 == running.stop()
    end_server(running)


# ---- what is refused


def refused(client: Speaker, reason: int) -> None:
    """All that comes back is an alert."""
    assert [(ALERT, bytes([FATAL, reason]))] == list(client.records())


def test_a_bit_that_is_wrong(speak: Speak) -> None:
    """Wherever it is among header's version, content and tag, nothing of the record is used."""
    length = 5 + len(GET) + 1 + 16
    for at in (1, 2, *range(5, length)):
        with speak() as client:
            record = bytearray(client.out.seal(GET))
            assert length == len(record)
            record[at] ^= 1 << at % 8
            client.send(bytes(record))
            refused(client, BAD_RECORD_MAC)


def test_a_record_is_taken_once(speak: Speak) -> None:
    """A record that comes again, or behind one that is missing, is not what the client sent then."""
    with speak() as client:
        record = client.out.seal(GET)
        assert client.ask(record).endswith(b"bytes")
        client.send(record)
        refused(client, BAD_RECORD_MAC)
    with speak() as client:
        client.out.seal(GET)
        client.send(client.out.seal(GET))
        refused(client, BAD_RECORD_MAC)


@pytest.mark.parametrize(("header", "reason"), [
    (b"\x17\x03\x03\x40\x12", RECORD_OVERFLOW), (b"\x17\x03\x03\xff\xff", RECORD_OVERFLOW),
    (b"\x17\x03\x03\x00\x0f", BAD_RECORD_MAC), (b"\x17\x03\x03\x00\x00", BAD_RECORD_MAC),
    (b"\x14\x03\x03\x00\x01\x01", UNEXPECTED_MESSAGE), (b"\x15\x03\x03\x00\x02\x02\x28", UNEXPECTED_MESSAGE),
    (b"\x16\x03\x03\x00\x20", UNEXPECTED_MESSAGE), (b"GET / HTTP/1.1\r\n\r\n", UNEXPECTED_MESSAGE)])
@pytest.mark.parametrize("cut", [1, 5])
def test_headers(speak: Speak, header: bytes, reason: int, cut: int) -> None:
    """What cannot be a record is not waited for."""
    with speak() as client:
        assert client.ask(client.out.seal(GET), header[:cut]).endswith(b"bytes")
        client.send(header[cut:])
        refused(client, reason)


def test_more_content_than_a_record_may_have(speak: Speak) -> None:
    """Content and padding are 2^14 bytes at most."""
    for content, padding in ((b"a" * (MOST + 1), 0), (b"a", MOST)):
        with speak() as client:
            client.send(client.out.seal(content, padding=padding))
            refused(client, RECORD_OVERFLOW)


def test_a_record_without_a_type(speak: Speak) -> None:
    """One that is nothing but zeros, or nothing at all."""
    for padding in (0, 20):
        with speak() as client:
            client.send(client.out.seal(b"", kind=0, padding=padding))
            refused(client, UNEXPECTED_MESSAGE)


@pytest.mark.parametrize(("records", "reason"), [
    ([(20, b"\x01")], UNEXPECTED_MESSAGE), ([(24, b"\x01\x00\x01a")], UNEXPECTED_MESSAGE), ([(99, GET)], UNEXPECTED_MESSAGE),
    ([(HANDSHAKE, b"")], UNEXPECTED_MESSAGE), ([(HANDSHAKE, b"\x01\x00\x00\x00")], UNEXPECTED_MESSAGE),
    ([(HANDSHAKE, b"\x14" + bytes(35))], UNEXPECTED_MESSAGE), ([(HANDSHAKE, b"\x0b\x00\x00\x00")], UNEXPECTED_MESSAGE),
    ([(HANDSHAKE, ROTATE + ROTATE)], UNEXPECTED_MESSAGE), ([(HANDSHAKE, ROTATE[:3]), (DATA, GET)], UNEXPECTED_MESSAGE),
    ([(HANDSHAKE, ROTATE[:3]), (ALERT, b"\x01\x00")], UNEXPECTED_MESSAGE),
    ([(HANDSHAKE, ROTATE[:2]), (HANDSHAKE, ROTATE[2:] + b"\x18")], UNEXPECTED_MESSAGE),
    ([(HANDSHAKE, b"\x18\x00\x00\x01\x02")], ILLEGAL_PARAMETER), ([(HANDSHAKE, b"\x18\x00\x00\x00\x00")], DECODE_ERROR),
    ([(HANDSHAKE, b"\x18\xff\xff\xff\x00")], DECODE_ERROR),
    ([(ALERT, b"")], DECODE_ERROR), ([(ALERT, b"\x01")], DECODE_ERROR), ([(ALERT, b"\x01\x00\x00")], DECODE_ERROR)], ids=str)
def test_what_clients_must_not_say(speak: Speak, records: list[tuple[int, bytes]], reason: int) -> None:
    """Everything but data, KeyUpdate and alerts; nothing behind it is used."""
    with speak() as client:
        client.send(*(client.out.seal(content, kind) for kind, content in records), client.out.seal(GET))
        refused(client, reason)


# ---- ends


def test_a_client_that_ends(speak: Speak) -> None:
    """It gets what it asked for before, then the server's own end; what it says behind its end is not heard."""
    with speak() as client:
        client.send(client.out.seal(GET), client.out.seal(bytes([WARNING, USER_CANCELED]), ALERT),
                    client.out.seal(bytes([WARNING, CLOSE_NOTIFY]), ALERT), client.out.seal(GET), b"garbage")
        answer, end = client.records()
    assert DATA == answer[0]
    assert answer[1].endswith(b"bytes")
    assert (ALERT, bytes([WARNING, CLOSE_NOTIFY])) == end


def test_a_server_that_ends(speak: Speak) -> None:
    """Behind its last answer it says so."""
    with speak() as client:
        client.send(client.out.seal(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")))
        answer, end = client.records()
    assert answer[1].endswith(b"bytes")
    assert (ALERT, bytes([WARNING, CLOSE_NOTIFY])) == end


def test_a_client_that_fails(speak: Speak, echo_tls: Server) -> None:
    """Its reason is in the log, once; it is not answered."""
    for level in (FATAL, WARNING):
        with speak() as client:
            client.send(client.out.seal(bytes([level, CERTIFICATE_REVOKED]), ALERT), client.out.seal(GET))
            assert [] == list(client.records())
    echo_tls.await_log("fapws4: TLS: 127.0.0.1: sslv3 alert certificate revoked")
    assert 1 == echo_tls.logged().count("certificate revoked")


# ---- others


BROADCAST = """
import fapws4

HELD = fapws4.Stream()


def tell(environ, start_response):
    HELD.write("news ")
    return "told"


PATHS = [("/listen", lambda environ, start_response: HELD), ("/tell", tell)]
"""


def test_a_handshake_whose_request_writes_to_another(server: Start, pair: Pair) -> None:
    """What ends one client's handshake (tickets) does not get to another one, to whom its first request writes."""
    running = server(BROADCAST, *pair.words)
    running.context = pair.context()
    with running.client() as listener:
        listener.send(GET.replace(b"/bytes", b"/listen"))
        listener.until(b"\r\n\r\n")
        hands = Hands(running, pair.context())
        with hands.plain:
            hands.plain.send(hands.to_send())
            hands.more()
            hands.tls.do_handshake()
            hands.tls.write(GET.replace(b"/bytes", b"/tell").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            hands.send()  # together with the end of the handshake
            assert hands.rest().endswith(b"\r\n\r\ntold")
        assert b"5\r\nnews \r\n" == listener.take(10)
    assert 0 == running.stop()


# ---- OpenSSL's own clients


def test_clients_come_back_by_tickets(echo_tls: Server, pair: Pair) -> None:
    """By TLS 1.3 too, where the server sends another number of tickets to those that come back."""
    context, session = pair.context(), None
    for turn in range(3):
        with Client(echo_tls.address) as client:
            client.socket = context.wrap_socket(client.socket, server_hostname="localhost", session=session)
            assert bool(turn) == client.socket.session_reused
            assert [b"bytes"] * 3 == [client.ask("/bytes").body for _ in range(3)]
            session = client.socket.session
            assert session is not None
            assert session.has_ticket


@pytest.mark.parametrize("suite", SUITES)
def test_suites(echo_tls: Server, pair: Pair, suite: str) -> None:
    """Each is understood, before and behind changes of the keys of one side (k) and of both (K)."""
    address = f"127.0.0.1:{echo_tls.address[1]}"
    words: list[str | Path] = ["-connect", address, "-tls1_3", "-ciphersuites", suite, "-CAfile", pair.certificate]
    with subprocess.Popen(["openssl", "s_client", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:
        said, told = process.stdout, process.stdin
        assert said is not None
        assert told is not None

        def tell(text: bytes, awaited: bytes) -> None:
            told.write(text)
            told.flush()
            while awaited not in (line := said.readline()):
                assert line, f"{awaited!r} is missing"

        tell(b"", b"Cipher is " + suite.encode())
        for command in (b"k", b"K", b"K", b"k"):
            tell(GET, b"HTTP/1.1 200 OK")
            tell(command + b"\n", b"KEYUPDATE")
        tell(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), b"HTTP/1.1 200 OK")
        told.close()
        rest = said.read()
        process.wait(TIMEOUT)
    assert b"\r\n\r\nbytes" in rest


def test_no_data_before_the_handshake_is_over(echo_tls: Server) -> None:
    """Tickets allow no early data, which somebody else could send again."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{echo_tls.address[1]}", "-tls1_3", "-ign_eof"],
                          input=GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), capture_output=True,
                          timeout=TIMEOUT, check=False)
    assert 2 == done.stdout.count(b"Max Early Data: 0\n")
    assert b"\r\n\r\nbytes" in done.stdout
