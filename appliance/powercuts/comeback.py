"""What a device comes up as, told from the bytes of its disk: a model of what firmware, GRUB, the kernel and PID 1 do.

    firmware    the boot loader is as it was flashed (nothing may ever write to it)
    GRUB        finds the partitions, reads both copies of the state, starts the first slot that can be started
    the slot    is, to the byte, one of the versions that are known; one that only looks like it is a failure
    the kernel  finds the partitions: the table's checksums hold, or those of the backup if it is told to look at that
    PID 1       makes /data anew if that was ordered, and mounts it; every file of the settings has its old or its new
                content, or is absent where it was or will be
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from appliance.formats import fat, gpt
from appliance.formats.fat_map import is_fat
from appliance.imaging.bootloader import STATE_COPIES_AT, STATE_SIZE, starts
from appliance.imaging.preseed import RESET_AT

Read = Callable[[int, int], bytes]
Place = tuple[int, int]  # first byte, first byte behind
Settings = Mapping[str, str]  # path below /data -> digest of its content

# What PID 1 keeps that is not of one boot; the app's files are all below the first.
SETTINGS_FOLDERS = ("app", ".fapws4")
_OF_A_BOOT = re.compile(r"\.fapws4/(?!(?:preseed\.conf|claim|certificate\.pem|key\.pem)$)|.*\.(?:new|part|tmp)$")
_AWAY = re.compile(r"(?P<above>app/(?:.+/)?)\.(?P<name>[^/]+)\.old/(?P<rest>.+)")

_ARGUMENTS = re.compile(rb'set arguments="([^"]*)"')
_RESET = b"fapws4-reset 1\n"
_PORTION = 1 << 20
_FOLDERS = 1 << 20  # bytes of a slot, of which the file system's tables and its root folder take less


class Failure(Exception):
    """A device with this disk does not come up as the old or as the new one: one sentence."""


@dataclass(frozen=True)
class Device:
    """What is known of a disk: where its partitions lie, and what may be in its slots."""

    places: Mapping[str, Place]
    versions: Mapping[str, bytes]  # "old", "new": the bytes of a slot
    loader: Mapping[str, bytes]  # partition -> what is in it

    @property
    def areas(self) -> dict[str, Place]:
        """The parts of the disk that are looked at apart; data partition and second table share all that is behind."""
        return {"table": (0, 34 * gpt.SECTOR), **self.places}


def check_loader(read: Read, device: Device, area: str) -> None:
    """A partition of the boot loader is as it was."""
    start, _ = device.places[area]
    if read(start, len(device.loader[area])) != device.loader[area]:
        raise Failure(f"the partition {area}, from which the boot loader starts, was changed")


def check_table(read: Read, device: Device, size: int) -> None:
    """GRUB, which looks at no checksum, and the kernel find every partition where it was."""
    places = {name: start for name, (start, _) in device.places.items()}
    header = read(gpt.SECTOR, gpt.SECTOR)
    at, count, entry = struct.unpack_from("<QII", header, 72)
    entries = read(at * gpt.SECTOR, count * entry) if header[:8] == b"EFI PART" and entry == 128 and count == 128 else b""
    begins = {start * gpt.SECTOR for start in (struct.unpack_from("<Q", entries, place + 32)[0]
                                               for place in range(0, len(entries), 128))}
    if not set(places.values()) <= begins or read(0, gpt.SECTOR)[510:] != b"\x55\xaa":
        raise Failure("the boot loader does not find the partitions")
    if places.items() <= _starts(read).items():
        return
    if _looks_at_backup(device) and places.items() <= _starts(_backup(read, size)).items():
        return
    raise Failure("the kernel does not find the partitions: the table is not whole, so /data is not there")


def first_slots(read: Read, device: Device) -> list[str]:
    """The slots in the order in which GRUB tries them."""
    state, _ = device.places["state"]
    return starts([read(state + at, STATE_SIZE) for at in STATE_COPIES_AT])


def version_in(read: Read, device: Device, slot: str) -> str:
    """The name of the version that starts from a slot; "" when GRUB passes it over."""
    start, end = device.places[f"slot{slot}"]

    def inside(offset: int, length: int) -> bytes:
        return read(start + offset, min(length, end - start - offset))

    if not is_fat(inside(0, gpt.SECTOR)):
        return ""
    try:
        for name in ("linux.cfg", "linux.efi"):
            fat.find_file(inside(0, _FOLDERS), name)
    except (ValueError, struct.error):
        return ""
    for name, data in device.versions.items():
        if all(inside(at, min(_PORTION, len(data) - at)) == data[at : at + _PORTION] for at in range(0, len(data), _PORTION)):
            return name
    raise Failure(f"slot {slot} could be started and is neither the old nor the new version")


def settled(found: Settings) -> Settings:
    """As an app finds them that migrates its settings: it puts a folder back that is away between two renames
    (fapws4/settings_folder.py)."""
    back = {}
    for path, digest in found.items():
        away = _AWAY.fullmatch(path)
        place = f"{away['above']}{away['name']}/" if away else ""
        if away and not any(other.startswith(place) for other in found):
            back[place + away["rest"]] = digest
    return {**found, **back}


def check_settings(found: Settings, old: Settings, new: Settings) -> None:
    """Every file is as it was or as it became."""
    for path in sorted(name for name in old.keys() | new.keys() if not _OF_A_BOOT.match(name)):
        if found.get(path) not in (old.get(path), new.get(path)):
            state = "is not there" if path not in found else "has neither its old nor its new content"
            raise Failure(f"/data/{path} {state}")


def check_erased(found: Settings, old: Settings, new: Settings) -> None:
    """All files are as they were, or not one of them: what is made anew has those that it will have, as far as it has come."""
    counted = [path for path in old.keys() | new.keys() if not _OF_A_BOOT.match(path)]
    is_old = any(path in found and found[path] == old.get(path) != new.get(path) for path in counted)
    check_settings(found, old if is_old else {}, old if is_old else new)


def reset_is_ordered(read: Read, device: Device) -> bool:
    """Whether PID 1 makes /data anew at this start, whatever is there (core/init/storage/reset_order.h)."""
    state, _ = device.places["state"]
    return read(state + RESET_AT, len(_RESET)) == _RESET


def age(found: Settings, old: Settings, new: Settings) -> str:
    """Whether these settings are the old or the new ones; "" where nothing has changed, "mixed" when some are."""
    changed = [path for path in old.keys() | new.keys()
               if not _OF_A_BOOT.match(path) and old.get(path) != new.get(path)]
    ages = {"new" if found.get(path) == new.get(path) else "old" for path in changed}
    return ages.pop() if len(ages) == 1 else "mixed" if ages else ""


def _backup(read: Read, size: int) -> Read:
    """A disk in which the second table, in its last sectors, stands in the place of the first."""
    header = read(size - gpt.SECTOR, gpt.SECTOR)
    at = struct.unpack_from("<Q", header, 72)[0] * gpt.SECTOR

    def front(offset: int, length: int) -> bytes:
        if offset == gpt.SECTOR:
            return header
        return read(at if at < size else 0, length) if offset else read(0, length)

    return front


def _starts(read: Read) -> dict[str, int]:
    try:
        return {part.name: part.first * gpt.SECTOR for part in gpt.read_table(read)[0]}
    except (ValueError, struct.error):
        return {}


def _looks_at_backup(device: Device) -> bool:
    """Whether the kernels of all versions are started with the word "gpt"."""
    found = [_ARGUMENTS.search(data) for data in device.versions.values()]
    return all(match is not None and b"gpt" in match[1].split() for match in found)
