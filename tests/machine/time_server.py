"""Time servers at the other end of a wire, that say what a test wants: ARP, IPv4, UDP and SNTP by hand."""

from __future__ import annotations

import ipaddress
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

from appliance.emulating.wire import End

_EPOCH = 2_208_988_800  # seconds from 1900 to 1970
_ARP, _IPV4, _UDP, _PORT = 0x0806, 0x0800, 17, 123
_GOOD = 0b00_100_100  # no leap second, version 4, server


@dataclass
class TimeServer:
    """What it says: the time at ``begun`` by this machine's monotonic clock, and the first two bytes of its answers."""

    seconds: float
    first: int = _GOOD
    stratum: int = 2
    begun: float = field(default_factory=time.monotonic)

    def answer(self, question: bytes) -> bytes:
        """To a packet of SNTP."""
        now = self.seconds + time.monotonic() - self.begun + _EPOCH
        stamp = struct.pack(">II", int(now) % 2**32, int(now % 1 * 2**32))
        head = struct.pack(">BBBBII4s", self.first, self.stratum, 6, 0xEC, 64, 64, bytes(4))
        return head + stamp + question[40:48] + stamp * 2


class TimeServers:
    """Several, by their addresses, on one wire; ``questions`` are those that were asked."""

    def __init__(self, wire: socket.socket, end: End, servers: dict[str, TimeServer]) -> None:
        self._wire, self._end = wire, end
        self._mac = bytes.fromhex(end.mac.replace(":", ""))
        self._servers = {ipaddress.IPv4Address(address).packed: server for address, server in servers.items()}
        self.questions: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while frame := self._wire.recv(2048):
            kind = int.from_bytes(frame[12:14], "big")
            if kind == _ARP and frame[20:22] == b"\0\1" and frame[38:42] in self._servers:
                self._answer_arp(frame)
            elif kind == _IPV4 and frame[23] == _UDP and frame[30:34] in self._servers and frame[36:38] == b"\0\x7b":
                self._answer_question(frame)

    def _answer_arp(self, frame: bytes) -> None:
        answer = struct.pack(">HHBBH", 1, _IPV4, 6, 4, 2) + self._mac + frame[38:42] + frame[22:32]
        self._send(frame[6:12], _ARP, answer)

    def _answer_question(self, frame: bytes) -> None:
        source, to, port, question = frame[26:30], frame[30:34], frame[34:36], frame[42:90]
        self.questions.append(question)
        message = self._servers[to].answer(question)
        udp = struct.pack(">H2sHH", _PORT, port, 8 + len(message), 0) + message
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, _UDP, 0, to, source)
        total = sum(struct.unpack(">10H", head))
        total = (total & 0xFFFF) + (total >> 16)
        self._send(frame[6:12], _IPV4, head[:10] + struct.pack(">H", ~total & 0xFFFF) + head[12:] + udp)

    def _send(self, to: bytes, kind: int, content: bytes) -> None:
        frame = to + self._mac + kind.to_bytes(2, "big") + content
        self._wire.sendto(frame.ljust(60, b"\0"), str(self._end.other))
