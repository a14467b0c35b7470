"""A copy of an image whose slots and slot state a test may change, as an update or an accident would."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from appliance.fetching.recipes import Board
from appliance.formats.gpt import SECTOR
from appliance.imaging.bootloader import STATE_COPIES_AT, STATE_SIZE, SlotState
from appliance.imaging.image import layout

_ARGUMENTS = re.compile(rb'set arguments="([^"]*)"')


class Disk:
    """The image at ``path``, laid out as ``board`` says."""

    def __init__(self, original: Path, path: Path, board: Board) -> None:
        subprocess.run(["cp", "--sparse=always", original, path], check=True)
        self.path = path
        self.board = board
        self._parts = {part.name: (part.first * SECTOR, part.sectors * SECTOR) for part in layout(board, "any")}

    def place(self, partition: str) -> tuple[int, int]:
        """Where a partition begins on the disk and how long it is, in bytes."""
        return self._parts[partition]

    def read(self, partition: str, offset: int = 0, size: int | None = None) -> bytes:
        """Bytes of a partition."""
        start, length = self._parts[partition]
        with self.path.open("rb") as file:
            file.seek(start + offset)
            return file.read(length - offset if size is None else size)

    def write(self, partition: str, offset: int, data: bytes) -> None:
        """Overwrite bytes of a partition."""
        with self.path.open("r+b") as file:
            file.seek(self._parts[partition][0] + offset)
            file.write(data)

    def write_state(self, *copies: SlotState | bytes) -> None:
        """Both copies of the slot state: as fields, or as raw sectors."""
        for at, copy in zip(STATE_COPIES_AT, copies, strict=True):
            self.write("state", at, copy.block() if isinstance(copy, SlotState) else copy)

    def state(self) -> list[dict[str, str]]:
        """The fields of both copies."""
        copies = [self.read("state", at, STATE_SIZE) for at in STATE_COPIES_AT]
        return [dict(line.split("=", 1) for line in copy.decode().splitlines() if "=" in line) for copy in copies]

    def damage_journal(self) -> None:
        """Overwrite the first block of the journal of /data, which says what the journal is."""
        with tempfile.TemporaryDirectory() as scratch:
            data = Path(scratch, "data")
            data.write_bytes(self.read("data"))
            said = subprocess.run(["debugfs", "-R", "bmap <8> 0", data], capture_output=True, text=True, check=True).stdout
        self.write("data", int(said) * 4096, bytes(4096))

    def keep(self, name: str, text: str) -> None:
        """Put a file into PID 1's folder of /data, as the last run would have left it."""
        self._debugfs("mkdir .fapws4", text, f"write {{file}} .fapws4/{name}")

    def kept(self, name: str) -> str:
        """A file of PID 1's folder of /data; "" when it is not there."""
        return self._debugfs(f"cat .fapws4/{name}")

    def keep_setting(self, name: str, text: str) -> None:
        """Put a file into the settings in the app's folder of /data, as the app would have written it."""
        places = ("app", "app/settings", f"app/settings/{name}")
        belongs = [f"sif {place} {field} 1000" for place in places for field in ("uid", "gid")]
        self._debugfs("mkdir app", text, "mkdir app/settings", f"write {{file}} {places[2]}", *belongs)

    def lost_setting(self, version: str, name: str) -> str:
        """What a version has made of such a file in vain; "" when nothing was kept of it."""
        return self._debugfs(f"cat lost/settings-{version}/{name}")

    def _debugfs(self, *commands: str) -> str:
        """Run debugfs on a copy of the data partition of a machine that is off, with its journal replayed."""
        with tempfile.TemporaryDirectory() as scratch:
            data, file, script = (Path(scratch, name) for name in ("data", "file", "script"))
            data.write_bytes(self.read("data"))
            subprocess.run(["e2fsck", "-p", data], capture_output=True, check=False)
            lines = [command.format(file=file) for command in commands]
            if len(commands) > 1:
                file.write_text(lines.pop(1))
            script.write_text("\n".join(lines) + "\n")
            done = subprocess.run(["debugfs", "-w", "-f", script, data], capture_output=True, text=True, check=True)
            if len(commands) > 1:
                self.write("data", 0, data.read_bytes())
        return "".join(line for line in done.stdout.splitlines(keepends=True) if not line.startswith("debugfs:"))

    def fill_slot_b(self, arguments: str | None = None, data_version: int = 1) -> None:
        """Put what slot A holds into slot B; with ``arguments``, started with these instead of its own. What slot A says of
        its data version, one digit, may differ."""
        content = self.read("slota").replace(b"\ndata_version=1\n", b"\ndata_version=%d\n" % data_version)
        if arguments is not None:
            start, end = _ARGUMENTS.search(content).span(1)  # type: ignore[union-attr]
            content = content[:start] + arguments.encode().ljust(end - start) + content[end:]
        self.write("slotb", 0, content)

    def damage_kernel_of_slot_b(self) -> None:
        """Overwrite what both firmwares look at first in linux.efi."""
        start = self.read("slotb").index(b"MZ")
        self.write("slotb", start, bytes(16 << 20))
