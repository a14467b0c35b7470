"""The slot state in C against the two others who know it: boot/grub.cfg, which chooses, and bootloader.py, which writes."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.imaging.bootloader import MOST_TRIES, STATE_COPIES_AT, STATE_SIZE, SlotState
from tests.core.init.grub import Decision, decisions, environment

# 9 and 10: text would order them the other way.
STATES = [SlotState(*fields) for fields in itertools.product((9, 10), "ab", ("", "a", "b"), range(MOST_TRIES + 1))]
DAMAGED = [bytes(STATE_SIZE), b"\xff" * STATE_SIZE, SlotState(11, "b").block().replace(b"end=11", b"end=10"),
           SlotState(11, "b").block().replace(b"seq=11", b"seq="), b"# GRUB Environment Block\n".ljust(STATE_SIZE, b"#")]
SECTORS = [*(state.block() for state in STATES), *DAMAGED]
OLD, NEW = SlotState(9, "a", "b", 1), SlotState(10, "b")


def fields(state: Any) -> SlotState:
    """A struct slot_state as bootloader.py's."""
    trial = state.trial.decode() if state.trial != b"\0" else ""
    return SlotState(state.seq, state.good.decode(), trial, state.tries)


def parsed(pure: Any, sector: bytes) -> SlotState | None:
    """One sector as C reads it."""
    state = pure.ffi.new("struct slot_state *")
    return fields(state) if pure.lib.slot_state_parse(pure.exact(sector), state) else None


def made(pure: Any, state: SlotState) -> Any:
    """bootloader.py's state as a struct slot_state."""
    trial = state.trial.encode() or b"\0"
    return pure.ffi.new("struct slot_state *", {"seq": state.sequence, "good": state.good.encode(), "trial": trial,
                                                "tries": state.tries})


def decided(pure: Any, one: bytes, other: bytes) -> Decision:
    """What C says that GRUB does with these copies."""
    state = pure.ffi.new("struct slot_state *")
    copy = pure.lib.slot_state_choose(pure.exact(one), pure.exact(other), state)
    before = fields(state)
    slot = pure.lib.slot_state_start(state).decode()
    after = fields(state)
    if before == after:
        return Decision(slot, "" if copy < 0 else str(copy), "")
    if environment((one, other)[1 - copy]) is None:  # GRUB writes into a block that is there, or not at all
        return Decision(before.good, str(copy), "")
    end = f"{after.sequence}.{after.good}.{after.trial}.{after.tries}"
    return Decision(slot, str(copy), f"{1 - copy} {after.sequence} {after.good} {after.trial} {after.tries} {end}")


def torn() -> Iterator[bytes]:
    """A newer state that was cut while it replaced an older one, at every byte; both ways, because lengths differ."""
    for at in range(STATE_SIZE):
        yield NEW.block()[:at] + OLD.block()[at:]
        yield OLD.block()[:at] + NEW.block()[at:]


def test_the_choice_is_that_of_grub(pure: Any, tmp_path: Path) -> None:
    """Whatever both copies hold, damage included, PID 1 knows the slot that GRUB starts and what it writes."""
    pairs = list(itertools.product(range(len(SECTORS)), range(len(SECTORS))))
    expected = decisions(SECTORS, pairs, tmp_path)
    assert [decided(pure, SECTORS[one], SECTORS[other]) for one, other in pairs] == expected
    assert {decision.copy for decision in expected} == {"", "0", "1"}


def test_a_torn_copy_is_judged_as_by_grub(pure: Any, tmp_path: Path) -> None:
    """A write that was cut at any byte leads to the state before it or to the one after it, for GRUB and PID 1 alike."""
    sectors = [SlotState(9, "a", "b", 2).block(), *sorted(set(torn()))]
    pairs = [(0, at) for at in range(1, len(sectors))]
    expected = decisions(sectors, pairs, tmp_path)
    assert [decided(pure, sectors[0], sectors[at]) for _, at in pairs] == expected
    assert {parsed(pure, sector) for sector in sectors[1:]} == {OLD, NEW, None}


@pytest.mark.parametrize("state", [SlotState(1, "a"), SlotState(2**31 - 1, "b", "a", 3)], ids=str)
def test_both_sides_write_the_same_bytes(pure: Any, state: SlotState) -> None:
    """A sector that C writes is the one that the image builder writes."""
    out = pure.exact(bytes(STATE_SIZE))
    pure.lib.slot_state_format(made(pure, state), out)
    assert bytes(pure.ffi.buffer(out, STATE_SIZE)) == state.block()
    assert parsed(pure, state.block()) == state


@pytest.mark.parametrize(
    ("was", "becomes"),
    [("seq=10", "seq=010"), ("seq=10", "seq=2147483648"), ("seq=10", "seq=-1"), ("good=b", "good=c"), ("good=b", "good="),
     ("try=", "try=ab"), ("tries=0", "tries=4"), ("tries=0", "tries="), ("tries=0", "try=0"), ("#", "%")],
)
def test_values_that_nobody_writes_are_damage(pure: Any, was: str, becomes: str) -> None:
    """A copy that GRUB could read in another way than PID 1 does not count, however whole it looks."""
    lines = NEW.block().decode().rstrip("#").replace(was, becomes, 1).splitlines()[:-1]
    end = ".".join(line.partition("=")[2] for line in lines[1:])
    assert parsed(pure, "\n".join([*lines, f"end={end}", ""]).encode().ljust(STATE_SIZE, b"#")) is None


@pytest.mark.parametrize("state", [SlotState(1, "a"), SlotState(2**31 - 1, "b", "a", 3), SlotState(7, "a", "b", 0)], ids=str)
def test_what_grub_hands_over_is_understood(pure: Any, state: SlotState) -> None:
    """The state on the kernel's command line is that of the sector."""
    end = next(line for line in state.block().decode().splitlines() if line.startswith("end=")).removeprefix("end=")
    value = pure.ffi.new("struct slot_state *")
    assert pure.lib.slot_state_parse_end(end.encode(), value)
    assert fields(value) == state


@pytest.mark.parametrize("text", ["", ".", "...", "1.a.b", "1.a.b.1.", "1.a.b.1.2", "1.a.b.4", "1.c..0", "a.1..0",
                                  "1.a.b.", "-1.a.b.1"])
def test_half_a_state_is_none(pure: Any, text: str) -> None:
    """Without any state on the disk GRUB hands over nothing, or what was left of it."""
    assert not pure.lib.slot_state_parse_end(text.encode(), pure.ffi.new("struct slot_state *"))


def test_an_update_counts_up(pure: Any) -> None:
    """Arming gives the new slot one start; then it is confirmed, or the old one stays."""
    armed = pure.lib.slot_state_arm(made(pure, SlotState(4, "a"))[0], b"b")
    assert fields(armed) == SlotState(5, "a", "b", 1)
    assert fields(pure.lib.slot_state_confirm(armed)) == SlotState(6, "b")
    assert fields(pure.lib.slot_state_give_up(armed)) == SlotState(6, "a")
    assert fields(pure.lib.slot_state_confirm(made(pure, SlotState(4, "b"))[0])) == SlotState(5, "b")


PARTITION = 1 << 20


class Disk:
    """A sparse file with a state partition, the way slots.c sees an image."""

    def __init__(self, pure: Any, path: Path, *copies: bytes) -> None:
        self.pure, self.path = pure, path
        with path.open("wb") as file:
            file.truncate(PARTITION + (16 << 20))
        for at, copy in zip(STATE_COPIES_AT, copies, strict=True):
            with path.open("r+b") as file:
                file.seek(PARTITION + at)
                file.write(copy)

    def copies(self) -> list[SlotState | None]:
        """Both copies, read behind C's back."""
        data = self.path.read_bytes()
        return [parsed(self.pure, data[PARTITION + at :][:STATE_SIZE]) for at in STATE_COPIES_AT]

    def read(self) -> SlotState:
        """The state that counts."""
        state = self.pure.ffi.new("struct slot_state *")
        with self.path.open("rb") as file:
            assert self.pure.lib.slots_read(file.fileno(), PARTITION, state) == 0
        return fields(state)

    def write(self, state: SlotState) -> int:
        """The errno value of writing a state."""
        with self.path.open("r+b") as file:
            return int(self.pure.lib.slots_write(file.fileno(), PARTITION, made(self.pure, state)))


@pytest.mark.parametrize(
    ("one", "other", "written"),
    [
        (SlotState(4, "a").block(), SlotState(3, "a").block(), [SlotState(4, "a"), NEW]),
        (SlotState(3, "a").block(), SlotState(4, "a").block(), [NEW, SlotState(4, "a")]),
        (SlotState(4, "a").block(), SlotState(4, "a").block(), [SlotState(4, "a"), NEW]),
        (SlotState(4, "a", "b", 0).block(), SlotState(4, "a", "b", 1).block(), [SlotState(4, "a", "b", 0), NEW]),
        (bytes(STATE_SIZE), SlotState(4, "a").block(), [NEW, SlotState(4, "a")]),
        (SlotState(4, "a").block(), DAMAGED[2], [SlotState(4, "a"), NEW]),
        (bytes(STATE_SIZE), DAMAGED[2], [NEW, NEW]),
    ],
)
def test_only_the_older_copy_is_written(pure: Any, tmp_path: Path, one: bytes, other: bytes, written: list[SlotState]) -> None:
    """The copy that counts is left alone; where none counts, both are made, so that GRUB can count tries."""
    disk = Disk(pure, tmp_path / "disk", one, other)
    assert disk.write(NEW) == 0
    assert disk.copies() == written
    assert disk.read() == NEW


def test_a_disk_that_ends_too_soon_is_an_error(pure: Any, tmp_path: Path) -> None:
    """What cannot be read is an error, not an empty state."""
    disk = Disk(pure, tmp_path / "disk", bytes(STATE_SIZE), bytes(STATE_SIZE))
    os.truncate(disk.path, PARTITION + (2 << 20))
    assert disk.write(NEW) != 0
