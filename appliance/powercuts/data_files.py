"""What is in the file system of a data partition, as a machine finds it that mounts it: after its journal's replay.

e2fsprogs does what the kernel would, on a file and without root.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from appliance.common.places import digest_of

# program -> the Debian package that it comes in
PROGRAMS = {"e2fsck": "e2fsprogs", "debugfs": "e2fsprogs"}

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
_SUPERBLOCK = 1024  # bytes, and where it lies
_CLEAN, _REPLAYED = 0, 1
# What a kernel mends while it mounts: files that were open when they were deleted.
_NO_COMPLAINT = re.compile(r"^debugfs|File not found by ext2_lookup|changing ownership")
_ORPHANS = re.compile(r"orphan", re.IGNORECASE)


class Unmountable(Exception):
    """The file system cannot be used as it is; the first line that e2fsck has to say of it."""


def files_in(volume: Path, folders: Iterable[str]) -> dict[str, str]:
    """path -> digest of every file below these folders. ``volume`` is changed: its journal is replayed."""
    mended = _mend(volume)
    replay = _run("e2fsck", "-y", "-E", "journal_only", volume)
    if replay.returncode not in (_CLEAN, _REPLAYED):
        raise Unmountable(_first_complaint(replay.stdout))
    looked = _run("e2fsck", "-f", "-n", volume)
    if looked.returncode != _CLEAN and (mended or _ORPHANS.search(looked.stdout)):
        _run("e2fsck", "-p", volume)
        looked = _run("e2fsck", "-f", "-n", volume)
    if looked.returncode != _CLEAN:
        raise Unmountable(_first_complaint(looked.stdout))
    with tempfile.TemporaryDirectory() as scratch:
        script = Path(scratch, "script")
        script.write_text("".join(f"rdump /{folder} {scratch}\n" for folder in folders))
        said = _run("debugfs", "-f", script, volume).stdout
        script.unlink()
        if complaints := [line for line in said.splitlines() if line and not _NO_COMPLAINT.search(line)]:
            raise Unmountable(complaints[0])
        found = sorted(path for path in Path(scratch).rglob("*") if path.is_file())
        return {path.relative_to(scratch).as_posix(): digest_of(path)[:16] for path in found}


def _mend(volume: Path) -> bool:
    """What core/init/storage/mend.c does: a superblock that was torn gets the checksum that it should have."""
    with volume.open("r+b") as file:
        file.seek(_SUPERBLOCK)
        block = bytearray(file.read(_SUPERBLOCK))
        sum_at = len(block) - 4
        checksum = crc32c(block[:sum_at]).to_bytes(4, "little")
        if block[56:58] != b"\x53\xef" or block[sum_at:] == checksum:
            return False
        file.seek(_SUPERBLOCK + sum_at)
        file.write(checksum)
    return True


def crc32c(data: bytes | bytearray) -> int:
    """CRC-32C without its last inversion, as ext4 has it."""
    total = 0xFFFFFFFF
    for byte in data:
        total = _CRC[(total ^ byte) & 0xFF] ^ total >> 8
    return total


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


_CRC = [_crc_of(byte) for byte in range(256)]


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", env=_ENVIRONMENT, check=False)


def _first_complaint(said: str) -> str:
    lines = [line for line in said.splitlines() if line and not re.match(r"e2fsck \d|Pass \d|Warning: skipping", line)]
    return lines[0] if lines else "e2fsck says nothing"
