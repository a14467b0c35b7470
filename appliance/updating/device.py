"""A device on the network: its pages (fapws4/recovery/) as a program asks them, by https.

A device vouches for itself: its certificate is signed by nobody. So it is known by the fingerprint, which the device shows
on its screen and serial console. It is compared before anything is sent, the claim code above all, and kept in the user's
configuration from the first time on. After a factory reset a device has another one.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import ssl
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from appliance.common.errors import Problem
from appliance.common.places import whole_file

PORT = 8443  # POLICY_RECOVERY_PORT of core/init/policy.h

_PATIENCE = 660.0  # seconds; a slow card is read back before the answer
_SHORT_PATIENCE = 45.0  # for a question: slow devices start their pages at the first; one that restarts may be silent
_FINGERPRINT = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){31}")

Agree = Callable[[str], bool]


@dataclass(frozen=True)
class Address:
    """Where a device is."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Reply:
    """An answer: its status and its text."""

    status: int
    text: str


def address_in(target: str) -> Address | None:
    """The device that a user means by ``https://HOST[:PORT]``, or ``HOST[:PORT]``; None when it is a file's name."""
    if target.startswith("http://"):
        raise Problem(f"{target} is not safe: a claim code must not travel in the clear", f"say https://{target[7:]}")
    if not target.startswith("https://") and (Path(target).exists() or "/" in target or target.endswith(".img")):
        return None
    try:
        parts = urlsplit(target if "://" in target else f"https://{target}")
        host, port = parts.hostname, parts.port or PORT
    except ValueError:
        host, port = None, 0
    if not host or parts.path.strip("/") or parts.query or parts.username:
        raise Problem(f"{target} is neither an image nor a device", "name a file, or a device like https://192.168.7.20:8443")
    return Address(host, port)


def normal_fingerprint(text: str) -> str:
    """As a device shows it; a Problem when it cannot be one."""
    digits = text.strip().upper().removeprefix("SHA256:").replace(":", "").replace(" ", "")
    found = ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
    if not _FINGERPRINT.fullmatch(found):
        raise Problem(f"{text} is no fingerprint", "give the 64 hexadecimal digits that the device's screen shows")
    return found


class Device:
    """A device whose certificate is known. Every connection is checked before anything is sent on it."""

    def __init__(self, address: Address, fingerprint: str) -> None:
        self.address, self.fingerprint = address, fingerprint

    def ask(
        self, method: str, path: str, body: Iterable[bytes] = (), length: int = 0, code: str = "", kind: str = ""
    ) -> Reply:
        """One request with a body of ``length`` bytes of this kind; OSError or HTTPException when there is no answer."""
        connection = _connect(self.address, _PATIENCE if method == "POST" else _SHORT_PATIENCE)
        try:
            _require(self.address, _fingerprint_of(connection), self.fingerprint)
            connection.putrequest(method, path)
            connection.putheader("Content-Length", str(length))
            if kind:
                connection.putheader("Content-Type", kind)
            if code:
                connection.putheader("Authorization", f"Bearer {code}")
            connection.endheaders()
            _send(connection, body)
            answer = connection.getresponse()
            return Reply(answer.status, answer.read().decode("utf-8", "replace"))
        finally:
            connection.close()

    def status(self) -> list[tuple[str, str]]:
        """What it says of itself, as keys and values (core/init/owner/status.h)."""
        reply = self.ask("GET", "/status")
        if reply.status != 200:
            raise Problem(f"{self.address} does not say how it is: {reply.text.strip()}", "see its console")
        return [(key, value) for key, _, value in (line.partition(" ") for line in reply.text.splitlines())]


def known_device(address: Address, fingerprint: str, agree: Agree) -> Device:
    """The device, known by ``fingerprint``, or by what was kept, or by what the user agrees to; then kept."""
    kept = _kept()
    known = kept.get(str(address), "")
    if fingerprint:
        known = normal_fingerprint(fingerprint)
        _require(address, _fingerprint_at(address), known)
    elif not known:
        known = _fingerprint_at(address)
        if not agree(f"{address} is not known yet. Its certificate has the fingerprint\n  {known}\n"
                     "Is this what its screen or serial console shows?"):
            raise Problem(f"{address} is not the device that was meant; nothing was sent", "see the address on its screen")
    if kept.get(str(address)) != known:
        _keep(kept | {str(address): known})
    return Device(address, known)


def agreed_on_terminal(question: str) -> bool:
    """Ask the person at the terminal; where nobody is, the fingerprint must be given."""
    if not sys.stdin.isatty():
        raise Problem(f"nobody is here to answer, and nothing was sent. {question}\n", "say --fingerprint with what it shows")
    return input(f"{question} Type yes: ").strip().lower() == "yes"


def until_it_runs(
    device: Device, version: str, counter: str, before: Mapping[str, str], patience: float, pause: float = 3.0
) -> None:
    """Returns when ``version`` has proved itself on the device, whose status was ``before``; a Problem says why it has not.

    Versions are told apart by their counters: a developer's may all have the same name.
    """
    end = time.monotonic() + patience
    tried = False  # it has restarted; that it is away, or on trial, may be over between two looks
    while time.monotonic() < end:
        try:
            pairs = device.status()
        except (OSError, http.client.HTTPException):
            tried, pairs = True, []
        told = dict(pairs)
        state = told.get("state", "").partition(" ")[0]
        tried = tried or state == "trial" or _is_another_run(told, before)
        settled = tried and state in ("confirmed", "recovery")
        if settled and told.get("counter") == counter != before.get("counter"):
            return
        if settled and told.get("counter") == before.get("counter"):
            raise Problem(f"version {version} has not proved itself, and {before.get('version', '')} runs again: "
                          + (told.get("failed", "").removeprefix(f"version {version}: ") or "it says not why"),
                          f"its last lines are at https://{device.address}/log")
        time.sleep(pause)
    raise Problem(f"{device.address} has not said within {patience:.0f} s that version {version} runs", "see its console")


def _is_another_run(told: Mapping[str, str], before: Mapping[str, str]) -> bool:
    """Whether the device has restarted since: by what stays as it is while it runs, or only grows."""
    return bool(told) and (told.get("counter") != before.get("counter")
                           or told.get("failed", "") not in ("", before.get("failed", ""))
                           or int(told.get("uptime", "0")) < int(before.get("uptime", "0")))


def _require(address: Address, found: str, expected: str) -> None:
    if found != expected:
        raise Problem(f"{address} has the certificate {found}, and {expected} was expected: it may be another device, or "
                      "somebody between you and it; nothing was sent",
                      "compare with the device's screen; if it was reset, say --fingerprint with what it shows")


def _connect(address: Address, patience: float = _SHORT_PATIENCE) -> http.client.HTTPSConnection:
    """Without a check of who it is: that is the fingerprint's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(address.host, address.port, timeout=patience, context=context)
    connection.connect()
    return connection


def _fingerprint_of(connection: http.client.HTTPSConnection) -> str:
    assert isinstance(connection.sock, ssl.SSLSocket)
    certificate = connection.sock.getpeercert(binary_form=True)
    assert certificate is not None  # a server without one cannot finish a handshake
    return hashlib.sha256(certificate).digest().hex(":").upper()


def _fingerprint_at(address: Address) -> str:
    """The fingerprint of who answers there."""
    try:
        connection = _connect(address)
    except OSError as error:
        raise Problem(f"{address} cannot be reached: {error.strerror or error}",
                      "see the address on the device's screen; only images with --keys take updates") from error
    try:
        return _fingerprint_of(connection)
    finally:
        connection.close()


def _send(connection: http.client.HTTPSConnection, body: Iterable[bytes]) -> None:
    """A device that refuses early may close; why, is in its answer."""
    try:
        for block in body:
            connection.send(block)
    except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
        return


def _file() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "fapws4" / "devices"


def _kept() -> dict[str, str]:
    """Fingerprints by address: lines `HOST:PORT FINGERPRINT`."""
    lines = _file().read_text().splitlines() if _file().is_file() else []
    return {name: text for name, _, text in (line.partition(" ") for line in lines) if _FINGERPRINT.fullmatch(text)}


def _keep(devices: dict[str, str]) -> None:
    _file().parent.mkdir(parents=True, exist_ok=True)
    with whole_file(_file()) as work:
        work.write_text("".join(f"{name} {text}\n" for name, text in sorted(devices.items())))


def blocks(data: bytes, size: int = 65536) -> Iterator[bytes]:
    """The data in pieces."""
    return (data[at : at + size] for at in range(0, len(data), size))
