"""The one loop of PID 1."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

POLLIN = 1


class Loop:
    """A struct loop, and what has happened in it."""

    def __init__(self, pure: Any) -> None:
        self.ffi, self.lib = pure.ffi, pure.lib
        self.loop = pure.ffi.new("struct loop *")
        self.lib.loop_init(self.loop)
        self.handlers: list[Callable[[], None]] = []
        self.seen: list[int] = []
        self.ffi.def_extern(name="happened")(self.happened)

    def happened(self, owner: Any) -> None:
        """What C calls: notes the number of the owner, and does what the test has planned for it."""
        number = int(self.ffi.cast("intptr_t", owner))
        self.seen.append(number)
        self.handlers[number]()

    def owner(self, handler: Callable[[], None] = lambda: None) -> Any:
        """A new owner, which is only a number."""
        self.handlers.append(handler)
        return self.ffi.cast("void *", len(self.handlers) - 1)

    def timer(self, handler: Callable[[], None] = lambda: None) -> Any:
        """A timer that is not set."""
        return self.ffi.new("struct timer *", {"fired": self.lib.happened, "owner": self.owner(handler)})

    def watch(self, fd: int, handler: Callable[[], None] = lambda: None) -> int:
        """Watches fd for reading."""
        return int(self.lib.loop_watch(self.loop, fd, POLLIN, self.lib.happened, self.owner(handler)))


@pytest.fixture
def loop(pure: Any) -> Loop:
    """An empty loop."""
    return Loop(pure)


@pytest.fixture
def pipes() -> Iterator[list[tuple[int, int]]]:
    """Two pipes with a byte in each: both can be read."""
    ends = [os.pipe() for _ in range(2)]
    for _, writing in ends:
        os.write(writing, b"x")
    yield ends
    for pair in ends:
        for fd in pair:
            os.close(fd)


def test_timers_fire_once_in_order_of_their_moments(loop: Loop) -> None:
    """What is due first happens first, whatever was set first, and only once."""
    timers = [loop.timer() for _ in range(3)]
    for timer, delay in zip(timers, (0, -2, -1), strict=True):
        loop.lib.loop_set(loop.loop, timer, delay)
    loop.lib.loop_turn(loop.loop)
    assert loop.seen == [1, 2, 0]
    assert [timer.due_ms for timer in timers] == [0, 0, 0]
    assert loop.loop.timers == loop.ffi.NULL


def test_a_timer_set_again_is_moved(loop: Loop) -> None:
    """Setting twice means once, at the later word."""
    timer, other = loop.timer(), loop.timer()
    loop.lib.loop_set(loop.loop, timer, -5)
    loop.lib.loop_set(loop.loop, timer, 3_600_000)
    loop.lib.loop_set(loop.loop, other, 0)
    loop.lib.loop_turn(loop.loop)
    assert loop.seen == [1]


def test_a_handler_may_unset_a_timer_that_is_due(loop: Loop) -> None:
    """What has been called off does not happen, even when its moment has come."""
    second = loop.timer()
    first = loop.timer(lambda: loop.lib.loop_unset(loop.loop, second))
    loop.lib.loop_set(loop.loop, second, -1)
    loop.lib.loop_set(loop.loop, first, -2)
    loop.lib.loop_turn(loop.loop)
    assert loop.seen == [1]


def test_a_handler_may_end_another_watch(loop: Loop, pipes: list[tuple[int, int]]) -> None:
    """What poll has said of a descriptor is void once its watch has ended."""
    (first, _), (second, _) = pipes
    loop.watch(first, lambda: loop.lib.loop_forget(loop.loop, second))
    loop.watch(second)
    loop.lib.loop_turn(loop.loop)
    assert loop.seen == [0]


def test_a_watch_in_the_place_of_another_is_not_taken_for_it(loop: Loop, pipes: list[tuple[int, int]]) -> None:
    """Its descriptor may have the number of the one that poll has said something of, and be empty."""
    (first, _), (second, full) = pipes

    def replace() -> None:
        loop.lib.loop_forget(loop.loop, second)
        os.read(second, 1)
        loop.watch(second)

    loop.watch(first, replace)
    loop.watch(second)
    loop.lib.loop_turn(loop.loop)
    assert loop.seen == [0]
    loop.lib.loop_forget(loop.loop, first)
    os.write(full, b"x")
    loop.lib.loop_turn(loop.loop)
    assert loop.seen == [0, 2]


def test_a_watch_may_end_itself(loop: Loop, pipes: list[tuple[int, int]]) -> None:
    """One that has ended is not called again though there is more to read."""
    (first, _), (second, _) = pipes
    loop.watch(first, lambda: loop.lib.loop_forget(loop.loop, first))
    loop.watch(second)
    loop.lib.loop_turn(loop.loop)
    loop.lib.loop_turn(loop.loop)
    assert loop.seen == [0, 1, 1]


def test_no_more_than_all_places(loop: Loop) -> None:
    """A full loop refuses one more watch and keeps those it has."""
    places = loop.lib.POLICY_WATCHES
    assert [loop.watch(fd) for fd in range(1000, 1001 + places)] == [0] * places + [errno.ENOSPC]
    loop.lib.loop_forget(loop.loop, 1000)
    assert loop.watch(1000) == 0
