"""What the device reads in a manifest, and everything that is not one."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.imaging.keys import PrivateKey
from tests.core_update import Slot, manifest_of

ONE, TWO = sorted((PrivateKey(b"1" * 32), PrivateKey(b"2" * 32)), key=lambda key: key.public)


def parse(updater: Any, text: bytes) -> Any:
    """The struct manifest, or None when it is refused."""
    manifest = updater.ffi.new("struct manifest *")
    span, _block = updater.span(text)
    return manifest if updater.lib.manifest_parse(span[0], manifest) else None


def test_a_manifest_is_read(updater: Any, slot: Slot) -> None:
    """Every field arrives."""
    found = parse(updater, manifest_of(slot, [ONE, TWO], 2))
    texts = [updater.ffi.string(getattr(found, name)) for name in ("product", "board", "version", "settings")]
    assert [b"meter", b"pc", b"2.0", b"settings"] == texts
    assert (8, 0, 2, 2) == (found.counter, found.data, found.keys.threshold, found.keys.count)
    assert [ONE.public, TWO.public] == [bytes(found.keys.keys[number]) for number in range(2)]
    parts = [found.slot.parts[number] for number in range(found.slot.count)]
    assert slot.length == found.slot.length
    assert [(name.encode(), offset, len(data)) for name, offset, data in slot.parts] == [
        (updater.ffi.string(part.name), part.offset, part.length) for part in parts]


def test_settings_may_be_absent(updater: Any, slot: Slot) -> None:
    """An app without settings has a manifest without the line."""
    assert b"" == updater.ffi.string(parse(updater, manifest_of(slot, [ONE], settings="")).settings)


def test_every_line_is_needed(updater: Any, slot: Slot) -> None:
    """Without any one of its lines (but settings), with one twice, or with two swapped it is refused."""
    lines = manifest_of(slot, [ONE, TWO]).splitlines(keepends=True)
    for number, line in enumerate(lines):
        without, twice = [*lines[:number], *lines[number + 1 :]], [*lines[: number + 1], *lines[number:]]
        droppable = line.startswith((b"settings", b"key", b"part"))
        assert droppable == (parse(updater, b"".join(without)) is not None), line
        assert parse(updater, b"".join(twice)) is None, line
        swapped = [*lines[:number], *reversed(lines[number : number + 2]), *lines[number + 2 :]]
        assert swapped == lines or parse(updater, b"".join(swapped)) is None, line


def test_no_byte_more_or_less(updater: Any, slot: Slot) -> None:
    """Cut anywhere but behind a part, or with anything added, it is refused; read without touching a byte behind it."""
    text = manifest_of(slot, [ONE])
    behind_parts = [text.index(b"part " + name.encode()) for name, _, _ in slot.parts[1:]]
    assert behind_parts == [at for at in range(len(text)) if parse(updater, text[:at])]
    for more in (b"\n", b"\0", b" ", b"more 1\n", b"part", b"part x 229376 1 " + b"0" * 64 + b"\n"):
        assert parse(updater, text + more) is None
    assert parse(updater, b"\xef\xbb\xbf" + text) is None
    assert parse(updater, text.replace(b"\n", b"\r\n")) is None


@pytest.mark.parametrize(("line", "wrong"), [
    ("fapws4-manifest 1", "fapws4-manifest 2"), ("fapws4-manifest 1", "fapws4-manifest 01"),
    ("product meter", "product  meter"), ("product meter", "product meter "), ("product meter", "product"),
    ("product meter", "product ../meter"), ("product meter", "product " + "m" * 64), ("product meter", "product m\xe4"),
    ("version 2.0", "version 2 0"), ("counter 8", "counter 08"), ("counter 8", "counter -8"), ("counter 8", "counter 8.0"),
    ("counter 8", "counter 9223372036854775808"), ("counter 8", "counter 18446744073709551624"), ("counter 8", "counter "),
    ("data 0", "data 2147483648"), ("settings settings", "settings ../x"), ("settings settings", "settings /x"),
    ("settings settings", "settings a/../b"), ("settings settings", "settings a//b"), ("settings settings", "settings a/"),
    ("threshold 1", "threshold 0"), ("threshold 1", "threshold 2"), ("threshold 1", "threshold 17"),
    ("slot 229376", "slot 209999"), ("slot 229376", "slot 1099511627777"), ("slot 229376", "slot 18446744073709780992"),
    ("part modules 1024", "part modules 511"), ("part modules 1024", "part modules 3193"),
    ("part modules 1024", "part modules"),
    ("part modules 1024 5000", "part modules 1024 0"), ("part modules 1024 5000", "part modules 1024 18446744073709551615"),
    ("part kernel 140000 70000", "part kernel 140000 89377"), ("part kernel", "part sixteen-letters."),
    ("part kernel", "part ker/nel"),
])
def test_wrong_lines(updater: Any, slot: Slot, line: str, wrong: str) -> None:
    """Numbers out of bounds, names that lead elsewhere, parts that overlap or leave the slot."""
    text = manifest_of(slot, [ONE])
    assert line.encode() in text
    assert parse(updater, text) is not None
    assert parse(updater, text.replace(line.encode(), wrong.encode("latin-1"))) is None


def test_digests_and_keys_are_exact(updater: Any, slot: Slot) -> None:
    """Upper case, a digit too few or too many, another letter, or an open digest is refused."""
    text = manifest_of(slot, [ONE])
    digest = text.rstrip()[-64:]
    for value in (digest, ONE.public.hex().encode()):
        for wrong in (value.upper(), value[:-1], value + b"0", value[:-1] + b"g", b"-"):
            assert parse(updater, text.replace(value, wrong)) is None


def test_keys_ascend(updater: Any, slot: Slot) -> None:
    """A set of keys has one text only, and no key twice."""
    text = manifest_of(slot, [ONE, TWO])
    one, two = ONE.public.hex().encode(), TWO.public.hex().encode()
    assert parse(updater, text.replace(one, b"x").replace(two, one).replace(b"x", two)) is None
    assert parse(updater, text.replace(one, two)) is None


def test_bounds_of_its_lists(updater: Any) -> None:
    """Sixteen keys and 32 parts are read, one more of either is refused; so is a text above 64 KiB."""
    keys = [PrivateKey(bytes([number]) * 32) for number in range(17)]
    many = [(f"p{number}", number * 8, b"x") for number in range(33)]
    assert parse(updater, manifest_of(Slot(many[:32], 4096), keys[:16])) is not None
    assert parse(updater, manifest_of(Slot(many, 4096), keys[:16])) is None
    assert parse(updater, manifest_of(Slot(many[:32], 4096), keys)) is None
    assert parse(updater, manifest_of(Slot(many[:32], 4096), keys[:1]) + b"x" * 65536) is None


def test_the_running_slot_may_leave_its_own_digest_open(updater: Any, slot: Slot) -> None:
    """/etc/appliance.manifest knows all digests but one."""
    layout = updater.ffi.new("struct layout *")
    lines = slot.lines.splitlines(keepends=True)
    lines[3] = "part device 8192 100 -\n"
    for text, expected in ((lines, True), ([*lines[:-1], "part kernel 140000 70000 -\n"], False)):
        span, _block = updater.span("".join(text).encode())
        assert expected == updater.lib.layout_parse(span[0], layout)
    assert not layout.parts[2].has_digest
    assert layout.parts[1].has_digest
