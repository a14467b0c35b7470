"""How long a try to log in has to wait: storms of wrong passwords become slow, and nobody is ever locked out.

Each try is looked at after a delay, right or wrong. It grows with the wrong ones of the same name from the same source, and
more slowly with all there are, but for sources from which a right one has come. From one source a name is tried once at a
time. So who knows the password waits a minute at most, however many others guess.
"""

from __future__ import annotations

from threading import Event, Lock

from fapws4.device.errors import Refused
from fapws4.manager.clocks import uptime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Key = tuple[str, str]  # name and source

FREE, FREE_OF_ALL = 3, 20  # wrong ones that cost nothing: typing errors
LONGEST = 60.0  # seconds
FORGET_AFTER = 900.0  # seconds without a wrong one
MOST_WAITING = 16
_MOST_KEPT = 1024


class _Count:
    """Wrong ones in a row."""

    def __init__(self) -> None:
        self.wrong, self.last = 0, 0.0


class _Waiter:
    """A try that waits; `displaced` when another one has taken its place."""

    def __init__(self, wrong: int) -> None:
        self.wrong, self.displaced = wrong, Event()


class Throttle:
    """Counts the wrong ones. `clock` is for tests."""

    def __init__(self, clock: Callable[[], float] = uptime) -> None:
        self._clock, self._lock = clock, Lock()
        self._counts: dict[Key, _Count] = {}
        self._all = _Count()
        self._known: dict[str, None] = {}  # sources from which a right password has come
        self._waiting: dict[Key, _Waiter] = {}

    def delay(self, key: Key) -> float:
        """Seconds that a try has to wait now."""
        with self._lock:
            own = _grown(self._fresh(self._counts.get(key)) - FREE + 1)
            if key[1] in self._known:
                return own
            return max(own, _grown((self._fresh(self._all) - FREE_OF_ALL) // 4 + 1))

    def is_calm(self) -> bool:
        """Whether there is nothing to remember: no wrong one that is not forgotten yet."""
        with self._lock:
            return not self._fresh(self._all)

    def turn(self, key: Key, gone: Callable[[float], bool]) -> Turn:
        """One try, in a `with` statement: its block begins when the password may be looked at.

        `gone` waits so many seconds, and says whether nobody wants to know any more. Refused when the same is tried at the
        same time, and when too many wait who have not failed more often.
        """
        return Turn(self, key, gone)

    def wrong(self, key: Key) -> None:
        """It was a wrong one."""
        with self._lock:
            if key not in self._counts and len(self._counts) >= _MOST_KEPT:
                del self._counts[min(self._counts, key=lambda kept: self._counts[kept].last)]
            for count in (self._counts.setdefault(key, _Count()), self._all):
                count.wrong = self._fresh(count) + 1
                count.last = self._clock()

    def right(self, key: Key) -> None:
        """It was a right one."""
        with self._lock:
            self._counts.pop(key, None)
            if len(self._known) >= _MOST_KEPT:
                del self._known[next(iter(self._known))]
            self._known[key[1]] = None

    def leave(self, key: Key, waiter: _Waiter) -> None:
        """Gives the place back, unless another one has it."""
        with self._lock:
            if self._waiting.get(key) is waiter:
                del self._waiting[key]

    def _fresh(self, count: _Count | None) -> int:
        return count.wrong if count and self._clock() - count.last < FORGET_AFTER else 0

    def enter(self, key: Key) -> _Waiter:
        """Takes a place among those who wait."""
        with self._lock:
            if key in self._waiting:
                raise Refused("busy", "another try of the same name is being looked at; wait for it")
            waiter = _Waiter(self._fresh(self._counts.get(key)))
            if len(self._waiting) >= MOST_WAITING:
                worst = max(self._waiting, key=lambda other: self._waiting[other].wrong)
                if self._waiting[worst].wrong <= waiter.wrong:
                    raise Refused("busy", "too many try to log in at once; try again")
                self._waiting.pop(worst).displaced.set()
            self._waiting[key] = waiter
            return waiter


class Turn:
    """See Throttle.turn."""

    def __init__(self, throttle: Throttle, key: Key, gone: Callable[[float], bool]) -> None:
        self._throttle, self._key, self._gone = throttle, key, gone

    def __enter__(self) -> None:
        self._waiter = self._throttle.enter(self._key)
        try:
            left = self._throttle.delay(self._key)
            while left > 0:
                step = min(left, 1.0)
                left -= step
                if self._gone(step):
                    raise Refused("busy", "nobody waits for the answer any more")
                if self._waiter.displaced.is_set():
                    raise Refused("busy", "too many try to log in at once; try again")
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        self._throttle.leave(self._key, self._waiter)


def _grown(wrong: int) -> float:
    """1, 2, 4 ... seconds from the first one on."""
    return min(LONGEST, 2.0 ** min(wrong - 1, 10)) if wrong > 0 else 0.0
