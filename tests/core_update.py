"""A small version and its bundles, for the tests of the updater's C files and for its fuzzer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.imaging.keys import PrivateKey
from appliance.updating.bundle import Bundle, sign


@dataclass(frozen=True)
class Slot:
    """The parts of a slot: (name, offset, bytes); between them is zero, and at its end."""

    parts: Sequence[tuple[str, int, bytes]] = field(default_factory=lambda: [
        ("volume0", 0, b"V" * 512), ("modules", 1024, b"M" * 5000), ("device", 8192, b"D" * 100),
        ("binary", 8292, bytes(range(1, 251)) * 300), ("kernel", 140_000, b"K" * 70_000)])
    length: int = 229_376

    @property
    def data(self) -> bytes:
        """The slot's bytes."""
        data = bytearray(self.length)
        for _, offset, content in self.parts:
            data[offset : offset + len(content)] = content
        return bytes(data)

    @property
    def lines(self) -> str:
        """The slot and part lines of a manifest."""
        return f"slot {self.length}\n" + "".join(
            f"part {name} {offset} {len(content)} {hashlib.sha256(content).hexdigest()}\n"
            for name, offset, content in self.parts)


def manifest_of(slot: Slot, keys: Sequence[PrivateKey], threshold: int = 1, **changed: str) -> bytes:
    """A manifest; ``changed`` replaces lines before the keys, an empty text leaves one out."""
    lines = {"product": "meter", "board": "pc", "version": "2.0", "counter": "8", "data": "0", "settings": "settings"}
    text = "fapws4-manifest 1\n" + "".join(f"{key} {value}\n" for key, value in (lines | changed).items() if value)
    text += f"threshold {threshold}\n" + "".join(f"key {key}\n" for key in sorted(key.public.hex() for key in keys))
    return (text + slot.lines).encode()


def packed(slot: Slot, manifest: bytes, keys: Sequence[PrivateKey]) -> bytes:
    """A bundle of this manifest, signed by these keys."""
    return sign(Bundle(manifest, (), b"".join(content for _, _, content in slot.parts)), keys).data
