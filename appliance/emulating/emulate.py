"""Boot an image in QEMU, with the machine that its board's recipe describes.

    with Machine(image, board, firmware="bios") as machine:
        machine.wait_for("starting slot a")
        status, body = machine.get("/")

Software emulation only. That /dev/kvm can be opened does not say that it runs a kernel (containers pass on one that cannot),
and software emulation is quick enough. The image stays as it is unless ``keep`` is asked for.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from appliance.common.errors import Problem
from appliance.common.places import own_folder, scratch_folder
from appliance.emulating.monitor import Monitor
from appliance.emulating.surroundings import SERIAL_ADAPTER, SERIAL_LINE, Surroundings
from appliance.fetching.recipes import Board

_PATIENCE = 120.0  # s for one step of a boot; a busy machine with two cores needs 30
_ORDERLY_END = 20.0  # s from the power button to power-off: the app has 10 of them
_LONGEST = 1e6  # s until a power cut that is asked for; 11 days
_RUNS = "fapws4: "  # what PID 1 begins its lines with
_ANSWERS = r"answers at (https?)://[^/:]+(?::(\d+))?/"
_PAGES = r"status(?: and updates)?: (https?)://[^/]+:(\d+)/"
_PORTS = {"http": 80, "https": 443}
_PR_SET_PDEATHSIG = 1  # prctl(2)
_ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?=]*[A-Za-z]|[()][A-Z0-9])|[\r\0]")


class StillOn(Problem):
    """A machine has not ended in the time that it had."""


class Machine:
    """A board that runs an image in QEMU from ``__enter__`` to ``__exit__``."""

    def __init__(self, image: Path, board: Board, *, firmware: str = "uefi", keep: bool = False,
                 around: Surroundings | None = None, extra: Sequence[str] = (),
                 echo: Callable[[str], None] | None = None) -> None:
        """``keep`` writes to the image itself; ``extra`` are QEMU's arguments; ``echo`` gets each console line.

        QEMU ends with the thread that has started it, however that ends.
        """
        self._board, self._keep, self._extra, self._echo = board, keep, list(extra), echo
        self._image = image
        self._around = around or Surroundings()
        self._firmware = firmware
        self._cleanup = ExitStack()
        self._lines: list[str] = []
        self._read = 0  # lines that wait_for has passed
        self._changed = threading.Condition()
        self._ended = False
        self._port = 0  # of the host, which leads to the app
        self._scheme = "http"  # that the app speaks

    def __enter__(self) -> Machine:
        with ExitStack() as stack:
            command = self._command(stack.enter_context(scratch_folder(own_folder("machines"), "machine")), stack)
            ours, theirs = socket.socketpair()
            stack.enter_context(ours)
            with theirs:
                command += ["-chardev", f"socket,id=monitor,fd={theirs.fileno()}", "-mon", "chardev=monitor,mode=control"]
                # A session of its own: Ctrl-C in the terminal is for us, and QEMU gets the power button.
                self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                                 stderr=subprocess.STDOUT, pass_fds=[theirs.fileno()],
                                                 start_new_session=True, preexec_fn=_dies_with(os.getpid()))
            self._monitor = Monitor(ours)
            stack.callback(self._monitor.close)
            stack.callback(self._end)
            self._reader = threading.Thread(target=self._read_console, daemon=True)
            self._reader.start()
            if not self._around.cable:
                self.plug_cable(False)
            self._cleanup = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._cleanup.close()

    @property
    def console(self) -> list[str]:
        """The lines that the machine has written so far."""
        with self._changed:
            return list(self._lines)

    def wait_for(self, pattern: str, timeout: float | None = _PATIENCE) -> re.Match[str]:
        """The next console line in which the pattern is found, behind the one found last. A Problem if it never comes."""
        self._read, match = self._find(pattern, self._read, timeout)
        return match

    def _find(self, pattern: str, line: int, timeout: float | None) -> tuple[int, re.Match[str]]:
        """The first line from the one of that number on in which the pattern is found, and the number of the next."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while True:
                while line < len(self._lines):
                    line += 1
                    if match := re.search(pattern, self._lines[line - 1]):
                        return line, match
                left = None if deadline is None else deadline - time.monotonic()
                if self._ended or (left is not None and left <= 0):
                    state = "ended" if self._ended else f"took longer than {timeout:.0f} s"
                    raise Problem(f"the machine {state} and did not say '{pattern}'; its last lines: "
                                  + " | ".join(self._lines[-8:]), "boot it with: invoke emulate")
                self._changed.wait(left)

    def url(self, timeout: float | None = _PATIENCE) -> str:
        """Where the app is to be reached from here, once it answers HTTP with any status at all. What `wait_for` finds next is
        not changed by this: the line that says so may come before or behind others.
        """
        if not self._port:
            self._scheme, guest_port = self._find(_ANSWERS, 0, timeout)[1].groups()
            self._port = self._monitor.forward(int(guest_port or _PORTS[self._scheme]))
            _request(self._scheme, self._port, "/")
        return f"{self._scheme}://127.0.0.1:{self._port}/"

    def pages_url(self, timeout: float | None = _PATIENCE) -> str:
        """Where the device's own pages are to be reached from here, once it says that they are there."""
        scheme, guest_port = self._find(_PAGES, 0, timeout)[1].groups()
        return f"{scheme}://127.0.0.1:{self.forward(int(guest_port))}/"

    def forward(self, guest_port: int) -> int:
        """A port here that leads to one of the machine's."""
        return self._monitor.forward(guest_port)

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of a GET; waits for the app first."""
        self.url()
        return _request(self._scheme, self._port, path)

    def press_power_button(self) -> None:
        """What a person does who wants the device to end in an orderly way."""
        self._monitor.command("system_powerdown")

    def plug_cable(self, connected: bool) -> None:
        """Put the network cable in, or pull it."""
        self._monitor.command("set_link", name="network", up=connected)

    @property
    def serial_end(self) -> Path:
        """The terminal here that is the other end of the machine's serial adapter."""
        return Path(self._serial_line()["filename"].removeprefix("pty:"))

    def plug_serial(self, connected: bool) -> None:
        """Put the serial adapter in, or pull it; the terminal here stays."""
        if connected:
            self._monitor.command("device_add", **SERIAL_ADAPTER)
            return
        self._monitor.command("device_del", id=SERIAL_ADAPTER["id"])
        deadline = time.monotonic() + _PATIENCE
        while self._serial_line()["frontend-open"]:  # until then it could not be put in again
            if time.monotonic() > deadline:
                raise Problem("QEMU does not let go of the serial adapter", "end the machine")
            time.sleep(0.05)

    def _serial_line(self) -> dict[str, Any]:
        lines: list[dict[str, Any]] = self._monitor.command("query-chardev")
        return next(line for line in lines if line["label"] == SERIAL_LINE)

    def ask(self, command: str, /, **arguments: object) -> Any:
        """The answer to one of QEMU's own commands (QMP)."""
        return self._monitor.command(command, **arguments)

    def cut_power(self) -> None:
        """What a power cut does: the machine is gone at once, and its disk holds what it had written by then."""
        self._process.kill()
        self._process.wait()

    def wait_for_end(self, timeout: float | None = _PATIENCE) -> int:
        """QEMU's exit code, which is 0 when the machine was powered off."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise StillOn(f"the machine is still on after {timeout:.0f} s", "boot it with: invoke emulate") from error

    def _command(self, scratch: Path, until: ExitStack) -> list[str]:
        recipe = self._board.emulate
        if shutil.which(recipe.program) is None:
            raise Problem(f"{recipe.program} is not installed", f"apt-get install {' '.join(recipe.packages)}")
        if not self._image.is_file():
            raise Problem(f"there is no image {self._image}", "make it with: invoke build-appliance app.py")
        if self._firmware not in recipe.firmware:
            raise Problem(f"the board {self._board.name} has no firmware {self._firmware}",
                          "it has: " + ", ".join(recipe.firmware))
        disk = self._around.disk(self._image, self._keep, scratch)
        words = {"image": str(disk.resolve()).replace(",", ",,"), **self._firmware_files(scratch)}
        arguments = [*recipe.arguments, *recipe.disk, *recipe.network, *recipe.firmware[self._firmware].arguments]
        return [recipe.program, "-nodefaults", "-no-user-config", "-display", "none",
                *([] if self._keep else ["-snapshot"]), *(argument.format(**words) for argument in arguments),
                *self._around.arguments(scratch, until), *self._extra,
                "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]

    def _firmware_files(self, scratch: Path) -> dict[str, str]:
        recipe = self._board.emulate
        firmware = recipe.firmware[self._firmware]
        found = {}
        for word, places in (("code", firmware.code), ("variables", firmware.variables)):
            files = [Path(place) for place in places if Path(place).is_file()]
            if places and not files:
                raise Problem(f"QEMU's firmware {Path(places[0]).name} is not installed",
                              f"apt-get install {' '.join(recipe.packages)}")
            found[word] = str(files[0]) if files else ""
        if found["variables"]:
            found["variables"] = str(shutil.copy(found["variables"], scratch / "variables.fd"))
        return found

    def _read_console(self) -> None:
        assert self._process.stdout is not None
        for raw in self._process.stdout:
            line = _ESCAPES.sub(b"", raw).decode(errors="replace").rstrip("\n")
            if self._echo:
                self._echo(line)
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _end(self) -> None:
        """Pull the plug, unless it is off already."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


def emulate(
    image: Path, board: Board, *, firmware: str = "uefi", keep: bool = False, around: Surroundings | None = None,
    cut_after: float = 0.0,
) -> None:
    """Boot an image, show its console and, once they answer, the URLs of the app and of the device's own pages; until the
    machine, Ctrl-C or a power cut ends it.

    ``cut_after`` is in seconds from power-on; 0 is never.
    """
    if not 0 <= cut_after < _LONGEST:
        raise Problem(f"the power cannot be cut after {cut_after:g} s", "say how many seconds after power-on")
    with Machine(image, board, firmware=firmware, keep=keep, around=around, echo=_show) as machine:
        try:
            _show(f"--- {image.name} on {board.name} by {firmware}; Ctrl-C presses the power button ---")
            if around and around.serial:
                _show(f"--- the other end of its serial adapter is {machine.serial_end} ---")
            for words, url in (("the app answers at", machine.url), ("the device's own pages are at", machine.pages_url)):
                threading.Thread(target=_show_url, args=[words, url], daemon=True).start()
            if code := machine.wait_for_end(cut_after or None):
                raise Problem(f"QEMU ended with exit code {code}", "its last words: " + " | ".join(machine.console[-3:]))
        except StillOn:
            machine.cut_power()
            _show(f"--- power cut after {cut_after:g} s" + (": the image is as that left it" if keep else "") + " ---")
        except KeyboardInterrupt:
            _switch_off(machine)


def chosen_firmware(uefi: bool, bios: bool) -> str:
    """The firmware's name, of which the user may say one."""
    if uefi and bios:
        raise Problem("a machine starts by UEFI or by a BIOS", "say only one of --uefi and --bios")
    return "bios" if bios else "uefi"


def _show_url(words: str, url: Callable[[float | None], str]) -> None:
    with contextlib.suppress(Problem):  # the machine ended before, which the caller sees too
        _show(f"--- {words} {url(None)} ---")


def _switch_off(machine: Machine) -> None:
    """The orderly way; a machine that does not end in time, or a second Ctrl-C, has the plug pulled by the caller."""
    if not any(_RUNS in line for line in machine.console):
        _show("--- nothing runs yet that hears the power button: the plug is pulled ---")
        raise KeyboardInterrupt
    _show("--- power button ---")
    try:
        machine.press_power_button()
        machine.wait_for_end(_ORDERLY_END)
    except Problem as problem:
        _show(f"--- {problem.what}; the plug is pulled ---")
    except KeyboardInterrupt:
        _show("--- the plug is pulled ---")


def _dies_with(parent: int) -> Callable[[], None]:
    """What a child does before it becomes another program, so that it is killed when its parent ends, even by SIGKILL."""
    libc = ctypes.CDLL(None)

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was quicker
            os._exit(1)

    return arrange


def _connection(scheme: str, port: int) -> http.client.HTTPConnection:
    """Who it is that answers is not in question: the machine is ours."""
    if scheme == "http":
        return http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=_PATIENCE, context=context)


def _request(scheme: str, port: int, path: str) -> tuple[int, bytes]:
    connection = _connection(scheme, port)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Problem(f"the app in the machine does not answer ({error!r})", "see its console") from error
    finally:
        connection.close()


def _show(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
