"""What long work shows: the step it is at, how long it took, and at the end where the time went.

On a terminal a live line shows the present step and its running time; otherwise every finished step is one plain line.
A step that was in the cache is not mentioned at all.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

# What is told is text, not rich's markup: "[main]" is a table of TOML, and ":CD:", in a fingerprint, no emoji.
console = Console(stderr=True, markup=False, emoji=False, highlight=False)
NOTEWORTHY = 0.2  # seconds; shorter steps are not worth a line


@dataclass
class Record:
    """The steps of this run that are over, in order: (name, seconds of their own, without those of steps inside)."""

    steps: list[tuple[str, float]] = field(default_factory=list)
    inner: list[float] = field(default_factory=list)
    expected: int = 0


record = Record()


def expect(count: int) -> None:
    """Say how many steps are to come, so that each can be shown as one of so many."""
    record.expected = len(record.steps) + count


@contextlib.contextmanager
def step(name: str) -> Iterator[Callable[[str], None]]:
    """Show ``name`` while the block runs, and note its time. Steps may stand inside one another.

    What the block calls what it gets with is shown behind the name.
    """
    began = time.monotonic()
    number = len(record.steps) + 1
    place = f"[{number}/{max(number, record.expected)}] "
    record.inner.append(0.0)
    try:
        with _live(place + name) as say:
            yield say
    finally:
        total = time.monotonic() - began
        own = total - record.inner.pop()
        if record.inner:
            record.inner[-1] += total
    record.steps.append((name, own))
    if own >= NOTEWORTHY:
        console.print(f"  {place}{name}: {own:.1f} s", soft_wrap=True)


@contextlib.contextmanager
def meter(name: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how far work on ``total`` bytes is, with speed and time left; the block calls what it gets with each amount done.

    On a terminal it is a live line; in the end it is a plain one, with the mean speed.
    """
    began = time.monotonic()
    columns = (_description(), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(name, total=total)
        yield lambda amount: progress.advance(task, amount)
    seconds = time.monotonic() - began
    console.print(f"  {name}: {total / 1e6:.1f} MB in {seconds:.1f} s ({total / 1e6 / max(seconds, 1e-3):.0f} MB/s)",
                  soft_wrap=True)


@contextlib.contextmanager
def counter(name: str, total: int, what: str) -> Iterator[Callable[[int], None]]:
    """The same for things that are counted."""
    began = time.monotonic()
    columns = (_description(), BarColumn(), MofNCompleteColumn(), TextColumn(what, markup=False), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(name, total=total)
        yield lambda amount: progress.advance(task, amount)
    console.print(f"  {name}: {total} {what} in {time.monotonic() - began:.1f} s", soft_wrap=True)


def note(text: str) -> None:
    """One line that the user should know of, though the work goes on."""
    console.print(f"note: {text}", soft_wrap=True)


def _description() -> TextColumn:
    """A column with a live line's name, as it is."""
    return TextColumn("{task.description}", markup=False)


def _unheard(more: str) -> None:
    """What a live line would show, where there is none."""


@contextlib.contextmanager
def _live(name: str) -> Iterator[Callable[[str], None]]:
    if not console.is_terminal or len(record.inner) > 1:
        yield _unheard
        return
    columns = (SpinnerColumn(), _description(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(name, total=None)
        yield lambda more: progress.update(task, description=f"{name}: {more}")
