"""A slot as parts: what its manifest says is what lies there, and nothing else does."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from appliance.fetching.recipes import Board
from appliance.formats import gpt
from appliance.imaging.bootloader import prepare_bootloader
from appliance.imaging.image import layout
from appliance.imaging.slot import Contents, Slot, compose_slot

SIZE = 24 << 20
KERNEL, MODULES, BINARY = bytes(range(1, 256)) * 20_000, b"m" * 300_004, b"b" * 70_001


def composed(pc: Board, text: str = "", **changed: bytes) -> Slot:
    """A small slot whose device part says ``text`` before the manifest."""
    contents = {"kernel": KERNEL, "modules": MODULES, "binary": BINARY, **changed}
    made = Contents(release="6", about="ID=x\n", command_line="quiet", **contents)
    return compose_slot(prepare_bootloader(pc), made, SIZE, 7, lambda slot: (text + slot).encode())


def digests(slot: Slot) -> dict[str, tuple[int, str]]:
    """Part -> its length and digest."""
    return {part.name: (len(part.data), hashlib.sha256(part.data).hexdigest()) for part in slot.parts}


def test_parts_are_in_order_and_apart(pc: Board) -> None:
    """No part touches the next one's bytes, the first begins the slot, the last ends in its last cluster."""
    slot = composed(pc)
    ends = [part.offset + len(part.data) for part in slot.parts]
    assert 0 == slot.parts[0].offset
    assert all(end <= part.offset for end, part in zip(ends, slot.parts[1:]))
    assert slot.length - 32768 < ends[-1] <= slot.length <= SIZE
    names = [part.name for part in slot.parts if not part.name.startswith("volume")]
    assert ["header", "stub", "about", "modules", "device", "binary", "kernel"] == names


def test_the_device_part_says_where_all_others_lie(pc: Board) -> None:
    """Every part is named with offset, length and sha256 in the one part that cannot have a digest there."""
    slot = composed(pc)
    device = next(part for part in slot.parts if part.name == "device")
    assert slot.text.encode() == device.data.rstrip(b"\0")
    lines = slot.text.splitlines()
    assert f"slot {slot.length}" == lines[0]
    assert [part.line("-" if part.name == "device" else "").strip() for part in slot.parts] == lines[1:]


def test_a_longer_text_takes_more_blocks(pc: Board) -> None:
    """However much is said of a version, what its manifest says of places stays true."""
    slot = composed(pc, "x" * 9000 + "\n")
    device = next(part for part in slot.parts if part.name == "device")
    assert 12288 == len(device.data)
    assert device.data.rstrip(b"\0").endswith(slot.text.encode())


def test_another_binary_changes_little_else(pc: Board) -> None:
    """Of a new app only the binary and small parts differ; of a new kernel, not the binary."""
    before, app, kernel = composed(pc), composed(pc, binary=b"c" * 200_000), composed(pc, kernel=KERNEL[:-9])
    for other, same in ((app, {"stub", "about", "modules", "kernel"}), (kernel, {"stub", "about", "modules", "binary"})):
        assert {name: digests(before)[name] for name in same} == {name: digests(other)[name] for name in same}
    small = [size for name, (size, _) in digests(app).items() if name not in {"stub", "modules", "kernel", "binary"}]
    assert sum(small) < 16384


def test_an_image_holds_the_parts(hello_image: Path, pc: Board) -> None:
    """Slot A of an image is its parts at their places, and zero everywhere else up to its end."""
    places = {part.name: part for part in layout(pc, "hello")}
    with hello_image.open("rb") as file:
        file.seek(places["slota"].first * gpt.SECTOR)
        data = file.read(places["slota"].sectors * gpt.SECTOR)
    at = data.index(b"slot ", data.index(b"etc/appliance.manifest\0"))
    lines = data[at : data.index(b"\0", at)].decode().splitlines()
    length = int(lines[0].split()[1])
    rest = bytearray(data[:length])
    for _, name, offset, size, digest in (line.split() for line in lines[1:]):
        part = slice(int(offset), int(offset) + int(size))
        assert name == "device" or hashlib.sha256(data[part]).hexdigest() == digest
        rest[part] = bytes(int(size))
    assert rest == bytes(length)
    assert data[length:] == bytes(len(data) - length)


def test_what_does_not_fit_is_refused(pc: Board) -> None:
    """A slot that is too small is never composed."""
    with pytest.raises(ValueError, match="do not fit"):
        composed(pc, kernel=bytes(SIZE))
