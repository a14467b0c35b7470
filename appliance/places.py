"""Where things live: the repository, the cache of the user, and how a file or folder comes into being whole."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from appliance.errors import Problem

REPOSITORY = Path(__file__).resolve().parent.parent
RECIPES = REPOSITORY / "recipes"
CORE = REPOSITORY / "core"
PACKAGE = REPOSITORY / "fapws4"

# 2023-11-14 22:13:20 UTC: the time that every generated file carries, so that the same inputs give the same bytes.
SOURCE_DATE_EPOCH = 1_700_000_000


def cache_folder(*parts: str) -> Path:
    """The cache, or a folder in it, made when absent: ``$XDG_CACHE_HOME/fapws4/...`` (default ``~/.cache``)."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base, "fapws4", *parts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"the cache folder {folder} cannot be made ({error.strerror})",
                      "set XDG_CACHE_HOME to a folder you can write to") from error
    return folder


def digest_of(*parts: bytes | str | Path) -> str:
    """sha256 (hex) over texts, bytes and the content of files, each preceded by its length."""
    total = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part
        data = data.encode() if isinstance(data, str) else data
        total.update(len(data).to_bytes(8, "little"))
        total.update(data)
    return total.hexdigest()


def file_digest(path: Path) -> str:
    """sha256 (hex) of a file's content, as ``sha256sum`` prints it."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()


def tree_digest(folder: Path, pattern: str = "**/*") -> str:
    """sha256 (hex) over the names and contents of all files below a folder that match."""
    files = sorted(path for path in folder.glob(pattern) if path.is_file() and "__pycache__" not in path.parts)
    return digest_of(*(part for path in files for part in (path.relative_to(folder).as_posix(), path)))


@contextlib.contextmanager
def whole_folder(final: Path) -> Iterator[Path]:
    """A folder to fill, which becomes ``final`` in one rename when the block ends well and vanishes otherwise.

    A builder that is killed leaves only the temporary folder behind; the next one of the same name removes it.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    work = final.parent / f".{final.name}.part"
    shutil.rmtree(work, ignore_errors=True)
    with _disk_full_said(final):
        work.mkdir(parents=True)
        try:
            yield work
            shutil.rmtree(final, ignore_errors=True)
            work.replace(final)
        finally:
            shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def whole_file(final: Path, mode: int = 0o644) -> Iterator[Path]:
    """A path to write to, which becomes ``final`` in one rename when the block ends well and vanishes otherwise."""
    final.parent.mkdir(parents=True, exist_ok=True)
    with _disk_full_said(final):
        handle, name = tempfile.mkstemp(prefix=f".{final.name}.", dir=final.parent)
        os.close(handle)
        work = Path(name)
        try:
            yield work
            work.chmod(mode)
            work.replace(final)
        finally:
            work.unlink(missing_ok=True)


@contextlib.contextmanager
def _disk_full_said(where: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise Problem(f"the disk is full (while writing {where})",
                      "free some space and run the same command again, it goes on where it stopped") from error
