"""Calls about the log: read from a position on, followed, and bundled with what else helps to find a fault."""

from __future__ import annotations

import os
from threading import Lock, Thread

from fapws4.device.errors import Refused
from fapws4.manager import root_side
from fapws4.manager.caller import Caller, Given, answers
from fapws4.manager.files import file_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from fapws4.device import records

_MOST_FOLLOWERS = 8
_KERNEL = ("/proc/uptime", "/proc/loadavg", "/proc/meminfo", "/proc/mounts", "/proc/modules", "/proc/cmdline", "/proc/cpuinfo")


@answers("logs.read")
def read(caller: Caller, since: int, contains: str) -> records.LogLines:
    """What there is; less than all when there is much, and then the next call goes on."""
    position, text = _parse(root_side.ask("log-from", str(since)))
    wanted = contains.lower()
    return {"next": position, "lines": [shown(line) for line in text.splitlines() if wanted in line.lower()]}


@answers("logs.follow")
def follow(caller: Caller, since: int | None) -> Given:
    """A pipe; whoever does not read it loses it."""
    return Given(None, _tail.add(since))


@answers("logs.bundle")
def bundle(caller: Caller) -> Given:
    """Text: the facts, the logs, and the kernel's view. Without any secret: no file of the manager's is in it."""
    parts = [("status", root_side.ask("status")), ("log", _whole_log()), ("failed-log", root_side.ask("failed-log"))]
    parts += [(path, _kernel(path)) for path in _KERNEL]
    data = "".join(f"==== {title} ====\n{text}\n" for title, text in parts).encode("utf-8", "replace")
    return Given({"size": len(data)}, file_of(data))


def shown(line: str) -> str:
    """A line with what cannot be shown made visible, as long as lines may be."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)[:4096]


def _parse(answer: str) -> tuple[int, str]:
    number, _, text = answer.partition("\n")
    if not number.isdecimal():
        raise Refused("unavailable", "the device gave no log; try again")
    return int(number), text


def _kernel(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(65536)
    except OSError as error:
        return f"({error.strerror})"


def _end_of_log() -> int:
    position = 0
    for position, _ in _pieces(0):  # noqa: B007 - the last one
        pass
    return position


def _whole_log() -> str:
    return "".join(text for _, text in _pieces(0))


def _pieces(position: int) -> Iterator[tuple[int, str]]:
    """All of the log behind a position, as it fits into answers: where each piece ends, and its lines. The last has none."""
    text = "the first"
    while text:
        position, text = _parse(root_side.ask("log-from", str(position)))
        yield position, text


class Tail:
    """One thread that waits for what comes, for all who follow: PID 1 hears few at a time."""

    def __init__(self) -> None:
        self._lock, self.runs = Lock(), False
        self._reached: dict[int, int] = {}  # the writing end of each pipe, and up to which position it has had the log

    def add(self, since: int | None) -> int:
        """The reading end of a pipe that gets all that comes behind a position, or from now on."""
        reader, writer = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(writer, False)
        try:
            self._begin(writer, _end_of_log() if since is None else _catch_up(writer, since))
        except BaseException:
            os.close(reader)
            os.close(writer)
            raise
        return reader

    def _begin(self, pipe: int, position: int) -> None:
        with self._lock:
            self._drop_closed()
            if len(self._reached) >= _MOST_FOLLOWERS:
                raise Refused("busy", f"the log is followed {_MOST_FOLLOWERS} times already")
            self._reached[pipe] = position
            if not self.runs:
                self.runs = True
                Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            while (position := self._least()) is not None:
                end, text = _parse(root_side.ask("log-wait", str(position)))
                self._write(position, end, text.encode("utf-8", "replace"))
        except Refused:
            self._close_all()

    def _least(self) -> int | None:
        """What is to be asked for next. None when nobody follows: under the lock, so that the next one begins a new thread."""
        with self._lock:
            self._drop_closed()
            self.runs = bool(self._reached)
            return min(self._reached.values(), default=None)

    def _write(self, begin: int, end: int, data: bytes) -> None:
        """To those who have had all before it. Who has begun meanwhile has a part of it, and gets the rest with the next."""
        with self._lock:
            for pipe, position in list(self._reached.items()):
                if position == begin:
                    self._reached[pipe] = end
                    self._give(pipe, data)

    def _drop_closed(self) -> None:
        for pipe in list(self._reached):
            self._give(pipe, b"")

    def _give(self, pipe: int, data: bytes) -> None:
        if not _took(pipe, data):
            del self._reached[pipe]
            os.close(pipe)

    def _close_all(self) -> None:
        with self._lock:
            self.runs = False
            while self._reached:
                os.close(self._reached.popitem()[0])


def _catch_up(pipe: int, since: int) -> int:
    """Writes what there is behind a position; where that ends."""
    position = since
    for position, text in _pieces(since):  # noqa: B007 - the last one
        if not _took(pipe, text.encode("utf-8", "replace")):
            raise Refused("conflict", "there is more since then than is sent at once: read it first (logs.read)")
    return position


def _took(pipe: int, data: bytes) -> bool:
    """False when nobody reads it any more, or not fast enough."""
    import select

    poll = select.poll()
    poll.register(pipe, 0)
    if poll.poll(0):  # POLLERR: its other end is closed
        return False
    try:
        return os.write(pipe, data) == len(data)
    except OSError:
        return False


_tail = Tail()


def is_followed() -> bool:
    """Whether somebody follows the log: then this process has to go on."""
    return _tail.runs
