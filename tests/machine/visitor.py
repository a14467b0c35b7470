"""A person with a laptop in front of a device's console: a browser that is none, over the laptop's own network."""

from __future__ import annotations

import hashlib
import http.client
import re
import ssl

from tests.fapws4.console_side import Caller
from tests.machine.laptop import PATIENCE, Laptop

_PORT = 443


def _context(certificate: bytes = b"") -> ssl.SSLContext:
    """A client that trusts this certificate only, as it is now; or whomever."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # a device is known by its fingerprint
    if certificate:
        context.load_verify_locations(cadata=certificate)
    else:
        context.verify_mode = ssl.CERT_NONE
    return context


class _Connection(http.client.HTTPSConnection):
    """One that begins at the laptop; ``name`` is what stands in the address bar."""

    def __init__(self, laptop: Laptop, host: str, name: str, context: ssl.SSLContext) -> None:
        super().__init__(name, _PORT, timeout=PATIENCE, context=context)
        self._laptop, self._place, self._tls = laptop, host, context

    def connect(self) -> None:
        self.sock = self._tls.wrap_socket(self._laptop.connect(self._place, _PORT))


class Visitor(Caller):
    """Asks ``host`` by ``name``. Both may be changed at any time, as when a name leads to another address."""

    def __init__(self, laptop: Laptop, host: str, fingerprint: str) -> None:
        """``fingerprint``: that of the certificate, as the device's screen shows it."""
        super().__init__()
        self._laptop, self.host, self.name = laptop, host, host
        with _context().wrap_socket(laptop.connect(host, _PORT)) as door:
            certificate = door.getpeercert(binary_form=True) or b""
        assert fingerprint.replace(":", "").lower() == hashlib.sha256(certificate).hexdigest()
        self._context = _context(certificate)

    def connection(self) -> http.client.HTTPConnection:
        return _Connection(self._laptop, self.host, self.name, self._context)

    def enter(self, path: str, **fields: str) -> None:
        """Claims the device or logs in."""
        answer = self.send(path, fields)
        assert 303 == answer.status, answer.body
        self.session = re.findall(r"__Host-console=(\w+)", answer.headers["set-cookie"])[0]
