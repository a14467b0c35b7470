"""Servers as in tests/http, asked by Python's own HTTP client."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.http.conftest import Command, Server, command, end_server, program, server, start_server
from tests.http.wire import TIMEOUT
from tests.samples import frozen_sample, sample, way

__all__ = ["command", "frozen_sample", "program", "sample", "server", "way"]  # fixtures for this folder too

APPS = Path(__file__).parent / "apps"


@dataclass(frozen=True)
class Answer:
    """One response; names of headers are in lower case, the last of a name counts."""

    status: int
    headers: dict[str, str]
    body: bytes


def place_of(server: Server) -> tuple[str, int]:
    """Host and port."""
    assert not isinstance(server.address, str)
    return server.address


def ask(
    server: Server, target: str, headers: dict[str, str] | None = None, method: str = "GET", body: bytes | None = None
) -> Answer:
    """Sends one request on a connection of its own."""
    connection = http.client.HTTPConnection(*place_of(server), timeout=TIMEOUT)
    try:
        connection.request(method, target, body, headers or {})
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, fields, response.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def app_server(command: Command, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts servers that all tests of a file share: `app_server("name", word...)` for apps/name.py."""
    started: list[Server] = []

    def start(name: str, *words: str | Path) -> Server:
        started.append(start_server(command, tmp_path_factory.mktemp(name), APPS / f"{name}.py", *words))
        return started[-1]

    yield start
    for running in started:
        end_server(running)
