"""Questions to PID 1: one line there, its answer back (core/init/owner/control.h).

`_socket` is all of a socket that is needed here; `socket` would bring the tables of Unicode names of hosts, 0.8 MB.
"""

from __future__ import annotations

import os
from _socket import AF_UNIX, SOCK_STREAM, socket

_PATIENCE = 90.0  # seconds: after many wrong claim codes PID 1 takes up to 60 for an answer


class Unreachable(Exception):
    """The other side does not answer; the text says what a person can do."""


def run_folder() -> str:
    """Where PID 1 and the updater listen; FAPWS_RUN is for tests."""
    return os.environ.get("FAPWS_RUN", "/run/fapws4")


def ask(line: str) -> str:
    """What PID 1 answers to one line."""
    answer = bytearray()
    door = socket(AF_UNIX, SOCK_STREAM)
    try:
        door.settimeout(_PATIENCE)
        door.connect(f"{run_folder()}/control")
        door.sendall(line.encode() + b"\n")
        while block := door.recv(65536):
            answer += block
    except OSError as error:
        raise Unreachable(f"the device does not answer ({error.strerror or error}); try again, or restart it") from error
    finally:
        door.close()
    return answer.decode("utf-8", "replace")


def status() -> list[tuple[str, str]]:
    """What the device says of itself, as keys and values (core/init/owner/status.h); a key may be there more than once."""
    pairs = (line.partition(" ") for line in ask("status").splitlines())
    return [(key, value) for key, _, value in pairs]


def refusal(answer: str) -> str:
    """Why PID 1 did not do what was wanted; empty when it does it."""
    return "" if answer == "ok\n" else answer.strip().removeprefix("refused ") or "the device gave no answer; try again"
