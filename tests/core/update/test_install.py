"""A version is put into a slot: what is copied, what is refused, and what a cut or a failing disk leaves."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.imaging.keys import PrivateKey
from tests.core_update import Slot, manifest_of

ROOM = 262_144
OLD = Slot([("volume0", 0, b"v" * 512), ("modules", 1536, b"M" * 5000), ("device", 8192, b"d" * 100),
            ("binary", 8292, b"b" * 60_000), ("kernel", 120_000, b"K" * 70_000)], 196_608)
SECTOR = 512


class Disk:
    """A file with a running slot (OLD) and, behind it, another one full of what was there before; and an installation."""

    def __init__(self, updater: Any, path: Path, slot: Slot) -> None:
        self.lib, self.ffi, self.name, self.slot = updater.lib, updater.ffi, updater.name, slot
        self.before = OLD.data.ljust(ROOM, b"\0") + b"\xaa" * ROOM
        path.write_bytes(self.before)
        self.path, self.file = path, os.open(path, os.O_RDWR)
        self.running = self._layout(updater, re.sub("(part device .*) .*", r"\1 -", OLD.lines))
        self.layout = self._layout(updater, slot.lines)
        self.install = self.ffi.new("struct install *")
        self.wanted = self.ffi.new(f"bool[{updater.lib.PARTS_MOST}]")
        self.faults(-1, -1)

    def _layout(self, updater: Any, lines: str) -> Any:
        layout = self.ffi.new("struct layout *")
        span, _block = updater.span(lines.encode())
        assert updater.lib.layout_parse(span[0], layout)
        return layout

    def faults(self, cut_before: int, lost: int, unreadable: bool = False) -> None:
        """What will be wrong with the disk from now on."""
        self.lib.faults.writes, self.lib.faults.cut_before, self.lib.faults.lost = 0, cut_before, lost
        self.lib.faults.unreadable = unreadable

    def begin(self) -> str:
        """The first step."""
        places = [(self.file, at, ROOM) for at in (0, ROOM)]
        result = self.lib.install_begin(self.install, places[0], self.running, places[1], self.layout, self.wanted)
        return str(self.name(result))

    def missing(self) -> list[str]:
        """Parts that must be sent."""
        return [name for number, (name, _, _) in enumerate(self.slot.parts) if self.wanted[number]]

    def run(self, piece: int = 10_000) -> str:
        """All steps, until one refuses."""
        result = self.begin()
        for number, (_, _, data) in enumerate(self.slot.parts):
            for at in range(0, len(data) if self.wanted[number] else 0, piece):
                if result == "ACCEPTED":
                    block = self.ffi.from_buffer("char[]", data[at : at + piece])
                    span = self.ffi.new("struct span *", {"start": block, "length": len(block)})
                    result = self.name(self.lib.install_write(self.install, number, at, span[0]))
        return self.name(self.lib.install_finish(self.install)) if result == "ACCEPTED" else result

    @property
    def written(self) -> bytes:
        """The bytes of the other slot. The running one must be as it was."""
        data = self.path.read_bytes()
        assert data[:ROOM] == self.before[:ROOM]
        return data[ROOM:]


@pytest.fixture
def disk(updater: Any, tmp_path: Path, slot: Slot) -> Iterator[Disk]:
    """A disk without faults."""
    made = Disk(updater, tmp_path / "disk", slot)
    yield made
    made.faults(-1, -1)
    os.close(made.file)


def test_a_version_is_written_whole(disk: Disk) -> None:
    """Parts, zeros between them, and nothing behind the slot's end."""
    assert "ACCEPTED" == disk.run()
    assert disk.slot.data == disk.written[: disk.slot.length]
    assert b"\xaa" * (ROOM - disk.slot.length) == disk.written[disk.slot.length :]


def test_what_both_versions_have_is_copied(disk: Disk) -> None:
    """Modules and kernel come from the running slot, from where they lie there."""
    assert ("ACCEPTED", ["volume0", "device", "binary"]) == (disk.begin(), disk.missing())


@pytest.mark.parametrize("place", [1536, 120_000 + 69_999])
def test_a_damaged_running_slot_is_not_copied(disk: Disk, place: int) -> None:
    """What the running slot no longer holds as it says must be sent."""
    with disk.path.open("r+b") as file:
        file.seek(place)
        file.write(b"\0")
    assert "ACCEPTED" == disk.begin()
    assert ("modules" if place < 8192 else "kernel") in disk.missing()
    disk.before = disk.path.read_bytes()
    assert "ACCEPTED" == disk.run()
    assert disk.slot.data == disk.written[: disk.slot.length]


def test_a_list_that_leads_out_of_the_running_slot(disk: Disk) -> None:
    """A part that is said to lie beyond the slot's end is never read there."""
    disk.running.parts[4].offset = ROOM
    assert ("ACCEPTED", True) == (disk.begin(), "kernel" in disk.missing())


def test_a_disk_that_cannot_be_read_has_nothing_to_copy(disk: Disk) -> None:
    """Then all is to be sent, and reading back refuses."""
    disk.faults(-1, -1, unreadable=True)
    assert ("ACCEPTED", [name for name, _, _ in disk.slot.parts]) == (disk.begin(), disk.missing())
    assert "REFUSED_READ" == disk.name(disk.lib.install_finish(disk.install))


def test_power_cut_before_every_write(updater: Any, tmp_path: Path, slot: Slot) -> None:
    """Whichever write is the last, the slot is as before, or cannot be started, or is whole."""
    whole = Disk(updater, tmp_path / "whole", slot)
    assert "ACCEPTED" == whole.run()
    writes = whole.lib.faults.writes
    assert writes > 15
    for count in range(writes):
        disk = Disk(updater, tmp_path / "disk", slot)
        disk.faults(count, -1)
        assert "REFUSED_WRITE" == disk.run(), count
        first = disk.written[:SECTOR]
        assert (b"\xaa" * SECTOR if count == 0 else bytes(SECTOR)) == first
        os.close(disk.file)
    os.close(whole.file)


def test_every_lost_write_is_found(updater: Any, tmp_path: Path, slot: Slot) -> None:
    """A disk that says that it wrote and did not is found out, and the slot cannot be started."""
    whole = Disk(updater, tmp_path / "whole", slot)
    whole.run()
    for number in range(whole.lib.faults.writes):
        disk = Disk(updater, tmp_path / "disk", slot)
        disk.faults(-1, number)
        result, written = disk.run(), disk.written
        if number == 0:  # the zeros of the first sector, which is written once more in the end
            assert ("ACCEPTED", slot.data) == (result, written[: slot.length])
        else:
            assert ("REFUSED_READ_BACK", bytes(SECTOR)) == (result, written[:SECTOR]), number
        os.close(disk.file)
    os.close(whole.file)


def test_which_version_may_follow(updater: Any, slot: Slot, key: PrivateKey) -> None:
    """Another product or board, the same counter or an older one, and what is too large is refused."""
    identity = updater.ffi.new("struct identity *", {"product": b"meter", "board": b"pc", "counter": 8})

    def judged(room: int = ROOM, **changed: str) -> str:
        manifest = updater.ffi.new("struct manifest *")
        span, _block = updater.span(manifest_of(slot, [key], 1, **changed))
        assert updater.lib.manifest_parse(span[0], manifest)
        return str(updater.name(updater.lib.install_check(identity, manifest, room)))

    assert "ACCEPTED" == judged(counter="9")
    assert "ACCEPTED" == judged(counter="9223372036854775807")
    assert "REFUSED_SAME" == judged(counter="8")
    assert "REFUSED_OLDER" == judged(counter="7")
    assert "REFUSED_PRODUCT" == judged(counter="9", product="meter2")
    assert "REFUSED_BOARD" == judged(counter="9", board="pi")
    assert "ACCEPTED" == judged(slot.length, counter="9")
    assert "REFUSED_NO_ROOM" == judged(slot.length - 1, counter="9")


FILES = {"appliance.conf": "name=meter\nversion=1.0\nboard=pc\nhostname=meter\ncounter=8\n",
         "appliance.keys": f"threshold 1\nkey {'11' * 32}\n", "appliance.manifest": OLD.lines}


@pytest.mark.parametrize(("name", "text", "expected"), [
    ("appliance.conf", FILES["appliance.conf"], "ACCEPTED"),
    ("appliance.keys", None, "REFUSED_NO_KEYS"),
    ("appliance.keys", "", "REFUSED_UNKNOWN_DEVICE"),
    ("appliance.keys", "threshold 2\nkey " + "11" * 32 + "\n", "REFUSED_UNKNOWN_DEVICE"),
    ("appliance.keys", "threshold 1\n" + "x" * 9000, "REFUSED_UNKNOWN_DEVICE"),
    ("appliance.conf", None, "REFUSED_UNKNOWN_DEVICE"),
    ("appliance.conf", "name=meter\nboard=pc\n", "REFUSED_UNKNOWN_DEVICE"),
    ("appliance.conf", "name=meter\nboard=pc\ncounter=-1\n", "REFUSED_UNKNOWN_DEVICE"),
    ("appliance.manifest", None, "REFUSED_UNKNOWN_DEVICE"),
    ("appliance.manifest", "slot 1\n", "REFUSED_UNKNOWN_DEVICE"),
])
def test_what_a_device_knows_of_itself(updater: Any, tmp_path: Path, name: str, text: str | None, expected: str) -> None:
    """Without keys no update is accepted; a device whose files are not as the builder writes them says so."""
    for file, content in FILES.items():
        if file != name or text is not None:
            (tmp_path / file).write_text(text if file == name and text is not None else content)
    identity = updater.ffi.new("struct identity *")
    assert expected == updater.name(updater.lib.identity_read(str(tmp_path).encode(), identity))
