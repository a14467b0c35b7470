"""Bundles as they arrive: in any pieces, damaged in any way, signed by anybody."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

import pytest

from appliance.imaging.keys import PrivateKey
from tests.core_update import Slot, manifest_of, packed


class Reader:
    """One reading of a bundle: what came of it."""

    def __init__(self, updater: Any, trusted: Any, wanted: Iterable[str] | None = None) -> None:
        self.updater, self.trusted, self.wanted = updater, trusted, wanted
        self.bundle = updater.ffi.new("struct bundle *")
        self.parts: dict[str, bytes] = {}
        self.events: list[str] = []
        updater.lib.bundle_begin(self.bundle, trusted)

    def feed(self, data: bytes) -> None:
        """Gives it these bytes, in a block of exactly their size."""
        lib, ffi = self.updater.lib, self.updater.ffi
        span, _block = self.updater.span(data)
        found = ffi.new("struct span *")
        while True:
            event = lib.bundle_next(self.bundle, span, found)
            if event == lib.BUNDLE_OPENED:
                self.events.append("opened")
                for number in range(self.bundle.manifest.slot.count):
                    name = ffi.string(self.bundle.manifest.slot.parts[number].name).decode()
                    self.bundle.wanted[number] = self.wanted is None or name in self.wanted
            elif event == lib.BUNDLE_BYTES:
                part = self.bundle.manifest.slot.parts[self.bundle.part]
                name = ffi.string(part.name).decode()
                assert self.bundle.at == len(self.parts.get(name, b""))
                self.parts[name] = self.parts.get(name, b"") + bytes(ffi.buffer(found.start, found.length))
            else:
                return

    def end(self) -> str:
        """How it ended."""
        return str(self.updater.name(self.updater.lib.bundle_end(self.bundle)))


def read(updater: Any, trusted: Any, *pieces: bytes) -> str:
    """How the bundle in these pieces is judged."""
    reader = Reader(updater, trusted)
    for piece in pieces:
        reader.feed(piece)
    return reader.end()


@pytest.fixture
def trusted(updater: Any, key: PrivateKey) -> Any:
    """The device's key set."""
    return updater.key_set(1, [key])


@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 30])
def test_a_bundle_in_pieces(updater: Any, trusted: Any, slot: Slot, bundle: bytes, size: int) -> None:
    """However it is cut, every part arrives as it was sent."""
    reader = Reader(updater, trusted)
    for at in range(0, len(bundle), size):
        reader.feed(bundle[at : at + size])
    assert ("ACCEPTED", ["opened"]) == (reader.end(), reader.events)
    assert {name: data for name, _, data in slot.parts} == reader.parts


def test_only_what_is_wanted_is_sent(updater: Any, trusted: Any, slot: Slot, bundle: bytes) -> None:
    """A sender leaves out parts that the device has; what is missing besides is missed."""
    head = bundle[: -sum(len(data) for _, _, data in slot.parts)]
    parts = {name: data for name, _, data in slot.parts}
    for wanted in ([], ["device", "binary"], ["kernel"], ["volume0"], list(parts)):
        reader = Reader(updater, trusted, wanted)
        reader.feed(head + b"".join(parts[name] for name in wanted))
        assert ("ACCEPTED", {name: parts[name] for name in wanted}) == (reader.end(), reader.parts)
    reader = Reader(updater, trusted, ["device", "binary"])
    reader.feed(head + parts["device"])
    assert "REFUSED_CUT_SHORT" == reader.end()
    reader.feed(parts["modules"] * 20)
    assert "REFUSED_DAMAGED" == reader.end()


def test_cut_at_every_boundary(updater: Any, trusted: Any, slot: Slot, bundle: bytes) -> None:
    """Cut anywhere in its head, and around every part, it is not complete."""
    head = len(bundle) - sum(len(data) for _, _, data in slot.parts)
    places, at = set(range(head + 2)), head
    for _, _, data in slot.parts:
        at += len(data)
        places |= {at - 1, at, at + 1}
    results = {place: read(updater, trusted, bundle[:place]) for place in places if place < len(bundle)}
    assert {"REFUSED_CUT_SHORT"} == set(results.values())


@pytest.mark.parametrize("more", [b"\0", b"x" * 100])
def test_longer_than_it_says(updater: Any, trusted: Any, bundle: bytes, more: bytes) -> None:
    """A byte behind the last part is refused, at once or later."""
    assert "REFUSED_TOO_LONG" == read(updater, trusted, bundle + more)
    assert "REFUSED_TOO_LONG" == read(updater, trusted, bundle, more)


def test_every_flipped_bit_is_found(updater: Any, trusted: Any, slot: Slot, bundle: bytes) -> None:
    """One bit anywhere in the head, and in samples of every part: refused."""
    head = len(bundle) - sum(len(data) for _, _, data in slot.parts)
    for place in [*range(head), *range(head, len(bundle), 997), len(bundle) - 1]:
        damaged = bytearray(bundle)
        damaged[place] ^= 1 << place % 8
        assert "ACCEPTED" != read(updater, trusted, bytes(damaged)), place


def test_a_damaged_part_is_not_handed_out_whole(updater: Any, trusted: Any, slot: Slot, bundle: bytes) -> None:
    """The last bytes of a part are given out only when all of it is right."""
    damaged = bytearray(bundle)
    damaged[-1] ^= 1
    reader = Reader(updater, trusted)
    reader.feed(bytes(damaged))
    assert "REFUSED_DAMAGED" == reader.end()
    assert len(reader.parts.get("kernel", b"")) < 70_000


def test_swapped_parts(updater: Any, trusted: Any, slot: Slot, key: PrivateKey) -> None:
    """Parts of equal length that change places are found."""
    other = Slot([(name, offset, data) if name != "device" else (name, offset, b"E" * 512) for name, offset, data in slot.parts
                  if name != "binary"], slot.length)
    data = packed(other, manifest_of(other, [key]), [key])
    swapped = data.replace(b"V" * 512, b"?" * 512).replace(b"E" * 512, b"V" * 512).replace(b"?" * 512, b"E" * 512)
    assert "ACCEPTED" == read(updater, trusted, data)
    assert "REFUSED_DAMAGED" == read(updater, trusted, swapped)


def test_other_keys(updater: Any, trusted: Any, slot: Slot, key: PrivateKey) -> None:
    """Signed by nobody, by a stranger, or with a stranger's name on the right signature: refused."""
    stranger = PrivateKey(b"s" * 32)
    manifest = manifest_of(slot, [key])
    good = packed(slot, manifest, [key])
    assert "REFUSED_SIGNATURE" == read(updater, trusted, packed(slot, manifest, []))
    assert "REFUSED_SIGNATURE" == read(updater, trusted, packed(slot, manifest, [stranger]))
    renamed = good.replace(key.public + key.sign(manifest), key.public + stranger.sign(manifest))
    assert "REFUSED_SIGNATURE" == read(updater, trusted, renamed)
    assert "ACCEPTED" == read(updater, trusted, packed(slot, manifest, [stranger, key]))


def test_nothing_of_an_unsigned_manifest_is_read(updater: Any, trusted: Any, slot: Slot) -> None:
    """What is not a manifest at all is refused for its signature, as long as that is not valid."""
    assert "REFUSED_SIGNATURE" == read(updater, trusted, packed(slot, b"\xff" * 300, [PrivateKey(b"s" * 32)]))


def test_a_manifest_of_a_later_kind(updater: Any, trusted: Any, slot: Slot, key: PrivateKey) -> None:
    """Properly signed and not understood is told apart from damage."""
    manifest = manifest_of(slot, [key]).replace(b"fapws4-manifest 1", b"fapws4-manifest 2")
    assert "REFUSED_MANIFEST" == read(updater, trusted, packed(slot, manifest, [key]))


def test_repeated_signatures_and_thresholds(updater: Any, slot: Slot) -> None:
    """Two of three: one key twice is one key, however it is repeated."""
    one, two, three = (PrivateKey(bytes([number]) * 32) for number in (1, 2, 3))
    trusted = updater.key_set(2, [one, two, three])
    manifest = manifest_of(slot, [one, two, three], 2)
    assert "ACCEPTED" == read(updater, trusted, packed(slot, manifest, [three, one]))
    single = packed(slot, manifest, [one])
    pair = one.public + one.sign(manifest)
    twice = single.replace(b"\x01" + pair, b"\x02" + pair + pair)
    assert len(single) + 96 == len(twice)
    assert "REFUSED_SIGNATURE" == read(updater, trusted, twice)


def test_keys_change_only_with_both_sets(updater: Any, slot: Slot) -> None:
    """A version that trusts other keys is signed by enough of the old ones and of the new ones."""
    old, new, other = (PrivateKey(bytes([number]) * 32) for number in (1, 2, 3))
    trusted = updater.key_set(1, [old])
    manifest = manifest_of(slot, [new, other], 2)
    assert "REFUSED_NEW_KEYS" == read(updater, trusted, packed(slot, manifest, [old]))
    assert "REFUSED_NEW_KEYS" == read(updater, trusted, packed(slot, manifest, [old, new]))
    assert "REFUSED_SIGNATURE" == read(updater, trusted, packed(slot, manifest, [new, other]))
    assert "ACCEPTED" == read(updater, trusted, packed(slot, manifest, [old, new, other]))
    lower = manifest_of(slot, [old, other], 1)
    assert "ACCEPTED" == read(updater, updater.key_set(2, [old, other]), packed(slot, lower, [old, other]))
    assert "REFUSED_SIGNATURE" == read(updater, updater.key_set(2, [old, other]), packed(slot, lower, [old]))


def test_sizes_that_lie(updater: Any, trusted: Any) -> None:
    """A manifest above 64 KiB, or more signatures than there is room for, is refused before it is read."""
    magic = b"fapws4-bundle 1\n"
    assert "REFUSED_MANIFEST_TOO_LARGE" == read(updater, trusted, magic + struct.pack("<I", 65537))
    assert "REFUSED_MANIFEST_TOO_LARGE" == read(updater, trusted, magic + b"\xff" * 4)
    assert "REFUSED_CUT_SHORT" == read(updater, trusted, magic + struct.pack("<I", 65536) + b"x" * 65536)
    assert "REFUSED_NOT_A_BUNDLE" == read(updater, trusted, magic + struct.pack("<I", 1) + b"x\x21")
    assert "REFUSED_SIGNATURE" == read(updater, trusted, magic + bytes(5))
    assert "REFUSED_NOT_A_BUNDLE" == read(updater, trusted, b"fapws4-bundle 2\n")
    assert "REFUSED_CUT_SHORT" == read(updater, trusted, b"")


def test_a_refusal_stays(updater: Any, trusted: Any, bundle: bytes) -> None:
    """After the first refusal nothing that follows is looked at."""
    reader = Reader(updater, trusted)
    reader.feed(b"?" * 16)
    reader.feed(bundle)
    assert ("REFUSED_NOT_A_BUNDLE", []) == (reader.end(), reader.events)


def test_every_refusal_is_a_sentence(updater: Any) -> None:
    """Each says in other words than the others what is wrong; only acceptance says nothing."""
    texts = [updater.ffi.string(updater.lib.refusal_text(number)).decode() for number in range(len(updater.refusals))]
    assert ("", len(texts)) == (texts[0], len(set(texts)))
    assert all(len(text) > 20 and not text.endswith(".") for text in texts[1:])
