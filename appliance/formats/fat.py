"""FAT file systems (12, 16 and 32 bit) with long names, written once and whole.

Source: Microsoft's FAT specification 1.03 and its description of long names. The number of clusters decides between 12, 16
and 32 bits, as it does for every reader. Left out: sectors of other sizes than 512 bytes, bad clusters, attributes, short
names in lower case (they get a long name as well) and several times per entry (all are the one given), because nothing
here needs them. Files are laid out in the order given, each in one run, so that a boot loader may use their sectors.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, Union

SECTOR = 512
_FIXED_ROOT_ENTRIES = 512  # of FAT12 and FAT16
_ENTRY = 32
_FOLDER, _ARCHIVE, _LABEL, _LONG_NAME = 0x10, 0x20, 0x08, 0x0F
_END_OF_CHAIN = 0x0FFFFFFF
_MEDIA = 0xF8
_SHORT_NAME_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'()-@^_`{}~")


@dataclass(frozen=True)
class Placed:
    """A file whose first byte must lie ``at`` bytes from the start of the volume; everything later lies behind it."""

    data: bytes
    at: int


Tree: TypeAlias = Mapping[str, Union[bytes, Placed, "Tree"]]


def volume(
    tree: Tree, size: int, *, label: str, serial: int, cluster: int, epoch: int, hidden: int = 0
) -> list[tuple[int, bytes]]:
    """A volume of ``size`` bytes holding ``tree``, as pieces (byte offset, bytes); all else is zero.

    ``cluster`` is in bytes (a power of two from 512 to 32768), ``epoch`` in seconds UTC from 1980 on, ``hidden`` the
    number of sectors before the volume on its disk. The tables are given whole, so that a writer which passes over the
    space between the pieces still leaves a sound file system. ValueError when something does not fit.
    """
    shape = _shape(size, cluster)
    work = _Volume(shape, _timestamp(epoch))
    work.write_root(tree, label)
    return sorted([*work.tables(), *_boot_sectors(shape, label, serial, hidden, work), *work.pieces])


def find_file(volume: bytes, name: str) -> tuple[int, int]:
    """Byte offset and size of a file in the root folder of a volume that ``volume`` made. ValueError when it is not there.

    ``volume`` are its first bytes, as many as there are up to the file's; each file lies in one run.
    """
    if len(volume) < SECTOR or volume[SECTOR - 2 : SECTOR] != b"\x55\xaa":
        raise ValueError("no file system")
    per_cluster, reserved, tables, entries, _, _, table = struct.unpack_from("<BHBHHBH", volume, 13)
    if not entries:
        raise ValueError("the root folder of FAT32 is not looked for")
    root = (reserved + tables * table) * SECTOR
    data = root + entries * _ENTRY
    long_name = b""
    for at in range(root, data, _ENTRY):
        entry = volume[at : at + _ENTRY]
        if entry[:1] in (b"\0", b""):
            break
        if entry[11] == _LONG_NAME:
            long_name = entry[1:11] + entry[14:26] + entry[28:32] + long_name
            continue
        shown = long_name.decode("utf-16-le").partition("\0")[0].rstrip("\uffff")
        if name in (shown, f"{entry[:8].decode('latin-1').rstrip()}.{entry[8:11].decode('latin-1').rstrip()}".rstrip(".")):
            first, size = struct.unpack_from("<HI", entry, 26)
            return data + (first - 2) * per_cluster * SECTOR, size
        long_name = b""
    raise ValueError(f"no file {name}")


@dataclass(frozen=True)
class _Shape:
    """Geometry; everything in sectors except ``bits`` and ``clusters``."""

    bits: int
    total: int
    per_cluster: int
    reserved: int
    table: int  # one of the two
    root: int
    clusters: int

    @property
    def data(self) -> int:
        return self.reserved + 2 * self.table + self.root

    def offset(self, cluster: int) -> int:
        """Byte offset of a cluster (numbered from 2)."""
        return (self.data + (cluster - 2) * self.per_cluster) * SECTOR


def _shape(size: int, cluster: int) -> _Shape:
    if size % SECTOR or cluster not in {SECTOR << shift for shift in range(7)}:
        raise ValueError(f"a volume of {size} bytes with clusters of {cluster} bytes cannot be")
    for bits, least, most in ((12, 1, 4084), (16, 4085, 65524), (32, 65525, 0x0FFFFFF4)):
        shape = _fitted(bits, size // SECTOR, cluster // SECTOR)
        if least <= shape.clusters <= most:
            return shape
    raise ValueError(f"no kind of FAT fits {size} bytes with clusters of {cluster} bytes")


def _fitted(bits: int, total: int, per_cluster: int) -> _Shape:
    """The smallest tables that describe the clusters left; the data begins at a multiple of the cluster size."""
    root = 0 if bits == 32 else _FIXED_ROOT_ENTRIES * _ENTRY // SECTOR
    least_reserved = 32 if bits == 32 else 1
    table = 1
    while True:
        reserved = least_reserved + -(least_reserved + 2 * table + root) % per_cluster
        clusters = (total - reserved - 2 * table - root) // per_cluster
        needed = -(-((clusters + 2) * bits) // (8 * SECTOR))
        if needed <= table:
            return _Shape(bits, total, per_cluster, reserved, table, root, clusters)
        table += 1


@dataclass
class _Volume:
    shape: _Shape
    stamp: tuple[int, int]  # time, date
    pieces: list[tuple[int, bytes]] = field(default_factory=list)
    chain: dict[int, int] = field(default_factory=dict)  # cluster -> next
    free: int = 2

    def write_root(self, tree: Tree, label: str) -> None:
        first = self._record(label.upper().ljust(11).encode("ascii"), _LABEL, 0, 0)
        if self.shape.bits == 32:
            cluster = self._take(_folder_size(tree) + _ENTRY)
            self.pieces.append((self.shape.offset(cluster), first + self._contents(tree, 0)))
            return
        if _folder_size(tree) + _ENTRY > self.shape.root * SECTOR:
            raise ValueError("too many files in the root folder")
        at = (self.shape.reserved + 2 * self.shape.table) * SECTOR
        self.pieces.append((at, (first + self._contents(tree, 0)).ljust(self.shape.root * SECTOR, b"\0")))

    def tables(self) -> list[tuple[int, bytes]]:
        shape = self.shape
        values = [0x0FFFFF00 | _MEDIA, _END_OF_CHAIN, *(self.chain.get(number, 0) for number in range(2, self.free))]
        table = _packed_table(values, shape.bits).ljust(shape.table * SECTOR, b"\0")
        return [(shape.reserved * SECTOR, table), ((shape.reserved + shape.table) * SECTOR, table)]

    def _contents(self, tree: Tree, own: int) -> bytes:
        """The entries of a folder whose first cluster is ``own`` (0: the root); its files are written on the way."""
        used: set[bytes] = set()
        entries = []
        for name, content in tree.items():
            short = _short_name(name, used)
            entries.append(_long_entries(name, short))
            if isinstance(content, Mapping):
                entries.append(self._record(short, _FOLDER, self._folder(content, own), 0))
            else:
                data = content.data if isinstance(content, Placed) else content
                entries.append(self._record(short, _ARCHIVE, self._file(content), len(data)))
        return b"".join(entries)

    def _folder(self, tree: Tree, parent: int) -> int:
        own = self._take(_folder_size(tree) + 2 * _ENTRY)
        dots = self._record(b".          ", _FOLDER, own, 0) + self._record(b"..         ", _FOLDER, parent, 0)
        contents = dots + self._contents(tree, own)
        whole_clusters = contents + bytes(-len(contents) % (self.shape.per_cluster * SECTOR))
        self.pieces.append((self.shape.offset(own), whole_clusters))
        return own

    def _file(self, content: bytes | Placed) -> int:
        if isinstance(content, Placed):
            self._skip_to(content.at)
            content = content.data
        if not content:
            return 0
        first = self._take(len(content))
        self.pieces.append((self.shape.offset(first), content))
        return first

    def _take(self, size: int) -> int:
        """The first of the next clusters that hold ``size`` bytes."""
        first = self.free
        self.free += -(-size // (self.shape.per_cluster * SECTOR))
        if self.free > self.shape.clusters + 2:
            raise ValueError(f"the files do not fit into {self.shape.total * SECTOR} bytes")
        self.chain.update({number: number + 1 for number in range(first, self.free - 1)})
        self.chain[self.free - 1] = _END_OF_CHAIN
        return first

    def _skip_to(self, at: int) -> None:
        clusters, rest = divmod(at - self.shape.offset(2), self.shape.per_cluster * SECTOR)
        if rest or clusters + 2 < self.free:
            raise ValueError(f"a file cannot be placed at byte {at}")
        self.free = clusters + 2

    def _record(self, short: bytes, attributes: int, cluster: int, size: int) -> bytes:
        clock, date = self.stamp
        return struct.pack("<11sBBBHHHHHHHI", short, attributes, 0, 0, clock, date, date, cluster >> 16, clock, date,
                           cluster & 0xFFFF, size)


def _packed_table(values: list[int], bits: int) -> bytes:
    if bits == 12:
        pairs = zip(values[0::2], [*values[1::2], 0][: -(-len(values) // 2)], strict=True)
        return b"".join((low & 0xFFF | (high & 0xFFF) << 12).to_bytes(3, "little") for low, high in pairs)
    width, mask = ("H", 0xFFFF) if bits == 16 else ("I", 0x0FFFFFFF)
    return struct.pack(f"<{len(values)}{width}", *(value & mask for value in values))


def _boot_sectors(
    shape: _Shape, label: str, serial: int, hidden: int, work: _Volume
) -> list[tuple[int, bytes]]:
    """The boot sector; for FAT32 also the sector of free-cluster hints, and the copies of both."""
    wide = shape.bits == 32
    small = shape.total if shape.total < 0x10000 and not wide else 0
    parameters = struct.pack("<3s8sHBHBHHBHHHII", b"\xeb\x58\x90" if wide else b"\xeb\x3c\x90", b"MSWIN4.1", SECTOR,
                             shape.per_cluster, shape.reserved, 2, 0 if wide else _FIXED_ROOT_ENTRIES, small, _MEDIA,
                             0 if wide else shape.table, 63, 255, hidden, 0 if small else shape.total)
    if wide:
        parameters += struct.pack("<IHHIHH12x", shape.table, 0, 0, 2, 1, 6)
    parameters += struct.pack("<BBBI11s8s", 0x80, 0, 0x29, serial, label.upper().ljust(11).encode("ascii"),
                              f"FAT{shape.bits}".ljust(8).encode())
    boot = parameters.ljust(SECTOR - 2, b"\0") + b"\x55\xaa"
    if not wide:
        return [(0, boot.ljust(shape.reserved * SECTOR, b"\0"))]
    hints = struct.pack("<I480xIII12xI", 0x41615252, 0x61417272, shape.clusters - len(work.chain), work.free, 0xAA550000)
    copies = (boot + hints).ljust(6 * SECTOR, b"\0") + boot + hints
    return [(0, copies.ljust(shape.reserved * SECTOR, b"\0"))]


def _folder_size(tree: Tree) -> int:
    """Bytes of a folder's entries, without label and dots."""
    used: set[bytes] = set()
    return sum(_ENTRY + len(_long_entries(name, _short_name(name, used))) for name in tree)


def _short_name(name: str, used: set[bytes]) -> bytes:
    """The 11 bytes of the name that every reader knows: the name itself, or a made-up one that is not yet used."""
    base, _, extension = name.rpartition(".") if "." in name else (name, "", "")
    if _is_short(name):
        short = base.ljust(8) + extension.ljust(3)
    else:
        base, extension = (_kept(part) for part in (base, extension))
        tails = (f"~{number}" for number in range(1, 1_000_000))
        candidates = (base[: 8 - len(tail)] + tail for tail in tails)
        short = next(text.ljust(8) + extension[:3].ljust(3) for text in candidates
                     if (text.ljust(8) + extension[:3].ljust(3)).encode() not in used)
    if short.encode() in used:
        raise ValueError(f"two files are called {name}")
    used.add(short.encode())
    return short.encode()


def _is_short(name: str) -> bool:
    base, _, extension = name.partition(".")
    return (0 < len(base) <= 8 and len(extension) <= 3 and not name.endswith(".")
            and _SHORT_NAME_CHARACTERS.issuperset(base + extension))


def _kept(part: str) -> str:
    return "".join(letter if letter in _SHORT_NAME_CHARACTERS else "_" for letter in part.upper() if letter not in ". ")


def _long_entries(name: str, short: bytes) -> bytes:
    """The entries before a file's own that hold its long name, last part first; nothing when the short name says it."""
    if _is_short(name):
        return b""
    units = name.encode("utf-16-le")
    if len(units) > 510:
        raise ValueError(f"the name {name} is longer than 255 characters")
    checksum = 0
    for byte in short:
        checksum = ((checksum >> 1 | checksum << 7) + byte) & 0xFF
    count = -(-len(units) // 26)
    padded = (units + b"\0\0" * (len(units) % 26 != 0)).ljust(count * 26, b"\xff")
    parts = [padded[number * 26 : number * 26 + 26] for number in range(count)]
    entries = [struct.pack("<B10sBBB12sH4s", number | (0x40 if number == count else 0), part[:10], _LONG_NAME, 0, checksum,
                           part[10:22], 0, part[22:]) for number, part in enumerate(parts, 1)]
    return b"".join(reversed(entries))


def _timestamp(epoch: int) -> tuple[int, int]:
    """Time and date as FAT packs them: from 1980 on, in steps of two seconds."""
    moment = time.gmtime(epoch)
    return (moment.tm_hour << 11 | moment.tm_min << 5 | moment.tm_sec // 2,
            (moment.tm_year - 1980) << 9 | moment.tm_mon << 5 | moment.tm_mday)
