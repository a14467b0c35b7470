"""The app's settings before, during and after a trial: copied, put back, forgotten, and what a cut leaves of that."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

OLD = {"a.txt": b"old", "deep/er/b.bin": bytes(range(256)) * 100, "empty/": b"", "mode.sh": b"#!", "link": b"a.txt"}
NEW = {"a.txt": b"converted", "c.txt": b"new"}


def fill(folder: Path, files: dict[str, bytes]) -> None:
    """Files below a folder; a name with a final slash is a folder, `link` a symbolic link."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        elif name == "link":
            path.symlink_to(content.decode())
        else:
            path.write_bytes(content)
            path.chmod(0o750 if name.endswith(".sh") else 0o640)


def found(folder: Path) -> dict[str, bytes]:
    """What `fill` would have made."""
    return {name.relative_to(folder).as_posix() + ("/" if name.is_dir() else ""):
            str(name.readlink()).encode() if name.is_symlink() else name.read_bytes() if name.is_file() else b""
            for name in folder.rglob("*") if not name.is_dir() or name.is_symlink() or not any(name.iterdir())}


class Data:
    """A /data with an app's folder, and what is done about its settings."""

    def __init__(self, pure: Any, path: Path, folder: str = "settings") -> None:
        self.lib, self.ffi, self.path = pure.lib, pure.ffi, path
        self._texts = [pure.ffi.new("char[]", text.encode()) for text in (str(path), folder)]
        self.keepsake = pure.ffi.new("struct keepsake *", {"data": self._texts[0], "folder": self._texts[1],
                                                           "user": os.geteuid()})
        self.lost = False
        self.settings = path / "app" / folder
        self.kept = path / ".fapws4" / "settings"
        (path / "app").mkdir(parents=True)
        (path / ".fapws4").mkdir()

    def reserve(self) -> int:
        """Room, before arming."""
        return int(self.lib.keepsake_reserve(self.keepsake))

    def take(self) -> int:
        """The copy, before the new app starts."""
        return int(self.lib.keepsake_take(self.keepsake))

    def put_back(self, version: bytes = b"2.0") -> int:
        """Before the old app starts again."""
        lost = self.ffi.new("bool *")
        error = self.lib.keepsake_return(self.keepsake, self.ffi.new("char[]", version), lost)
        self.lost = bool(lost[0])
        return int(error)

    def drop(self) -> int:
        """When it is over."""
        return int(self.lib.keepsake_drop(self.keepsake))

    def left(self) -> list[str]:
        """What stands in PID 1's folder for it."""
        return sorted(path.name for path in self.kept.iterdir()) if self.kept.exists() else []


@pytest.fixture(params=["settings", "my/own/settings"])
def data(request: pytest.FixtureRequest, pure: Any, tmp_path: Path) -> Data:
    """With settings of the old version."""
    made = Data(pure, tmp_path / "data", request.param)
    fill(made.settings, OLD)
    return made


def test_what_a_trial_made_of_them_in_vain(data: Data) -> None:
    """The old settings are back, with rights and times; what was made of them is kept aside."""
    os.utime(data.settings / "a.txt", ns=(1_000_000_000, 2_000_000_000))
    data.settings.chmod(0o700)
    assert (0, ["room"]) == (data.reserve(), data.left())
    assert (0, ["copy"]) == (data.take(), data.left())
    assert found(data.settings) == OLD
    shutil.rmtree(data.settings)
    fill(data.settings, NEW)
    assert (0, True, []) == (data.put_back(), data.lost, data.left())
    assert found(data.settings) == OLD
    assert (data.settings / "a.txt").stat().st_mtime_ns == 2_000_000_000
    assert [0o700, 0o750, 0o640] == [stat.S_IMODE((data.settings / name).stat().st_mode) for name in (".", "mode.sh", "a.txt")]
    assert found(data.path / "lost" / "settings-2.0") == NEW


def newest(data: Data) -> str:
    """What the status names."""
    path = data.ffi.new("char[]", data.lib.LOST_PATH)
    found = data.lib.lost_newest(data.ffi.new("char[]", str(data.path).encode()), path)
    text = data.ffi.string(path).decode()
    assert found == bool(text)
    return str(text)


def test_the_newest_is_named(pure: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that PID 1 has put there: not what else the app may put beside."""
    monkeypatch.chdir(tmp_path)
    data = Data(pure, Path("data"))
    assert newest(data) == ""
    changed = 0
    for version in ("2.0", "10.0~rc.1", "3.0"):
        made = data.path / "lost" / f"settings-{version}"
        made.mkdir(parents=True)
        while made.stat().st_ctime_ns <= changed:  # the clock of files may be coarse
            made.touch()
        changed = made.stat().st_ctime_ns
        for name in ("zoo", "settings-a b", "settings-a\nstate confirmed", f"settings-{'9' * 100}"):
            (data.path / "lost" / name).mkdir(exist_ok=True)
        assert newest(data) == f"data/lost/settings-{version}"


def test_a_version_that_passed(data: Data) -> None:
    """Its settings stay, and nothing is left of the copy."""
    assert [0, 0] == [data.reserve(), data.take()]
    fill(data.settings, NEW)
    assert (0, []) == (data.drop(), data.left())
    assert (0, False) == (data.put_back(), data.lost)
    assert found(data.settings) == OLD | NEW
    assert not (data.path / "lost").exists()


def test_a_version_that_never_came_so_far(data: Data) -> None:
    """Without a copy nothing is put back."""
    assert 0 == data.reserve()
    assert (0, False) == (data.put_back(), data.lost)
    assert found(data.settings) == OLD


def test_settings_that_there_were_not(pure: Any, tmp_path: Path) -> None:
    """Then there are none again."""
    data = Data(pure, tmp_path / "data", "my/settings")
    assert [0, 0] == [data.reserve(), data.take()]
    fill(data.settings, NEW)
    assert (0, True) == (data.put_back(), data.lost)
    assert not data.settings.exists()
    assert found(data.path / "lost" / "settings-2.0") == NEW
    assert (0, False, []) == (data.put_back(), data.lost, data.left())


def test_a_trial_that_took_them_away(data: Data) -> None:
    """With their folder's folders."""
    assert [0, 0] == [data.reserve(), data.take()]
    shutil.rmtree(data.path / "app")
    (data.path / "app").mkdir()
    assert (0, False) == (data.put_back(), data.lost)
    assert found(data.settings) == OLD


def test_of_the_same_version_the_last_is_kept(data: Data) -> None:
    """A failed version may be tried again."""
    for content in (b"first", b"second"):
        assert [0, 0] == [data.reserve(), data.take()]
        (data.settings / "a.txt").write_bytes(content)
        assert (0, True) == (data.put_back(), data.lost)
    assert b"second" == (data.path / "lost" / "settings-2.0" / "a.txt").read_bytes()
    assert found(data.settings) == OLD


def test_a_copy_is_never_made_twice(data: Data) -> None:
    """It is of the moment before the trial, however often that begins; a new update begins anew."""
    assert [0, 0] == [data.reserve(), data.take()]
    (data.settings / "a.txt").write_bytes(b"converted")
    assert 0 == data.take()
    assert (0, b"old") == (data.put_back(), (data.settings / "a.txt").read_bytes())
    assert [0, 0] == [data.reserve(), data.take()]
    (data.settings / "a.txt").write_bytes(b"newer")
    assert [0, 0, 0] == [data.reserve(), data.take(), data.put_back()]
    assert b"newer" == (data.settings / "a.txt").read_bytes()


def test_a_cut_between_any_two_steps_of_the_way_back(data: Data) -> None:
    """What each step leaves is brought to the same end by the next start."""
    assert [0, 0] == [data.reserve(), data.take()]
    fill(data.settings, NEW)
    converted = found(data.settings)
    tree, lost = data.kept / "copy" / "tree", data.path / "lost" / "settings-2.0"
    for count in range(4):
        shutil.copytree(data.path, data.path.with_name("before"), symlinks=True)
        if count > 0:
            lost.parent.mkdir()
            data.settings.rename(lost)
        if count > 1:
            tree.rename(data.settings)
        if count > 2:
            tree.parent.rmdir()
        assert 0 == data.put_back()
        assert (OLD, converted, []) == (found(data.settings), found(lost), data.left()), count
        shutil.rmtree(data.path)
        data.path.with_name("before").rename(data.path)


def test_a_cut_while_copying(data: Data) -> None:
    """A copy that is not whole has another name, and is made anew; the way back does not know it."""
    fill(data.kept / "copy.new" / "tree", {"a.txt": b"ol"})
    assert (0, False) == (data.put_back(), data.lost)
    assert found(data.settings) == OLD
    assert (0, ["copy"]) == (data.take(), data.left())
    assert found(data.kept / "copy" / "tree") == OLD


def test_too_much(data: Data, pure: Any) -> None:
    """More than 4 MiB, or than 4096 files, is no settings."""
    (data.settings / "large").write_bytes(bytes(pure.lib.POLICY_SETTINGS))
    assert (errno.EFBIG, []) == (data.reserve(), data.left())
    assert errno.EFBIG == data.take()
    (data.settings / "large").unlink()
    for number in range(pure.lib.POLICY_SETTINGS_FILES):
        (data.settings / str(number)).touch()
    assert (errno.EFBIG, []) == (data.reserve(), data.left())
    assert (0, False) == (data.put_back(), data.lost)


def test_a_copy_holds_no_more_than_it_may(data: Data, tmp_path: Path) -> None:
    """Links are copied as links, wherever they lead; what is no file or folder is left out; no link leads to the settings."""
    secret = tmp_path / "secret"
    fill(secret, {"key": b"secret"})
    (data.settings / "folder").symlink_to(secret)
    (data.settings / "key").symlink_to(secret / "key")
    os.mkfifo(data.settings / "pipe")
    assert [0, 0] == [data.reserve(), data.take()]
    assert (data.kept / "copy" / "tree" / "key").readlink() == secret / "key"
    assert not (data.kept / "copy" / "tree" / "pipe").exists()
    shutil.rmtree(data.settings)
    data.settings.symlink_to(secret)
    assert (0, True) == (data.put_back(), data.lost)
    assert (data.path / "lost" / "settings-2.0").is_symlink()
    assert (data.settings / "a.txt").read_bytes() == b"old"
    assert found(secret) == {"key": b"secret"}


def test_a_link_in_the_way(pure: Any, tmp_path: Path) -> None:
    """Nothing is put where a hostile app's link would lead; the copy stays."""
    data = Data(pure, tmp_path / "data", "my/settings")
    fill(data.settings, OLD)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert [0, 0] == [data.reserve(), data.take()]
    shutil.rmtree(data.path / "app" / "my")
    (data.path / "app" / "my").symlink_to(elsewhere)
    assert (errno.ENOTDIR, False) == (data.put_back(), data.lost)
    assert ([], ["copy"]) == (list(elsewhere.iterdir()), data.left())
