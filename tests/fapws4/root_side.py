"""What the recovery pages talk to on a device, played by a test: PID 1's control socket and the updater's."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from appliance.imaging.keys import PrivateKey
from fapws4.web.update import part_sizes, read_head
from tests.core_update import Slot, manifest_of, packed

CODE = "7HRT-22KX-PQ4M"
KEY = PrivateKey(b"k" * 32)

STATUS = """product meter
version 1.0
board pc
counter 7
slot a
state confirmed
data ok
network connected
address 192.168.7.20
app listening 80
"""


def bundle() -> bytes:
    """A small update, version 2.0."""
    slot = Slot()
    return packed(slot, manifest_of(slot, [KEY]), [KEY])


class RootSide:
    """Both sockets below ``folder``. What they answer can be changed; what they were told is kept."""

    update_code = CODE  # what a session of the updater begins with

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.status, self.log, self.failed_log = STATUS, "fapws4: one line\n<b>another</b>\n", ""
        self.orders: list[str] = []
        self.holds = {"modules", "kernel"}  # parts that need not be sent
        self.refusals: dict[str, str] = {}  # a sentence by the moment: head, middle or end
        self.modes: list[str] = []
        self.taken: list[bytes] = []  # the parts of each update that has come to its end
        self.ended_early = threading.Event()  # a session was closed before its end

    def control(self, door: socket.socket) -> None:
        """One caller of PID 1."""
        word, _, code = _line(door).decode().partition(" ")
        answers = {"status": self.status, "log": self.log, "failed-log": self.failed_log}
        if word in answers:
            door.sendall(answers[word].encode())
        elif code != CODE:
            door.sendall(b"refused the claim code is wrong\n")
        else:
            self.orders.append(word)
            door.sendall(b"ok\n")

    def update(self, door: socket.socket) -> None:
        """One session of the updater."""
        name, version, mode, code = _line(door).decode().split(" ")
        assert (name, version) == ("fapws4-update", "1")
        with door.makefile("rb") as reader:
            head = read_head(reader.read)
            right = code == self.update_code
            sizes = part_sizes(head) if right else {}
            refusal = self.refusals.get("head") if right else "the claim code is wrong"
            wanted = [part for part in sizes if mode != "parts" or part not in self.holds]
            if refusal:
                door.sendall(f"refused {refusal}\n".encode())
                return
            self.modes.append(mode)
            door.sendall(f"want {' '.join(wanted)}\n".encode())
            self._receive(door, mode, [reader.read(sizes[part]) for part in wanted] if "middle" not in self.refusals else None,
                          sum(sizes[part] for part in wanted))

    def _receive(self, door: socket.socket, mode: str, parts: list[bytes] | None, length: int) -> None:
        refusal = self.refusals.get("middle") or self.refusals.get("end")
        if parts is not None and len(b"".join(parts)) < length:
            self.ended_early.set()
            return
        for done in range(0, length, max(1, length // 16)):
            door.sendall(f"progress {done} {length}\n".encode())
        if refusal or parts is None:
            door.sendall(f"refused {refusal}\n".encode())
            return
        self.taken.append(b"".join(parts))
        door.sendall(f"{'verified' if mode == 'verify' else 'installed'} 2.0 8\n".encode())


def _line(door: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        byte = door.recv(1)
        if not byte:
            break
        line += byte
    return line.rstrip(b"\n")


@contextlib.contextmanager
def root_side() -> Iterator[RootSide]:
    """Both sockets, in a folder whose path is short enough for them."""
    with tempfile.TemporaryDirectory(prefix="root") as name:
        side = RootSide(Path(name))
        with listening(side):
            yield side


@contextlib.contextmanager
def listening(side: RootSide) -> Iterator[None]:
    """Answers at both sockets until the block ends."""
    with contextlib.ExitStack() as stack:
        for door, serve in (("control", side.control), ("update", side.update)):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            listener.bind(str(side.folder / door))
            listener.listen()
            thread = threading.Thread(target=_serve, args=[listener, serve])
            thread.start()
            stack.callback(thread.join)
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
        yield


def _serve(listener: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    """Answers one after the other until the listener is shut down."""
    while True:
        try:
            door, _ = listener.accept()
        except OSError:
            return
        with door, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            serve(door)
