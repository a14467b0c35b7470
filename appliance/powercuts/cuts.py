"""What a power cut may leave on a disk, given a record of what was written.

A disk keeps its promises and no others: what was written before the last flush is there; of what was written since, any part
may be, in any order, and a write that was under way may have reached some of its sectors, one of them in half.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from appliance.common.errors import Problem
from appliance.formats.write_log import SECTOR, Event, Flush, Write

EXHAUSTIVE = 8  # so many writes since the last flush: every subset of them
SAMPLES = 200  # of more, and of torn ones
_TORN = 4  # ways in which one write is torn, where every subset is taken


@dataclass(frozen=True, order=True)
class Kept:
    """A write, by its number in the record, that has reached the disk; ``tear`` 0: all of it, else one of the ways to tear."""

    number: int
    tear: int = 0

    def __str__(self) -> str:
        return f"{self.number}~{self.tear}" if self.tear else str(self.number)


@dataclass(frozen=True)
class Cut:
    """The power goes when ``point`` events have begun, and of the writes since the last flush these have been ``kept``."""

    point: int
    kept: tuple[Kept, ...] = ()

    def __str__(self) -> str:
        return f"{self.point}:{','.join(map(str, self.kept))}"


def parse_cut(text: str) -> Cut:
    """A Cut as it says itself: POINT:NUMBER,NUMBER~TEAR,..."""
    if not re.fullmatch(r"\d+:(\d+(~\d+)?(,\d+(~\d+)?)*)?", text):
        raise Problem(f"{text or 'nothing'} is no cut", "take it from a report of invoke powercut, such as update/12:9,11~3")
    point, _, rest = text.partition(":")
    pairs = (word.partition("~") for word in rest.split(",") if word)
    return Cut(int(point), tuple(Kept(int(number), int(tear or 0)) for number, _, tear in pairs))


def lot(*words: object) -> random.Random:
    """What decides by chance, the same way for the same words."""
    return random.Random(" ".join(map(str, words)))  # noqa: S311


def cuts(happened: Sequence[Event], seed: int, samples: int = SAMPLES, begin: int = 0) -> Iterator[Cut]:
    """Every cut to be judged, from event ``begin`` on, each once. The same arguments give the same cuts.

    At every point there are the subsets of the writes since the last flush, those before ``begin`` included. A subset without
    the last of them has been there at the point before.
    """
    pending: list[int] = []
    yield all_kept(happened, begin)
    for number, event in enumerate(happened):
        if isinstance(event, Flush):
            pending = []
            found: Iterable[tuple[Kept, ...]] = [()]
        else:
            pending.append(number)
            found = _subsets(pending, lot(seed, number), samples)
        if number >= begin:
            yield from (Cut(number + 1, kept) for kept in dict.fromkeys(found))


def all_kept(happened: Sequence[Event], point: int) -> Cut:
    """The cut at a point before which everything has reached the disk."""
    flushes = [number for number, event in enumerate(happened[:point]) if isinstance(event, Flush)]
    return Cut(point, tuple(map(Kept, range(flushes[-1] + 1 if flushes else 0, point))))


def _subsets(pending: list[int], chance: random.Random, samples: int) -> Iterator[tuple[Kept, ...]]:
    """Subsets of what is pending, with the last of it."""
    if len(pending) > EXHAUSTIVE:
        yield from _sampled(pending, chance, samples)
        return
    *earlier, last = pending
    for chosen in itertools.product((False, True), repeat=len(earlier)):
        yield tuple(Kept(number) for number, there in zip((*earlier, last), (*chosen, True), strict=True) if there)
    for tear in range(1, _TORN + 1):
        kept = [Kept(number) for number in earlier if chance.random() < 0.5]
        yield (*kept, Kept(last, tear))


def _sampled(pending: list[int], chance: random.Random, samples: int) -> Iterator[tuple[Kept, ...]]:
    """All, the last alone, all but one, and then whatever comes; half of them with a torn write."""
    whole = [Kept(number) for number in pending]
    yield from (tuple(whole), (whole[-1],), tuple(whole[:-1]))
    for number in range(samples - 3):
        share = chance.random()
        kept = [each for each in whole if chance.random() < share]
        if number % 3 == 0:
            left_out = chance.choice(whole)
            kept = [each for each in whole if each != left_out]
        if number % 2 and kept:
            torn = chance.randrange(len(kept))
            kept[torn] = Kept(kept[torn].number, chance.randrange(1, 1 << 16))
        yield tuple(kept)


def torn(write: Write, tear: int, before: bytes) -> bytes:
    """What stands in the place of a write, of which only some sectors have arrived, one of them in half; it was ``before``."""
    chance = lot(tear, write.at, len(write.data))
    sectors = len(write.data) // SECTOR
    arrived = [chance.random() < 0.5 for _ in range(sectors)]
    found = bytearray(before)
    for sector in (number for number in range(sectors) if arrived[number]):
        found[sector * SECTOR : (sector + 1) * SECTOR] = write.data[sector * SECTOR : (sector + 1) * SECTOR]
    half, at = chance.randrange(sectors), chance.randrange(1, SECTOR)
    start = half * SECTOR
    found[start : start + at] = write.data[start : start + at]
    found[start + at : start + SECTOR] = before[start + at : start + SECTOR]
    return bytes(found)


