"""The cases of cases/*.toml, sent in every way a network may deliver them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from tests.http.conftest import Server
from tests.http.wire import Client, Response

FILES = sorted((Path(__file__).parent / "cases").glob("*.toml"))
CASES = [case for file in FILES for case in tomlkit.parse(file.read_text("utf-8")).unwrap()["case"]]
FOLLOW_UP = b"GET /tuple HTTP/1.1\r\nHost: test\r\n\r\n"
SLOW_LIMIT = 5000  # longer requests are not worth a system call for each byte


def bytes_of(part: Any) -> bytes:
    """The bytes that a case sends."""
    if isinstance(part, list):
        return b"".join(bytes_of(item) for item in part)
    if isinstance(part, dict):
        return str(part["repeat"]).encode("latin-1") * int(part["times"])
    return str(part).encode("latin-1")


def responses(client: Client, case: dict[str, Any]) -> list[Response]:
    """All responses that the case expects."""
    methods = case.get("methods", ["GET"] * len(case["status"]))
    return [client.response(method) for method in methods]


def check(client: Client, case: dict[str, Any]) -> None:
    """Compares the responses, and whether the connection goes on."""
    found = responses(client, case)
    last = found[-1]
    assert case["status"] == [response.status for response in found]
    if "body" in case:
        assert str(case["body"]) == last.body.decode("latin-1")
    assert case.get("fields", {}) == {name: last.field(name) for name in case.get("fields", {})}
    assert [] == [name for name in case.get("absent", []) if last.field(name) is not None]
    if "echo" in case or "missing" in case:
        members = json.loads(last.body)
        assert case.get("echo", {}) == {name: members.get(name) for name in case.get("echo", {})}
        assert [] == [name for name in case.get("missing", []) if name in members]
    if case["close"]:
        assert b"" == client.rest()
    else:
        client.send(FOLLOW_UP)
        assert b"ab" == client.response().body


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_whole(echo: Server, case: dict[str, Any]) -> None:
    """A request in one piece gets its response."""
    with echo.client() as client:
        client.send(bytes_of(case["send"]))
        check(client, case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_byte_by_byte(echo: Server, case: dict[str, Any]) -> None:
    """A request that comes byte by byte gets the same response."""
    data = bytes_of(case["send"])
    with echo.client() as client:
        client.send(data[:-SLOW_LIMIT])
        client.send_slowly(data[-SLOW_LIMIT:])
        check(client, case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_pipelined(echo: Server, case: dict[str, Any]) -> None:
    """A request right behind another one gets the same response, after the other's."""
    with echo.client() as client:
        client.send(FOLLOW_UP * 2 + bytes_of(case["send"]))
        assert [b"ab", b"ab"] == [client.response().body, client.response().body]
        check(client, case)
