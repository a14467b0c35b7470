"""What hardware an app may use, on top of what its board has: device nodes, modules of the kernel, words for its command line.

    DEVICES = ["/dev/ttyUSB*", "/dev/gpiochip0"]     in the app, or

    [tool.fapws4]                                    in the pyproject.toml beside it, or options of the command; all add up
    devices = ["/dev/ttyUSB*"]                       --device
    modules = ["i2c-stub"]                           --module
    cmdline = "i2c-stub.chip_addr=0x1d"              --cmdline

A device that comes is given to the app under its own name (core/init/hardware/nodes.h). A pattern brings the modules that make
such nodes, which the board's recipe knows; they are loaded when their hardware is there. A module that is named is loaded at
every boot. All of it lies in the slot, so that an update may change it. What would hand over the machine is refused.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.common.errors import Problem
from appliance.fetching.recipes import Board, NodeModules
from appliance.freezing.analysis import read_app
from appliance.packaging.data import Settings

# As core/init/config.h and core/init/hardware/node_rule.c take them.
_MOST_TEXT = 511
_MOST_PATTERN = 127
_PATTERN = re.compile(r"[\w?*][\w?*.:+-]*(/[\w?*][\w?*.:+-]*)*", re.ASCII)
# Of the 2048 characters that a kernel takes, those that the boot loader and the board do not need.
_MOST_CMDLINE = 1024
_WORD = re.compile(r"[\w.,:=/+@%-]+", re.ASCII)  # nothing that GRUB would expand

# Names below /dev; one that ends with a slash is a folder and all below it.
_REFUSED = {
    "is the memory or the processor of the machine":
        "mem kmem port nvram cpu/ cpu_dma_latency uio* vfio/ mei* mcelog iommu udmabuf dma_heap/",
    "is a way into the kernel":
        "kmsg kvm fuse cuse uinput uhid userio net/ vhost* userfaultfd autofs ppp rfkill tpm* snapshot usbmon* efi*",
    "sets the clock of the machine": "rtc* ptp* hpet",
    "is fed by PID 1": "watchdog*",
    "is a disk, with all that is on it":
        "sd* hd* vd* xvd* nvme* ng* mmcblk* md* dm-* mapper/ disk/ loop* sr* nbd* sg* bsg/ mtd* ubi* zram* ram* pmem* dax*"
        " st* nst* raw* btrfs-control",
    "is every USB device, disks and keyboards too": "bus/",
    "is the screen and the keyboard of the machine": "console vcs* fb* " + " ".join(f"tty{number}" for number in range(64)),
    "is there for every app, without asking": "null zero full random urandom tty ptmx pts/ shm/",
}

# By the part of the name before "=" or "."; those of PID 1, of the slots and of what keeps an app in its place.
_REFUSED_WORDS = {
    "the boot loader and the slots own it":
        "root rootfstype rootflags rootwait ro rw init rdinit initrd noinitrd BOOT_IMAGE gpt fapws4",
    "PID 1 owns it": "console panic oops panic_on_oops --",
    "it opens what keeps an app in its place":
        "lsm security landlock selinux apparmor module lockdown iomem mitigations nokaslr seccomp",
}


@dataclass(frozen=True)
class Hardware:
    """``devices`` are patterns below /dev, as ``ttyUSB*``; ``modules`` have underscores only."""

    devices: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    command_line: str = ""


NO_HARDWARE = Hardware()


def hardware_of(said: Settings, devices: Iterable[str], wishes: Hardware, board: Board) -> Hardware:
    """What the app (its ``devices``), its project and a command's options (``wishes``) ask for, checked; each thing once."""
    patterns = _each([*devices, *said.devices, *wishes.devices])
    modules = _each(name.replace("-", "_") for name in [*said.modules, *wishes.modules])
    words = [*said.cmdline.split(), *wishes.command_line.split()]
    names = tuple(_below_dev(pattern, board) for pattern in patterns)
    if len(" ".join(names)) > _MOST_TEXT:
        raise Problem(f"the patterns of devices have more than {_MOST_TEXT} characters together", "say what is common with *")
    for word in words:
        _check_word(word)
    if len(" ".join(words)) > _MOST_CMDLINE:
        raise Problem(f"the words for the kernel's command line have more than {_MOST_CMDLINE} characters", "say less")
    return Hardware(names, modules, " ".join(words))


def devices_of(app: Path) -> tuple[str, ...]:
    """The texts of the list that the app assigns to ``DEVICES`` at its top level; none when it does not."""
    for node in read_app(app).body:
        names = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        if any(isinstance(name, ast.Name) and name.id == "DEVICES" for name in names):
            return _texts(node.value, f"{app}:{node.lineno}")  # type: ignore[attr-defined]
    return ()


def _texts(value: ast.expr | None, where: str) -> tuple[str, ...]:
    try:
        found = ast.literal_eval(value or ast.Constant(None))
    except ValueError:
        found = None
    if not isinstance(found, list | tuple) or not all(isinstance(item, str) for item in found):
        raise Problem(f"{where}: DEVICES must be a list of texts, as they stand", 'write it like DEVICES = ["/dev/ttyUSB*"]')
    return tuple(found)


def fitted(board: Board, hardware: Hardware) -> Board:
    """The board with what the hardware wants of its kernel; the same board when it wants nothing."""
    rows = _rows(board, hardware).values()
    always = [*board.modules_always, *(name for row in rows for name in row.always), *hardware.modules]
    on_demand = [*board.modules_on_demand, *(name for row in rows for name in row.on_demand)]
    line = f"{board.command_line} {hardware.command_line}".strip()
    return dataclasses.replace(board, modules_always=list(_each(always)), modules_on_demand=list(_each(on_demand)),
                               command_line=line)


def wanted_modules(board: Board, hardware: Hardware) -> dict[str, str]:
    """The modules that the hardware wants of a kernel, each with the beginning of a sentence: who wants it."""
    named = dict.fromkeys(hardware.modules, "--module (or modules in pyproject.toml) names")
    return named | {name: f"/dev/{pattern} (DEVICES) needs" for pattern, row in _rows(board, hardware).items()
                    for name in [*row.always, *row.on_demand]}


def _rows(board: Board, hardware: Hardware) -> dict[str, NodeModules]:
    """Those of the board's device nodes that the app may use."""
    return {pattern: row for pattern, row in board.devices.items()
            if any(_overlap(pattern, name) for name in hardware.devices)}


def _each(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _below_dev(pattern: str, board: Board) -> str:
    """The pattern without /dev/, or a Problem that says what is wrong with it."""
    name = pattern.removeprefix("/dev/")
    if name == pattern or not name:
        raise Problem(f"{pattern or '(nothing)'} is not below /dev", "name devices like /dev/ttyUSB* or /dev/i2c-0")
    if ".." in name:
        raise Problem(f"{pattern} leads out of /dev", "name devices like /dev/ttyUSB* or /dev/i2c-0")
    if not _PATTERN.fullmatch(name) or len(name) > _MOST_PATTERN:
        raise Problem(f"{pattern} is no pattern of device names",
                      f"it is made of letters, digits, * and ? (not of sets), and of - _ . : + /, {_MOST_PATTERN} at most")
    for refused, why in _refused_names(board):
        if _overlap(name.split("/")[0] if refused.endswith("/") else name, refused.removesuffix("/")):
            raise Problem(f"no app gets {pattern}: /dev/{refused} {why}", "name what the app needs, and no more")
    return name


def _refused_names(board: Board) -> Iterator[tuple[str, str]]:
    for why, names in _REFUSED.items():
        yield from ((name, why) for name in names.split())
    for name in re.findall(r"\bconsole=(\w+)", board.command_line):
        yield name, f"is a console of the board {board.name}"


def _check_word(word: str) -> None:
    if not _WORD.fullmatch(word):
        raise Problem(f"{word} is no word for the kernel's command line", "use letters, digits and _ . , : = / + @ % -")
    key = re.split(r"[=.]", word, maxsplit=1)[0]
    for why, names in _REFUSED_WORDS.items():
        if key in names.split() or key.replace("-", "_") in names.split():
            raise Problem(f"{word} cannot be said on the kernel's command line: {why}", "leave it out")


@functools.cache
def _overlap(one: str, other: str) -> bool:
    """Whether a name can fit two patterns, in which * and ? do not stand for a slash."""
    if not one or not other:
        return set(one + other) <= {"*"}
    if one[0] == "*":
        return _overlap(one[1:], other) or (other[0] != "/" and _overlap(one, other[1:]))
    if other[0] == "*":
        return _overlap(other, one)
    alike = one[0] == other[0] or ("?" in (one[0], other[0]) and "/" not in (one[0], other[0]))
    return alike and _overlap(one[1:], other[1:])
