"""Machines that run are killed while they install an update, and while they try it; and each must come up.

    install    from when the update on a stick is taken until the restart; every machine goes on from the same saved state
    trial      from power-on with the new version armed until it is confirmed and switched off

What happens is rehearsed once, without a kill. Kills are spread over the writes of that, each at some moment between one write
and the next: a device writes in bursts, so moments spread over the time would nearly all lie in the pauses.
What comes up is foretold from the disk by the model that judges replayed ones, so each of these machines proves it, too.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from appliance.common.errors import Problem
from appliance.common.places import scratch_folder
from appliance.common.progress import step
from appliance.common.sparse import copy_sparse
from appliance.emulating.emulate import Machine, StillOn
from appliance.emulating.machine_state import resume, save, saved_in, written
from appliance.powercuts.comeback import SETTINGS_FOLDERS, Failure, Settings, check_settings
from appliance.powercuts.cuts import lot
from appliance.powercuts.recordings import BEFORE, CONFIRMED
from appliance.powercuts.workbench import Bench

INSTALL, TRIAL = "install", "trial"
_LATER = 0.1  # s, at most, from a write to the kill
_PATIENCE = 240.0  # s; a machine that does not end in this time hangs
_GLANCE = 0.002  # s between two looks at what was written


class Fault(Exception):
    """A machine that was killed does not come up as it should: one sentence."""


class Killed(NamedTuple):
    """A machine that was killed in a stage when it had written so often, and what came up."""

    stage: str
    writes: int
    outcome: str


@dataclass(frozen=True)
class Stage:
    """Where machines go on from: a disk, and a saved state (None: power-on). They write so often."""

    name: str
    disk: Path
    state: Path | None
    writes: int


@dataclass(frozen=True)
class Rehearsed:
    """The stages, and the settings before them and behind them."""

    stages: list[Stage]
    first: Settings
    last: Settings


def stages_of(bench: Bench) -> list[str]:
    """The stages in which machines are killed: those of the recordings that are wished for and can be."""
    found = [name for name in (INSTALL, TRIAL) if name in bench.names]
    if not found:
        raise Problem("there is no update in which a machine could be killed", "let --only name install or trial")
    return found


def drawn(seed: int, number: int, stages: Sequence[Stage]) -> tuple[Stage, int, float]:
    """In which stage a machine is killed, behind how many writes, and how many seconds later."""
    chance = lot(seed, "kill", number)
    stage = chance.choices(stages, [stage.writes + 1 for stage in stages])[0]
    return stage, chance.randint(0, stage.writes), chance.uniform(0, _LATER)


class Killer:
    """Kills machines of a bench. What they go on from is made when it is first needed, and lies in ``scratch``."""

    def __init__(self, bench: Bench, stages: Sequence[str], scratch: Path) -> None:
        self._bench, self._stages, self._scratch = bench, stages, scratch

    def kill(self, number: int) -> Killed:
        """One machine; a Fault unless what comes up is what must. The disk of a fault is kept."""
        stage, writes, later = drawn(self._bench.wishes.seed, number, self.rehearsed.stages)
        with (step(f"kill {number}: {stage.name}, behind write {writes} of {stage.writes}"),
              scratch_folder(self._scratch) as scratch):
            disk, found = scratch / "disk.img", scratch / "found.img"
            copy_sparse(stage.disk, disk)
            try:
                count = self.run(disk, stage.state, writes, later)
                copy_sparse(disk, found)
                return Killed(stage.name, count, self._comes_up(disk))
            except (Fault, Failure, Problem) as error:
                kept = self._bench.folder / f"kill-{self._bench.wishes.seed}-{number}.img"
                (found if found.exists() else disk).rename(kept)
                raise Fault(f"{stage.name}, behind write {writes}: {error}; it has left the disk {kept}") from error

    @cached_property
    def rehearsed(self) -> Rehearsed:
        """Every stage without a kill."""
        begin, end = self._scratch / "begin.img", self._scratch / "end.img"
        recorder, stages = self._bench.recorder, []
        if INSTALL in self._stages:
            with step("kills: save a machine that begins to install"):
                state = self._scratch / "begin.state"
                recorder.lay_out(begin, BEFORE[INSTALL], INSTALL)
                with recorder.offered(begin) as machine:
                    save(machine, state)
            stages.append(self._rehearse(INSTALL, begin, state, end))
            begin, end = end, self._scratch / "tried.img"
        else:
            recorder.lay_out(begin, BEFORE[TRIAL], TRIAL)
        if TRIAL in self._stages:
            stages.append(self._rehearse(TRIAL, begin, None, end))
        first, last = self._bench.settings_of(stages[0].disk), self._bench.settings_of(end)
        return Rehearsed(stages, first, _comparable(first, last))

    def _rehearse(self, name: str, disk: Path, state: Path | None, end: Path) -> Stage:
        """A stage to its end, which leaves the disk ``end``."""
        with step(f"kills: rehearse {name}"):
            copy_sparse(disk, end)
            return Stage(name, disk, state, self.run(end, state))

    def run(self, disk: Path, state: Path | None, enough: float = math.inf, later: float = 0.0) -> int:
        """A machine until it is killed, ``later`` than it has written often enough, or ends; how often it had written."""
        recorder = self._bench.recorder
        on = recorder.with_stick(disk, extra=[*saved_in(state), "-no-reboot"]) if state else recorder.machine(disk)
        with on as machine:
            if state:
                resume(machine)
            count = _watch(machine, enough)
            if count >= enough:
                time.sleep(later)
                machine.cut_power()
            return count

    def _comes_up(self, disk: Path) -> str:
        """What the model foretells, once a machine with this disk has shown it: slot, version, settings, /data, an answer."""
        bench, first, last = self._bench, self.rehearsed.first, self.rehearsed.last
        outcome = bench.outcome_of(disk, first, last)
        if fault := bench.boot(disk, outcome, keep=True):
            raise Fault(f"{outcome}: {fault}")
        check_settings(bench.settings_of(disk), first, last)
        return str(outcome)


def _watch(machine: Machine, enough: float) -> int:
    """Until a machine has written often enough, or has ended: one that has confirmed a new version is switched off."""
    count, confirmed, deadline = 0, False, time.monotonic() + _PATIENCE
    while count < enough and time.monotonic() < deadline:
        try:
            count, _ = written(machine)
            if not confirmed and any(CONFIRMED in line for line in machine.console):
                confirmed = True
                machine.press_power_button()
        except Problem:  # it has ended, or else it hangs
            machine.wait_for_end(_PATIENCE)
            return count
        time.sleep(_GLANCE)
    if count < enough:
        raise StillOn(f"the machine is still on after {_PATIENCE:.0f} s", "see its console")
    return count


def _comparable(first: Settings, last: Settings) -> Settings:
    """Without what the device has made for itself meanwhile, by chance: it is different each time."""
    return {path: digest for path, digest in last.items() if path in first or path.startswith(f"{SETTINGS_FOLDERS[0]}/")}
