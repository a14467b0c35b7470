"""The folder of an app's settings: what a device can keep of it, and how it is replaced as a whole.

After a power cut at any moment the old folder or the new one stands at its place, once `settle` has looked. Beside FOLDER
there are, only meanwhile:

    .FOLDER.new     a copy that is being changed, of no worth until it has the folder's name
    .FOLDER.old     the folder itself, between two renames and until it is removed
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# What PID 1 copies before it tries a new version (core/init/policy.h and storage/tree.c).
MOST_BYTES = 4 << 20  # in blocks
MOST_FILES = 4096  # with folders and links
DEEPEST = 32
_BLOCK = 4096


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time; the others wait. The kernel frees it when a process ends, however it does."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        flock(descriptor, LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def settle(folder: Path) -> None:
    """Ends what a process has left that was cut off in `replaced`."""
    fresh, old = _beside(folder)
    if old.exists() and not folder.exists():
        old.rename(folder)
    _remove(fresh)
    _remove(old)


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """A copy to be changed, empty when there is no folder yet. It takes the folder's place when the block has come to its end
    and all of it is on the disk; after an exception it is gone."""
    fresh, old = _beside(folder)
    try:
        fresh.mkdir(mode=0o700)
        if folder.exists():
            _copy(folder, fresh)
        yield fresh
        _sync(fresh)
    except BaseException:
        _remove(fresh)
        raise
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    _sync_one(folder.parent)
    _remove(old)


def fault(folder: Path) -> str:
    """Why a device could not keep what is in a folder, and what to do; "" when it can."""
    root, size = Path(os.path.realpath(folder)), 0
    for count, (entry, depth) in enumerate(_walk(folder), 1):
        place = Path(entry.path).relative_to(folder)
        if entry.is_symlink() and _leads_out(Path(entry.path), root):
            return f"{place} is a link that leads out of it; put a copy in its place"
        if entry.is_dir(follow_symlinks=False) and depth == DEEPEST:
            return f"{place} is {DEEPEST} folders deep in it; keep it higher up"
        if entry.is_file(follow_symlinks=False):
            size += -(-entry.stat().st_size // _BLOCK) * _BLOCK
        if size > MOST_BYTES or count > MOST_FILES:
            return (f"it holds more than {MOST_BYTES >> 20} MiB or {MOST_FILES} files; keep what is no setting beside it, "
                    "not in it")
    return ""


def _leads_out(link: Path, root: Path) -> bool:
    """A full path leads to the folder itself at best, and not to its copy."""
    return link.readlink().is_absolute() or not Path(os.path.realpath(link)).is_relative_to(root)


def _beside(folder: Path) -> tuple[Path, Path]:
    return folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")


def _entries(folder: Path | str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        return sorted(found, key=lambda entry: entry.name)


def _walk(folder: Path | str, depth: int = 1) -> Iterator[tuple[os.DirEntry[str], int]]:
    """All that is below a folder, and how deep: a folder before what is in it. Links are not followed."""
    for entry in _entries(folder):
        yield entry, depth
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, depth + 1)


def _copy(source: Path | str, target: Path) -> None:
    """Files, folders and links, with their rights and times; without sockets and pipes, in which nothing is kept."""
    for entry in _entries(source):
        copy = target / entry.name
        if entry.is_symlink():
            copy.symlink_to(Path(entry.path).readlink())
        elif entry.is_dir():
            copy.mkdir(mode=0o700)
            _copy(entry.path, copy)
        elif entry.is_file():
            copy.write_bytes(Path(entry.path).read_bytes())
            _copy_status(entry.stat(), copy)
    _copy_status(Path(source).stat(), target)


def _copy_status(status: os.stat_result, copy: Path) -> None:
    os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
    copy.chmod(stat.S_IMODE(status.st_mode) & 0o777)


def _remove(folder: Path) -> None:
    """With all that is in it, if it is there."""
    if not folder.exists():
        return
    folder.chmod(0o700)
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            _remove(Path(entry.path))
        else:
            Path(entry.path).unlink()
    folder.rmdir()


def _sync(folder: Path) -> None:
    """Waits until all of it is on the disk."""
    for entry, _ in _walk(folder):
        if entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False):
            _sync_one(entry.path)
    _sync_one(folder)


def _sync_one(path: Path | str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
