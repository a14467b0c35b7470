"""Images and bundles of one app in several versions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from appliance.fetching.recipes import Board
from appliance.imaging.image import compose
from appliance.imaging.keys import KeySet, PrivateKey
from appliance.imaging.release import Release
from appliance.updating.bundle import make_bundle, write_bundle

KEY = PrivateKey(b"k" * 32)
TRUSTED = KeySet(1, (KEY.public,))


class Versions:
    """Images and bundles of hello, made when they are asked for."""

    def __init__(self, binary: Path, board: Board, folder: Path) -> None:
        self.binary, self.board, self.folder = binary, board, folder

    def image(self, counter: int, name: str = "hello", keys: KeySet | None = TRUSTED) -> Path:
        """An image of this counter, always the same file."""
        path = self.folder / f"{name}-{counter}-{len(keys.keys) if keys else 0}.img"
        if not path.exists():
            release = Release(counter, keys=keys) if keys else Release()
            compose(self.binary, name, f"{counter}.0", self.board, path, release)
        return path

    def bundle(self, counter: int, *keys: PrivateKey, name: str = "hello") -> Path:
        """A bundle of this counter."""
        path = self.folder / f"{name}-{counter}-{len(keys)}.update"
        write_bundle(make_bundle(self.image(counter, name), keys or [KEY]), path)
        return path

    def forget(self, counter: int) -> None:
        """Files of this counter take no room any more."""
        for path in self.folder.glob(f"*-{counter}-*"):
            path.unlink()


def with_small_slots(board: Board) -> Board:
    """The board, its disks quickly written and compared."""
    small = [replace(part, size=24) if part.kind == "slot" else part for part in board.partitions]
    return replace(board, partitions=small)
