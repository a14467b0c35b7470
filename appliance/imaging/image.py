"""The last stage: a binary becomes a disk image that a PC starts.

The image is written sparse and without root, loop devices or mounts. Layout, in disk order (recipes/boards/*.toml):

    bios | esp | state | slota | slotb (empty) | data

A slot is everything above the firmware: one file with kernel, modules and the app's binary, which is PID 1 (slot tells of
what it consists). The initramfs in it is a row of cpio archives: modules (as they are signed and compressed by the
distribution), what is said of this version, and the binary, compressed. Everything is derived from the inputs,
identifiers included, so that the same inputs give the same bytes.
"""

from __future__ import annotations

import re
import tempfile
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import zstandard

from appliance.common.errors import Problem
from appliance.common.places import SOURCE_DATE_EPOCH, whole_file
from appliance.common.progress import step
from appliance.fetching.recipes import Board, load_target
from appliance.fetching.recipes import Partition as PartitionRecipe
from appliance.formats import cpio, fat, gpt
from appliance.imaging.bootloader import (
    BootLoader,
    SlotState,
    prepare_bootloader,
    state_files,
)
from appliance.imaging.kernel import PreparedKernel, prepare_kernel
from appliance.imaging.preseed import free_place
from appliance.imaging.release import NO_UPDATES, Release
from appliance.imaging.slot import Contents, Slot, compose_slot, slot_volume
from appliance.imaging.tools import run_tool

Pieces = list[tuple[int, bytes]]  # (byte offset, bytes); what lies between is zero

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "fapws4/image")
_SECTORS_PER_MIB = (1 << 20) // gpt.SECTOR
_KINDS = {"bios": gpt.BIOS_BOOT, "esp": gpt.EFI_SYSTEM, "state": gpt.BASIC_DATA, "slot": gpt.BASIC_DATA,
          "data": gpt.LINUX_DATA}
# The ESP is FAT32, as UEFI wants it on disks, which takes 65,525 clusters.
_CLUSTERS = {"esp": 512, "state": 8192}
_COMPRESSION_LEVEL = 9  # 19 makes hello 9 % smaller and takes fifteen times as long
_BLOCK = 4096

_DATA_FEATURES = ("none,has_journal,ext_attr,dir_index,resize_inode,filetype,extent,64bit,flex_bg,sparse_super,large_file,"
                  "huge_file,dir_nlink,extra_isize,metadata_csum")
NO_PAPERS: Mapping[str, bytes] = {}
_DATA_MOST_BLOCKS = (2 << 40) // _BLOCK  # 2 TiB: room for the descriptors is kept, so that it can grow while mounted


@dataclass(frozen=True)
class Image:
    """A finished image, and what its bytes are spent on."""

    path: Path
    kernel: PreparedKernel
    partitions: list[gpt.Partition]
    shares: dict[str, int]  # part -> bytes


def compose(
    binary: Path, name: str, version: str, board: Board, output: Path, release: Release = NO_UPDATES, *,
    papers: Callable[[PreparedKernel], Mapping[str, bytes]] | None = None, offline: bool = False, jobs: int = 1,
) -> Image:
    """The image ``output`` of an app (its name and version) on a board; ``binary`` is its static executable.

    ``papers`` gives what the device can say of what it consists of, by the end of its name in /etc: appliance.NAME.
    """
    kernel = prepare_kernel(board, offline, jobs)
    loader = prepare_bootloader(board, offline)
    with step("image"), whole_file(output) as work:
        partitions = layout(board, name)
        volumes = {recipe.name: data_volume(recipe.size << 20, board, name, offline)
                   for recipe in board.partitions if recipe.kind == "data"}
        app = app_member(binary.read_bytes(), blank_of(board, volumes), papers(kernel) if papers else {})
        contents = Contents(kernel.image.read_bytes(), kernel.release, kernel.modules.read_bytes(), app,
                            _about(name, version), board.command_line)
        slot = _slot(board, name, loader, contents, lambda text: device_member(name, version, board, release, text))
        _write(work, _disk(board, name, partitions, loader, slot, volumes), _total(partitions))
    shares = {"kernel": kernel.image.stat().st_size, "modules": kernel.modules.stat().st_size, "app": len(app),
              "boot loader": len(loader.uefi) + len(loader.core) + len(loader.stub)}
    return Image(output, kernel, partitions, shares)


def layout(board: Board, name: str) -> list[gpt.Partition]:
    """The partitions of a board's disk, each beginning at a whole MiB, with identifiers of their own for every app."""
    first, partitions = _SECTORS_PER_MIB, []
    for recipe in board.partitions:
        kind, identity = _kind(recipe, board), _identity(board, name, recipe.name)
        partitions.append(gpt.Partition(recipe.name, kind, identity, first, recipe.size * _SECTORS_PER_MIB))
        first += partitions[-1].sectors
    return partitions


def device_member(name: str, version: str, board: Board, release: Release, slot: str) -> bytes:
    """What every device has in its root folder, besides the modules and the binary; ``slot`` is Slot.text."""
    hostname = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:63] or "appliance"
    data = "".join(str(_identity(board, name, recipe.name)) for recipe in board.partitions if recipe.kind == "data")
    configuration = {"name": name, "version": version, "board": board.name, "data": data, "hostname": hostname,
                     "counter": release.counter, "data_version": release.data_version, "settings": release.settings,
                     "health": release.health, "usb_update": release.usb_update, **release.housekeeping.configuration(),
                     **({"tls": "device"} if release.takes_certificate else {}),
                     **({"devices": " ".join(release.devices)} if release.devices else {})}
    if release.source:
        configuration |= {"update_from": release.source.reference, "update_every": release.source.every or ""}
    text = "".join(f"{key}={value}\n" for key, value in configuration.items())
    folders = ("data", "dev", "etc", "proc", "run", "sys", "tmp")
    files = {"conf": text, "manifest": slot, **({"keys": release.keys.text} if release.keys else {}),
             **({"ca": release.source.authorities} if release.source and release.source.authorities else {})}
    return cpio.archive([*(cpio.folder(folder) for folder in folders),
                         cpio.character_device("dev/console", 5, 1),
                         *(cpio.file(f"etc/appliance.{kind}", content.encode()) for kind, content in files.items())])


def app_member(binary: bytes, blank: bytes = b"", papers: Mapping[str, bytes] = NO_PAPERS) -> bytes:
    """The binary as /init, in an archive that is compressed as a whole: the one part that changes with every build. What a
    factory reset puts in the place of /data, and the papers, by zlib: all this lies in the device's memory."""
    compressor = zstandard.ZstdCompressor(level=_COMPRESSION_LEVEL, write_checksum=True)
    files = {**({"data": blank} if blank else {}), **{kind: zlib.compress(text, 9) for kind, text in papers.items()}}
    beside = [cpio.folder("etc"), *(cpio.file(f"etc/appliance.{kind}", files[kind]) for kind in files)] if files else []
    return compressor.compress(cpio.archive([cpio.file("init", binary, 0o755), *beside]))


def blank_of(board: Board, volumes: Mapping[str, Pieces]) -> bytes:
    """The data partition's file system as core/init/storage/blank.h has it; nothing when there is no such partition."""
    found = [(recipe, volumes[recipe.name]) for recipe in board.partitions if recipe.name in volumes]
    entries = [(b"size", str(recipe.size << 20).encode()) for recipe, _ in found]
    entries += [(str(offset).encode(), data.rstrip(b"\0")) for _, pieces in found for offset, data in pieces]
    return b"".join(b"%s %d\n%s\n" % (key, len(value), value) for key, value in entries)


def _about(name: str, version: str) -> str:
    """os-release(5) of a slot: what UEFI boot menus show."""
    return f'ID=fapws4\nNAME="{name}"\nPRETTY_NAME="{name} {version}"\nIMAGE_ID={name}\nIMAGE_VERSION={version}\n'


def _slot(
    board: Board, name: str, loader: BootLoader, contents: Contents, device: Callable[[str], bytes]
) -> Slot:
    first, *others = [recipe for recipe in board.partitions if recipe.kind == "slot"]
    if any(recipe.size != first.size for recipe in others):
        raise Problem(f"the slots of recipes/boards/{board.name}.toml differ in size", "an update must fit into either")
    with _fitting(first, board):
        return compose_slot(loader, contents, first.size << 20, _serial(board, name), device)


def _disk(
    board: Board, name: str, partitions: list[gpt.Partition], loader: BootLoader, slot: Slot, volumes: Mapping[str, Pieces]
) -> Pieces:
    """Everything on the disk. The first slot holds the version, others none."""
    trees: dict[str, fat.Tree] = {
        "esp": {"EFI": {"BOOT": {f"BOOT{load_target(board.target).uefi.upper()}.EFI": loader.uefi}}},
        "state": {**state_files(SlotState(1, "a")), **free_place()}}
    slots = [[(part.offset, part.data) for part in slot.parts]]
    pieces: Pieces = []
    boot_code = b""
    for recipe, partition in zip(board.partitions, partitions, strict=True):
        if recipe.kind == "bios":
            boot_code = loader.boot_code(partition.first)
            inside = [(0, loader.placed_core(partition.first))]
        elif recipe.kind == "data":
            inside = volumes[recipe.name]
        elif recipe.kind == "slot":
            inside = slots.pop() if slots else slot_volume({}, recipe.size << 20, _serial(board, name))
        else:
            inside = _fat_volume(recipe, partition, trees[recipe.name], board)
        pieces += [(partition.first * gpt.SECTOR + offset, data) for offset, data in inside]
    return pieces + gpt.table(partitions, _identity(board, name, "disk"), _total(partitions), boot_code)


def data_volume(size: int, board: Board, name: str, offline: bool = False) -> Pieces:
    """An empty ext4 with a journal, which can grow to 2 TiB while it is mounted; made by mke2fs."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "data")
        extended = (f"hash_seed={_identity(board, name, 'hash')},root_owner=0:0,resize={_DATA_MOST_BLOCKS},"
                    "lazy_itable_init=0,nodiscard")
        run_tool("mke2fs", ["-q", "-F", "-b", str(_BLOCK), "-I", "256", "-i", "65536", "-m", "0", "-J", "size=4",
                            "-e", "remount-ro", "-L", "data", "-O", _DATA_FEATURES, "-E", extended,
                            "-U", str(_identity(board, name, "data file system")), file, f"{size >> 10}K"], offline=offline)
        data = file.read_bytes()
    blocks = ((offset, data[offset : offset + _BLOCK]) for offset in range(0, len(data), _BLOCK))
    return [(offset, block) for offset, block in blocks if block.count(0) != len(block)]


def _fat_volume(recipe: PartitionRecipe, partition: gpt.Partition, tree: fat.Tree, board: Board) -> Pieces:
    serial = partition.identity.int & 0xFFFFFFFF
    with _fitting(recipe, board):
        return fat.volume(tree, recipe.size << 20, label=recipe.name, serial=serial, cluster=_CLUSTERS[recipe.kind],
                          epoch=SOURCE_DATE_EPOCH, hidden=partition.first)


@contextmanager
def _fitting(recipe: PartitionRecipe, board: Board) -> Iterator[None]:
    """A Problem that names the partition when what is made in the block does not fit into it."""
    try:
        yield
    except ValueError as error:
        raise Problem(f"the partition {recipe.name} of recipes/boards/{board.name}.toml ({recipe.size} MiB): {error}",
                      "make it larger") from error


def _serial(board: Board, name: str) -> int:
    """Of the file system in a slot, the same in either."""
    return _identity(board, name, "slot").int & 0xFFFFFFFF


def _kind(recipe: PartitionRecipe, board: Board) -> uuid.UUID:
    if recipe.kind not in _KINDS:
        raise Problem(f"recipes/boards/{board.name}.toml: the partition {recipe.name} is of the unknown kind {recipe.kind}",
                      "there are: " + ", ".join(_KINDS))
    return _KINDS[recipe.kind]


def _identity(board: Board, name: str, what: str) -> uuid.UUID:
    return uuid.uuid5(_NAMESPACE, f"{name}/{board.name}/{what}")


def _total(partitions: list[gpt.Partition]) -> int:
    """Sectors of the disk: the last MiB holds the second partition table."""
    return partitions[-1].first + partitions[-1].sectors + _SECTORS_PER_MIB


def _write(path: Path, pieces: Iterable[tuple[int, bytes]], sectors: int) -> None:
    with path.open("wb") as file:
        file.truncate(sectors * gpt.SECTOR)
        for offset, data in pieces:
            file.seek(offset)
            file.write(data)
