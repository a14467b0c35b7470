"""Calls about the device as a whole: how it is, its storage and certificate, restart, power-off and reset."""

from __future__ import annotations

import os
import zlib
from binascii import Error, a2b_base64

from fapws4.device.errors import Refused
from fapws4.manager import readings, root_side, store
from fapws4.manager.caller import Caller, Given, answers, note
from fapws4.manager.clocks import uptime
from fapws4.manager.files import file_of
from fapws4.manager.restoration import certificate_words
from fapws4.manager.root_side import every, first

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fapws4.device import records

    Facts = list[tuple[str, str]]

# Keys of PID 1's facts that are about the storage.
_HEALTH = ("data", "rescue", "storage-errors", "storage-life", "storage-reserve")
_OWN = "Made by this device for "  # before what it has made itself (core/init/owner/certificate_child.c)


@answers("status.public")
def tell_public_status(caller: Caller) -> records.PublicStatus:
    """Without a session: nothing that helps to attack it but what its pages show anyway."""
    return {**_state(root_side.facts()), "claimed": bool(caller.household.users.listed())}


@answers("status")
def tell_status(caller: Caller) -> records.Status:
    """PID 1's facts, and what the kernel says."""
    facts = root_side.facts()
    return {**_state(facts), "board": first(facts, "board"), "counter": first(facts, "counter"), "slot": first(facts, "slot"),
            "facts": [{"key": key, "value": value} for key, value in facts],
            "addresses": every(facts, "address") + every(facts, "address6"), "uptime": int(uptime()),
            "load": readings.load(), "memory": readings.memory(), "storage": readings.room(_data_root()),
            "temperatures": readings.temperatures(), "samples": _samples()}


@answers("storage.get")
def tell_storage(caller: Caller) -> records.Storage:
    """What the app has is counted; it may take a moment where there are many files."""
    facts = root_side.facts()
    room = readings.room(_data_root())
    return {"state": first(facts, "data"), "total": room["total"], "free": room["free"],
            "app": readings.used_below(f"{_data_root()}/app"),
            "health": [{"key": key, "value": value} for key, value in facts if key in _HEALTH]}


@answers("certificate.get")
def tell_certificate(caller: Caller) -> records.Certificate:
    """Of a chain the first one's fingerprint: that of the device itself."""
    try:
        with open(f"{store.data_folder()}/certificate.pem", encoding="ascii") as file:
            text = file.read(65536)
    except (OSError, ValueError) as error:
        raise Refused("absent", "this device has no certificate: its image was built without keys") from error
    return {"certificate": text, "fingerprint": _fingerprint(text), "own": text.startswith(_OWN)}


@answers("certificate.set")
def set_certificate(caller: Caller, certificate: str, key: str, password: str) -> None:
    """PID 1 looks whether the two belong together, and hands them to who serves."""
    caller.confirm(password)
    root_side.order("certificate", *certificate_words(certificate, key))
    note(f"{caller.name} has given the device another certificate")


@answers("licences")
def tell_licences(caller: Caller) -> Given:
    """As they were collected when the image was built."""
    return _paper("licences")


@answers("bill")
def tell_bill(caller: Caller) -> Given:
    """The same, for tools."""
    return _paper("bill")


@answers("device.restart")
def restart(caller: Caller) -> None:
    """Answered before it happens."""
    note(f"{caller.name} restarts the device")
    root_side.order("restart")


@answers("device.power_off")
def power_off(caller: Caller) -> None:
    """Answered before it happens."""
    note(f"{caller.name} switches the device off")
    root_side.order("power-off")


@answers("device.factory_reset")
def reset(caller: Caller, password: str) -> None:
    """All sessions end too: a restart is part of it."""
    caller.confirm(password)
    note(f"{caller.name} makes the device as new")
    root_side.order("reset")


def _state(facts: Facts) -> records.State:
    word, _, rest = first(facts, "state").partition(" ")
    seconds = rest.split(" ")[0]
    return {"product": first(facts, "product"), "version": first(facts, "version"),
            "name": first(facts, "name") or os.uname().nodename, "state": f"{word} {rest}".strip(),
            "trial": int(seconds) if word == "trial" and seconds.isdecimal() else None}


def _samples() -> list[records.Sample]:
    """Lines `UPTIME LOAD FREE`, one a minute, from PID 1, which is always there to take them."""
    rows = (line.split(" ") for line in root_side.ask("samples").splitlines())
    return [{"uptime": int(row[0]), "load": int(row[1]) / 100, "memory_free": int(row[2]) * 1024} for row in rows]


def _paper(kind: str) -> Given:
    """What the image says of itself, which is compressed in it."""
    try:
        with open(f"{store.etc_folder()}/appliance.{kind}", "rb") as file:
            text = zlib.decompress(file.read())
    except OSError as error:
        raise Refused("absent", "this image was built without its papers; they lie beside it") from error
    return Given({"size": len(text)}, file_of(text))


def _data_root() -> str:
    return os.path.dirname(store.data_folder())


def _fingerprint(pem: str) -> str:
    from hashlib import sha256

    body = pem.partition("-----BEGIN CERTIFICATE-----")[2].partition("-----END")[0]
    try:
        digest = sha256(a2b_base64(body)).hexdigest().upper()
    except Error as error:
        raise Refused("damaged", "the certificate of this device cannot be read") from error
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))
