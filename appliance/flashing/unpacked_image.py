"""An image that may be compressed, as a file with holes."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

import zstandard

from appliance.common.errors import Problem
from appliance.common.places import scratch_folder
from appliance.common.progress import step

_BLOCK = 4096
_PORTION = 1 << 20


class SupportsRead(Protocol):
    """What is read from to its end."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""


_OPENERS: dict[bytes, Callable[[IO[bytes]], SupportsRead]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"\xfd7zXZ\0": lzma.LZMAFile,
    b"\x28\xb5\x2f\xfd": lambda file: zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True),
}
_FAULTS = (OSError, EOFError, lzma.LZMAError, zstandard.ZstdError)


@contextmanager
def unpacked_image(path: Path, scratch: Path) -> Iterator[Path]:
    """The image itself, or what a .gz, .xz or .zst holds, in a folder below ``scratch`` while the block runs."""
    if not path.is_file():
        raise Problem(f"there is no image {path}", "make it with: invoke build-appliance app.py")
    with path.open("rb") as file:
        beginning = file.read(6)
        file.seek(0)
        opener = next((opener for magic, opener in _OPENERS.items() if beginning.startswith(magic)), None)
        if opener is None:
            yield path
            return
        with scratch_folder(scratch, "image") as folder:
            image = folder / path.stem
            with step(f"unpack {path.name}"):
                try:
                    _write_sparse(opener(file), image)
                except _FAULTS as error:
                    raise Problem(f"{path} cannot be unpacked ({error})", "copy it again") from error
            yield image


def _write_sparse(source: SupportsRead, image: Path) -> None:
    with image.open("wb") as target:
        size = 0
        while portion := source.read(_PORTION):
            for at in range(0, len(portion), _BLOCK):
                block = portion[at : at + _BLOCK]
                if block.count(0) != len(block):
                    target.seek(size + at)
                    target.write(block)
            size += len(portion)
        target.truncate(size)
