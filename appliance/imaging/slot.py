"""A slot: the bytes of its partition, and the parts that they consist of, which an update sends or leaves out.

A slot is everything above the boot loader: a FAT file system, written whole, with two files (bootloader tells why). Its
bytes are the same in slot A and in slot B, in an image and after an update. In the order of their places:

    volume0...   the tables of the file system and linux.cfg: they change with the size of anything
    header stub about     the beginning of linux.efi: its sections, the program in it, the version's name
    modules device binary the initramfs: the kernel's modules, what is said of this version, the compressed app
    kernel

What lies between parts is zero. ``device`` holds /etc/appliance.manifest: where everything else in this slot lies and its
sha256, so that a device can copy what the next version has in common with this one. To say where things lie it must
not grow by saying so: it is padded to whole blocks.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass

from appliance.common.places import SOURCE_DATE_EPOCH
from appliance.formats import fat, pe
from appliance.imaging.bootloader import BootLoader, slot_files

# Large clusters, because GRUB reads one after the other: from 4 to 32 KiB, the kernel is loaded six times as fast by a BIOS.
CLUSTER = 32768

# What is said of a version, in /etc of its device part.
FILES = ("appliance.conf", "appliance.manifest", "appliance.keys")

_LABEL = "slot"
_DEVICE_BLOCK = 4096


@dataclass(frozen=True)
class Contents:
    """What a slot is made of, besides what is said of the version."""

    kernel: bytes
    release: str  # uname -r
    modules: bytes  # cpio member
    binary: bytes  # cpio member, compressed
    about: str  # the text of an os-release file
    command_line: str


@dataclass(frozen=True)
class Part:
    """Bytes of a slot and where they begin in it."""

    name: str
    offset: int
    data: bytes

    def line(self, digest: str = "") -> str:
        """As a manifest says it."""
        return f"part {self.name} {self.offset} {len(self.data)} {digest or hashlib.sha256(self.data).hexdigest()}\n"


@dataclass(frozen=True)
class Slot:
    """``parts`` in the order of their offsets; the slot ends, with its last cluster in use, at ``length``."""

    parts: tuple[Part, ...]
    length: int

    @property
    def text(self) -> str:
        """What /etc/appliance.manifest says. The digest of ``device``, in which it stands, is open."""
        return f"slot {self.length}\n" + "".join(part.line("-" if part.name == "device" else "") for part in self.parts)


def compose_slot(
    loader: BootLoader, contents: Contents, size: int, serial: int, device: Callable[[str], bytes]
) -> Slot:
    """A slot for partitions of ``size`` bytes. ``device`` makes the member of that name, given the slot's ``text``.

    ValueError when it does not fit.
    """
    for reserved in itertools.count(_DEVICE_BLOCK, _DEVICE_BLOCK):
        draft = _laid_out(loader, contents, size, serial, bytes(reserved))
        member = device(draft.text)
        if len(member) <= reserved:
            parts = (Part(part.name, part.offset, member.ljust(reserved, b"\0")) if part.name == "device" else part
                     for part in draft.parts)
            return Slot(tuple(parts), draft.length)
    raise AssertionError


def slot_volume(tree: fat.Tree, size: int, serial: int) -> list[tuple[int, bytes]]:
    """The file system of a slot. It does not say where on the disk it lies, so that it may lie in either slot."""
    return fat.volume(tree, size, label=_LABEL, serial=serial, cluster=CLUSTER, epoch=SOURCE_DATE_EPOCH)


def _laid_out(loader: BootLoader, contents: Contents, size: int, serial: int, device: bytes) -> Slot:
    members = {"modules": contents.modules, "device": device, "binary": contents.binary}
    files = slot_files(loader, contents.kernel, b"".join(members.values()), contents.release, contents.command_line,
                       contents.about)
    *tables, (start, unified) = slot_volume(files, size, serial)
    places = {section.name: section.offset for section in pe.sections(unified)}
    header = pe.headers_size(unified)
    parts = [Part(f"volume{number}", at, data.rstrip(b"\0")) for number, (at, data) in enumerate(tables)]
    parts += [Part("header", start, unified[:header].rstrip(b"\0")),
              Part("stub", start + header, unified[header : places[".osrel"]].rstrip(b"\0")),
              Part("about", start + places[".osrel"], unified[places[".osrel"] : places[".initrd"]].rstrip(b"\0"))]
    at = start + places[".initrd"]
    for name, data in members.items():
        parts.append(Part(name, at, data))
        at += len(data)
    parts.append(Part("kernel", start + places[".linux"], contents.kernel))
    return Slot(tuple(parts), start + -(-len(unified) // CLUSTER) * CLUSTER)
