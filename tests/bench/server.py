"""A server under measurement: started, asked, looked at, stopped."""

from __future__ import annotations

import http.client
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LISTENING = re.compile(rb"listening on http://127\.0\.0\.1:(\d+)/")


@contextmanager
def running(command: list[str | Path]) -> Iterator[tuple[int, int]]:
    """Start a server that says where it listens on standard error; its port and process id."""
    process = subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE)
    try:
        yield _port(process), process.pid
    finally:
        process.terminate()
        process.communicate()


def seconds_to_first_answer(command: list[str | Path]) -> float:
    """Wall time from exec to the first 200."""
    began = time.perf_counter()
    with running(command) as (port, _):
        _ask(http.client.HTTPConnection("127.0.0.1", port))
        return time.perf_counter() - began


def resident_after(command: list[str | Path], requests: int) -> int:
    """Resident bytes of a server, with the processes it started, after so many requests."""
    with running(command) as (port, process):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for _ in range(requests):
            _ask(connection)
        return sum(_resident(each) for each in _family(process))


def _port(process: subprocess.Popen[bytes]) -> int:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        if found := _LISTENING.search(line):
            return int(found[1])
        said.append(line.decode(errors="replace"))
    raise RuntimeError("the server did not start: " + "".join(said))


def _ask(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/")
    answer = connection.getresponse()
    body = answer.read()
    if (answer.status, body) != (200, b"Hello World!!"):
        raise RuntimeError(f"the server answered {answer.status} {body!r}")


def _family(process: int) -> list[int]:
    """A process and its children: PyInstaller's loader stays beside the program that it unpacked."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(each for child in children for each in _family(int(child)))]


def _resident(process: int) -> int:
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
