"""The control channel of a running QEMU: QMP, JSON objects over a socket (docs/interop/qmp-spec.rst of QEMU).

Left out: events, because what a machine does is read from its console.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from typing import Any

from appliance.common.errors import Problem

_TIMEOUT = 120  # s; QEMU answers at once unless the host is starved


class Monitor:
    """One end of a socket pair whose other end QEMU has as ``-mon chardev=...,mode=control``. Any thread may use it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._connection.settimeout(_TIMEOUT)
        self._stream = connection.makefile("r", encoding="utf-8")
        self._negotiated = False
        self._turn = threading.RLock()

    def command(self, name: str, /, **arguments: object) -> Any:
        """Run one command; its result. A Problem when QEMU refuses it or is gone."""
        with self._turn:
            return self._ask(name, arguments)

    def _ask(self, name: str, arguments: dict[str, object]) -> Any:
        if not self._negotiated:
            self._negotiated = True
            self.command("qmp_capabilities")
        request = json.dumps({"execute": name, "arguments": arguments})
        try:
            self._connection.sendall(request.encode() + b"\n")
            for line in self._stream:
                answer = json.loads(line)
                if "error" in answer:
                    raise Problem(f"QEMU refuses {name}", answer["error"]["desc"])
                if "return" in answer:
                    return answer["return"]
        except OSError as error:
            raise Problem(f"QEMU does not answer ({error})", "see its console above") from error
        raise Problem("QEMU has ended", "see its console above")

    def forward(self, port: int) -> int:
        """Let a free loopback port of the host lead to a TCP port of the guest; the host's port."""
        self._human(f"hostfwd_add network tcp:127.0.0.1:0-:{port}")
        rows = re.findall(r"TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+\S+\s+(\d+)", self._human("info usernet"))
        return next(int(host) for host, guest in rows if int(guest) == port)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.close()
            self._connection.close()

    def _human(self, line: str) -> str:
        """A command of the human monitor, for what QMP does not have."""
        said = str(self.command("human-monitor-command", **{"command-line": line}))
        if line.startswith("hostfwd") and said.strip():
            raise Problem("QEMU cannot forward a port", said.strip())
        return said
