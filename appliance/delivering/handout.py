"""What stands beside an image for other tools: the block map for bmaptool, a compressed copy, and checksums of all files.

The copy is gzip's because every flasher reads that: balenaEtcher has no zstd and trouble with xz, Raspberry Pi Imager, Rufus,
bmaptool and plain gunzip take all three. What an image holds is compressed already, so that they differ by 2 % in size.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

from appliance.common.places import file_digest
from appliance.common.progress import step
from appliance.imaging.blockmap import bmap_text, map_image

SUMS = "SHA256SUMS"
_LEVEL = 6
_PORTION = 1 << 20


def bmap_beside(image: Path) -> Path:
    """Where an image's block map is: bmaptool looks there by itself, for the compressed copy too."""
    return image.with_name(f"{image.name}.bmap")


def compressed_beside(image: Path) -> Path:
    """Where an image's compressed copy is."""
    return image.with_name(f"{image.name}.gz")


def write_bmap(image: Path) -> None:
    """The block map, beside the image."""
    bmap_beside(image).write_text(bmap_text(map_image(image)))


def write_compressed(image: Path) -> None:
    """The compressed copy, beside the image; the same bytes whenever it is made."""
    with step("compressed image"), image.open("rb") as source, compressed_beside(image).open("wb") as file, \
            gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=file, mtime=0) as target:
        while portion := source.read(_PORTION):
            target.write(portion)


def write_sums(folder: Path, known: Mapping[str, str]) -> None:
    """SHA256SUMS, as sha256sum writes and checks it, of a folder's files and those whose digests are ``known``."""
    digests = {file.name: known.get(file.name) or file_digest(file) for file in folder.iterdir() if file.name != SUMS}
    rows = sorted((dict(known) | digests).items())
    (folder / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in rows))


def read_sums(folder: Path) -> dict[str, str]:
    """The digests by file name; none when there are no sums."""
    file = folder / SUMS
    rows = file.read_text().splitlines() if file.exists() else []
    return {name: digest for digest, _, name in (row.partition("  ") for row in rows)}
