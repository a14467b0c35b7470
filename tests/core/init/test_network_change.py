"""New settings of the network: tried for two minutes, and kept only when somebody says so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

OLD, NEW, OTHER = b"v4=10.0.0.2/24 v6=auto", b"name=gate v4=dhcp v6=off", b"v4=10.0.0.3/24 v6=auto"
KEPT = b"name 4\ngate\nv4 4\ndhcp\nv6 3\noff\n"
NO_TRIAL = b"there are no new settings of the network on trial"


class Change:
    """A change of settings in a loop that is turned by hand, and a clock that the test puts forward."""

    def __init__(self, pure: Any, path: Path) -> None:
        self.pure, self.path = pure, path
        self.begun = pure.lib.loop_now()
        self.applied: list[bytes] = []
        ffi = pure.ffi
        self.loop, self.change, old = (ffi.new(f"struct {name} *") for name in ("loop", "network_change", "network_settings"))
        self.name = ffi.new("char[]", str(path).encode())
        ffi.def_extern(name="applied")(lambda _owner, settings: self.applied.append(self.written(settings)))
        pure.lib.loop_init(self.loop)
        span, _block = pure.span(OLD)
        assert pure.lib.network_settings_read(old, span[0]) == ffi.NULL
        pure.lib.network_change_open(self.change, self.loop, self.name, old, pure.lib.applied, ffi.NULL)

    def written(self, settings: Any) -> bytes:
        """Settings as an order."""
        text = self.pure.ffi.new("char[512]")
        return bytes(self.pure.ffi.buffer(text)[: self.pure.lib.network_settings_write(settings, text)])

    def order(self, what: str, words: bytes | None = None) -> bytes | None:
        """Gives an order; why it was refused."""
        span, _block = self.pure.span(words or b"")
        arguments = [] if words is None else [span[0]]
        before = self.pure.lib.loop_now()
        fault = getattr(self.pure.lib, f"network_change_{what}")(self.change, *arguments)
        if what == "try" and fault == self.pure.ffi.NULL:
            assert self.is_due_in(self.change.ends_ms, 120_000, before)
        self.answer(before)
        return None if fault == self.pure.ffi.NULL else bytes(self.pure.ffi.string(fault))

    def is_due_in(self, due_ms: int, ms: int, since: int) -> bool:
        """Whether this was set to be so much later than a moment after `since`."""
        return bool(due_ms - self.pure.lib.loop_now() <= ms <= due_ms - since)

    def answer(self, since: int) -> None:
        """The time goes by in which who has ordered it is answered; nothing is applied before."""
        applied = len(self.applied)
        if self.change.soon.due_ms:
            assert self.is_due_in(self.change.soon.due_ms, 2000, since)
            self.change.soon.due_ms = 1
            self.pure.lib.loop_turn(self.loop)
            applied += 1
        assert applied == len(self.applied)

    def left(self) -> int:
        """Seconds of the trial."""
        return int(self.pure.lib.network_change_left(self.change))

    def pass_time(self, ms: int) -> None:
        """So many ms later, as the loop sees it."""
        self.change.ends_ms -= ms
        self.change.timer.due_ms -= ms
        before = self.pure.lib.loop_now()
        self.pure.lib.loop_turn(self.loop)
        self.answer(before)


@pytest.fixture
def change(pure: Any, tmp_path: Path) -> Change:
    """A device with a fixed address."""
    return Change(pure, tmp_path / "network.conf")


def test_what_nobody_keeps_goes_by_itself(change: Change, capfd: pytest.CaptureFixture[str]) -> None:
    """The old settings are back after two minutes, which are counted down on the screen; nothing was written."""
    assert change.order("try", NEW) is None
    assert 0 < change.left() <= 120
    for _ in range(3):
        change.pass_time(30_000)
    assert change.applied == [NEW]
    change.pass_time(30_000)
    assert (change.applied, change.left(), change.path.exists()) == ([NEW, OLD], 0, False)
    taken = (change.pure.lib.loop_now() - change.begun) / 1000
    said = [line.removeprefix("fapws4: network: ") for line in capfd.readouterr().err.splitlines()]
    counted = [int(re.sub(r"the old settings come back in (\d+) s, unless the new ones are kept", r"\1", line))
               for line in [said[0], *said[2:-2]]]
    assert [NEW.decode(), "the old settings are back", OLD.decode()] == [said[1], *said[-2:]]
    assert all(full - taken - 1 < left <= full for left, full in zip(counted, (120, 90, 60, 30), strict=True))


def test_what_is_kept_stays(change: Change) -> None:
    """It is in the file, no time runs any more, and there is nothing left to keep or to take back."""
    change.order("try", NEW)
    assert change.order("keep") is None
    assert (change.applied, change.left(), change.path.read_bytes()) == ([NEW], 0, KEPT)
    assert change.loop.timers == change.pure.ffi.NULL
    assert [change.order("keep"), change.order("revert")] == [NO_TRIAL, NO_TRIAL]


def test_what_is_not_in_force_yet_cannot_be_kept(change: Change) -> None:
    """Who keeps it as soon as it is tried has not seen that the device can still be reached; the trial goes on."""
    lib, span = change.pure.lib, change.pure.span(NEW)
    before = lib.loop_now()
    assert lib.network_change_try(change.change, span[0][0]) == change.pure.ffi.NULL
    assert change.pure.ffi.string(lib.network_change_keep(change.change)).startswith(b"the new settings are not in force yet")
    assert (change.applied, change.path.exists()) == ([], False)
    change.answer(before)
    assert change.order("keep") is None
    assert (change.applied, change.path.read_bytes()) == ([NEW], KEPT)


def test_what_is_taken_back_was_never_written(change: Change) -> None:
    """By order, before its time."""
    change.order("try", NEW)
    assert change.order("revert") is None
    assert (change.applied, change.left(), change.path.exists()) == ([NEW, OLD], 0, False)
    assert change.loop.timers == change.pure.ffi.NULL


def test_a_second_trial_has_its_own_time_and_the_same_way_back(change: Change) -> None:
    """What was on trial before is no settings to come back to."""
    change.order("try", NEW)
    change.pass_time(60_000)
    change.order("try", OTHER)
    change.pass_time(120_000)
    assert change.applied == [NEW, OTHER, OLD]


def test_without_a_trial_settings_are_kept_at_once(change: Change) -> None:
    """And end one that is running."""
    change.order("try", OTHER)
    assert change.order("now", NEW) is None
    assert (change.applied, change.left(), change.path.read_bytes()) == ([OTHER, NEW], 0, KEPT)
    assert change.loop.timers == change.pure.ffi.NULL


@pytest.mark.parametrize("what", ["try", "now"])
def test_an_order_that_makes_no_sense_changes_nothing(change: Change, what: str) -> None:
    """It is read whole before anything is done; a trial goes on."""
    change.order("try", NEW)
    assert change.order(what, b"v4=10.0.0.9/24 gateway=10.9.9.9") == b"gateway is no other host of the network of v4"
    assert (change.applied, change.left() > 100, change.path.exists()) == ([NEW], True, False)


def test_what_cannot_be_kept_is_not_said_to_be(change: Change, pure: Any) -> None:
    """A trial goes on and so ends by itself; without one nothing is applied."""
    change.name = change.change.path = pure.ffi.new("char[]", str(change.path / "none" / "file").encode())
    fault = b"the settings cannot be kept: No such file or directory"
    assert change.order("now", NEW) == fault
    assert change.applied == []
    change.order("try", NEW)
    assert change.order("keep") == fault
    change.pass_time(120_000)
    assert change.applied == [NEW, OLD]
