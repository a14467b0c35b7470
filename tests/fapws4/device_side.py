"""A device in miniature: the manager as a plain process, and PID 1 and the updater played by the test.

    with device_side(tmp_path) as device:          # or the fixture of that name, with FAPWS_RUN set for this process
        device.environment                         # for processes that are to find it
        session = device.claim()                   # the first administrator, ada

What PID 1 was ordered is in `device.orders`; network, clock and log answer as on a device, without its delays.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from appliance.common.places import REPOSITORY
from fapws4.device import Client
from tests.build import secrets_module
from tests.fapws4.root_side import CODE, RootSide, listening

NAME, PASSWORD = "ada", "analytical engine"
PAPERS = {"licences": b"What meter consists of, and under which terms.\n", "bill": b'{"bomFormat": "CycloneDX"}\n'}
NETWORK = "name=meter v4=dhcp v6=auto"
_LONG = 60.0  # seconds; only what hangs takes so long
_ANSWER = 65536  # bytes of the log that one answer has at most (POLICY_LOG_ANSWER of core/init/policy.h)


class DeviceSide(RootSide):
    """PID 1 and the updater as the manager, which is root, knows them."""

    update_code = "-"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.data = folder / "data"
        self.refuses: dict[str, str] = {}  # a sentence by the first word of an order
        self.network, self.tried = NETWORK, ""  # settings as the order says them, and those that are being tried
        self.clock, self.zone = "trusted rtc", "Europe/Paris"
        self.waits = 1.0  # seconds without a new line, after which `log-wait` is answered
        self.samples = "60 12 40000\n120 150 39000\n"
        self._log_grew = threading.Condition()

    @property
    def environment(self) -> dict[str, str]:
        """For the manager, and for who asks it."""
        return {"FAPWS_RUN": str(self.folder), "FAPWS_DATA": str(self.data / ".fapws4"), "FAPWS_ETC": str(self.folder)}

    def claim(self) -> str:
        """Makes the first administrator; the session."""
        return Client().claim(CODE, NAME, PASSWORD)["session"]

    def say(self, line: str) -> None:
        """One more line of the log."""
        with self._log_grew:
            self.log += f"{line}\n"
            self._log_grew.notify_all()

    def control(self, door: socket.socket) -> None:
        """One caller of PID 1, on a thread of its own: some wait long."""
        copy = door.dup()
        threading.Thread(target=self._answer, args=[copy], daemon=True).start()

    def _answer(self, door: socket.socket) -> None:
        with door, contextlib.suppress(OSError), door.makefile("rb") as reader:
            door.sendall(self.reply(reader.readline().decode().rstrip("\n")).encode())

    def reply(self, line: str) -> str:
        """What PID 1 says to a line."""
        word, _, rest = line.partition(" ")
        if word in self.refuses:
            return f"refused {self.refuses[word]}\n"
        told: dict[str, Callable[[], str]] = {
            "status": self._status, "log": lambda: self.log, "failed-log": lambda: self.failed_log,
            "samples": lambda: self.samples}
        if word in told:
            return told[word]()
        if word in ("log-from", "log-wait"):
            return self._log(int(rest), wait=word == "log-wait")
        if word == "claim-check":
            return "ok\n" if rest == CODE else "refused the claim code is wrong\n"
        self.orders.append(line)
        return self._obey(word, rest)

    def _obey(self, word: str, rest: str) -> str:
        if word == "network":
            self.tried = rest
            return "ok 120\n"
        if word == "network-now":
            self.network = rest
        elif word == "network-keep":
            self.network, self.tried = self.tried or self.network, ""
        elif word == "network-revert":
            self.tried = ""
        elif word == "clock":
            self.clock = "trusted operator"
        elif word == "timezone":
            self.zone = rest
        return "ok\n"

    def _status(self) -> str:
        lines = ["name meter.local", f"network-settings {self.tried or self.network}"]
        lines += ["network-trial 120"] if self.tried else []
        lines += [f"clock {self.clock}", f"timezone {self.zone}", "interface eth0 52:54:00:12:34:56 connected"]
        return self.status + "".join(f"{line}\n" for line in lines)

    def _log(self, since: int, wait: bool) -> str:
        with self._log_grew:
            if wait:
                self._log_grew.wait_for(lambda: len(self.log) > since, self.waits)
            end = self.log.rfind("\n", since, since + _ANSWER) + 1 or len(self.log)
            return f"{end}\n{self.log[since:end]}"


@contextlib.contextmanager
def device_side(*, idle: float = _LONG) -> Iterator[DeviceSide]:
    """Everything, until the block ends. This process's own FAPWS_RUN leads there."""
    with tempfile.TemporaryDirectory(prefix="device") as name:
        side = DeviceSide(Path(name))
        (side.data / ".fapws4").mkdir(parents=True)
        (side.data / "app").mkdir()
        (side.folder / "appliance.conf").write_text("name=meter\nsettings=my/settings\ndata_version=2\n")
        for kind, text in PAPERS.items():
            (side.folder / f"appliance.{kind}").write_bytes(zlib.compress(text))
        before = os.environ.get("FAPWS_RUN")
        os.environ["FAPWS_RUN"] = str(side.folder)
        try:
            with listening(side), manager(side, idle):
                yield side
        finally:
            os.environ.pop("FAPWS_RUN")
            if before is not None:
                os.environ["FAPWS_RUN"] = before


@contextlib.contextmanager
def manager(
    side: DeviceSide, idle: float = _LONG, users: Sequence[int] = (os.getuid(),)
) -> Iterator[subprocess.Popen[bytes]]:
    """Only its process, on a listening socket that is made for it, until the block ends."""
    path = side.folder / "device"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        words = ["-m", "fapws4.manager.server", str(listener.fileno()), str(idle), *map(str, users)]
        paths = os.pathsep.join([str(REPOSITORY), str(secrets_module())])
        with (side.folder / "manager.log").open("ab") as log:
            process = subprocess.Popen([sys.executable, *words], pass_fds=[listener.fileno()], stderr=log,
                                       env={**os.environ, **side.environment, "PYTHONPATH": paths})
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
