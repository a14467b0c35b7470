"""A disk is flashed with what one device is told, and the device is that one from its first boot on."""

from __future__ import annotations

import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from appliance.build import build, make_plan
from appliance.emulating.emulate import Machine
from appliance.emulating.surroundings import Surroundings
from appliance.emulating.wire import End, wire_end
from appliance.fetching.recipes import Board
from appliance.flashing.flash import flash
from appliance.formats.gpt import SECTOR
from appliance.imaging.device_config import read_preseed
from appliance.imaging.image import layout
from appliance.imaging.preseed import PRESEED_AT, PRESEED_SIZE

CONFIG = """
name = "south-gate"
address = "10.9.0.20/24"
timezone = "Europe/Vienna"
claim = "7HRT-22KX-PQ4M"
certificate = "device.pem"
key = "device.key"
"""


@contextmanager
def attached(file: Path) -> Iterator[str]:
    """A loop device over a file."""
    device = subprocess.run(["losetup", "--find", "--show", file], check=True, capture_output=True, text=True).stdout.strip()
    try:
        yield device
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """The medium of a disk of 2 GiB, flashed."""
    plan = make_plan(str(Path(__file__).parent / "apps/who.py"), "pc", str(tmp_path / "dist"), 0, False)
    build(plan)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", "/CN=south-gate", "-keyout", "device.key", "-out", "device.pem"], check=True,
                   capture_output=True, cwd=tmp_path)
    (tmp_path / "device.toml").write_text(CONFIG)
    medium = tmp_path / "medium"
    with medium.open("wb") as file:
        file.truncate(2 << 30)
    with attached(medium) as device:
        flash(plan.image, device, lambda _: True, preseed=read_preseed(tmp_path / "device.toml"))
    return medium


def answers_arp(wire: socket.socket, end: End, ours: str, asked: str) -> bytes:
    """Who has this address: the hardware address that the answer over the wire names."""
    mac = bytes.fromhex(end.mac.replace(":", ""))
    question = struct.pack("!6s6sHHHBBH6s4s6s4s", b"\xff" * 6, mac, 0x0806, 1, 0x0800, 6, 4, 1, mac, socket.inet_aton(ours),
                           bytes(6), socket.inet_aton(asked))
    wire.sendto(question.ljust(60, b"\0"), str(end.other))
    while True:
        frame = wire.recv(2048)
        if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\x02" and frame[28:32] == socket.inet_aton(asked):
            return frame[22:28]


def test_a_device_is_who_it_was_told_to_be(disk: Path, pc: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the first boot it takes its name and address over, answers by it to a neighbour, keeps all in /data, and wipes the
    place where it stood; at the second it still is who it was."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    partitions = {part.name: part.first * SECTOR for part in layout(pc, "who")}
    for first in (True, False):
        with ExitStack() as stack:
            end = stack.enter_context(wire_end("lab"))
            wire = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            wire.bind(str(end.own))
            wire.settimeout(120)
            around = Surroundings(cable=False, wire="lab")
            machine = stack.enter_context(Machine(disk, pc, firmware="bios", keep=True, around=around, echo=print))
            machine.wait_for("who answers at http://10.9.0.20/")
            lines = set(machine.console)
            assert ("fapws4: what this device was told before its first boot is taken over" in lines) == first
            assert "fapws4: this is south-gate" in lines
            assert "fapws4: address 10.9.0.20 (eth1)" in lines
            assert "who: south-gate CET-1CEST,M3.5.0,M10.5.0/3 CEST" in lines
            assert answers_arp(wire, end, "10.9.0.1", "10.9.0.20") == bytes.fromhex("525400123501")
            machine.press_power_button()
            assert machine.wait_for_end() == 0
        with disk.open("rb") as medium:
            medium.seek(partitions["state"] + PRESEED_AT)
            assert medium.read(PRESEED_SIZE) == bytes(PRESEED_SIZE)
    data = f"{disk}?offset={partitions['data']}"
    kept = {name: debugfs(data, f"cat /.fapws4/{name}") for name in ("claim", "key.pem", "certificate.pem", "preseed.conf")}
    assert kept["claim"] == "7HRT-22KX-PQ4M"
    assert kept["key.pem"] == (tmp_path / "device.key").read_text()
    assert kept["certificate.pem"] == (tmp_path / "device.pem").read_text()
    assert "tz 26\nCET-1CEST,M3.5.0,M10.5.0/3\n" in kept["preseed.conf"]


def debugfs(volume: str, request: str) -> str:
    """What e2fsprogs finds in a file system that is not mounted."""
    return subprocess.run(["debugfs", "-R", request, volume], check=True, capture_output=True, text=True).stdout
