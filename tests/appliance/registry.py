"""Debian's docker-registry, started by a test and ended by it."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import re
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TIMEOUT = 60  # seconds until a test is given up
USER, PASSWORD = "tester", "not for others"
GUESTS = "10.0.2.2"  # what this machine is called by guests of QEMU
_PLACES = ("127.0.0.1", GUESTS)


class Registry:
    """A registry that listens on ``port`` of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._requests: list[str] = []
        self._changed = threading.Condition()

    @property
    def name(self) -> str:
        """As it stands in front of a repository."""
        return f"127.0.0.1:{self.port}"

    def note(self, request: str) -> None:
        """It has answered one."""
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()

    @property
    def requests(self) -> list[str]:
        """What it has answered so far, such as "PUT /v2/...". Only where it speaks http to everybody: its log comes a little
        later than its answers, and so it is asked once more, and that is waited for."""
        with self._changed:
            last = f"/v2/?after={len(self._requests)}"
        urllib.request.urlopen(f"http://{self.name}{last}", timeout=TIMEOUT).close()
        with self._changed:
            assert self._changed.wait_for(lambda: f"GET {last}" in self._requests, TIMEOUT)
            return [line for line in self._requests if "?after=" not in line]

    def counted(self, method: str) -> int:
        """How many requests with this method it has answered."""
        return sum(line.startswith(f"{method} ") for line in self.requests)


@contextlib.contextmanager
def registry(folder: Path, certificate: tuple[Path, Path] | None = None, login: bool = False) -> Iterator[Registry]:
    """A registry with its files below ``folder``; with a certificate and its key it speaks https."""
    http: dict[str, Any] = {"addr": "127.0.0.1:0"}
    if certificate:
        http["tls"] = {"certificate": str(certificate[0]), "key": str(certificate[1])}
    config: dict[str, Any] = {"version": "0.1", "log": {"level": "info", "formatter": "json"}, "http": http,
                              "storage": {"filesystem": {"rootdirectory": str(folder / "registry")}}}
    if login:
        said = subprocess.run(["htpasswd", "-nbB", USER, PASSWORD], capture_output=True, text=True, check=True).stdout
        (folder / "users").write_text(said.strip() + "\n")
        config["auth"] = {"htpasswd": {"realm": "test", "path": str(folder / "users")}}
    (folder / "registry.json").write_text(json.dumps(config))  # which is YAML too
    process = subprocess.Popen(["docker-registry", "serve", folder / "registry.json"], text=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    try:
        yield _ready(process.stderr)
    finally:
        process.terminate()
        process.wait(TIMEOUT)
        process.stderr.close()


def _ready(log: Any) -> Registry:
    said = []
    for line in log:
        said.append(line)
        if found := re.search(r"listening on [^\",]*:(\d+)", line):
            made = Registry(int(found[1]))
            threading.Thread(target=_follow, args=(log, made), daemon=True).start()
            return made
    raise AssertionError("".join(said))


def _follow(log: Any, made: Registry) -> None:
    """Its log must be read all the time, or it would wait for that."""
    with contextlib.suppress(ValueError):  # closed by the one who started it
        for line in log:
            entry = json.loads(line) if line.startswith("{") else {}  # the rest is that of Go's own server
            if "http.response.status" in entry:
                made.note(f"{entry['http.request.method']} {entry['http.request.uri']}")


def authority(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for this machine, also as guests of QEMU call it, that expired long ago; and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(1).not_valid_before(datetime.datetime(2001, 1, 1)).not_valid_after(datetime.datetime(2001, 2, 1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(each)) for each in _PLACES]),
                           critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256()))
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()))
    return files
