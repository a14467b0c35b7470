"""What a device writes while something goes on during which the power may go: recorded once, to be replayed many times.

    update      a bundle is put into the slot that is not in use (by `invoke update`, which runs the device's own code)
    start       the first boot on a disk that is larger than the image: the table and /data grow
    install     a device that runs updates itself, from a USB stick
    trial       the boot after the update: GRUB counts the try, PID 1 confirms the new version
    settings    an app that runs is asked to change its settings (only when a request for that is named)
    reset       an operator orders a factory reset, and the start behind it makes /data anew

Each goes on from the disk as another has left it. All but the first run in QEMU, whose blklogwrites records.
"""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from appliance.common.errors import Problem
from appliance.common.places import scratch_folder, whole_folder
from appliance.common.progress import step
from appliance.common.sparse import copy_sparse
from appliance.emulating.emulate import Machine
from appliance.emulating.surroundings import Surroundings
from appliance.fetching.recipes import Board
from appliance.formats.write_log import Event, Write, events
from appliance.updating.device import PORT, Address, Device
from appliance.updating.update import update_image

GROWTH = 64 << 20  # bytes that the disk of a device has more than the image

# What each goes on from, and which versions may be found behind a cut; the last of them is there at the end.
BEFORE = {"update": "", "start": "", "install": "start", "trial": "update", "settings": "start", "reset": "start"}
EXPECTED = {"update": ("old", "new"), "start": ("old",), "install": ("old", "new"), "trial": ("old", "new"),
            "settings": ("old",), "reset": ("old",)}

CONFIRMED = "is confirmed: slot"  # says a device when its new version has proved itself
_PAGES = r"certificate (\S+)|status: http://"
_ANSWERS = "answers at"
_OFFERED = "press Enter here to install it|is being installed"
_PATIENCE = 240.0  # s for one step of a boot


@dataclass(frozen=True)
class Request:
    """What an app is asked so that it changes its settings. A body is that of a form."""

    method: str
    path: str
    body: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.method, self.path, self.body)))


def parse_request(text: str) -> Request | None:
    """METHOD /PATH [BODY]; "" is None."""
    words = text.split(maxsplit=2)
    if not words:
        return None
    if len(words) < 2 or not words[0].isalpha() or not words[1].startswith("/"):
        raise Problem(f"{text} is no request", 'say it like "POST /settings name=value"')
    return Request(words[0].upper(), *words[1:])


@dataclass(frozen=True)
class Recording:
    """``happened`` on a disk of ``size`` bytes; what is judged begins with event ``begin``, and took so many ``seconds``."""

    name: str
    happened: list[Event]
    size: int
    begin: int
    seconds: float


class Recorder:
    """Makes recordings of an image and a bundle, each once: they are kept in ``folder``."""

    def __init__(self, image: Path, bundle: Path, board: Board, folder: Path, firmware: str, change: Request | None,
                 jobs: int, offline: bool) -> None:
        self._image, self._bundle, self._board, self._folder = image, bundle, board, folder
        self._firmware, self._change, self._jobs, self._offline = firmware, change, jobs, offline
        self._made: dict[str, Recording] = {}

    def recording(self, name: str) -> Recording:
        """The recording of this name, made when it is not there yet."""
        if name not in self._made:
            folder = self._folder / name
            if not folder.exists():
                make: Callable[[Path, Path], tuple[int, float]] = getattr(self, f"_record_{name}")
                with step(f"record: {name}"), whole_folder(folder) as work, self.disk(BEFORE[name], name) as disk:
                    begin, began = make(disk, work / "log")
                    facts = {"size": disk.stat().st_size, "begin": begin, "seconds": time.monotonic() - began}
                    (work / "facts.json").write_text(json.dumps(facts))
            facts = json.loads((folder / "facts.json").read_text())
            self._made[name] = Recording(name, list(events((folder / "log").read_bytes())), **facts)
        return self._made[name]

    @contextmanager
    def disk(self, before: str, name: str = "") -> Iterator[Path]:
        """A disk as the recording ``before`` has left it ("": the image), as large as the recording ``name`` wants it."""
        with scratch_folder(self._folder) as scratch:
            disk = scratch / "disk.img"
            self.lay_out(disk, before, name)
            yield disk

    def lay_out(self, disk: Path, before: str, name: str) -> None:
        """The same as a file that stays."""
        if before:
            self.lay_out(disk, BEFORE[before], before)
            with disk.open("r+b") as file:
                for event in self.recording(before).happened:
                    if isinstance(event, Write):
                        os.pwrite(file.fileno(), event.data, event.at)
        else:
            copy_sparse(self._image, disk)
            if name != "update":
                os.truncate(disk, disk.stat().st_size + GROWTH)

    @contextmanager
    def offered(self, disk: Path, log: Path | None = None) -> Iterator[Machine]:
        """A machine that has been asked to install the bundle, which is on a stick, and has just begun to."""
        # Recorded is what goes before the restart: the start behind it is a recording of its own.
        with self.with_stick(disk, log, ["-no-reboot"] if log else []) as machine:
            if "is being installed" not in machine.wait_for(_OFFERED, _PATIENCE)[0]:
                machine.ask("send-key", keys=[{"type": "qcode", "data": "ret"}])
                machine.wait_for("is being installed", _PATIENCE)
            yield machine

    @contextmanager
    def with_stick(self, disk: Path, log: Path | None = None, extra: Sequence[str] = ()) -> Iterator[Machine]:
        """A machine that has the bundle on a stick."""
        with scratch_folder(self._folder) as stick:
            shutil.copyfile(self._bundle, stick / "bundle.update")
            with self.machine(disk, log, stick=stick, extra=extra) as machine:
                yield machine

    def machine(self, disk: Path, log: Path | None = None, keep: bool = True, stick: Path | None = None,
                extra: Sequence[str] = ()) -> Machine:
        """A machine with that disk, whose every write goes to the file before it goes on (QEMU's cache=directsync); with
        ``log`` it is recorded instead."""
        place = str(disk.resolve()).replace(",", ",,")
        drive = ["-drive", f"if=none,id=disk,format=raw,cache=directsync,file={place}"]
        if log:
            log.touch()
            drive = ["-blockdev", f"driver=file,node-name=file,filename={place}",
                     "-blockdev", f"driver=file,node-name=log,filename={str(log.resolve()).replace(',', ',,')}",
                     "-blockdev", "driver=raw,node-name=raw,file=file",
                     "-blockdev", "driver=blklogwrites,node-name=disk,file=raw,log=log,log-sector-size=512"]
        arguments = [*drive, "-device", "virtio-blk-pci,drive=disk,bootindex=0"]
        board = dataclasses.replace(self._board, emulate=dataclasses.replace(self._board.emulate, disk=arguments))
        return Machine(disk, board, firmware=self._firmware, keep=keep, around=Surroundings(stick=stick),
                       extra=extra)

    def _record_update(self, disk: Path, log: Path) -> tuple[int, float]:
        began = time.monotonic()
        update_image(disk, self._bundle, self._jobs, self._offline, record=log)
        return 0, began

    def _record_start(self, disk: Path, log: Path) -> tuple[int, float]:
        began = time.monotonic()
        with self.machine(disk, log) as machine:
            machine.wait_for("/data has grown", _PATIENCE)
            if not any(_ANSWERS in line for line in machine.console):
                machine.wait_for(_ANSWERS, _PATIENCE)
            _end(machine)
        return 0, began

    def _record_install(self, disk: Path, log: Path) -> tuple[int, float]:
        with self.offered(disk, log) as machine:
            begin, began = _written(log), time.monotonic()
            machine.wait_for("is installed; it is tried", _PATIENCE)
            machine.wait_for_end(_PATIENCE)
        return begin, began

    def _record_trial(self, disk: Path, log: Path) -> tuple[int, float]:
        began = time.monotonic()
        with self.machine(disk, log) as machine:
            machine.wait_for(CONFIRMED, _PATIENCE)
            _end(machine)
        return 0, began

    def _record_settings(self, disk: Path, log: Path) -> tuple[int, float]:
        assert self._change
        with self.machine(disk, log) as machine:
            url = urlsplit(machine.url(_PATIENCE))
            begin, began = _written(log), time.monotonic()
            _ask(url.netloc, self._change)
            _end(machine)
        return begin, began

    def _record_reset(self, disk: Path, log: Path) -> tuple[int, float]:
        with self.machine(disk, log) as machine:
            code = machine.wait_for(r"claim code (\S+)", _PATIENCE)[1]
            fingerprint = machine.wait_for(_PAGES, _PATIENCE)[1]
            if not fingerprint:
                raise Problem("this device has pages that only show it, so nobody can order a factory reset",
                              "make the image with: invoke build-appliance app.py --keys FILE")
            machine.wait_for(_ANSWERS, _PATIENCE)
            begin, began = _written(log), time.monotonic()
            form = f"sure=on&code={code}".encode()
            device = Device(Address("127.0.0.1", machine.forward(PORT)), fingerprint)
            answer = device.ask("POST", "/reset", [form], len(form), kind="application/x-www-form-urlencoded")
            if answer.status != 200:
                raise Problem(f"the device does not accept the order of a factory reset ({answer.status})", "see its console")
            machine.wait_for("all data was erased", _PATIENCE)
            machine.wait_for(_ANSWERS, _PATIENCE)
            _end(machine)
        return begin, began


def _written(log: Path) -> int:
    """How much has happened so far."""
    return len(list(events(log.read_bytes())))


def _end(machine: Machine) -> None:
    """The orderly way, which brings all to the disk."""
    machine.press_power_button()
    machine.wait_for_end(_PATIENCE)


def _ask(host: str, request: Request) -> None:
    connection = http.client.HTTPConnection(host, timeout=_PATIENCE)
    try:
        form = {"Content-Type": "application/x-www-form-urlencoded"} if request.body else {}
        connection.request(request.method, request.path, request.body or None, form)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Problem(f"the app does not answer {request} ({error!r})", "see its console with: invoke emulate") from error
    finally:
        connection.close()
    if answer.status >= 400:
        raise Problem(f"the app answers {request} with {answer.status}", "name a request that changes its settings")
