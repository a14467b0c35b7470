"""Certificates for tests, made by the program openssl, and clients that trust them."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from appliance.common.shell import run


@dataclass(frozen=True)
class Pair:
    """A certificate for localhost, signed by itself, and its key."""

    certificate: Path
    key: Path

    @property
    def words(self) -> tuple[str | Path, ...]:
        """What the server is started with."""
        return ("--cert", self.certificate, "--key", self.key)

    def context(self, newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED) -> ssl.SSLContext:
        """A client that trusts this certificate only."""
        made = ssl.create_default_context(cafile=str(self.certificate))
        made.maximum_version = newest
        return made

    def become(self, other: Pair) -> None:
        """Takes the content of another one."""
        self.certificate.write_bytes(other.certificate.read_bytes())
        self.key.write_bytes(other.key.read_bytes())


def make_pair(folder: Path, name: str, kind: str = "ec", more: str = "") -> Pair:
    """A new pair in ``folder``; ``kind`` is ec or rsa, ``more`` another host that it is for."""
    pair = Pair(folder / f"{name}.pem", folder / f"{name}-key.pem")
    options = {"ec": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["rsa:2048"]}[kind]
    names = ",".join(["DNS:localhost", "IP:127.0.0.1", *([f"DNS:{more}"] if more else [])])
    run(["openssl", "req", "-x509", "-nodes", "-newkey", *options, "-keyout", pair.key, "-out", pair.certificate,
         "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}"])
    return pair
