"""Forms with files through the whole server, sent by curl as browsers do."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fapws4.conftest import ask, place_of
from tests.http.conftest import Server


@pytest.fixture(scope="module")
def uploads(app_server: Callable[..., Server]) -> Server:
    """A server that takes forms."""
    return app_server("uploads")


def curl(server: Server, *words: str | Path) -> str:
    """What curl prints for an address of the server."""
    host, port = place_of(server)
    command = ["curl", "--silent", "--show-error", "--max-time", "20", *words, f"http://{host}:{port}/"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("framing", [[], ["-H", "Transfer-Encoding: chunked"]])
def test_a_form_of_a_real_client_arrives(uploads: Server, tmp_path: Path, framing: list[str]) -> None:
    """Fields and files come through, with Content-Length and in chunks."""
    file = tmp_path / 'a "b".png'
    file.write_bytes(b"\r\n--x" * 100000)
    said = curl(uploads, *framing, "-F", "title=caf\u00e9", "-F", "title=two", "-F", f'file=@"{tmp_path}/a \\"b\\".png"')
    assert str(({"title": ["caf\u00e9", "two"]}, [('a "b".png', "image/png", 500000, 500000)])) == said


def test_what_is_too_large_is_refused(uploads: Server, tmp_path: Path) -> None:
    """The limit of the app is told to the client, and the server goes on."""
    (tmp_path / "large").write_bytes(bytes(1000001))
    assert "a file is larger than 1000000 bytes" == curl(uploads, "-F", f"file=@{tmp_path}/large")
    assert "the body is no multipart/form-data" == curl(uploads, "-d", "a=b")
    refused = ask(uploads, "/", {"Content-Type": "multipart/form-data; boundary=B"}, "POST", b"--B\r\n")
    assert (400, b"the form ends too early") == (refused.status, refused.body)
