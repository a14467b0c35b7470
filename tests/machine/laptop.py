"""What is at the other end of a wire: a computer with a network of its own, so that a whole kernel speaks to the device."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import queue
import select
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from appliance.emulating.wire import End

CARD, MAC = "tap0", "52:54:00:fa:ca:de"
PATIENCE = 120.0  # seconds
_CLONE_NEWNET = 0x40000000
_TUNSETIFF, _TAP_WITHOUT_HEAD = 0x400454CA, 0x1002
Result = TypeVar("Result")


class Laptop:
    """Its card is the tap device CARD in a network namespace; sockets that it opens may be used from any thread."""

    def __init__(self, end: End, until: ExitStack) -> None:
        self._orders: queue.Queue[Callable[[], None] | None] = queue.Queue()
        thread = threading.Thread(target=self._live, daemon=True)
        thread.start()
        until.callback(thread.join)
        until.callback(self._orders.put, None)
        self._tap = self.do(_open_tap)
        until.callback(os.close, self._tap)
        self._wire = until.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self._wire.bind(str(end.own))
        self._other = str(end.other)
        self._ends, stop = socket.socketpair()
        until.callback(self._ends.close)
        pump = threading.Thread(target=self._pump, daemon=True)
        pump.start()
        until.callback(pump.join)
        until.callback(stop.close)
        self.ip("link", "set", CARD, "address", MAC)
        self.ip("link", "set", CARD, "up")
        self.index = self.do(lambda: socket.if_nametoindex(CARD))

    def _live(self) -> None:
        if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "no network of its own")
        while order := self._orders.get():
            order()

    def do(self, what: Callable[[], Result]) -> Result:
        """Does something in the laptop's own network."""
        answers: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue()

        def order() -> None:
            try:
                answers.put((what(), None))
            except BaseException as error:  # it is raised where it was asked for
                answers.put((None, error))

        self._orders.put(order)
        answer, error = answers.get()
        if error:
            raise error
        result: Result = answer
        return result

    def _pump(self) -> None:
        """Frames to and fro; those for a device that is not on the wire are lost."""
        sources: list[Any] = [self._wire, self._tap, self._ends]
        while self._ends not in (ready := select.select(sources, [], [])[0]):
            if self._wire in ready:
                os.write(self._tap, self._wire.recv(65536))
            if self._tap in ready:
                with contextlib.suppress(OSError):
                    self._wire.sendto(os.read(self._tap, 65536), self._other)

    def ip(self, *words: str) -> None:
        """Runs ip(8) there."""
        self.do(lambda: subprocess.run(["ip", *words], check=True, capture_output=True))

    def have(self, *addresses: str) -> None:
        """Has these addresses of IPv4 and no others, each like "10.1.0.1/24"."""
        self.ip("-4", "address", "flush", "dev", CARD)
        for address in addresses:
            self.ip("address", "add", address, "dev", CARD)

    def open(self, family: int, kind: int = socket.SOCK_DGRAM, protocol: int = 0) -> socket.socket:
        """A socket of the laptop's, which waits for PATIENCE at most."""
        made = self.do(lambda: socket.socket(family, kind, protocol))
        made.settimeout(PATIENCE)
        return made

    def connect(self, host: str, port: int) -> socket.socket:
        """A connection with that port of the device."""
        six = ":" in host
        connection = self.open(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_STREAM)
        try:
            connection.connect((host, port, 0, self.index) if six else (host, port))
        except BaseException:
            connection.close()
            raise
        return connection

    def get(self, host: str, port: int = 80, path: str = "/", body: str = "") -> str:
        """The body of a page of the device, of the answer to a POST when there is something to be sent."""
        with self.connect(host, port) as connection:
            head = f"{'POST' if body else 'GET'} {path} HTTP/1.0\r\nHost: {f'[{host}]' if ':' in host else host}\r\n"
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
            answer = b""
            while block := connection.recv(65536):
                answer += block
        status, _, text = answer.partition(b"\r\n\r\n")
        assert b" 200 " in status.splitlines()[0], answer
        return text.decode()

    def status(self, host: str) -> list[str]:
        """What the device says of itself."""
        return self.get(host, 8080, "/status").splitlines()

    def hear_names(self, six: bool = False) -> socket.socket:
        """Where what is said of names to all, by IPv4 or IPv6, is heard from now on."""
        ears = self.open(socket.AF_INET6 if six else socket.AF_INET)
        ears.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if six:
            ears.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            group = bytes([0xFF, 2, *bytes(13), 0xFB]) + struct.pack("@I", self.index)
            ears.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
        else:
            group = struct.pack("=4s4si", bytes([224, 0, 0, 251]), bytes(4), self.index)
            ears.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        ears.bind(("", 5353))
        return ears

    def resolve(self, name: str, kind: int, six: bool) -> bytes:
        """The first address of a name, asked for as a resolver does that knows nothing of multicast DNS."""
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
        with self.open(socket.AF_INET6 if six else socket.AF_INET) as asker:
            if six:
                asker.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, self.index)
                place: tuple[Any, ...] = ("ff02::fb", 5353, 0, self.index)
            else:
                asker.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, CARD.encode())
                place = ("224.0.0.251", 5353)
            question = struct.pack(">6H", 77, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", kind, 1)
            answer = _asked(asker, question, place)
        assert struct.unpack_from(">2H", answer) == (77, 0x8400)
        record = answer[12 + len(labels) + 5:][len(labels) + 1:]
        found, _class, _seconds, length = struct.unpack_from(">2HIH", record)
        assert found == kind
        return record[10:10 + length]


def _asked(asker: socket.socket, question: bytes, place: tuple[Any, ...]) -> bytes:
    """The answer; who does not know yet whether the name is his says nothing, so the question is repeated."""
    asker.settimeout(2)
    for _ in range(int(PATIENCE / 2)):
        asker.sendto(question, place)
        with contextlib.suppress(TimeoutError):
            return asker.recv(2048)
    raise AssertionError(f"nobody answers {question!r} at {place}")


def _open_tap() -> int:
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH22x", CARD.encode(), _TAP_WITHOUT_HEAD))
    return tap


@contextmanager
def laptop_at(end: End) -> Iterator[Laptop]:
    """A laptop, switched on, without addresses but the one that it has by itself."""
    with ExitStack() as until:
        yield Laptop(end, until)
