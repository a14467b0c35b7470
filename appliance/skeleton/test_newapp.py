"""Starts newapp as `fapws4 newapp.py` does, on a port that is free, and asks it."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

APP = Path(__file__).with_name("newapp.py")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where it listens: with FAPWS_READY_FD the server says so there when it does."""
    reading, writing = os.pipe()
    environment = {**os.environ, "FAPWS_READY_FD": str(writing)}
    command = ["fapws4", str(APP), "--server", "127.0.0.1:0"]
    with subprocess.Popen(command, env=environment, pass_fds=[writing]) as server:
        os.close(writing)
        with os.fdopen(reading) as ready:
            said = ready.read().split()
        assert said, "newapp.py did not start: see what it wrote"
        yield f"http://127.0.0.1:{said[2]}"
        server.terminate()


def get(url: str) -> str:
    with urllib.request.urlopen(url) as answer:
        text: str = answer.read().decode()
    return text


def test_greeting(address: str) -> None:
    assert get(f"{address}/") == "Hello World!\n"
    assert get(f"{address}/?name=Ada") == "Hello Ada!\n"


def test_about(address: str) -> None:
    assert json.loads(get(f"{address}/about"))["name"] == "newapp"


def test_health(address: str) -> None:
    assert get(f"{address}/health").strip() == "ok"
