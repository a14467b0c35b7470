"""TLS clients whose bytes, or whose records, go to the server by hand."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from tests.http.certificates import Pair
from tests.http.conftest import Server
from tests.http.wire import Client

GET = b"GET /bytes HTTP/1.1\r\nHost: test\r\n\r\n"
MOST = 16_384  # bytes of content in a record
TAG = 16
ALERT, HANDSHAKE, DATA = 21, 22, 23
NEW_SESSION_TICKET, KEY_UPDATE = 4, 24


class Hands:
    """A TLS client whose bytes go to the server by hand."""

    def __init__(self, server: Server, context: ssl.SSLContext) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        self.plain = Client(server.address)

    def to_send(self) -> bytes:
        """What the handshake has to say now, taken."""
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self.outgoing.read()

    def more(self) -> bool:
        """Takes what the server says; False at the end."""
        there = self.plain.more()
        self.incoming.write(self.plain.received)
        self.plain.received = b""
        return there

    def shake(self, step: int = 65536) -> None:
        """The whole handshake, ``step`` bytes at a time."""
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.send(step)
                assert self.more()
        self.send(step)

    def send(self, step: int = 65536) -> None:
        """Sends all that was written."""
        data = self.outgoing.read()
        for at in range(0, len(data), step):
            self.plain.send(data[at : at + step])

    def rest(self) -> bytes:
        """Everything up to the server's word that it ends."""
        while self.more():
            pass
        found = b""
        with contextlib.suppress(ssl.SSLZeroReturnError):  # a connection that was merely cut wants to be read on
            while data := self.tls.read(65536):
                found += data
        return found


class Direction:
    """Records of TLS_AES_128_GCM_SHA256 in one direction (RFC 8446, 5), by another implementation than the server's."""

    def __init__(self, secret: bytes) -> None:
        self.secret, self.number = secret, 0

    def expand(self, label: bytes, length: int) -> bytes:
        """HKDF-Expand-Label with an empty context."""
        label = b"tls13 " + label
        info = length.to_bytes(2, "big") + bytes([len(label)]) + label + b"\x00"
        return HKDFExpand(SHA256(), length, info).derive(self.secret)

    def _next(self) -> tuple[AESGCM, bytes]:
        number = int.from_bytes(self.expand(b"iv", 12), "big") ^ self.number
        self.number += 1
        return AESGCM(self.expand(b"key", 16)), number.to_bytes(12, "big")

    def seal(self, content: bytes, kind: int = DATA, padding: int = 0) -> bytes:
        """A record."""
        inner = content + bytes([kind]) + bytes(padding)
        header = b"\x17\x03\x03" + (len(inner) + TAG).to_bytes(2, "big")
        cipher, nonce = self._next()
        return header + cipher.encrypt(nonce, inner, header)

    def open(self, record: bytes) -> tuple[int, bytes]:
        """Type and content of a record."""
        cipher, nonce = self._next()
        inner = cipher.decrypt(nonce, record[5:], record[:5]).rstrip(b"\x00")
        return inner[-1], inner[:-1]

    def advance(self) -> None:
        """The keys behind a KeyUpdate."""
        self.secret, self.number = self.expand(b"traffic upd", 32), 0


class Speaker:
    """A client of TLS 1.3 whose records are made by hand, behind a handshake by OpenSSL."""

    def __init__(self, server: Server, pair: Pair, folder: Path) -> None:
        context, secrets = pair.context(), folder / "secrets"
        secrets.unlink(missing_ok=True)
        context.keylog_filename = str(secrets)
        hands = Hands(server, context)
        hands.shake()
        assert ("TLS_AES_128_GCM_SHA256", "TLSv1.3", 128) == hands.tls.cipher()
        words = dict(line.split()[::2] for line in secrets.read_text().splitlines() if not line.startswith("#"))
        self.out = Direction(bytes.fromhex(words["CLIENT_TRAFFIC_SECRET_0"]))
        self.back = Direction(bytes.fromhex(words["SERVER_TRAFFIC_SECRET_0"]))
        self.plain = hands.plain

    def __enter__(self) -> Speaker:
        return self

    def __exit__(self, *_: object) -> None:
        self.plain.__exit__()

    def send(self, *records: bytes) -> None:
        """Sends them at once."""
        self.plain.send(b"".join(records))

    def ask(self, *records: bytes) -> bytes:
        """Sends records, and takes the next that comes back with data."""
        self.send(*records)
        kind, content = self.said()
        assert DATA == kind
        return content

    def said(self) -> tuple[int, bytes]:
        """Type and content of the next record that is no ticket."""
        while True:
            header = self.plain.take(5)
            kind, content = self.back.open(header + self.plain.take(int.from_bytes(header[3:], "big")))
            if (kind, content[0]) != (HANDSHAKE, NEW_SESSION_TICKET):
                return kind, content

    def records(self) -> Iterator[tuple[int, bytes]]:
        """All that is said up to the end of the connection."""
        with contextlib.suppress(AssertionError):
            while True:
                yield self.said()
        assert b"" == self.plain.received
