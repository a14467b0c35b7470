"""`invoke powercut`: a device that writes in a wrong order is found out, one that does not is not."""

from __future__ import annotations

import collections
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.fetching.recipes import Board
from appliance.formats.write_log import SECTOR, Event, Write, packed
from appliance.imaging.bootloader import STATE_COPIES_AT, SlotState
from appliance.imaging.image import compose
from appliance.imaging.keys import KeySet, PrivateKey
from appliance.imaging.release import Release
from appliance.imaging.version import open_disk
from appliance.powercuts.judge import Memory
from appliance.powercuts.kills import Fault, Killed, Killer, Rehearsed, Stage, drawn
from appliance.powercuts.powercut import Report, powercut
from appliance.powercuts.recordings import parse_request
from appliance.powercuts.workbench import Bench, Wishes
from appliance.report import show_powercut
from appliance.updating.bundle import make_bundle, write_bundle
from tests.appliance.cases import problem
from tests.appliance.running import invoke

KEY = PrivateKey(b"k" * 32)
JOBS = 2


@pytest.fixture(scope="module")
def versions(hello_binary: Path, pc: Board, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An image of hello, and a bundle of the next version; small slots, because whole ones are compared."""
    folder = tmp_path_factory.mktemp("cut")
    board = replace(pc, partitions=[replace(part, size=24) if part.kind == "slot" else part for part in pc.partitions])
    for counter in (7, 8):
        release = Release(counter, keys=KeySet(1, (KEY.public,)))
        compose(hello_binary, "hello", f"{counter}.0", board, folder / f"{counter}.img", release)
    write_bundle(make_bundle(folder / "8.img", [KEY]), folder / "hello.update")
    return folder / "7.img", folder / "hello.update"


def bench_in(folder: Path, versions: tuple[Path, Path], board: Board) -> Bench:
    """Everything that is kept is kept in this folder."""
    return Bench(*versions, board, Wishes(samples=10, work=folder), JOBS, False)


@pytest.fixture(scope="module")
def update(versions: tuple[Path, Path], pc: Board, tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    """What a real update writes."""
    return bench_in(tmp_path_factory.mktemp("real"), versions, pc).recorder.recording("update").happened


def test_the_update_as_it_is(versions: tuple[Path, Path], pc: Board, tmp_path: Path) -> None:
    """No cut is a failure; some leave the old version, some the new one; what is found again is the same."""
    found = bench_in(tmp_path, versions, pc).judged("update")
    assert (0, []) == (found.failed, found.failures)
    assert {"old, slot a", "new, slot b"} == {str(outcome) for outcome in found.outcomes}
    assert found.outcomes == bench_in(tmp_path, versions, pc).judged("update").outcomes


class Order:
    """The events of an update, to be put into another order."""

    def __init__(self, happened: list[Event], image: Path) -> None:
        places = open_disk(image).places
        slot, state = places["slotb"][0], places["state"][0]
        self.happened = happened
        writes = [event for event in happened if isinstance(event, Write)]
        self.arming = next(event for event in writes if event.at == state + STATE_COPIES_AT[1])
        self.unmaking, *_, self.making = [event for event in writes if event.at == slot and len(event.data) == SECTOR]
        self.largest = max(writes[len(writes) // 2 :], key=lambda write: len(write.data))
        self.loader = Write(places["esp"][0], b"x" * SECTOR)
        self.confirmed = Write(self.arming.at, SlotState(2, "b").block())

    def without(self, *gone: Event) -> list[Event]:
        """All but these, which are told by who they are."""
        return [event for event in self.happened if not any(event is other for other in gone)]

    def flushes_of(self, write: Write) -> tuple[Event, Event]:
        """The one before a write, and the one after it."""
        number = self.happened.index(write)
        return self.happened[number - 1], self.happened[number + 1]


Wrong = Callable[[Order], list[Event]]
SLOT_B = "slot b could be started and is neither the old nor the new version"
RUINOUS: dict[str, tuple[Wrong, str]] = {
    "no flush at all": (lambda order: [event for event in order.happened if isinstance(event, Write)], SLOT_B),
    "no flush before it is armed": (lambda order: order.without(*order.flushes_of(order.making)), SLOT_B),
    "armed before it is whole, and can be started": (
        lambda order: [order.arming, order.making, *order.without(order.unmaking, order.arming, order.making)], SLOT_B),
    "a part is missing": (lambda order: order.without(order.largest), SLOT_B),
    "confirmed before it is there": (
        lambda order: [order.confirmed, *order.without(order.arming)],
        "slot b, the one that is known to work, cannot be started"),
    "the boot loader is written, too": (
        lambda order: [order.loader, *order.happened], "the partition esp, from which the boot loader starts, was changed"),
    "it is never armed": (lambda order: order.without(order.arming), "it is over, and the old version starts"),
}
# The updater does more than it must: each of these alone is made good by another.
HARMLESS: dict[str, Wrong] = {
    "no flush before the slot can be started": lambda order: order.without(order.flushes_of(order.making)[0]),
    "the slot can be started before it is whole": lambda order: [order.making, *order.without(order.unmaking, order.making)],
    "armed before it is whole": lambda order: [order.happened[0], order.arming, *order.without(order.unmaking, order.arming)],
}


def bench_of(versions: tuple[Path, Path], board: Board, folder: Path, happened: list[Event]) -> Bench:
    """With the recording of a device that writes this."""
    bench = bench_in(folder, versions, board)
    plant(bench.folder / "update", happened, versions[0])
    return bench


@pytest.mark.parametrize("name", RUINOUS)
def test_a_wrong_order_is_found(
    versions: tuple[Path, Path], update: list[Event], pc: Board, tmp_path: Path, name: str
) -> None:
    """Each of these devices can be ruined by a power cut, and the report says how."""
    make, reason = RUINOUS[name]
    found = bench_of(versions, pc, tmp_path, make(Order(update, versions[0]))).judged("update")
    assert found.failed
    assert reason in {failure for _, failure in found.failures}


@pytest.mark.parametrize("name", HARMLESS)
def test_an_order_that_harms_nobody_is_not_found(
    versions: tuple[Path, Path], update: list[Event], pc: Board, tmp_path: Path, name: str
) -> None:
    """The model does not cry wolf."""
    found = bench_of(versions, pc, tmp_path, HARMLESS[name](Order(update, versions[0]))).judged("update")
    assert (0, []) == (found.failed, found.failures)


def plant(folder: Path, happened: list[Event], image: Path) -> None:
    """A recording of a device that writes this."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log").write_bytes(packed(happened))
    (folder / "facts.json").write_text(json.dumps({"size": image.stat().st_size, "begin": 0, "seconds": 0}))


def test_machines_that_came_up_are_not_started_again(tmp_path: Path) -> None:
    """What was wrong is looked at again, also by the next run, and so is what a killed run did not write to its end."""
    answers = iter(["dead", "", ""])
    for expected in ("dead", "", ""):
        memory = Memory(tmp_path / "machines.jsonl")
        assert expected == memory.once("kill 1", lambda: next(answers))
        memory.close()
    assert [""] == list(answers)
    with (tmp_path / "machines.jsonl").open("a") as file:
        file.write('{"kill 2')
    memory = Memory(tmp_path / "machines.jsonl")
    assert ["", "dead"] == [memory.once(f"kill {number}", lambda: "dead") for number in (1, 2)]
    memory.close()


def test_kills_are_spread_over_all_writes() -> None:
    """Behind each of them, and before the first one, machines are killed; the same number is the same kill."""
    stages = [Stage("install", Path(), None, 9), Stage("trial", Path(), None, 29)]
    kills = [drawn(1, number, stages) for number in range(4000)]
    found = collections.Counter((stage.name, writes) for stage, writes, _ in kills)
    assert {(stage.name, writes) for stage in stages for writes in range(stage.writes + 1)} == set(found)
    assert max(found.values()) < 3 * min(found.values())
    assert drawn(1, 7, stages) == drawn(1, 7, stages) != drawn(2, 7, stages)


def test_the_disk_of_a_machine_that_does_not_come_up_is_kept(
    versions: tuple[Path, Path], pc: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the report names it, and says what the model saw in it."""
    bench = bench_in(tmp_path, versions, pc)

    def ruin(_: Killer, disk: Path, *__: object) -> int:
        with disk.open("r+b") as file:
            file.seek(open_disk(versions[0]).places["esp"][0])
            file.write(b"x" * SECTOR)
        return 3

    monkeypatch.setattr(Killer, "run", ruin)
    killer = Killer(bench, ["trial"], tmp_path)
    killer.rehearsed = Rehearsed([Stage("trial", versions[0], None, 0)], {}, {})
    with pytest.raises(Fault) as fault:
        killer.kill(5)
    kept = bench.folder / "kill-1-5.img"
    assert str(fault.value) == (f"trial, behind write 0: the partition esp, from which the boot loader starts, was changed; "
                                f"it has left the disk {kept}")
    assert b"x" * SECTOR == open_disk(kept).read("esp")[:SECTOR]


def test_what_was_killed_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Each stage apart, and how often what came up."""
    killed = [Killed("install", 4, "old, slot a"), Killed("install", 0, "old, slot a"), Killed("trial", 7, "new, slot b")]
    show_powercut(Report(killed=killed, faults=["kill 3: /data is not mounted"]), 1)
    told = "".join(capsys.readouterr())
    assert "install: killed 2 times, behind 0 to 4 writes; 2 old, slot a\n" in told
    assert "trial: killed 1 times, behind 7 to 7 writes; 1 new, slot b\n" in told
    assert "0 of these disks booted, 3 killed machines came up: 1 faults\n" in told
    assert "seed 1: 1 failures\n" in told


def test_there_must_be_an_update_to_be_killed_in(versions: tuple[Path, Path], pc: Board, tmp_path: Path) -> None:
    """It is said before anything is recorded."""
    wishes = Wishes(only=("start",), kills=1, work=tmp_path)
    assert "there is no update in which a machine could be killed: let --only name install or trial" == problem(
        lambda: powercut(*versions, pc, wishes, JOBS))


def test_through_the_command(versions: tuple[Path, Path], update: list[Event], tmp_path: Path) -> None:
    """Exit code 0 and what came up; one cut again; a ruined device is exit code 1."""
    words: list[str | Path] = ["powercut", *versions, "--only", "update", "--samples", "5", "--work", tmp_path]
    done = invoke(*words)
    assert 0 == done.returncode, done.stderr
    assert "seed 1: old or new, never neither" in done.stdout + done.stderr
    once = invoke(*words, "--repeat", "update/3:2~1", "--output", tmp_path / "cut.img")
    assert (0, True) == (once.returncode, "comes up: old, slot a" in once.stdout + once.stderr)
    assert (tmp_path / "cut.img").stat().st_size == versions[0].stat().st_size
    plant(next(tmp_path.glob("*/update")), [event for event in update if isinstance(event, Write)], versions[0])
    ruined = invoke(*words)
    assert (1, True) == (ruined.returncode, SLOT_B in ruined.stdout + ruined.stderr)


def test_wishes_that_cannot_be() -> None:
    """A recording that is not there, and settings of which nobody says how they change."""
    assert ["update", "start", "install", "trial", "reset"] == Wishes().names
    assert "0 is no number of samples: say 1 or more" in problem(lambda: Wishes(samples=0))
    assert "-1 is no number of boots: say 0 or more" in problem(lambda: Wishes(boots=-1))
    assert "-2 is no number of kills: say 0 or more" in problem(lambda: Wishes(kills=-2))
    assert "there is no recording upgrade: there are: update, start, install, trial, settings, reset" == problem(
        lambda: Wishes(only=("upgrade",)).names)
    assert "how the app's settings change is not said: say it like " in problem(lambda: Wishes(only=("settings",)).names)
    assert "settings" in Wishes(change=parse_request("POST /settings a=b")).names
    assert "POST is no request: say it like " in problem(lambda: parse_request("POST"))
