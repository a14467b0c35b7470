"""Who tells a device its addresses and the time: servers and a router of IPv6, on a laptop, that say what a test wants."""

from __future__ import annotations

import contextlib
import ipaddress
import queue
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.machine.laptop import CARD, PATIENCE, Laptop
from tests.machine.time_server import TimeServer

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK = 1, 2, 3, 4, 5, 6
COOKIE = bytes([99, 130, 83, 99])


def packed(address: str) -> bytes:
    """An address of IPv4 on the wire."""
    return ipaddress.IPv4Address(address).packed


def option(number: int, value: bytes) -> bytes:
    """One option of a DHCP message."""
    return bytes([number, len(value)]) + value


@dataclass(frozen=True)
class Request:
    """What a client has sent; ``held`` is its address when it renews it."""

    kind: int
    xid: bytes
    mac: bytes
    held: str


@dataclass(frozen=True)
class Lease:
    """What a server says in an OFFER or ACK; ``more`` are options as they stand on the wire."""

    address: str = "10.1.0.20"
    server: str = "10.1.0.1"
    mask: str = "255.255.255.0"
    seconds: int = 3600
    more: bytes = b""

    def message(self, kind: int, request: Request, xid: bytes | None = None, mac: bytes | None = None) -> bytes:
        """The answer to a request, or to another one."""
        head = bytes([2, 1, 6, 0]) + (xid or request.xid) + bytes(8) + packed(self.address) + bytes(8)
        head += (mac or request.mac).ljust(16, b"\0") + bytes(192) + COOKIE
        options = option(53, bytes([kind])) + option(54, packed(self.server))
        if kind != NAK:
            options += option(1, packed(self.mask)) + option(51, struct.pack(">I", self.seconds)) + self.more
        return head + options + b"\xff"


Policy = Callable[[Request], list[bytes]]


def honest(lease: Lease) -> Policy:
    """Offers and grants a lease."""
    answers = {DISCOVER: OFFER, REQUEST: ACK}
    return lambda request: [lease.message(answers[request.kind], request)] if request.kind in answers else []


class DhcpServer:
    """Answers every request as ``policy`` says, which may be changed at any time; keeps what was asked."""

    def __init__(self, laptop: Laptop, policy: Policy) -> None:
        self.policy = policy
        self.requests: queue.Queue[Request] = queue.Queue()
        self._socket = laptop.open(socket.AF_INET)
        for name, value in ((socket.SO_BROADCAST, 1), (socket.SO_REUSEADDR, 1)):
            self._socket.setsockopt(socket.SOL_SOCKET, name, value)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, CARD.encode())
        self._socket.bind(("", 67))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        self._socket.settimeout(None)
        while message := self._socket.recv(2048):
            request = Request(message[message.index(COOKIE) + 6], message[4:8], message[28:34],
                              str(ipaddress.IPv4Address(message[12:16])))
            self.requests.put(request)
            for answer in self.policy(request):
                self._socket.sendto(answer, ("255.255.255.255", 68))

    def wait_for(self, kind: int, held: str) -> None:
        """Until such a request has come."""
        while True:
            request = self.requests.get(timeout=PATIENCE)
            if (request.kind, request.held) == (kind, held):
                return

    def close(self) -> None:
        """Serves no more."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(1)
        self._socket.close()


class Timekeeper:
    """A time server at an address of the laptop's."""

    def __init__(self, laptop: Laptop, address: str, clock: TimeServer) -> None:
        self._clock = clock
        self._socket = laptop.open(socket.AF_INET6 if ":" in address else socket.AF_INET)
        self._socket.bind((address, 123))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        self._socket.settimeout(None)
        while True:
            question, asker = self._socket.recvfrom(2048)
            if not question:
                return
            self._socket.sendto(self._clock.answer(question), asker)

    def close(self) -> None:
        """Tells nobody any more."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(1)
        self._socket.close()


class Router:
    """Tells who solicits it the prefix of its network (RFC 4861), which may be changed at any time."""

    def __init__(self, laptop: Laptop, prefix: str) -> None:
        self.prefix = prefix
        self._socket = laptop.open(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        self._index = laptop.index
        group = ipaddress.IPv6Address("ff02::2").packed + struct.pack("@I", laptop.index)
        self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
        self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        self._socket.settimeout(None)
        while message := self._socket.recv(2048):
            if message[0] == 133:
                self._socket.sendto(self._advertisement(), ("ff02::1", 0, 0, self._index))

    def _advertisement(self) -> bytes:
        prefix = ipaddress.IPv6Address(self.prefix).packed
        head = struct.pack(">BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
        return head + struct.pack(">BBBBIII", 3, 4, 64, 0xC0, 3600, 3600, 0) + prefix

    def close(self) -> None:
        """Is switched off."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(1)
        self._socket.close()


@contextmanager
def serving(laptop: Laptop, policy: Policy, prefix: str) -> Iterator[tuple[DhcpServer, Router]]:
    """Both, until the block ends."""
    with contextlib.ExitStack() as until:
        server = DhcpServer(laptop, policy)
        until.callback(server.close)
        router = Router(laptop, prefix)
        until.callback(router.close)
        yield server, router
