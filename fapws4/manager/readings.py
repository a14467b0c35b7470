"""What the kernel says of the machine, as numbers. The folders are arguments of tests only."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from fapws4.device import records

_MOST_ENTRIES = 20000  # that are counted


def load(proc: str = "/proc") -> list[float]:
    """Processes that run or wait, on average over 1, 5 and 15 minutes."""
    return [float(word) for word in _text(f"{proc}/loadavg").split()[:3]]


def memory(proc: str = "/proc") -> records.Amount:
    """Free is what programs could still get."""
    rows = dict(line.split(":", 1) for line in _text(f"{proc}/meminfo").splitlines() if ":" in line)
    return {"total": _kibibytes(rows.get("MemTotal", "")), "free": _kibibytes(rows.get("MemAvailable", ""))}


def room(folder: str) -> records.Amount:
    """Of the file system that a folder is in."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return {"total": 0, "free": 0}
    return {"total": found.f_blocks * found.f_frsize, "free": found.f_bavail * found.f_frsize}


def temperatures(sys: str = "/sys") -> list[records.Temperature]:
    """Of the sensors that there are; many machines have none."""
    found: list[records.Temperature] = []
    base = f"{sys}/class/thermal"
    for zone in _names(base):
        value = _text(f"{base}/{zone}/temp").strip()
        if zone.startswith("thermal_zone") and value.lstrip("-").isdecimal():
            found.append({"name": _text(f"{base}/{zone}/type").strip() or zone, "celsius": int(value) / 1000})
    return found[:32]


def used_below(folder: str) -> int:
    """Bytes on the disk of all files below a folder, links not followed; of very many files a part."""
    return sum(sizes for _, sizes in zip(range(_MOST_ENTRIES), _sizes(folder)))


def _sizes(folder: str) -> Iterator[int]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        yield _blocks(entry) * 512
        if entry.is_dir(follow_symlinks=False):
            yield from _sizes(entry.path)


def _blocks(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_blocks
    except OSError:  # it is gone again
        return 0


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _kibibytes(words: str) -> int:
    number = words.split()[0] if words.split() else "0"
    return int(number) * 1024
