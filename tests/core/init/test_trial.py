"""The trial of a new version as a decision over facts and a clock: every end that it can have."""

from __future__ import annotations

from typing import Any

import pytest

RUNS, PAUSED, GOOD, FAILED = range(4)
MINUTE = 60_000
WELL = {"state": True, "disk": True, "interface": True, "carrier": True, "address": True, "listening": True, "status": 200}
NO_ADDRESS = {"address": False, "status": 0}
NO_CABLE = {"carrier": False, **NO_ADDRESS}
NO_CARD = {"interface": False, **NO_CABLE}
NOTE = {"version": b"2.0", "disk": True, "address": True}


class Trial:
    """A trial of ten minutes that begins at an odd moment of the clock."""

    def __init__(self, pure: Any, note: dict[str, Any] | None) -> None:
        self.pure, self.now = pure, 12_345
        self.trial = pure.ffi.new("struct trial *")
        self._note = pure.ffi.new("struct trial_note *", note or {})
        pure.lib.trial_begin(self.trial, self._note if note else pure.ffi.NULL, 10 * MINUTE, self.now)

    def judge(self, minutes: float = 0, **facts: Any) -> tuple[int, str]:
        """The verdict so much later, and what is lacking."""
        self.now += int(minutes * MINUTE)
        known = self.pure.ffi.new("struct trial_facts *", {**WELL, **facts})
        verdict = self.pure.lib.trial_judge(self.trial, known, self.now)
        lacks = self.pure.lib.trial_lacks(self.trial, known)
        return verdict, self.pure.ffi.string(lacks).decode() if lacks else ""


@pytest.fixture
def noted(pure: Any) -> Trial:
    """Before, /data was on the disk and there was an address."""
    return Trial(pure, NOTE)


@pytest.mark.parametrize("status", [200, 204, 301, 401, 404, 499])
def test_an_app_that_answers_passes(noted: Trial, status: int) -> None:
    """Any answer below 500 will do, as soon as it is there."""
    assert noted.judge(0.1, listening=False, status=0) == (RUNS, "the app does not listen")
    assert noted.judge(0.1, status=status) == (GOOD, "")


LACKS: dict[str, tuple[dict[str, Any], str]] = {
    "no state": ({"state": False}, "the disk with the slot state was not found"),
    "no data": ({"disk": False}, "/data cannot be mounted any more"),
    "no card": (NO_CARD, "there is no network interface, and before there was an address"),
    "no address": (NO_ADDRESS, "there is no network address, and before there was one"),
    "not listening": ({"listening": False, "status": 0}, "the app does not listen"),
    "silent": ({"status": 0}, "the app listens and does not answer"),
    "ill": ({"status": 500}, "the app answers with an error of the server"),
    "worse": ({"status": 599}, "the app answers with an error of the server"),
}


@pytest.mark.parametrize("lack", LACKS)
def test_ten_minutes_of_a_lack_are_a_failure(noted: Trial, lack: str) -> None:
    """Whatever is lacking at the end of ten minutes is the reason, and not a moment earlier."""
    facts, reason = LACKS[lack]
    assert noted.judge(9.99, **facts) == (RUNS, reason)
    assert noted.judge(0.01, **facts) == (FAILED, reason)


@pytest.mark.parametrize("lack", LACKS)
def test_what_comes_late_is_early_enough(noted: Trial, lack: str) -> None:
    """A lack that is mended within ten minutes is forgotten."""
    assert noted.judge(9.9, **LACKS[lack][0])[0] == RUNS
    assert noted.judge(0.05) == (GOOD, "")


def test_a_cable_that_is_out_stops_the_clock(noted: Trial) -> None:
    """Nobody loses a good version because he moved the device; what is left is left when the cable is in again."""
    assert noted.judge(4, **NO_ADDRESS)[0] == RUNS
    assert noted.judge(60, **NO_CABLE) == (PAUSED, "the cable is out")
    assert noted.judge(5.9, **NO_ADDRESS)[0] == RUNS
    assert noted.judge(0.2, **NO_ADDRESS)[0] == FAILED


def test_no_network_before_none_needed_after(pure: Any) -> None:
    """A device that worked without a network proves itself without one; the app is asked all the same."""
    trial = Trial(pure, {**NOTE, "address": False})
    assert trial.judge(1, **{**NO_CABLE, "status": 503})[0] == RUNS
    assert trial.judge(1, **{**NO_CABLE, "status": 200}) == (GOOD, "")


def test_data_in_memory_before_is_no_reason(pure: Any) -> None:
    """A device that had lost its /data may be updated: the new version cannot have lost it."""
    assert Trial(pure, {**NOTE, "disk": False}).judge(1, disk=False) == (GOOD, "")


def test_without_a_note_a_cable_asks_for_an_address(pure: Any) -> None:
    """With /data the note is lost: what the device sees now has to do."""
    trial = Trial(pure, None)
    assert trial.judge(1, disk=False, **NO_ADDRESS)[0] == RUNS
    assert trial.judge(1, disk=False, **NO_CABLE)[0] == PAUSED
    assert trial.judge(1, disk=False) == (GOOD, "")
    assert Trial(pure, None).judge(1, **{**NO_CABLE, "disk": False, "status": 200}) == (GOOD, "")


ENDED = {"listening": False, "status": 0}


@pytest.mark.parametrize(("before", "last"), [
    ({"failures": 4}, {"failures": 5}), ({"failures": 2, "starts": 2}, {"failures": 3, "starts": 3}),
    ({"failures": 4, "starts": 2}, {"failures": 5, "starts": 2})])
def test_an_app_that_ends_again_and_again_is_not_waited_for(
    noted: Trial, before: dict[str, int], last: dict[str, int]
) -> None:
    """The fifth end is the last, or the third before it ever listened: minutes would not change that."""
    assert noted.judge(0.5, **ENDED, **before)[0] == RUNS
    assert noted.judge(0.1, **ENDED, **last) == (FAILED, "the app ended again and again")


@pytest.mark.parametrize("lack", [NO_ADDRESS, NO_CABLE, {"disk": False}], ids=["address", "cable", "disk"])
def test_an_app_that_waits_for_the_device_is_not_blamed(noted: Trial, lack: dict[str, Any]) -> None:
    """How often it ended while something else was lacking does not count."""
    assert noted.judge(0.5, **{**ENDED, **lack}, failures=9, starts=9)[0] in (RUNS, PAUSED)
    assert noted.judge(0.1, **ENDED, failures=11, starts=11)[0] == RUNS
    assert noted.judge(0.1, **ENDED, failures=12, starts=12) == (FAILED, "the app ended again and again")


def parsed(pure: Any, text: bytes) -> dict[str, Any] | None:
    """A note as C reads it."""
    note = pure.ffi.new("struct trial_note *")
    span, _block = pure.span(text)
    if not pure.lib.note_parse(span[0], note):
        return None
    return {"version": pure.ffi.string(note.version), "disk": note.disk, "address": note.address}


@pytest.mark.parametrize("disk", [True, False])
@pytest.mark.parametrize("address", [True, False])
def test_a_note_comes_back(pure: Any, disk: bool, address: bool) -> None:
    """What the good version wrote down is what the new one reads; a part of it is nothing."""
    note = {"version": b"2.0+g1", "disk": disk, "address": address}
    out = pure.ffi.new("char[]", 256)
    pure.lib.note_format(pure.ffi.new("struct trial_note *", note), out)
    text = pure.ffi.string(out)
    assert parsed(pure, text) == note
    assert [parsed(pure, text[:length]) for length in range(len(text) - 1)] == [None] * (len(text) - 1)


@pytest.mark.parametrize("text", [b"", b"end\n", b"disk perhaps\naddress no\nend\n", b"disk yes\nend\n", b"\0" * 256,
                                  b"\xff" * 256])
def test_what_is_no_note(pure: Any, text: bytes) -> None:
    """A damaged note is as good as none."""
    assert parsed(pure, text) is None


def failures(pure: Any, *ends: tuple[float, bool]) -> list[bool]:
    """Whether each end of an app, at a minute and listening or not before, was one too many."""
    value = pure.ffi.new("struct failures *")
    return [pure.lib.failures_add(value, int(minute * MINUTE) + 1000, listened) for minute, listened in ends]


def test_five_failures_in_ten_minutes_are_too_many(pure: Any) -> None:
    """An app that runs for a while between its ends has five of them."""
    assert failures(pure, *((minute, True) for minute in (0, 1, 2, 3, 9.9))) == [False] * 4 + [True]
    assert failures(pure, *((minute, True) for minute in (0, 1, 2, 3, 10.1, 11.1))) == [False] * 6
    assert failures(pure, *((minute, True) for minute in (0, 9, 9.1, 9.2, 9.3, 9.4))) == [False] * 4 + [True, True]


def test_three_failed_starts_are_too_many(pure: Any) -> None:
    """An app that never comes to listen has three; one that has listened in between is counted among the five."""
    assert failures(pure, (0, False), (1, False), (2, False)) == [False, False, True]
    assert failures(pure, (0, False), (1, True), (2, False), (3, True)) == [False] * 4
    assert failures(pure, (0, False), (5, False), (10.1, False), (10.2, False)) == [False, False, False, True]


def test_rare_failures_are_never_too_many(pure: Any) -> None:
    """Once in three minutes, for a day: each is followed by a start at once."""
    assert not any(failures(pure, *((3 * number, True) for number in range(480))))
