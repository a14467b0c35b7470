"""How long a try to log in waits: storms become slow, and nobody who knows the password is locked out."""

from __future__ import annotations

import pytest

from fapws4.device.errors import Refused
from fapws4.manager.throttle import FORGET_AFTER, FREE, FREE_OF_ALL, LONGEST, MOST_WAITING, Throttle


class Watch:
    """A clock that goes when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.throttle = Throttle(lambda: self.now)

    def gone(self, seconds: float) -> bool:
        """Somebody who stays."""
        self.now += seconds
        return False

    def fail(self, name: str, source: str) -> float:
        """A wrong password; how long it took to be told."""
        began = self.now
        with self.throttle.turn((name, source), self.gone):
            self.throttle.wrong((name, source))
        return self.now - began


@pytest.fixture
def watch() -> Watch:
    """Nobody has tried yet."""
    return Watch()


def test_wrong_ones_become_slow(watch: Watch) -> None:
    """Typing errors cost nothing; then 1, 2, 4 ... 60 s, and after a while all is as before."""
    assert watch.throttle.is_calm()
    assert [0.0] * FREE + [1, 2, 4, 8, 16, 32, 60, 60] == [watch.fail("ada", "home") for _ in range(FREE + 8)]
    assert not watch.throttle.is_calm()
    watch.now += FORGET_AFTER
    assert watch.throttle.is_calm()
    assert 0 == watch.fail("ada", "home")


def test_a_right_one_waits_as_long_and_ends_it(watch: Watch) -> None:
    """It is looked at no earlier: how long an answer takes tells nothing."""
    for _ in range(FREE + 2):
        watch.fail("ada", "home")
    began = watch.now
    with watch.throttle.turn(("ada", "home"), watch.gone):
        watch.throttle.right(("ada", "home"))
    assert 4 == watch.now - began
    assert 0 == watch.fail("ada", "home")


def test_others_slow_the_owner_down_by_a_minute_at_most(watch: Watch) -> None:
    """However many guess, from wherever; and not at all where the right password has come from before."""
    watch.throttle.right(("ada", "home"))
    for number in range(FREE_OF_ALL + 400):
        watch.fail("ada", f"source {number}")
    assert LONGEST == watch.throttle.delay(("ada", "a new place"))
    assert 0 == watch.throttle.delay(("ada", "home"))


def test_one_source_tries_a_name_once_at_a_time(watch: Watch) -> None:
    """Guesses at the same time would make the delay worthless."""
    with watch.throttle.turn(("ada", "x"), watch.gone), \
            pytest.raises(Refused, match="another try"), watch.throttle.turn(("ada", "x"), watch.gone):
        raise AssertionError
    watch.fail("ada", "x")


def test_places_are_for_who_has_failed_less(watch: Watch) -> None:
    """All places are taken by those who guess: a newcomer gets one, and one of them loses it."""
    for number in range(MOST_WAITING):
        watch.fail("ada", f"source {number}")
        watch.throttle.enter(("ada", f"source {number}"))
    assert 0 == watch.fail("ada", "a new place")
    again = watch.throttle.enter(("ada", "another one"))
    with pytest.raises(Refused, match="too many"):
        watch.throttle.enter(("ada", "source 0"))
    assert not again.displaced.is_set()


def test_who_leaves_is_not_waited_for(watch: Watch) -> None:
    """The place is free again, and nothing was looked at."""
    for _ in range(FREE + 1):
        watch.fail("ada", "x")
    with pytest.raises(Refused, match="nobody waits"), watch.throttle.turn(("ada", "x"), lambda _: True):
        raise AssertionError
    assert 2 == watch.fail("ada", "x")
