"""`invoke bench image`, of whole devices: what an update sends, where the time from power-on goes, the least memory."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import zstandard

from appliance.build import build, build_binary, emulated_board, make_plan, require_programs
from appliance.common.errors import Problem
from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board
from appliance.imaging.image import compose
from appliance.imaging.keys import KeySet, PrivateKey
from appliance.imaging.release import Release
from appliance.imaging.version import open_disk, read_version
from appliance.report import megabytes
from appliance.updating.bundle import Bundle, make_bundle, write_bundle
from appliance.updating.update import update_image
from tests.bench.image import HELLO
from tests.bench.tables import Outcome, Table, ratio
from tests.machine.conftest import MOODY
from tests.machine.disk import Disk
from tests.machine.hurry import SETTLED, grow, idle_hour

FIRMWARES = ("bios", "uefi")
LEAST_MUST = {"bios": 128, "uefi": 256}  # MiB
_BETWEEN = (32, 512)  # MiB; less is none, and more serves
_FINENESS = 4  # MiB

# What changes when only the app does; all else goes with the kernel.
_OF_THE_APP = ("binary",)
_WHOLE = "the whole slot, zstd -9"
# When the app's process began, when Python came to its first line, and when it was imported: by the kernel's clock.
_TIMED = """import time
FIRST = time.monotonic()
BEGAN = FIRST - time.process_time()
{app}
print(f"timed {{BEGAN:.3f}} {{FIRST:.3f}} {{time.monotonic():.3f}}", flush=True)
"""
PARTS = ("firmware: until GRUB has chosen a slot; loader: until the kernel's clock starts; kernel: until /init; init: until "
          "the app's process; python: until the app's first line; app: until the answer.")
_PATIENCE = 90.0  # s to the first answer; 15 where nothing else runs
_BAD_END = r"Kernel panic|[Oo]ut of memory|cannot be started|no slot can be started"


def update() -> Outcome:
    """Bytes that a device is sent which runs the version before. A whole slot is what RAUC and SWUpdate send that are not told
    how to make differences."""
    require_programs(False)
    with tempfile.TemporaryDirectory() as scratch:
        folder, key = Path(scratch), PrivateKey(b"k" * 32)
        trusted = KeySet(1, (key.public,))
        board = emulated_board("pc")
        for counter in (1, 2):
            compose(_program(folder, f"# {counter}", counter), "hello", f"{counter}.0", board, folder / f"{counter}.img",
                    Release(counter, keys=trusted))
        bundle = make_bundle(folder / "2.img", [key])
        write_bundle(bundle, folder / "update")
        sent = update_image(folder / "1.img", folder / "update", 2).sent + _head(bundle)
        slot = read_version(open_disk(folder / "2.img"), "a")
    kernel = sum(part.length for part in slot.parts if part.name not in _OF_THE_APP) + _head(bundle)
    whole = len(zstandard.ZstdCompressor(level=9).compress(slot.data))
    rows = [[name, megabytes(size), megabytes(whole), ratio(size, whole)]
            for name, size in (("the app has changed", sent), ("kernel and modules have changed", kernel))]
    table = Table("Bytes of an update of samples/hello", ("what", "fapws4", _WHOLE, "ratio"), rows)
    return Outcome([table], {"app": sent, "kernel": kernel, "whole_compressed": whole, "whole": len(slot.data)})


def power_on() -> Outcome:
    """From power-on to the first 200, in parts."""
    require_programs(False)
    with tempfile.TemporaryDirectory() as scratch:
        board = emulated_board("pc")
        image = compose(timed_program(Path(scratch)), "hello", "1.0", talking(board), Path(scratch, "hello.img")).path
        found = {firmware: timed_start(image, board, firmware) for firmware in FIRMWARES}
    rows = [[part, *(f"{found[firmware][part]:.2f}" for firmware in FIRMWARES)] for part in found[FIRMWARES[0]]]
    return Outcome([Table("Power-on to the first 200, in seconds, in QEMU's software emulation", ("part", *FIRMWARES), rows,
                          [PARTS])], found)


def least_memory() -> Outcome:
    """The least memory of a machine that serves."""
    require_programs(False)
    with tempfile.TemporaryDirectory() as scratch:
        board = emulated_board("pc")
        image = compose(_program(Path(scratch), "", 1), "hello", "1.0", board, Path(scratch, "hello.img")).path
        found = {name: least(lambda size, name=name: serves(image, board, name, size)) for name in FIRMWARES}  # type: ignore[misc]
    rows = [[name, f"<= {LEAST_MUST[name]} MiB", f"{size} MiB"] for name, size in found.items()]
    title = f"The least memory in which samples/hello serves, to {_FINENESS} MiB"
    return Outcome([Table(title, ("firmware", "must", "least"), rows)], found)


def idle() -> Outcome:
    """What a device writes when nobody asks for anything, once /data has grown to a disk of 64 GiB. The hour is the machine's
    own: its clock jumps whenever there is nothing to do."""
    require_programs(False)
    with tempfile.TemporaryDirectory() as scratch:
        board = emulated_board("pc")
        plan = make_plan(str(MOODY), "pc", str(Path(scratch, "dist")), 0, False)
        build(plan)
        disk = Disk(plan.image, Path(scratch, "disk.img"), board)
        grow(disk, 64 << 30, None)
        settled, later = idle_hour(disk, None)
    found = {"start": settled, "hour": (later[0] - settled[0], later[1] - settled[1])}
    names = {"start": f"the second start, to {SETTLED} s after the first answer", "hour": "the hour after that"}
    rows = [[names[name], str(times), str(size)] for name, (times, size) in found.items()]
    return Outcome([Table("Writes to a disk of 64 GiB", ("when", "writes", "bytes"), rows)], found)


def least(serving: Callable[[int], bool], between: tuple[int, int] = _BETWEEN, fineness: int = _FINENESS) -> int:
    """The least size that serves, where every larger one does; a Problem when not even the largest does."""
    too_little, enough = between
    if not serving(enough):
        raise Problem(f"it does not serve in {enough} MiB", "boot it with: invoke emulate")
    while enough - too_little > fineness:
        middle = (too_little + enough) // 2 // fineness * fineness
        if serving(middle):
            enough = middle
        else:
            too_little = middle
    return enough


def serves(image: Path, board: Board, firmware: str, size: int) -> bool:
    """Whether the app answers in a machine with so many MiB."""
    words = list(board.emulate.arguments)
    words[words.index("-m") + 1] = str(size)
    small = dataclasses.replace(board, emulate=dataclasses.replace(board.emulate, arguments=words))
    try:
        with Machine(image, small, firmware=firmware) as machine:
            machine.wait_for(f"answers at|{_BAD_END}", _PATIENCE)
            return any("answers at" in line for line in machine.console) and machine.get("/")[0] == 200
    except Problem:
        return False


def timed_start(image: Path, board: Board, firmware: str) -> dict[str, float]:
    """When a machine was how far, in seconds since the last part, by PARTS; and ``all``."""
    said: list[tuple[float, str]] = []
    began = time.monotonic()
    with Machine(image, board, firmware=firmware, echo=lambda line: said.append((time.monotonic() - began, line))) as machine:
        machine.get("/")
        answered = time.monotonic() - began
    chosen, _ = _first(said, "starting slot")
    shown, line = _first(said, "Run /init as init process")
    ran = float(line.strip("[ ").split("]")[0])
    _, line = _first(said, "timed ")
    process, first, _ = map(float, line.split("timed ")[1].split())
    kernel_at = shown - ran
    return {"firmware": chosen, "loader": kernel_at - chosen, "kernel": ran, "init": process - ran, "python": first - process,
            "app": answered - kernel_at - first, "all": answered}


def talking(board: Board) -> Board:
    """The board with a kernel that says what it does, and when."""
    return dataclasses.replace(board, command_line=board.command_line.replace("quiet ", ""))


def timed_program(folder: Path) -> Path:
    """samples/hello as a program that says when it began."""
    return _program(folder, _TIMED.format(app=HELLO.read_text()), 1)


def _first(said: list[tuple[float, str]], words: str) -> tuple[float, str]:
    return next((at, line) for at, line in said if words in line)


def _program(folder: Path, text: str, number: int) -> Path:
    """samples/hello with this text at its end, or in its place when that has it all, as a program."""
    place = folder / f"app{number}"
    place.mkdir()
    app = Path(shutil.copy(HELLO, place))
    app.write_text(text if "PATHS" in text else f"{app.read_text()}\n{text}\nNUMBER = {number}\n")
    plan = make_plan(str(app), "pc", str(place / "dist"), 0, False)
    return build_binary(plan).program


def _head(bundle: Bundle) -> int:
    """What is sent of a bundle besides its parts."""
    return len(bundle.data) - len(bundle.parts)
