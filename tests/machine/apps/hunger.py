"""Leaves little memory to a device, for a test: an app that has grown, or a small machine."""

from __future__ import annotations

from pathlib import Path

from fapws4.base import Environ, Start_response

_held: list[bytearray] = []


def leave(environ: Environ, start_response: Start_response) -> str:
    """/leave/24: takes memory until no more than so many MiB of it are available; how many KiB there are then. /leave/-1 has
    no end but that which the kernel makes."""
    most = int(environ["PATH_INFO"].strip("/")) * 1024
    while (free := _available()) > most:
        _held.append(bytearray(b"x") * min(1 << 20, (free - most) * 1024))
    return str(_available())


def _available() -> int:
    rows = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return int(rows["MemAvailable"].split()[0])
