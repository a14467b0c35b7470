"""Archives become trees: tar in all its compressions, and Debian's .deb (an ar archive with a data tarball inside)."""

from __future__ import annotations

import io
import lzma
import tarfile
import zlib
from pathlib import Path
from typing import BinaryIO

from appliance.common.errors import Problem

_CONTROL_MOST = 8 << 20  # bytes; the control part stands first, and the kernel's package has 100 MB behind it


def unpack_archive(archive: Path, folder: Path, only: tuple[str, ...] = ()) -> None:
    """Unpack into ``folder``; with ``only``, just the members whose path starts with one of these.

    Members that would land outside, devices and links to outside are refused (tarfile's ``data`` filter, PEP 706).
    """
    try:
        with archive.open("rb") as file:
            stream: BinaryIO = _deb_part(file.read(), b"data.tar") if archive.suffix == ".deb" else file
            with tarfile.open(fileobj=stream) as tar:
                for entry in tar:  # one pass: seeking back in a compressed stream costs a whole decompression
                    if not only or entry.name.removeprefix("./").startswith(only):
                        tar.extract(entry, folder, filter="data")
    except (tarfile.TarError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
        raise Problem(f"{archive.name} cannot be unpacked ({error})", "remove it and fetch it again") from error


def deb_control(package: Path) -> dict[str, str]:
    """The fields of a Debian package's control file, deb-control(5); of long ones the first line."""
    with package.open("rb") as file, tarfile.open(fileobj=_deb_part(file.read(_CONTROL_MOST), b"control.tar")) as tar:
        member = next((entry for entry in tar if entry.name.removeprefix("./") == "control"), None)
        control = tar.extractfile(member) if member else None
        if control is None:
            raise Problem(f"{package.name} has no control file", "remove it and fetch it again")
        lines = control.read().decode().splitlines()
    return {key: value.strip() for key, mark, value in (line.partition(":") for line in lines) if mark and key.strip() == key}


def top_folder(folder: Path) -> Path:
    """The one folder that everything stands in, or ``folder`` itself when there is no such thing."""
    entries = list(folder.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else folder


def _deb_part(data: bytes, part: bytes) -> BinaryIO:
    """A tarball inside a .deb: deb(5), an ar archive of debian-binary, control.tar.*, data.tar.*"""
    if not data.startswith(b"!<arch>\n"):
        raise ValueError("not a Debian package")
    position = 8
    while position + 60 <= len(data):
        name, size = data[position : position + 16].strip(b" /"), int(data[position + 48 : position + 58])
        position += 60
        if name.startswith(part):
            return io.BytesIO(data[position : position + size])
        position += size + size % 2
    raise ValueError(f"no {part.decode()} in it")
