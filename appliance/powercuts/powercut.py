"""An end of the line: whatever a device writes, cut the power at every point of it, and see that it comes up.

Recordings (recordings.py) are replayed up to every point, with any part of what was written since the last flush (cuts.py,
replay.py), and every disk that comes out is judged (judge.py) by a model of what starts from it (comeback.py). The same
command goes on where it was stopped. A sample is booted, and machines that run are killed (kills.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from appliance.common.errors import Problem
from appliance.common.places import scratch_folder
from appliance.common.progress import note, step
from appliance.fetching.recipes import Board
from appliance.powercuts.comeback import Failure
from appliance.powercuts.cuts import Cut, parse_cut
from appliance.powercuts.judge import Memory, Outcome
from appliance.powercuts.kills import Fault, Killed, Killer, stages_of
from appliance.powercuts.recordings import EXPECTED
from appliance.powercuts.workbench import Bench, Judged, Wishes


@dataclass
class Report:
    """All that was found, and what went wrong in real machines."""

    judged: list[Judged] = field(default_factory=list)
    booted: int = 0
    killed: list[Killed] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """How many cuts a device does not survive."""
        return sum(each.failed for each in self.judged) + len(self.faults)


def powercut(image: Path, bundle: Path, board: Board, wishes: Wishes, jobs: int, offline: bool = False) -> Report:
    """All recordings, judged; then a sample of them booted, and machines killed."""
    bench = Bench(image, bundle, board, wishes, jobs, offline)
    report = Report()
    stages = stages_of(bench) if wishes.kills else []
    if not wishes.change:
        note("a change of settings is not recorded: --change says which request makes the app change them")
    if not bench.installs:
        note('no device installs the update by itself: this image says usb_update = "off"')
    for name in bench.names:
        report.judged.append(bench.judged(name))
    with closing(Memory(bench.folder / "machines.jsonl")) as memory:
        for each, outcome, cut in _to_boot(report.judged, wishes.boots):
            name = each.recording.name
            fault = memory.once(f"boot {name}/{cut}", partial(boot_cut, bench, name, cut, outcome))
            report.booted += 1
            report.faults += [f"boot of {name}/{cut}: {fault}"] if fault else []
        _kill(bench, stages, memory, report)
    return report


def _kill(bench: Bench, stages: Sequence[str], memory: Memory, report: Report) -> None:
    """As many kills as are wished for. One that came up in an earlier run counts."""
    with scratch_folder(bench.folder) as scratch:
        killer = Killer(bench, stages, scratch)
        for number in range(bench.wishes.kills):
            key = f"killed {bench.wishes.seed} {','.join(stages)} {number}"
            _kill_one(partial(memory.find, key, partial(killer.kill, number)), f"kill {number}", report)


def _kill_one(kill: Callable[[], Sequence[Any]], name: str, report: Report) -> None:
    try:
        report.killed.append(Killed(*kill()))
    except Fault as fault:
        report.faults.append(f"{name}: {fault}")


def boot_cut(bench: Bench, name: str, cut: Cut, expected: Outcome) -> str:
    """What is wrong when a machine starts from what a cut has left; "" when it is what was ``expected``."""
    with step(f"boot {name}/{cut.point}"), scratch_folder(bench.folder) as scratch:
        bench.write_disk(name, cut, scratch / "cut.img")
        return bench.boot(scratch / "cut.img", expected)


def repeat(image: Path, bundle: Path, board: Board, wishes: Wishes, which: str, output: Path, jobs: int,
           offline: bool = False) -> str:
    """One cut, as a report names it (RECORDING/POINT:WRITES): what comes up. The disk is left in ``output``."""
    name, _, rest = which.partition("/")
    if name not in EXPECTED or (name == "settings" and not wishes.change):
        raise Problem(f"there is no recording {name}", "take the cut from a report, with the options of that run")
    cut = parse_cut(rest)
    bench = Bench(image, bundle, board, wishes, jobs, offline)
    if cut.point > len(bench.recorder.recording(name).happened):
        raise Problem(f"the recording {name} has no point {cut.point}", "take the cut from a report of this image and bundle")
    bench.write_disk(name, cut, output)
    with bench.judge(name) as (_, judge):
        try:
            return f"comes up: {judge.outcome(cut)}"
        except Failure as failure:
            raise Problem(f"{which}: {failure}", f"its disk is {output}: invoke emulate {output}") from failure


def _to_boot(judged: Sequence[Judged], count: int) -> list[tuple[Judged, Outcome, Cut]]:
    """So many cuts, of all recordings and outcomes in turn."""
    heaps = [(each, outcome, list(found)) for each in judged for outcome, found in each.samples.items()]
    chosen: list[tuple[Judged, Outcome, Cut]] = []
    while len(chosen) < count and any(heap for _, _, heap in heaps):
        for each, outcome, heap in heaps:
            if heap and len(chosen) < count:
                chosen.append((each, outcome, heap.pop(0)))
    return chosen
