"""What a machine finds around it, seen from inside and from the other end of the wire."""

from __future__ import annotations

import socket
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest

from appliance.emulating.emulate import Machine
from appliance.emulating.surroundings import Surroundings
from appliance.emulating.wire import End, wire_end
from appliance.fetching.recipes import Board

_BROADCAST = b"\xff" * 6
_PATIENCE = 120


def mac_bytes(end: End) -> bytes:
    """The address of the card at an end, as it stands in a frame."""
    return bytes.fromhex(end.mac.replace(":", ""))


def test_a_large_disk_a_stick_no_cable_1970_and_a_neighbour(hello_image: Path, pc: Board, tmp_path: Path,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    """One boot: it says that the cable is out and has an address once it is in; its clock stands in 1970, so that it is
    when it was built; QEMU has the disk of 64 GiB and the stick; what it sends over the wire arrives at the other end."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "stick").mkdir()
    around = Surroundings(64 << 30, tmp_path / "stick", cable=False, clock="1970-01-01T00:00:00", wire="lab")
    with ExitStack() as stack:
        ours = stack.enter_context(wire_end("lab"))
        wire = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        wire.bind(str(ours.own))
        wire.settimeout(_PATIENCE)
        machine = stack.enter_context(Machine(hello_image, pc, firmware="bios", around=around, echo=print))
        frame = wire.recv(2048)
        assert frame[:6] == _BROADCAST or frame[:2] == b"\x33\x33"  # DHCP, or IPv6's multicast
        assert frame[6:12] == mac_bytes(End(1, ours.other, ours.own))
        machine.wait_for("eth0: no cable")
        machine.plug_cable(True)
        machine.wait_for(r"address .* \(eth0\)")
        with urllib.request.urlopen(machine.url(), timeout=_PATIENCE) as answer:
            assert "14 Nov 2023" in answer.headers["Date"]  # SOURCE_DATE_EPOCH
        sizes = {disk["device"]: disk["inserted"]["image"]["virtual-size"] for disk in machine.ask("query-block")}
        assert sizes["disk"] == 64 << 30
        assert sizes["stick"] < 1 << 30
