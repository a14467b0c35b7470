"""Says what comes up behind each cut of a recording, and remembers what it has looked at.

What was found is kept by what it follows from, so whatever is the same, in this run or in a later one, is looked at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from appliance.formats import gpt
from appliance.powercuts import comeback
from appliance.powercuts.comeback import Device, Failure
from appliance.powercuts.cuts import Cut
from appliance.powercuts.data_files import Unmountable, files_in
from appliance.powercuts.recordings import Recording
from appliance.powercuts.replay import Areas, Replay

Result = TypeVar("Result")

_BACKUP = 33 * gpt.SECTOR  # the second partition table, at the disk's end


@dataclass(frozen=True)
class Outcome:
    """What comes up: the slot that starts, the version in it, and whether the settings are the old or the new ones."""

    slot: str
    version: str
    settings: str = ""

    def __str__(self) -> str:
        return f"{self.version}, slot {self.slot}" + (f", settings {self.settings}" if self.settings else "")


class Memory:
    """What was found before, by what it follows from; kept in a file, line by line."""

    def __init__(self, file: Path) -> None:
        text = file.read_text() if file.exists() else ""
        whole = text[: text.rfind("\n") + 1]  # the last line may have been cut short with the run that wrote it
        self._found: dict[str, object] = {}
        for line in whole.splitlines():
            self._found.update(json.loads(line))
        self._file = file.open("a", buffering=1)  # line by line, for who is killed
        self._file.truncate(len(whole.encode()))

    def find(self, key: str, look: Callable[[], Result]) -> Result:
        """What ``look`` finds, or found when it was called with this key. A Failure is found again, too."""
        if key not in self._found:
            try:
                found: object = look()
            except Failure as failure:
                found = {"failure": str(failure)}
            self._keep(key, found)
        found = self._found[key]
        if isinstance(found, dict) and "failure" in found:
            raise Failure(found["failure"])
        return found  # type: ignore[return-value]

    def once(self, key: str, look: Callable[[], str]) -> str:
        """What ``look`` says is wrong. Where it was nothing ("") it is not called again with this key."""
        if self._found.get(key) == "":
            return ""
        fault = look()
        if not fault:
            self._keep(key, "")
        return fault

    def _keep(self, key: str, found: object) -> None:
        self._found[key] = found
        self._file.write(json.dumps({key: found}) + "\n")

    def close(self) -> None:
        """Nothing is added any more."""
        self._file.close()


class Judge:
    """Says what comes up behind a cut of one recording."""

    def __init__(self, recording: Recording, disk: Path, device: Device, memory: Memory, origin: str, scratch: Path) -> None:
        """``disk`` is as the recording found it, and is written to; ``origin`` says from what it was made."""
        self.replay = Replay(disk, recording.happened)
        self._device, self._memory, self._scratch = device, memory, scratch
        areas = device.areas | {"backup": (recording.size - _BACKUP, recording.size)}
        self._areas = Areas(areas, recording.happened, origin)
        self._erases = recording.name == "reset"
        self._old: Mapping[str, str] = {}
        self._new: Mapping[str, str] = {}

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_: object) -> None:
        self.replay.__exit__(None, None, None)

    def learn(self, first: Mapping[str, str], last: Mapping[str, str]) -> None:
        """The settings before and after."""
        self._old, self._new = first, last

    def outcome(self, cut: Cut) -> Outcome:
        """A Failure when it is neither the old nor the new."""
        read, device = self.replay.read, self._device
        for area in device.loader:
            self._look(cut, (area,), lambda area=area: comeback.check_loader(read, device, area))  # type: ignore[misc]
        self._look(cut, ("table", "backup"), lambda: comeback.check_table(read, device, self.replay.size))
        order = self._look(cut, ("state",), lambda: comeback.first_slots(read, device))
        slot, version = self._started(cut, order)
        found = self.settings(cut)
        check = comeback.check_erased if self._erases else comeback.check_settings
        check(found, self._old, self._new)
        return Outcome(slot, version, comeback.age(found, self._old, self._new))

    def settings(self, cut: Cut) -> Mapping[str, str]:
        """The files that /data has."""
        ordered = partial(comeback.reset_is_ordered, self.replay.read, self._device)
        if self._erases and self._look(cut, ("state",), ordered, "reset"):
            return {}
        return self._look(cut, ("data",), self._files)

    def _started(self, cut: Cut, order: Sequence[str]) -> tuple[str, str]:
        *trial, good, _ = order
        for slot in (*trial, good):
            version = self._look(cut, (f"slot{slot}",), partial(comeback.version_in, self.replay.read, self._device, slot))
            if version:
                return slot, version
        raise Failure(f"slot {good}, the one that is known to work, cannot be started")

    def _files(self) -> Mapping[str, str]:
        start, end = self._device.places["data"]
        volume = self._scratch / "data"
        self.replay.copy(start, end, volume)
        try:
            return comeback.settled(files_in(volume, comeback.SETTINGS_FOLDERS))
        except Unmountable as error:
            raise Failure(f"/data cannot be mounted: {error}") from error

    def _look(self, cut: Cut, areas: Iterable[str], look: Callable[[], Result], what: str = "") -> Result:
        """What follows from these areas; ``what`` tells apart two things that follow from the same."""

        def now() -> Result:
            self.replay.move_to(cut)
            return look()

        return self._memory.find(what + " ".join(self._areas.key(area, cut) for area in areas), now)
