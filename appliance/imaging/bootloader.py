"""GRUB for BIOS and for UEFI, the state that decides between two slots, and what a slot must hold.

Both loaders carry the same configuration (boot/grub.cfg) inside them and read nothing else but the state and the slots.

The state is two files of one sector, 0.env and 1.env, in GRUB's environment block format, far enough apart that one
damaged erase block of a flash memory cannot hold both. Fields, in this order:

    seq     counts up whenever PID 1 writes; the copy with the higher one is the newer (see boot/grub.cfg for ties)
    good    a or b: the slot that is known to work
    try     a, b or empty: the slot that is on trial
    tries   3, 2, 1 or 0: how often it may still be started before the good one is taken again
    end     the four above, joined by dots: a copy without it is not whole and does not count

GRUB writes only the older copy and only tries (PID 1 may later write the whole of it, in place, one sector). A slot is a
file system of its own, overwritten whole: linux.efi (a unified kernel image, which UEFI starts) and linux.cfg (where kernel
and initramfs lie in that file, for a BIOS, and the kernel's arguments, for both).
"""

from __future__ import annotations

import io
import re
import struct
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import cache_folder, digest_of, whole_folder
from appliance.common.progress import step
from appliance.fetching.recipes import Board, Target, load_source, load_target
from appliance.fetching.sources import source_digest, unpacked
from appliance.formats import pe
from appliance.formats.fat import Placed, Tree
from appliance.imaging.tools import run_tool, tool_digests

# Where the copies begin in the state partition: an erase block (4 MiB covers most cards) of its own for each, and none
# shared with the file system's tables.
STATE_COPIES_AT = (4 << 20, 8 << 20)
STATE_SIZE = 512
MOST_TRIES = 3

_LAST_SEQUENCE = (1 << 31) - 1
_STATE_SIGNATURE = b"# GRUB Environment Block\n"
_STATE = re.compile(_STATE_SIGNATURE + rb"seq=(0|[1-9]\d*)\ngood=([ab])\ntry=([ab]?)\ntries=([0-3])\nend=([^\n]*)\n")

# early.cfg is read by GRUB's rescue parser, which knows neither conditions nor functions nor comments: it goes over to
# grub.cfg, and restarts the machine should that ever end.
_CONFIGURATION = Path(__file__).parent / "boot"
_COMMON_MODULES = ["part_gpt", "fat", "memdisk", "tar", "normal", "configfile", "loadenv", "test", "regexp", "echo", "sleep",
                   "reboot"]
_BIOS_MODULES = [*_COMMON_MODULES, "biosdisk", "serial", "terminal", "loopback", "linux"]
_UEFI_MODULES = [*_COMMON_MODULES, "chain"]
SOURCES = ("grub-pc-bin", "grub-efi-amd64-bin", "systemd-boot-efi")

# boot.img and diskboot.img (GRUB's grub/i386/pc/boot.h): where they keep what an installer fills in.
_BOOT_CODE_SIZE = 440
_KERNEL_SECTOR = 0x5C
_DRIVE_CHECK = 0x66
_BLOCKLIST = 512 - 12
_LOAD_SEGMENT = 0x820


@dataclass(frozen=True)
class SlotState:
    """One copy of the state. ``trial`` is empty when no slot is on trial."""

    sequence: int
    good: str
    trial: str = ""
    tries: int = 0

    def block(self) -> bytes:
        """The sector."""
        end = f"{self.sequence}.{self.good}.{self.trial}.{self.tries}"
        text = (f"# GRUB Environment Block\nseq={self.sequence}\ngood={self.good}\ntry={self.trial}\n"
                f"tries={self.tries}\nend={end}\n")
        return text.encode().ljust(STATE_SIZE, b"#")


def read_state(block: bytes) -> SlotState | None:
    """What a copy says, as boot/grub.cfg and core/init/slots/slot_state.c read it; None when it does not count."""
    match = _STATE.match(block)
    if match is None:
        return None
    sequence, good, trial, tries, end = (group.decode() for group in match.groups())
    state = SlotState(int(sequence), good, trial, int(tries))
    return state if end == f"{sequence}.{good}.{trial}.{tries}" and state.sequence <= _LAST_SEQUENCE else None


def starts(copies: Sequence[bytes]) -> list[str]:
    """The slots that GRUB tries to start, one after the other, when it finds these two copies."""
    states = [read_state(copy) for copy in copies]
    found = [(state.sequence, -state.tries, -number) for number, state in enumerate(states) if state]
    number = -max(found)[2] if found else 0
    state = states[number] or SlotState(0, "a")
    tried = state.trial and state.tries and copies[1 - number].startswith(_STATE_SIGNATURE)  # else it cannot be counted
    return [*([state.trial] if tried else []), state.good, "b" if state.good == "a" else "a"]


@dataclass(frozen=True)
class BootLoader:
    """GRUB, ready to be put on a disk."""

    boot_image: bytes  # boot.img: the code of the first sector
    core: bytes  # what it loads, for a BIOS
    uefi: bytes
    stub: bytes  # systemd's stub: the program that a unified kernel image begins with

    def boot_code(self, core_at: int) -> bytes:
        """The code for the MBR, when the core begins at this sector of the disk."""
        code = bytearray(self.boot_image[:_BOOT_CODE_SIZE])
        struct.pack_into("<Q", code, _KERNEL_SECTOR, core_at)
        code[_DRIVE_CHECK : _DRIVE_CHECK + 2] = b"\x90\x90"  # trust the drive number that the BIOS tells
        return bytes(code)

    def placed_core(self, core_at: int) -> bytes:
        """The core for this sector of the disk: its first sector loads the others, which follow it."""
        core = bytearray(self.core)
        rest = -(-len(core) // pe.SECTOR) - 1
        struct.pack_into("<QHH", core, _BLOCKLIST, core_at + 1, rest, _LOAD_SEGMENT)
        return bytes(core)


def prepare_bootloader(board: Board, offline: bool = False) -> BootLoader:
    """Both loaders for a board's partitions, from the cache when nothing that they are made of has changed."""
    configuration = grub_configuration(board)
    early = (_CONFIGURATION / "early.cfg").read_bytes()
    target = load_target(board.target)
    sources = [source_digest(load_source(name)) for name in SOURCES]
    digest = digest_of(configuration, early, Path(__file__), target.uefi, *sources, *tool_digests("grub-mkimage"))
    folder = cache_folder("bootloaders") / f"{board.name}-{digest[:16]}"
    if not folder.exists():
        with step("boot loader"), whole_folder(folder) as work:
            _make_loaders(work, board, target, configuration, offline)
    return BootLoader(*((folder / name).read_bytes() for name in ("boot.img", "core.img", "grub.efi", "stub.efi")))


def grub_configuration(board: Board) -> bytes:
    """boot/grub.cfg with the board's partition numbers."""
    text = (_CONFIGURATION / "grub.cfg").read_text()
    for name in ("state", "slota", "slotb"):
        text = text.replace(f"@{name.upper()}@", str(partition_number(board, name)))
    return text.encode()


def partition_number(board: Board, name: str) -> int:
    """The number, counted from 1, of the partition of this name."""
    names = [partition.name for partition in board.partitions]
    if name not in names:
        raise Problem(f"recipes/boards/{board.name}.toml has no partition {name}", "add it: the boot loader looks for it")
    return names.index(name) + 1


def state_files(state: SlotState) -> Tree:
    """The files of the state partition. The second copy is as if the first had been written after it."""
    older = SlotState(state.sequence - 1, state.good, state.trial, state.tries)
    return {"0.env": Placed(state.block(), STATE_COPIES_AT[0]), "1.env": Placed(older.block(), STATE_COPIES_AT[1])}


def slot_files(
    loader: BootLoader, kernel: bytes, initramfs: bytes, release: str, command_line: str, about: str
) -> Tree:
    """The files of a slot. ``release`` is the kernel's (uname -r), ``about`` the text of an os-release file."""
    contents = {".osrel": about.encode(), ".cmdline": command_line.encode(), ".uname": release.encode(),
                ".initrd": initramfs, ".linux": kernel}
    unified, sections = pe.append_sections(loader.stub, contents)
    return {"linux.cfg": slot_configuration(sections, command_line).encode(), "linux.efi": unified}


def slot_configuration(sections: Sequence[pe.Section], command_line: str) -> str:
    """linux.cfg: sourced by GRUB before it starts the slot."""
    place = {section.name: section.blocklist for section in sections}
    return (f"# Kernel and initramfs inside linux.efi: first sector and number of sectors.\n"
            f"set linux={place['.linux']}\nset initrd={place['.initrd']}\nset arguments=\"{command_line}\"\n")


def _make_loaders(work: Path, board: Board, target: Target, configuration: bytes, offline: bool) -> None:
    grub_bios, grub_uefi, systemd = (unpacked(name, offline) for name in SOURCES)
    bios, uefi = grub_bios / "usr/lib/grub/i386-pc", grub_uefi / "usr/lib/grub/x86_64-efi"
    stub = systemd / f"usr/lib/systemd/boot/efi/linux{target.uefi}.efi.stub"
    boot_disk = f"(,gpt{partition_number(board, 'esp')})/"
    (work / "boot.img").write_bytes((bios / "boot.img").read_bytes())
    (work / "stub.efi").write_bytes(stub.read_bytes())
    with tempfile.TemporaryDirectory() as scratch:
        memdisk = Path(scratch, "memdisk.tar")
        memdisk.write_bytes(_tar("grub.cfg", configuration))
        for platform, modules, folder, output in (("i386-pc", _BIOS_MODULES, bios, "core.img"),
                                                  ("x86_64-efi", _UEFI_MODULES, uefi, "grub.efi")):
            # --prefix after --memdisk, because the latter sets another one.
            run_tool("grub-mkimage", ["--format", platform, "--directory", folder, "--config", _CONFIGURATION / "early.cfg",
                                      "--memdisk", memdisk, "--prefix", boot_disk, "--output", work / output, *modules],
                     offline=offline)


def _tar(name: str, content: bytes) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return data.getvalue()
