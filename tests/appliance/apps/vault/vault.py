"""What apps reach by the libraries besides: digests, ciphers and signatures of OpenSSL, a database, packed bytes, requests."""

import base64
import bz2
import hashlib
import hmac
import json
import lzma
import os
import sqlite3
import ssl
import tempfile
import threading
from pathlib import Path
from urllib.parse import parse_qs

FOLDER = os.environ["VAULT_FOLDER"]  # with the certificate of localhost and its key, of each kind
TLS = (f"{FOLDER}/ec.pem", f"{FOLDER}/ec-key.pem")

TEXT = bytes(range(256)) * 33
PRESSED = ("/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AB3ACxdADCICoaUiBY1ovG1WkRI0jk9eAl0QmfPlt+OR25Zi6g7iETMENMcPYzx+AAAAF6h912A"
           "iMmkAAFIeCiJ+EYftvN9AQAAAAAEWVo=")  # by xz
DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_512", "blake2b", "blake2s")


def digests():
    """Of a text at many lengths and offsets, by OpenSSL where it has them; and keys made of passwords."""
    found = {}
    for name in DIGESTS:
        total = hashlib.new(name)
        for start in range(130):
            total.update(hashlib.new(name, TEXT[start:start * 61]).digest())
        found[name] = total.hexdigest()
    found["hmac"] = hmac.new(b"key", TEXT, "sha512").hexdigest()
    found["pbkdf2"] = hashlib.pbkdf2_hmac("sha256", b"word", b"salt", 1000).hex()
    found["scrypt"] = hashlib.scrypt(b"word", salt=b"salt", n=64, r=8, p=1).hex()
    return found


def talk(kind, version, ciphers):
    """A server and a client in memory: what they agree upon, and whether long texts pass through in both directions."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(f"{FOLDER}/{kind}.pem", f"{FOLDER}/{kind}-key.pem")
    client = ssl.create_default_context(cafile=f"{FOLDER}/{kind}.pem")
    client.minimum_version = client.maximum_version = version
    if ciphers:
        client.set_ciphers(ciphers)
    ends = [ssl.MemoryBIO() for _ in range(4)]
    here = client.wrap_bio(ends[0], ends[1], server_hostname="localhost")
    there = server.wrap_bio(ends[2], ends[3], server_side=True)

    def carried(call, *words):
        while True:
            try:
                return call(*words)
            except ssl.SSLWantReadError:
                ends[2].write(ends[1].read())
                ends[0].write(ends[3].read())
                if call == here.do_handshake:
                    try:
                        there.do_handshake()
                    except ssl.SSLWantReadError:
                        pass
                    ends[0].write(ends[3].read())

    carried(here.do_handshake)
    carried(there.do_handshake)
    passed = []
    for sender, receiver in ((here, there), (there, here)):
        for length in (1, 15, 16, 17, 1000, 8448):
            sender.write(TEXT[:length])
            passed.append(carried(receiver.read, 16384) == TEXT[:length])
    name, protocol, bits = here.cipher()
    return [here.version(), name, protocol, bits, passed, here.getpeercert()["subject"][0][0][1]]


def conversations():
    """Every cipher that TLS 1.2 and 1.3 have here, with keys on a curve and of RSA."""
    new = [talk(kind, ssl.TLSVersion.TLSv1_3, "") for kind in ("ec", "rsa")]
    suites = {"ec": "ECDHE-ECDSA", "rsa": "ECDHE-RSA"}
    old = [talk(kind, ssl.TLSVersion.TLSv1_2, f"{suite}-{cipher}") for kind, suite in suites.items()
           for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")]
    return new + old


def database():
    """Written by threads while others read, searched by words, and found again."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder, "vault.db"))
        store = sqlite3.connect(file)
        mode = store.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        store.execute("CREATE TABLE sums (number INTEGER, half REAL)")
        store.execute("CREATE VIRTUAL TABLE notes USING fts5(body)")
        store.executemany("INSERT INTO notes VALUES (?)", [("a quick fox",), ("lazy dogs",), ("quick dogs",)])
        store.commit()

        def add(first):
            own = sqlite3.connect(file, timeout=60)
            for number in range(first, first + 25):
                with own:
                    own.execute("INSERT INTO sums VALUES (?, ?)", (number << 33, number / 2))
            own.close()

        threads = [threading.Thread(target=add, args=(first,)) for first in (0, 25, 50, 75)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        total = store.execute("SELECT count(*), sum(number), sum(half) FROM sums").fetchone()
        words = store.execute("SELECT body FROM notes WHERE notes MATCH 'quick AND dogs'").fetchall()
        store.close()
    return [mode, total, words]


def packed():
    """By bzip2, the same bytes everywhere; by liblzma in every format, with each of its checks and filters."""
    bzipped = bz2.compress(TEXT, 9)
    ways = [{"format": lzma.FORMAT_ALONE}, *({"check": check} for check in range(16) if lzma.is_check_supported(check)),
            *({"filters": [{"id": kind}, {"id": lzma.FILTER_LZMA2, "preset": 9}]}
              for kind in (lzma.FILTER_DELTA, lzma.FILTER_X86, lzma.FILTER_ARM, lzma.FILTER_POWERPC, lzma.FILTER_SPARC))]
    pressed = [lzma.decompress(lzma.compress(TEXT, **way)) == TEXT for way in ways]
    return [hashlib.sha256(bzipped).hexdigest(), bz2.decompress(bzipped) == TEXT, pressed,
            lzma.decompress(base64.b64decode(PRESSED)).decode()]


def facts():
    """The same on every processor, under every Python."""
    return {"digests": digests(), "conversations": conversations(), "database": database(), "packed": packed()}


def page(environ, start_response):
    """All of it."""
    return json.dumps(facts())


def fetch(environ, start_response):
    """/fetch?url=URL: what requests gets from a server with the certificate of RSA."""
    import requests  # this machine's Python, which tells what is expected, need not have it

    [url] = parse_qs(environ["QUERY_STRING"])["url"]
    answer = requests.get(url, verify=f"{FOLDER}/rsa.pem", timeout=60)
    return json.dumps([answer.status_code, answer.text])


def trust(environ, start_response):
    """/trust?url=URL: which certificates requests knows by itself, and what it says of a server with another one."""
    import certifi
    import requests

    known = ssl.create_default_context(cafile=certifi.where()).get_ca_certs()
    [url] = parse_qs(environ["QUERY_STRING"])["url"]
    try:
        requests.get(url, timeout=60)
    except requests.exceptions.SSLError as error:
        return json.dumps([requests.certs.where() == certifi.where(), len(known) > 100, "self-signed certificate" in str(error)])
    return "requests trusts everybody"


PATHS = [("/fetch", fetch), ("/trust", trust), ("/", page)]
