"""The time zones by name, and the POSIX rule of each: what a device without a time zone database needs to know of it.

In a program the table stands beside this module, made from the pinned tzdata when the program is built
(appliance/freezing/archive.py). On a host it is read from a database: the system's, or the package tzdata.
"""

from __future__ import annotations

import os
import sys

_TABLE = os.path.join(os.path.dirname(__file__), "zones.txt")

_rules: dict[str, str] = {}


def names() -> list[str]:
    """The names, sorted: Africa/Abidjan to UTC."""
    return sorted(_known())


def rule(name: str) -> str:
    """The rule in force, like CET-1CEST,M3.5.0,M10.5.0/3; empty when there is no such zone."""
    return _known().get(name, "")


def read_database(folder: str) -> dict[str, str]:
    """The zones of a database, by continents and oceans, and UTC; those that are there only for old programs are left out."""
    found = {"UTC": "UTC0"}
    for area in sorted(os.listdir(folder)):
        if not area[:1].isupper() or area in ("Etc", "US", "SystemV"):
            continue
        for path, _, files in os.walk(os.path.join(folder, area)):
            for file in files:
                if text := _footer(os.path.join(path, file)):
                    found[os.path.relpath(os.path.join(path, file), folder)] = text
    return found


def _known() -> dict[str, str]:
    if not _rules:
        _rules.update(_read_table() if os.path.exists(_TABLE) else _read_host())
    return _rules


def _read_table() -> dict[str, str]:
    with open(_TABLE, encoding="ascii") as file:
        return {name: text for name, _, text in (line.rstrip("\n").partition(" ") for line in file)}


def _read_host() -> dict[str, str]:
    for folder in ("/usr/share/zoneinfo", *(os.path.join(entry, "tzdata", "zoneinfo") for entry in sys.path)):
        if os.path.isdir(folder):
            return read_database(folder)
    raise LookupError("this machine has no time zones: apt-get install tzdata, or pip install tzdata")


def _footer(path: str) -> str:
    """The last line of a zone's file (RFC 8536, 3.3); empty when it is none, or has none."""
    with open(path, "rb") as file:
        data = file.read()
    version = data[4:5]
    return data.rstrip(b"\n").rpartition(b"\n")[2].decode("ascii") if data[:4] == b"TZif" and version >= b"2" else ""
