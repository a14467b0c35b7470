"""How files and folders come into being whole, whatever happens to the builder."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.common.places import (
    FREE_SPACE,
    cache_folder,
    digest_of,
    file_digest,
    lasting_folder,
    scratch_folder,
    tree_digest,
    whole_file,
    whole_folder,
)
from tests.appliance.cases import problem, written


def fail(error: Exception) -> None:
    """What goes wrong in the middle of writing."""
    raise error


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    """Until the block is over the old content stands; afterwards the new one, with its mode, and nothing else."""
    final = written(tmp_path, "old", "file")
    with whole_file(final, 0o755) as work:
        work.write_text("new")
        assert "old" == final.read_text()
    assert ("new", 0o100755, ["file"]) == (
        final.read_text(),
        final.stat().st_mode,
        [path.name for path in tmp_path.iterdir()],
    )


def test_a_failed_block_leaves_nothing(tmp_path: Path) -> None:
    """An error in the block keeps the old file, makes no folder, and leaves no rest."""
    final = written(tmp_path, "old", "file")

    def half_a_file() -> None:
        with whole_file(final) as work:
            work.write_text("half")
            fail(ValueError("broken"))

    def half_a_folder() -> None:
        with whole_folder(tmp_path / "folder") as folder:
            written(folder, "half")
            fail(ValueError("broken"))

    for half in (half_a_file, half_a_folder):
        with pytest.raises(ValueError, match="broken"):
            half()
    assert ("old", ["file"]) == (final.read_text(), [path.name for path in tmp_path.iterdir()])


@pytest.mark.parametrize("folder", ["/proc", "/proc/results/here"])
def test_a_folder_that_takes_nothing_is_named(folder: str) -> None:
    """Whether it is there or not: /proc takes no files, from root either."""

    def write() -> None:
        with whole_file(Path(folder, "file")) as work:
            work.write_text("text")

    assert f"nothing can be written to {folder} (No such file or directory): name another folder" == problem(write)


def test_the_first_of_two_folders_stays(tmp_path: Path) -> None:
    """When two make the same folder, the one that was there first is not replaced under its user's feet."""
    final = tmp_path / "made"
    with whole_folder(final) as first, whole_folder(final) as second:
        written(second, "second", "text")
        written(first, "first", "text")
    assert ("second", ["made"]) == ((final / "text").read_text(), [path.name for path in tmp_path.iterdir()])


HOLD = """
import sys
from pathlib import Path
from appliance.common.places import scratch_folder
with scratch_folder(Path(sys.argv[1]), "held") as work:
    print(work, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_builder_left_is_removed(tmp_path: Path) -> None:
    """A working folder of a living process stays; once it was killed, the next one clears it away."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        held = Path(other.stdout.readline().strip())
        with scratch_folder(tmp_path):
            assert held.is_dir()
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert held.is_dir()
    with scratch_folder(tmp_path) as work:
        assert [work] == list(tmp_path.iterdir())


def test_work_that_goes_on(tmp_path: Path) -> None:
    """What a failed block has made is there for the next one, is gone when that ends well, and when the inputs are others."""
    folder = tmp_path / f"work-{'a' * 16}"

    def break_off() -> None:
        with lasting_folder(tmp_path, "work", "a" * 20) as given:
            written(given, "half", "made")
            fail(RuntimeError())

    with pytest.raises(RuntimeError):
        break_off()
    with lasting_folder(tmp_path, "work", "a" * 20) as given:
        assert (folder, "half") == (given, (given / "made").read_text())
    assert not folder.exists()
    with pytest.raises(RuntimeError):
        break_off()
    assert folder.exists()
    with lasting_folder(tmp_path, "work", "b" * 20) as other, lasting_folder(tmp_path, "work", "c" * 20):
        assert not folder.exists()
        assert other.exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_a_problem(tmp_path: Path, number: int) -> None:
    """It is said in one line, with the place."""

    def write() -> None:
        with whole_folder(tmp_path / "made"):
            fail(OSError(number, os.strerror(number)))

    said = f"the disk is full (while writing to {tmp_path}): {FREE_SPACE}"
    assert said == problem(write)


def test_a_cache_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder and the variable that names it are said."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(written(tmp_path, "", "file")))
    said = f"the cache folder {tmp_path}/file/fapws4/x cannot be made (Not a directory)"
    assert f"{said}: set XDG_CACHE_HOME to a folder you can write to" == problem(lambda: cache_folder("x"))


def test_a_cache_with_a_space_in_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CPython's configure and make break on it: it is refused before any work."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a b"))
    said = f"the cache folder {tmp_path}/a b/fapws4 has a space in its path, which make cannot live with: set XDG_CACHE_HOME"
    assert f"{said} to another folder" == problem(cache_folder)


def test_the_cache_has_no_links_in_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules are told apart by the folder they are in: a cache behind a symbolic link is named by its real place."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "link"))
    assert tmp_path / "real" / "fapws4" / "x" == cache_folder("x")


def test_digests(tmp_path: Path) -> None:
    """A digest depends on where one part ends and the next begins; a tree's on names and contents."""
    file = written(tmp_path, "abc", "tree/file")
    assert file_digest(file) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest_of("ab", "c") != digest_of("a", "bc")
    assert digest_of("abc") == digest_of(b"abc") == digest_of(file)
    before = tree_digest(tmp_path / "tree")
    file.rename(file.with_name("other"))
    assert before != tree_digest(tmp_path / "tree")
