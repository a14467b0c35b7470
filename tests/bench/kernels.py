"""`invoke bench image --only kernels`: a device with our own small kernel, beside the same one with Debian's."""

from __future__ import annotations

import statistics
import tempfile
from functools import partial
from pathlib import Path

from appliance.build import cores, emulated_board, require_programs, with_kernel
from appliance.fetching.recipes import Board
from appliance.imaging.image import Image, compose
from appliance.report import megabytes
from tests.bench.device import FIRMWARES, PARTS, least, serves, talking, timed_program, timed_start
from tests.bench.tables import Outcome, Table, judged, ratio

NAMES = ("small", "debian-amd64")
MUST, AIM = 96, 64  # MiB by a BIOS
_STARTS = 3

Figures = dict[str, float]


def kernels() -> Outcome:
    """Sizes, power-on to the first 200 (the starts take turns), and the least memory that serves."""
    boards = {name: with_kernel(emulated_board("pc"), name) for name in NAMES}
    for board in boards.values():
        require_programs(False, board)
    with tempfile.TemporaryDirectory() as scratch:
        program = timed_program(Path(scratch))
        images = {name: compose(program, "hello", "1.0", talking(board), Path(scratch, f"{name}.img"), jobs=cores())
                  for name, board in boards.items()}
        sizes = {name: _sizes(image) for name, image in images.items()}
        starts = {firmware: _in_turns(images, boards, firmware) for firmware in FIRMWARES}
        memory = {name: _least(images[name].path, boards[name]) for name in NAMES}
    tables = [_sizes_table(sizes), *(_starts_table(firmware, found) for firmware, found in starts.items()),
              _memory_table(memory)]
    return Outcome(tables, {"sizes": sizes, "starts": starts, "least": memory})


def _sizes(image: Image) -> Figures:
    return {"kernel": image.shares["kernel"], "modules": image.shares["modules"],
            "image, on the disk": image.path.stat().st_blocks * 512}


def _in_turns(images: dict[str, Image], boards: dict[str, Board], firmware: str) -> dict[str, list[Figures]]:
    found: dict[str, list[Figures]] = {name: [] for name in images}
    for _ in range(_STARTS):
        for name, image in images.items():
            found[name].append(timed_start(image.path, boards[name], firmware))
    return found


def _least(image: Path, board: Board) -> dict[str, int]:
    return {firmware: least(partial(serves, image, board, firmware)) for firmware in FIRMWARES}


def _sizes_table(sizes: dict[str, Figures]) -> Table:
    ours, theirs = (sizes[name] for name in NAMES)
    rows = [[what, megabytes(int(ours[what])), megabytes(int(theirs[what])), ratio(ours[what], theirs[what])] for what in ours]
    return Table("Kernels: size", ("what", *NAMES, "ratio"), rows)


def _starts_table(firmware: str, starts: dict[str, list[Figures]]) -> Table:
    ours, theirs = ({part: statistics.median(start[part] for start in starts[name]) for part in starts[name][0]}
                    for name in NAMES)
    rows = [[part, f"{ours[part]:.2f}", f"{theirs[part]:.2f}", ratio(ours[part], theirs[part])] for part in ours]
    title = f"Kernels: power-on to the first 200 by {firmware}, in seconds, in QEMU's software emulation, median of {_STARTS}"
    return Table(title, ("part", *NAMES, "ratio"), rows, [PARTS])


def _memory_table(memory: dict[str, dict[str, int]]) -> Table:
    rows = [[firmware, *(f"{memory[name][firmware]} MiB" for name in NAMES)] for firmware in FIRMWARES]
    found = memory[NAMES[0]]["bios"]
    note = f"The small one must serve in {MUST} MiB by BIOS: {judged(found <= MUST)}. Aim: {AIM}, {judged(found <= AIM)}."
    return Table("Kernels: the least memory in which samples/hello serves", ("firmware", *NAMES), rows, [note])
