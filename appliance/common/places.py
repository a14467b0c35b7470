"""Where things live: the repository, the cache of the user, and how a file or folder comes into being whole."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from appliance.common.errors import Problem

REPOSITORY = Path(__file__).resolve().parents[2]
RECIPES = REPOSITORY / "recipes"
CORE = REPOSITORY / "core"
PACKAGE = REPOSITORY / "fapws4"

# 2023-11-14 22:13:20 UTC: the time that every generated file carries, so that the same inputs give the same bytes.
SOURCE_DATE_EPOCH = 1_700_000_000

_FULL = (errno.ENOSPC, errno.EDQUOT)

# The way out of a full disk.
FREE_SPACE = "free some space and run the same command again, it goes on where it stopped"


def cache_folder(*parts: str) -> Path:
    """The cache, or a folder in it, made when absent: ``$XDG_CACHE_HOME/fapws4/...`` (default ``~/.cache``)."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base, "fapws4", *parts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"the cache folder {folder} cannot be made ({error.strerror})",
                      "set XDG_CACHE_HOME to a folder you can write to") from error
    if len(str(folder.resolve()).split()) > 1:
        raise Problem(f"the cache folder {folder} has a space in its path, which make cannot live with",
                      "set XDG_CACHE_HOME to another folder")
    return folder.resolve()  # modules are told apart by the folder they are in: no links in its path


def own_folder(kind: str, variable: str = "TMPDIR") -> Path:
    """A folder of this user's own for what lasts as long as a command, made when absent: in the one that ``variable`` names,
    else where temporary files are. A Problem when it is somebody else's, who could put other files into it."""
    folder = Path(os.environ.get(variable) or tempfile.gettempdir(), f"fapws4-{kind}-{os.getuid()}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.lstat().st_uid != os.getuid():
        raise Problem(f"{folder} belongs to another user", f"set {variable} to a folder of your own")
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


def make_folder(folder: Path) -> None:
    """A folder for results, with those above it, where they are not there."""
    with _disk_full_said(folder), _refusal_said(folder):
        folder.mkdir(parents=True, exist_ok=True)


@contextlib.contextmanager
def scratch_folder(parent: Path, name: str = "work") -> Iterator[Path]:
    """An empty folder below ``parent`` that vanishes with the block.

    Whoever works in one holds a lock on it (flock), which ends with his process: what a killed builder left behind is
    removed by the next one, and builders that run at the same time leave one another alone.
    """
    with _disk_full_said(parent):
        make_folder(parent)
        for left in parent.glob(".*.part"):
            with _locked(left) as dead:
                if dead:
                    shutil.rmtree(left, ignore_errors=True)
        with contextlib.ExitStack() as stack:
            work = None
            while work is None or not stack.enter_context(_locked(work)) or not work.exists():  # another may clean just then
                with _refusal_said(parent):
                    work = Path(tempfile.mkdtemp(prefix=f".{name}.", suffix=".part", dir=parent))
            stack.callback(shutil.rmtree, work, ignore_errors=True)
            yield work


@contextlib.contextmanager
def whole_folder(final: Path) -> Iterator[Path]:
    """A folder to fill, which becomes ``final`` in one rename when the block ends well and vanishes otherwise.

    Of two builders that make the same at the same time, the first one's folder stays and both go on with it.
    """
    with scratch_folder(final.parent, final.name) as work:
        made = work / "whole"
        made.mkdir()
        yield made
        try:
            made.rename(final)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise


@contextlib.contextmanager
def whole_file(final: Path, mode: int = 0o644) -> Iterator[Path]:
    """A path to write to, which becomes ``final`` in one rename when the block ends well and vanishes otherwise."""
    with scratch_folder(final.parent, final.name) as folder:
        work = folder / final.name
        yield work
        work.chmod(mode)
        work.replace(final)


@contextlib.contextmanager
def lasting_folder(parent: Path, name: str, digest: str) -> Iterator[Path]:
    """A folder for work that takes so long that what is interrupted must go on where it stopped: ``digest`` names its inputs.

    It vanishes when the block ends well, and stays otherwise, until somebody does such work (``name``) with other inputs. Who
    wants it while another works in it waits; what that one has made may be all that was wanted.
    """
    final = parent / f"{name}-{digest[:16]}"
    with _disk_full_said(parent):
        for left in parent.glob(f"{name}-*"):
            with _locked(left) as idle:
                if idle and left != final:
                    shutil.rmtree(left, ignore_errors=True)
        final.mkdir(parents=True, exist_ok=True)
        handle = os.open(final, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield final
            shutil.rmtree(final, ignore_errors=True)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Whether the folder could be locked; if so, it is while the block runs."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        locked = True
    except OSError:
        locked = False
    try:
        yield locked
    finally:
        os.close(handle)


@contextlib.contextmanager
def _refusal_said(folder: Path) -> Iterator[None]:
    """A folder that cannot be written to, be it by its rights or because its file system takes no files, is named."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise
        raise Problem(f"nothing can be written to {folder} ({error.strerror})", "name another folder") from error


@contextlib.contextmanager
def _disk_full_said(where: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        copies = error.args[0] if isinstance(error, shutil.Error) and isinstance(error.args[0], list) else []
        if error.errno not in _FULL and not any(f"[Errno {number}]" in str(copy[2]) for copy in copies for number in _FULL):
            raise
        shown = next(path for path in (where, *where.parents) if path.suffix != ".part")
        raise Problem(f"the disk is full (while writing to {shown})", FREE_SPACE) from error
