"""An image and a bundle under test, with all that is known and kept of them: recordings, what was judged, machines."""

from __future__ import annotations

import collections
import random
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import cache_folder, digest_of, file_digest, scratch_folder
from appliance.common.progress import counter
from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board
from appliance.imaging import bootloader
from appliance.imaging.version import open_disk, read_version
from appliance.powercuts import comeback, data_files
from appliance.powercuts.comeback import Device, Failure, Settings
from appliance.powercuts.cuts import SAMPLES, Cut, all_kept, cuts, lot
from appliance.powercuts.judge import Judge, Memory, Outcome
from appliance.powercuts.recordings import BEFORE, EXPECTED, Recorder, Recording, Request
from appliance.powercuts.replay import Replay
from appliance.updating.bundle import read_bundle
from appliance.updating.update import good_slot

_STARTS = r"starting slot (\w) "
_MOST_SHOWN = 10  # failures of one recording
_LOADER = ("bios", "esp")


@dataclass(frozen=True)
class Wishes:
    """What is cut: the recordings of these names (none: all), a ``change`` of settings among them if one is named; the
    ``seed`` and number of samples; so many ``boots`` of replayed disks, so many ``kills`` of a running machine."""

    only: tuple[str, ...] = ()
    change: Request | None = None
    seed: int = 1
    samples: int = SAMPLES
    boots: int = 0
    kills: int = 0
    firmware: str = "bios"
    work: Path | None = None  # the folder of what is kept from run to run (default: in the cache)

    def __post_init__(self) -> None:
        for name, number, least in (("samples", self.samples, 1), ("boots", self.boots, 0), ("kills", self.kills, 0)):
            if number < least:
                raise Problem(f"{number} is no number of {name}", f"say {least} or more")

    @property
    def names(self) -> list[str]:
        """The recordings that are judged."""
        for name in self.only:
            if name not in EXPECTED:
                raise Problem(f"there is no recording {name}", f"there are: {', '.join(EXPECTED)}")
        if "settings" in self.only and not self.change:
            raise Problem("how the app's settings change is not said", 'say it like --change "POST /settings name=value"')
        return [name for name in EXPECTED if name in (self.only or EXPECTED) and (name != "settings" or self.change)]


@dataclass
class Judged:
    """What was found of one recording. ``samples`` are cuts to be booted, some of every outcome."""

    recording: Recording
    outcomes: collections.Counter[Outcome] = field(default_factory=collections.Counter)
    failures: list[tuple[Cut, str]] = field(default_factory=list)
    failed: int = 0
    samples: dict[Outcome, list[Cut]] = field(default_factory=dict)

    @property
    def cuts(self) -> int:
        """How many there were."""
        return self.failed + self.outcomes.total()


class Bench:
    """An image and a bundle, and all that is known and kept of them."""

    def __init__(self, image: Path, bundle: Path, board: Board, wishes: Wishes, jobs: int, offline: bool) -> None:
        self.wishes, self._board, self._jobs, self._offline = wishes, board, jobs, offline
        self._image = image
        disk = open_disk(image)
        good = good_slot(image, jobs, offline)
        self.old = read_version(disk, good)
        new = read_bundle(bundle)
        self.new_version = new.says("version")[0]
        self._places = {name: (start, start + length) for name, (start, length) in disk.places.items()}
        self._versions = {"old": self.old.data, "new": _slot_of(new.says("slot")[0], new.says("part"), new.parts)}
        self._loader = {name: disk.read(name) for name in _LOADER if name in disk.places}
        self.origin = digest_of(file_digest(image), file_digest(bundle), wishes.firmware, str(wishes.change or ""))
        self.folder = (wishes.work.resolve() if wishes.work else cache_folder("powercut")) / self.origin[:16]
        self.recorder = Recorder(image, bundle, board, self.folder, wishes.firmware, wishes.change, jobs, offline)

    @property
    def names(self) -> list[str]:
        """The recordings that are judged: those that are wished for, as far as a device with this image makes them."""
        return [name for name in self.wishes.names if name != "install" or self.installs]

    @property
    def installs(self) -> bool:
        """Whether a device with this image takes updates from a stick."""
        return self.old.says("usb_update") != "off"

    def device(self, size: int) -> Device:
        """What is known of a disk of this size: the data partition may have grown to its end."""
        start, _ = self._places["data"]
        return Device({**self._places, "data": (start, size)}, self._versions, self._loader)

    @contextmanager
    def judge(self, name: str) -> Iterator[tuple[Recording, Judge]]:
        """A recording and its judge, who has seen the settings at its beginning and at its end."""
        recording = self.recorder.recording(name)
        origin = f"{self.origin} {name} {_digest_of_model()}"
        memory = Memory(self.folder / f"{name}.jsonl")
        try:
            with self.recorder.disk(BEFORE[name], name) as disk, scratch_folder(self.folder) as scratch:
                device = self.device(recording.size)
                ends = [all_kept(recording.happened, point) for point in (recording.begin, len(recording.happened))]
                with Judge(recording, disk, device, memory, origin, scratch) as judge:
                    first = judge.settings(ends[0])
                    # The end is looked at on another disk: cuts go on in one direction.
                    with (self.recorder.disk(BEFORE[name], name) as other,
                          Judge(recording, other, device, memory, origin, scratch) as at_end):
                        last = at_end.settings(ends[1])
                    judge.learn(first, last)
                    yield recording, judge
        finally:
            memory.close()

    def judged(self, name: str) -> Judged:
        """Every cut of a recording."""
        with self.judge(name) as (recording, judge):
            found = Judged(recording)
            chance = lot(self.wishes.seed)
            total = len(recording.happened) - recording.begin
            with counter(f"judge: {name}", total, "writes and flushes") as advance:
                point = recording.begin
                for cut in cuts(recording.happened, self.wishes.seed, self.wishes.samples, recording.begin):
                    advance(cut.point - point)
                    point = cut.point
                    self._note(found, cut, judge, chance)
            self._check_end(found, judge)
            return found

    def _check_end(self, found: Judged, judge: Judge) -> None:
        """What was said to be done is done: with all of it on the disk, there is no way back."""
        name, end = found.recording.name, all_kept(found.recording.happened, len(found.recording.happened))
        if found.failed:
            return
        version = judge.outcome(end).version
        if version != EXPECTED[name][-1]:
            found.failed += 1
            found.failures.append((end, f"it is over, and the {version} version starts"))

    def _note(self, found: Judged, cut: Cut, judge: Judge, chance: random.Random) -> None:
        try:
            outcome = judge.outcome(cut)
            if outcome.version not in EXPECTED[found.recording.name]:
                raise Failure(f"the {outcome.version} version starts, which must not be yet")
        except Failure as failure:
            found.failed += 1
            if len(found.failures) < _MOST_SHOWN:
                found.failures.append((cut, str(failure)))
            return
        found.outcomes[outcome] += 1
        kept = found.samples.setdefault(outcome, [])
        if len(kept) < self.wishes.boots:
            kept.append(cut)
        elif kept and (place := chance.randrange(found.outcomes[outcome])) < len(kept):
            kept[place] = cut

    def write_disk(self, name: str, cut: Cut, file: Path) -> None:
        """The whole disk behind a cut."""
        recording = self.recorder.recording(name)
        with self.recorder.disk(BEFORE[name], name) as disk, Replay(disk, recording.happened) as replay:
            replay.move_to(cut)
            replay.copy(0, replay.size, file)

    def settings_of(self, disk: Path) -> Settings:
        """The settings on a disk as it is."""
        with self._judge_of(disk) as judge:
            return judge.settings(Cut(0))

    def outcome_of(self, disk: Path, first: Settings, last: Settings) -> Outcome:
        """What comes up from a disk as it is, whose settings may be those or these; else a Failure."""
        with self._judge_of(disk) as judge:
            judge.learn(first, last)
            return judge.outcome(Cut(0))

    @contextmanager
    def _judge_of(self, disk: Path) -> Iterator[Judge]:
        """Who sees a disk to which nothing is written."""
        still = Recording("", [], disk.stat().st_size, 0, 0.0)
        with (scratch_folder(self.folder) as scratch, closing(Memory(scratch / "seen.jsonl")) as memory,
              Judge(still, disk, self.device(still.size), memory, "", scratch) as judge):
            yield judge

    def boot(self, disk: Path, expected: Outcome | None, keep: bool = False) -> str:
        """What is wrong when a machine starts from a disk; "" when the version that is expected answers with /data mounted."""
        with self.recorder.machine(disk, keep=keep) as machine:
            try:
                slot = machine.wait_for(_STARTS)[1]
                version = self._version_said(machine)
                status, _ = machine.get("/")
            except Problem as problem:
                return problem.what
            if not any("/data is /dev/" in line for line in machine.console):
                return "/data is not mounted"
        if status >= 500:
            return f"the app answers {status}"
        wanted = {"old": self.old.says("version"), "new": self.new_version}
        if expected and (slot, version) != (expected.slot, wanted[expected.version]):
            return f"version {version} starts from slot {slot}; expected was {expected}"
        return "" if version in wanted.values() else f"it starts version {version}"

    def _version_said(self, machine: Machine) -> str:
        return machine.wait_for(rf"fapws4: {self.old.says('name')} (\S+) on ")[1]


def _slot_of(length: str, parts: Iterable[str], data: bytes) -> bytes:
    """The bytes of a slot, from what a bundle says and holds."""
    slot = bytearray(int(length))
    at = 0
    for _, offset, size, _ in (line.split() for line in parts):
        slot[int(offset) : int(offset) + int(size)] = data[at : at + int(size)]
        at += int(size)
    return bytes(slot)


def _digest_of_model() -> str:
    """What was judged by another model is judged again."""
    return digest_of(*(Path(str(module.__file__)) for module in (comeback, data_files, bootloader)))[:16]


