"""core/tls/: records of TLS 1.3 without sockets and handshakes, beside RFC 8448 and another implementation."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from tests.build import tls_records

DECLARATIONS = """
struct slice { const char *data; size_t length; };
struct buffer { char *data; size_t length; size_t capacity; bool failed; };
void buffer_finish(struct buffer *buffer);

struct protection {
    uint64_t sequence; unsigned char iv[12]; unsigned char secret_length; unsigned char secret[48]; ...;
};
bool protection_begin(struct protection *protection, unsigned suite, bool encrypts);

enum tls_result { TLS_DATA, TLS_WAITING, TLS_ENDED, TLS_FAILED };
struct records { struct protection reads, writes; struct buffer partial; struct buffer surplus; bool ended; ...; };
enum tls_result records_read(struct records *records, struct slice *received, struct buffer *output, char *room, size_t size,
                             size_t *count);
bool records_write(struct records *records, struct slice head, struct slice tail, struct buffer *output);
void records_farewell(struct records *records, struct buffer *output);
void records_finish(struct records *records);
"""
SUITES = {0x1301: (AESGCM, SHA256, 16), 0x1302: (AESGCM, SHA384, 32), 0x1303: (ChaCha20Poly1305, SHA256, 32)}
AES_128 = 0x1301
MOST = 16_384
ROOMS = (1, 2, 15, 16, 17, 100, 4_096, 16_384, 16_385, 65_536)
SEEDS = range(60)


class Other:
    """One direction as the package cryptography makes it."""

    def __init__(self, suite: int, secret: bytes) -> None:
        self.kind, self.digest, self.key_length = SUITES[suite]
        self.secret, self.number = secret, 0

    def expand(self, label: bytes, length: int) -> bytes:
        """HKDF-Expand-Label with an empty context."""
        info = length.to_bytes(2, "big") + bytes([6 + len(label)]) + b"tls13 " + label + b"\x00"
        return HKDFExpand(self.digest(), length, info).derive(self.secret)

    def _next(self) -> tuple[Any, bytes]:
        nonce = int.from_bytes(self.expand(b"iv", 12), "big") ^ self.number
        self.number += 1
        return self.kind(self.expand(b"key", self.key_length)), nonce.to_bytes(12, "big")

    def seal(self, content: bytes, kind: int = 23, padding: int = 0) -> bytes:
        """A record."""
        inner = content + bytes([kind]) + bytes(padding)
        header = b"\x17\x03\x03" + (len(inner) + 16).to_bytes(2, "big")
        cipher, nonce = self._next()
        return bytes(header + cipher.encrypt(nonce, inner, header))

    def open(self, records: bytes) -> Iterator[tuple[int, bytes]]:
        """Types and contents of whole records."""
        while records:
            end = 5 + int.from_bytes(records[3:5], "big")
            cipher, nonce = self._next()
            inner = cipher.decrypt(nonce, records[5:end], records[:5]).rstrip(b"\x00")
            yield inner[-1], inner[:-1]
            records = records[end:]

    def advance(self) -> None:
        """The keys behind a KeyUpdate."""
        self.secret, self.number = self.expand(b"traffic upd", len(self.secret)), 0


@dataclass
class Layer:
    """The layer under test, and the other side of it."""

    core: ModuleType
    records: Any
    client: Other
    server: Other

    def read(self, data: bytes, room: int) -> tuple[bytes, int, bytes]:
        """Everything that these bytes say, the last result, and what is to be sent."""
        ffi, lib = self.core.ffi, self.core.lib
        memory = ffi.new("char[]", data) if data else ffi.NULL
        received = ffi.new("struct slice *", {"data": memory, "length": len(data)})
        output, count = ffi.new("struct buffer *"), ffi.new("size_t *")
        found = b""
        while True:
            place = ffi.new("char[]", room)  # anew, so that AddressSanitizer sees what is written behind it
            result = lib.records_read(self.records, received, output, place, room, count)
            if result != lib.TLS_DATA:
                break
            assert 0 < count[0] <= room
            found += bytes(ffi.buffer(place, count[0]))
        said = bytes(ffi.buffer(output.data, output.length)) if output.length else b""
        lib.buffer_finish(output)
        assert result == lib.TLS_FAILED or 0 == received.length
        return found, result, said

    def write(self, head: bytes, tail: bytes) -> bytes:
        """The records of them."""
        ffi, lib = self.core.ffi, self.core.lib
        output, memories = ffi.new("struct buffer *"), [ffi.new("char[]", text) for text in (head, tail)]
        slices = [{"data": memory, "length": len(memory) - 1} for memory in memories]
        assert lib.records_write(self.records, *slices, output)
        said = bytes(ffi.buffer(output.data, output.length)) if output.length else b""
        lib.buffer_finish(output)
        return said


@pytest.fixture(scope="session")
def tls() -> ModuleType:
    """The compiled module."""
    return tls_records(DECLARATIONS)


def layer_of(tls: ModuleType, suite: int, secrets: tuple[bytes, bytes]) -> Layer:
    """A layer with these secrets, of the client and of the server."""
    records = tls.ffi.gc(tls.ffi.new("struct records *"), tls.lib.records_finish)
    for protection, secret, encrypts in ((records.reads, secrets[0], False), (records.writes, secrets[1], True)):
        protection.secret[0 : len(secret)] = secret
        protection.secret_length = len(secret)
        assert tls.lib.protection_begin(tls.ffi.addressof(protection), suite, encrypts)
    return Layer(tls, records, Other(suite, secrets[0]), Other(suite, secrets[1]))


def fresh(tls: ModuleType, suite: int, chance: random.Random) -> Layer:
    """A layer with any secrets."""
    length = SUITES[suite][1]().digest_size
    return layer_of(tls, suite, (chance.randbytes(length), chance.randbytes(length)))


def hexadecimal(text: str) -> bytes:
    """Bytes as RFC 8448 prints them."""
    return bytes.fromhex(text)


def test_the_trace_of_rfc_8448(tls: ModuleType) -> None:
    """Section 3: keys, both records with data, both ends; the server's first number was a ticket's."""
    layer = layer_of(tls, AES_128, (
        hexadecimal("9e 40 64 6c e7 9a 7f 9d c0 5a f8 88 9b ce 65 52 87 5a fa 0b 06 df 00 87 f7 92 eb b7 c1 75 04 a5"),
        hexadecimal("a1 1a f9 f0 55 31 f8 56 ad 47 11 6b 45 a9 50 32 82 04 b4 f4 4b fb 6b 3a 4b 4f 1f 3f cb 63 16 43")))
    assert hexadecimal("5b 78 92 3d ee 08 57 90 33 e5 23 d9") == bytes(layer.records.reads.iv)
    assert hexadecimal("cf 78 2b 88 dd 83 54 9a ad f1 e9 84") == bytes(layer.records.writes.iv)
    data, end = hexadecimal(
        "17 03 03 00 43 a2 3f 70 54 b6 2c 94 d0 af fa fe 82 28 ba 55 cb ef ac ea 42 f9 14 aa 66 bc ab 3f 2b 98 19 a8 a5 b4 6b"
        "39 5b d5 4a 9a 20 44 1e 2b 62 97 4e 1f 5a 62 92 a2 97 70 14 bd 1e 3d ea e6 3a ee bb 21 69 49 15 e4"
    ), hexadecimal("17 03 03 00 13 c9 87 27 60 65 56 66 b7 4d 7f f1 15 3e fd 6d b6 d0 b0 e3")
    assert (bytes(range(50)), tls.lib.TLS_ENDED, b"") == layer.read(data + end, 100)
    layer.records.writes.sequence = 1
    assert layer.write(bytes(range(20)), bytes(range(20, 50))) == hexadecimal(
        "17 03 03 00 43 2e 93 7e 11 ef 4a c7 40 e5 38 ad 36 00 5f c4 a4 69 32 fc 32 25 d0 5f 82 aa 1b 36 e3 0e fa f9 7d 90 e6"
        "df fc 60 2d cb 50 1a 59 a8 fc c4 9c 4b f2 e5 f0 a2 1c 00 47 c2 ab f3 32 54 0d d0 32 e1 67 c2 95 5d")
    output = tls.ffi.new("struct buffer *")
    tls.lib.records_farewell(layer.records, output)
    said = bytes(tls.ffi.buffer(output.data, output.length))
    tls.lib.buffer_finish(output)
    assert hexadecimal("17 03 03 00 13 b5 8f d6 71 66 eb f5 99 d2 47 20 cf be 7e fa 7a 88 64 a9") == said


@pytest.mark.parametrize("suite", SUITES, ids=hex)
@pytest.mark.parametrize("seed", SEEDS)
def test_however_bytes_come(tls: ModuleType, suite: int, seed: int) -> None:
    """Records of any size, padded, among KeyUpdates, cut anywhere, into rooms of any size: the data is what was sent."""
    chance = random.Random(seed)
    layer = fresh(tls, suite, chance)
    sent, stream, changes = b"", b"", 0
    for _ in range(chance.randrange(1, 12)):
        content = chance.randbytes(chance.choice((0, 1, 5, 100, 1_000, MOST - 1, MOST)))
        padding = chance.choice((0, 0, 1, 300, MOST))
        stream += layer.client.seal(content, padding=min(padding, MOST - len(content)))
        sent += content
        if chance.random() < 0.3:
            asked = chance.randrange(2)
            stream += layer.client.seal(bytes([24, 0, 0, 1, asked]), 22)
            layer.client.advance()
            changes += asked
    found = b""
    while stream:
        piece, stream = (stream[: (cut := chance.choice((1, 4, 5, 6, 21, 1_000, 16_406, 65_536)))], stream[cut:])
        data, result, said = layer.read(piece, chance.choice(ROOMS))
        assert tls.lib.TLS_WAITING == result
        found += data
        for answer in (said[at : at + 27] for at in range(0, len(said), 27)):
            assert [(22, b"\x18\x00\x00\x01\x00")] == list(layer.server.open(answer))
            layer.server.advance()
            changes -= 1
    assert sent == found
    assert 0 == changes
    assert tls.ffi.NULL == layer.records.partial.data  # nothing is kept for a client that waits
    assert tls.ffi.NULL == layer.records.surplus.data
    head, tail = chance.randbytes(chance.choice((0, 1, 200, 40_000))), chance.randbytes(chance.choice((0, 1, MOST, 70_000)))
    written = list(layer.server.open(layer.write(head, tail)))
    assert head + tail == b"".join(content for _, content in written)
    assert {23, *(kind for kind, _ in written)} == {23}
    assert len(written) == -(-len(head + tail) // MOST)


@pytest.mark.parametrize("suite", SUITES, ids=hex)
@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_changed(tls: ModuleType, suite: int, seed: int) -> None:
    """Of a stream with one wrong byte nothing is used from that record on; the layer says why, and takes nothing more."""
    chance = random.Random(seed)
    layer = fresh(tls, suite, chance)
    contents = [chance.randbytes(chance.choice((1, 20, 1_000))) for _ in range(4)]
    records = [bytearray(layer.client.seal(content)) for content in contents]
    wrong = chance.randrange(4)
    places = [at for at in range(len(records[wrong])) if at not in (3, 4)]  # another length may be waited for
    records[wrong][chance.choice(places)] ^= chance.randrange(1, 256)
    found, result, said = layer.read(b"".join(records), chance.choice(ROOMS))
    assert b"".join(contents[:wrong]) == found
    assert tls.lib.TLS_FAILED == result
    ((kind, alert),) = layer.server.open(said)
    assert 21 == kind
    assert alert in (b"\x02\x14", b"\x02\x0a")


def test_a_suite_that_does_not_fit(tls: ModuleType) -> None:
    """Neither another one nor a secret of another length becomes keys."""
    protection = tls.ffi.new("struct protection *")
    for suite, length in ((0x1304, 32), (0x1301, 48), (0x1302, 32), (0x1303, 0)):
        protection.secret_length = length
        assert not tls.lib.protection_begin(protection, suite, True)
