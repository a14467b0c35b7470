"""An end of the line: a bundle is sent to a device on the network, of which only what the device lacks travels.

The device is asked with the bundle's head which parts it lacks, then gets the head once more with these parts. It decides;
what it refuses is said in its own words.
"""

from __future__ import annotations

import getpass
import http.client
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.progress import meter, step
from appliance.updating.bundle import Bundle, read_bundle
from appliance.updating.device import Device, Reply, blocks, until_it_runs

CODE_VARIABLE = "FAPWS_CLAIM"

# Seconds: a trial takes ten minutes at most, and the device starts twice when it fails.
_TRIAL = 900.0


@dataclass(frozen=True)
class Sent:
    """What an update did: the version, and the bytes that travelled of all of its."""

    version: str
    bytes: int
    whole: int


def update_device(device: Device, file: Path, code: str, wait: bool = False) -> Sent:
    """Install a bundle on a device, which then restarts and tries it; with ``wait``, see what becomes of that.

    A Problem is a refusal: nothing is armed then.
    """
    bundle = read_bundle(file)
    before = dict(_checked(device))
    with step(f"ask {device.address}"):
        said = _told(_ask(device, "/update/want", bundle.head, code), file)
    names = said.removeprefix("want ").split()
    body = bundle.head + b"".join(data for name, data in _parts(bundle) if name in names)
    outcome = _told(_ask(device, f"/update?parts={','.join(names)}", body, code, f"send {bundle.about}"), file)
    _, version, counter = outcome.split()
    if wait:
        with step(f"wait until {version} has proved itself"):
            until_it_runs(device, version, counter, before, _TRIAL)
    return Sent(version, len(body), len(bundle.data))


def verify_on_device(device: Device, file: Path, code: str) -> None:
    """A Problem when the device would refuse the bundle, every byte of which goes there. Nothing is written."""
    bundle = read_bundle(file)
    _told(_ask(device, "/update?mode=verify", bundle.data, code, f"send {bundle.about}"), file)


def claim_code(given: str) -> str:
    """The device's claim code: as given, from the environment, or asked for at the terminal."""
    code = given or os.environ.get(CODE_VARIABLE, "")
    if not code and not sys.stdin.isatty():
        raise Problem("there is no terminal to ask for the device's claim code", f"set {CODE_VARIABLE}, or say --code")
    return "".join((code or getpass.getpass("claim code (on the device's screen): ")).split())


def _checked(device: Device) -> list[tuple[str, str]]:
    try:
        return device.status()
    except (OSError, http.client.HTTPException) as error:
        raise _gone(device, error) from error


def _ask(device: Device, path: str, body: bytes, code: str, shown: str = "") -> Reply:
    try:
        if not shown:
            return device.ask("POST", path, blocks(body), len(body), code)
        with meter(shown, len(body)) as advance:
            return device.ask("POST", path, _metered(body, advance), len(body), code)
    except (OSError, http.client.HTTPException) as error:
        raise _gone(device, error) from error


def _metered(body: bytes, advance: Callable[[int], None]) -> Iterator[bytes]:
    for block in blocks(body):
        yield block
        advance(len(block))


def _gone(device: Device, error: Exception) -> Problem:
    return Problem(f"{device.address} does not answer ({error!r})", "see its screen; an update that was cut off is not tried")


def _told(reply: Reply, file: Path) -> str:
    """What the device says; its sentence as a Problem when it refuses."""
    if reply.status == 200:
        return reply.text.strip()
    what, _, remedy = reply.text.strip().removeprefix("refused ").partition(": ")
    raise Problem(f"{file.name} is refused: {what}", remedy)


def _parts(bundle: Bundle) -> Iterator[tuple[str, bytes]]:
    at = 0
    for name, _, length, _ in (line.split() for line in bundle.says("part")):
        yield name, bundle.parts[at : at + int(length)]
        at += int(length)
