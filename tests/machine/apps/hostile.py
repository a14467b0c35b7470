"""An app that tries everything it must not be able to do on a device, and all that must work all the same."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attacks
import taken

import fapws4
from fapws4 import device
from fapws4.base import Environ, Start_response

_ATTEMPTS: dict[str, Callable[[], object]] = {
    "PID 1's files": lambda: os.listdir("/data/.fapws4"),
    "the folder of the doors": lambda: os.listdir("/run/fapws4"),
    "PID 1's door": lambda: attacks.knock("/run/fapws4/control"),
    "the manager's sessions": attacks.opening("/run/fapws4/sessions", os.O_RDONLY),
    "the manager's door, removed": lambda: os.unlink("/run/fapws4/device"),
    "the manager in /proc": lambda: _find_manager(),
}


def _find_manager() -> None:
    """While there is one."""
    device.Client().status_public()
    attacks.find_others()


def attack(environ: Environ, start_response: Start_response) -> str:
    """What came of each attempt."""
    return attacks.attempt_all(_ATTEMPTS, "/data/app")


def attack_as_manager(environ: Environ, start_response: Start_response) -> str:
    """What came of those that the manager has made before it listened to anybody: it has been taken over, too."""
    device.Client().status_public()
    return taken.FOUND.read_text()


def _square(number: int) -> int:
    return number * number


def _in_threads() -> list[int]:
    found: list[int] = []
    threads = [threading.Thread(target=lambda number=number: found.append(_square(number))) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)


def _in_a_data_base() -> list[Any]:
    with sqlite3.connect(fapws4.data_dir() / "facts.db") as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("CREATE TABLE IF NOT EXISTS facts (number)")
        base.execute("INSERT INTO facts VALUES (7)")
        return list(base.execute("SELECT max(number) FROM facts").fetchone())


def _spawned() -> list[int]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.map(_square, [2, 3])


async def _over_a_socket() -> str:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"there and back\n")
    text = (await reader.readline()).decode().strip()
    writer.close()
    server.close()
    return text


def work(environ: Environ, start_response: Start_response) -> str:
    """What an honest app does."""
    shared = Path("/dev/shm/word")
    shared.write_text("shared")
    return json.dumps({
        "threads": _in_threads(),
        "data base": _in_a_data_base(),
        "subprocess": subprocess.run([sys.executable, "-c", "print(6*7)"], capture_output=True, text=True, check=True).stdout,
        "spawn": _spawned(),
        "asyncio": asyncio.run(_over_a_socket()),
        "name": socket.gethostbyname("localhost"),
        "shared memory": shared.read_text(),
        "temporary file": tempfile.TemporaryFile().write(b"1234"),
        "who": [os.getuid(), os.getgid(), os.getgroups()],
    })  # fmt: skip


PATHS = [("/attack", attack), ("/manager", attack_as_manager), ("/work", work)]
