"""A frozen program, or the builder's command, started by a test and ended by it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from appliance.common.places import REPOSITORY

TIMEOUT = 60  # seconds until a test is given up


@dataclass
class Running:
    """A program that listens on ``port``; ``log`` has what it wrote to stderr."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of one GET."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def told(self, path: str) -> Any:
        """The JSON of one GET that is answered well."""
        status, body = self.get(path)
        assert (200, path) == (status, path), self.log.read_text()
        return json.loads(body)

    def file(self, call: str, *paths: str) -> Any:
        """What the app `probe` answers to one call about files."""
        return self.told("/files?" + urlencode([("call", call), *(("path", path) for path in paths)]))


@contextlib.contextmanager
def running(
    command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[Running]:
    """Start a program and wait until it says that it listens."""
    reading, writing = os.pipe()
    environment = {**os.environ, "FAPWS_READY_FD": str(writing), **(env or {})}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=cwd, stdout=output, stderr=output, pass_fds=[writing]
        )
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as ready:
            said = ready.read().decode()
        assert said, f"it ended with {process.wait(TIMEOUT)}:\n{log.read_text()}"
        yield Running(process, int(said.split()[2]), log)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(TIMEOUT)


def invoke(
    *words: str | Path, env: Mapping[str, str] | None = None, before: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a task of tasks.py to its end, in the repository; ``before`` are words in front of the command."""
    command = [*before, sys.executable, "-m", "invoke", *map(str, words)]
    return subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def errors(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines that say what is wrong."""
    return [line.removeprefix("error: ") for line in done.stderr.splitlines() if line.startswith("error: ")]
