"""What the manager and the recovery pages do once they are taken over: test_sandbox.py puts both calls into copies of them."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import attacks
from fapws4.base import Environ, Start_response

# Where the app finds what the manager has tried.
FOUND = Path("/data/app/manager.json")

_AS_MANAGER: dict[str, Callable[[], object]] = {
    "others in /proc": attacks.find_others,
    "the network": lambda: socket.socket(socket.AF_INET),
    "the network by IPv6": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM),
    "the network's addresses": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0),
    "the app's temporary files": lambda: os.listdir("/tmp"),
    "all data": lambda: os.listdir("/data"),
}

_AS_PAGES: dict[str, Callable[[], object]] = {
    "others in /proc": attacks.find_others,
    "PID 1's files": lambda: os.listdir("/data/.fapws4"),
    "the claim code": attacks.opening("/data/.fapws4/claim", os.O_RDONLY),
    "the app's files": lambda: os.listdir("/data/app"),
    "a file of the app's": attacks.opening("/data/app/manager.json", os.O_RDONLY),
    "the folder of the doors": lambda: os.listdir("/run/fapws4"),
    "PID 1's door, removed": lambda: os.unlink("/run/fapws4/control"),
    "the manager's door": lambda: attacks.knock("/run/fapws4/device"),
    "the manager's sessions": attacks.opening("/run/fapws4/sessions", os.O_RDONLY),
    "a port of the DHCP client's": lambda: socket.create_server(("", 68)),
}


def attack_as_manager() -> None:
    """Leaves what came of each attempt for the app."""
    FOUND.write_text(attacks.attempt_all(_AS_MANAGER, "/data/.fapws4"))
    FOUND.chmod(0o644)


def attack_as_pages(environ: Environ, start_response: Start_response) -> str:
    """What came of each attempt."""
    return attacks.attempt_all(_AS_PAGES, "/tmp")
