"""Inputs of the fuzzer (input.h says what they are) made from the cases of tests/http."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

from tests.http.test_cases import CASES, bytes_of

RUN = 32  # bytes that one count stands for
LONGEST = 120_000  # bytes of a request; the harness refuses what is longer anyhow, and cuts at every place
PARTINGS = (0, 1, 128)  # the client says its end, says nothing, breaks off in the middle

# Requests of what only the stub does: bodies that come later, that are too short, too long, broken.
ROUTES = ("/large", "/short", "/long", "/close", "/later", "/pieces-later", "/held", "/health", "/fails-later", "/file",
          "/sized", "/static")


def packed(data: bytes) -> bytes:
    """The bytes as an input has them: long runs of one byte made short, every NUL said as one."""
    parts: list[bytes] = []
    for byte, group in itertools.groupby(data):
        count = len(list(group))
        runs, single = divmod(count, RUN) if count >= 4 * RUN else (0, count)
        while runs:
            parts.append(bytes([0, byte, min(runs, 255)]))
            runs -= min(runs, 255)
        parts.append((b"\0\0\0" if byte == 0 else bytes([byte])) * single)
    return b"".join(parts)


def requests() -> list[bytes]:
    """What every case sends unless it is very long, and a few requests in a row for what only the stub answers."""
    found = [data for case in CASES if len(data := bytes_of(case["send"])) <= LONGEST]
    lines = [f"GET {route} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for route in ROUTES]
    return [*found, *lines, b"".join(lines), *(line * 2 + lines[0] for line in lines)]


def write_seeds(folder: Path) -> list[Path]:
    """One file for each request, each with choices of its own and its way to part."""
    chance = random.Random(4)
    folder.mkdir()
    for number, data in enumerate(requests()):
        choices = bytes(chance.choices(range(256), k=chance.randrange(12)))
        head = bytes([len(choices)]) + choices + bytes([PARTINGS[number % len(PARTINGS)]])
        (folder / f"{number:03}").write_bytes(head + packed(data))
    return sorted(folder.iterdir())
