"""Who may begin an update: by the claim code or as root, in time, and not too many at once."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CODE = b"7HRT-22KX-PQ4M"
WRONG = "refused this is not the claim code of this device: its screen shows it\n"
NONSENSE = "refused this is not the beginning of an update\n"


class Gate:
    """A gate in a thread of its own, and who has entered: (mode, what came behind the greeting)."""

    def __init__(self, updater: Any, path: Path) -> None:
        self.lib, self.ffi, self.path = updater.lib, updater.ffi, path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.setblocking(False)
        self.listener.bind(str(path))
        self.listener.listen(32)
        self.entered: list[tuple[int, bytes]] = []
        self.open = True
        self.loop = self.ffi.new("struct loop *")
        self.lib.loop_init(self.loop)
        self.gate = self.ffi.new("struct gate *", {
            "loop": self.loop, "listener": self.listener.fileno(), "claim": {"code": CODE}, "enter": self.lib.entered})

        def entered(_owner: Any, fd: int, mode: int, early: Any) -> None:
            self.entered.append((mode, bytes(self.ffi.buffer(early.start, early.length))))
            with socket.socket(fileno=fd) as client:
                client.sendall(b"entered\n")

        self.ffi.def_extern(name="entered")(entered)
        assert self.lib.gate_open(self.gate) == 0
        self.thread = threading.Thread(target=self.turn)
        self.thread.start()

    def turn(self) -> None:
        """As the updater does, until it is closed."""
        while self.open:
            self.lib.loop_turn(self.loop)

    def connect(self) -> socket.socket:
        """Somebody who has said nothing yet."""
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(60)
        client.connect(str(self.path))
        return client

    def told(self, *pieces: bytes) -> str:
        """What somebody who says this hears."""
        with self.connect() as client:
            for piece in pieces:
                client.sendall(piece)
            return answer(client)

    def close(self) -> None:
        """A last turn ends the thread."""
        self.open = False
        self.connect().close()
        self.thread.join()
        self.lib.gate_abandon(self.gate)
        self.listener.detach()


def answer(client: socket.socket) -> str:
    """All that a client hears."""
    with client.makefile("rb") as lines:
        return lines.read().decode()


@pytest.fixture
def gate(updater: Any, tmp_path: Path) -> Iterator[Gate]:
    """Of a device with the claim code CODE."""
    made = Gate(updater, tmp_path / "update")
    yield made
    made.close()


@pytest.mark.parametrize(("mode", "number"), [(b"parts", 0), (b"whole", 1), (b"verify", 2)])
def test_who_knows_the_code_enters(gate: Gate, mode: bytes, number: int) -> None:
    """In the mode that it has asked for, with what it has sent already, in one piece or byte by byte."""
    line = b"fapws4-update 1 " + mode + b" 7hrt 22kx pq4m\n"
    assert "entered\n" == gate.told(line + b"fapws4-bu")
    assert "entered\n" == gate.told(*(line[at : at + 1] for at in range(len(line))))
    assert [(number, b"fapws4-bu"), (number, b"")] == gate.entered


def test_root_needs_no_code(gate: Gate) -> None:
    """It can write the disk as it is; nobody else is let in by the same word."""
    expected = "entered\n" if os.geteuid() == 0 else WRONG
    assert expected == gate.told(b"fapws4-update 1 parts -\n")


def test_a_wrong_code(gate: Gate) -> None:
    """It is said so, in the end, to each; meanwhile the right one is not kept waiting."""
    with gate.connect() as first, gate.connect() as second:
        for client in (first, second):
            client.sendall(b"fapws4-update 1 parts 7HRT-22KX-PQ4N\n")
        assert "entered\n" == gate.told(b"fapws4-update 1 parts 7HRT-22KX-PQ4M\n")
        assert [WRONG, WRONG] == [answer(client) for client in (first, second)]
    assert 1 == len(gate.entered)


def test_a_wrong_code_with_everything_behind_it(gate: Gate) -> None:
    """Who does not wait for an answer finds it there when sending has failed."""
    with gate.connect() as client:
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            client.sendall(b"fapws4-update 1 parts 7HRT-22KX-PQ4N\n" + bytes(1 << 20))
        assert WRONG == client.recv(1000).decode()


@pytest.mark.parametrize("line", [b"\n", b"GET / HTTP/1.1\r\n", b"fapws4-update 2 parts 7HRT-22KX-PQ4M\n", b"x" * 160,
                                  b"fapws4-update 1 parts " + b"7" * 138])
def test_what_is_no_greeting(gate: Gate, line: bytes) -> None:
    """It is refused at once, however long it would have become."""
    assert NONSENSE == gate.told(line)
    assert [] == gate.entered


def test_too_many(gate: Gate) -> None:
    """Those who say nothing fill it up; who hangs up makes room, once the gate has seen it."""
    waiting = [gate.connect() for _ in range(gate.lib.POLICY_UPDATE_CALLERS)]
    with gate.connect() as client:
        assert "refused too many are asking at once: try again in a minute\n" == answer(client)
    for client in waiting:
        with client:
            client.shutdown(socket.SHUT_WR)
            assert "" == answer(client)
    assert "entered\n" == gate.told(b"fapws4-update 1 parts 7HRT-22KX-PQ4M\n")


def test_who_hangs_up_in_the_midst(gate: Gate) -> None:
    """Nothing comes of half a greeting."""
    with gate.connect() as client:
        client.sendall(b"fapws4-update 1 parts 7HRT")
        client.shutdown(socket.SHUT_WR)
        assert "" == answer(client)
    assert [] == gate.entered
