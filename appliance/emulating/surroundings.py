"""What an emulated machine finds around it: a larger disk, a USB stick, a cable that is out, a wrong clock, a neighbour,
a serial adapter."""

from __future__ import annotations

import datetime
import json
import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.sparse import copy_sparse
from appliance.emulating.stick import stick_image
from appliance.emulating.wire import wire_end

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_MOST = 16 << 40  # bytes; the largest file of common file systems

# What device_add is told of the adapter, and the line behind it, which stays when that is pulled. Without always-plugged
# it would be in the socket only as long as somebody has the host's end open.
SERIAL_LINE = "serial-line"
SERIAL_ADAPTER = {"driver": "usb-serial", "id": "serial-adapter", "bus": "usb.0", "chardev": SERIAL_LINE,
                  "always-plugged": True}


@dataclass(frozen=True)
class Surroundings:
    """``disk_size`` in bytes (0: that of the image); ``stick`` is what a USB stick holds, if there is one; ``cable``: whether
    the network card has one; ``clock``: the time at power-on, as ISO 8601 says it ("": the right one); ``wire``: the name of a
    wire to another machine, on a second network card ("": none); ``serial``: whether there is an adapter for a serial port
    in a USB socket (one of FTDI's), whose other end is a terminal of the host."""

    disk_size: int = 0
    stick: Path | None = None
    cable: bool = True
    clock: str = ""
    wire: str = ""
    serial: bool = False

    def arguments(self, scratch: Path, until: ExitStack) -> list[str]:
        """QEMU's arguments for all but the disk and the cable. What must last as long as the machine goes into ``until``."""
        arguments = ["-device", "qemu-xhci,id=usb"] if self.stick or self.serial else []
        if self.stick:
            image = str(stick_image(self.stick, scratch).resolve()).replace(",", ",,")
            arguments += ["-drive", f"if=none,id=stick,format=raw,snapshot=on,file={image}",
                          "-device", "usb-storage,id=plugged-stick,bus=usb.0,drive=stick,removable=on"]
        if self.serial:
            arguments += ["-chardev", f"pty,id={SERIAL_LINE}", "-device", json.dumps(SERIAL_ADAPTER)]
        if self.clock:
            arguments += ["-rtc", f"base={self.clock}"]
        if self.wire:
            end = until.enter_context(wire_end(self.wire))
            ends = f"local.type=unix,local.path={end.own},remote.type=unix,remote.path={end.other}"
            arguments += ["-netdev", f"dgram,id=wire,{ends}",
                          "-device", f"virtio-net-pci,netdev=wire,romfile=,mac={end.mac}"]
        return arguments

    def disk(self, image: Path, keep: bool, scratch: Path) -> Path:
        """The disk: the image, or a copy that has grown; with ``keep`` it is the image that grows. It costs no space."""
        if not self.disk_size:
            return image
        if self.disk_size < image.stat().st_size:
            raise Problem(f"a disk of {self.disk_size} bytes is smaller than {image.name}, which has {image.stat().st_size}",
                          "say --disk with a larger size, such as 64G")
        disk = image if keep else scratch / "disk.img"
        if not keep:
            copy_sparse(image, disk)
        with disk.open("r+b") as file:
            file.truncate(self.disk_size)
        return disk


def parse_size(text: str) -> int:
    """64G -> bytes, in powers of 1024; "" -> 0."""
    match = re.fullmatch(r"(\d{1,15})([KMGT]?)", text.upper())
    size = int(match[1]) * _UNITS[match[2]] if match else 0
    if text and not 0 < size <= _MOST:
        raise Problem(f"{text} is no size of a disk", "say it like 64G or 1T, 16T at most")
    return size


def parse_clock(text: str) -> str:
    """A year or a date, with or without a time of day -> as QEMU wants it; "" -> ""."""
    if not text:
        return ""
    try:
        moment = datetime.datetime.fromisoformat(f"{text}-01-01" if re.fullmatch(r"\d{4}", text) else text)
    except ValueError:
        raise Problem(f"{text} is no time", "say it like 1970, 2031-05-04 or 2031-05-04T12:00:00") from None
    return moment.replace(tzinfo=None, microsecond=0).isoformat()
