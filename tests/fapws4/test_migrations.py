"""Settings of older versions are brought up to date: each step once, all of them or none, and nowhere else."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from appliance.common.places import CORE, REPOSITORY
from fapws4 import data_folder, settings_folder
from fapws4.migrations import MigrationError, migrate
from tests.fapws4.migrating import AFTER, BEFORE, STEPS, found, lay_out, names
from tests.http.conftest import Command

Steps = Mapping[int, Callable[[Path], object]]

LOST = "cannot be put back when a new version of the app fails"
SAY = "under [tool.fapws4] in pyproject.toml, say "


def begin(settings: Path) -> None:
    """The first step of most tests."""
    (settings / "word").write_text("begun")


def go_on(settings: Path) -> None:
    """The second one."""
    with (settings / "word").open("a") as file:
        file.write(", gone on")


def fail(settings: Path) -> None:
    """Leaves what it has done half."""
    (settings / "word").unlink(missing_ok=True)
    (settings / "half").write_text("")
    raise KeyError("unit")


def do_nothing(_: Path) -> None:
    """For steps of which only the number counts."""


def refused(folder: Path, steps: Steps) -> str:
    """Why nothing was migrated."""
    with pytest.raises(MigrationError) as caught:
        migrate(folder, steps)
    return str(caught.value)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app's folder on a device that declares settings of data version 2."""
    monkeypatch.setattr(data_folder, "DEVICE", tmp_path)
    monkeypatch.setenv("FAPWS_SETTINGS", "settings")
    monkeypatch.setenv("FAPWS_DATA_VERSION", "2")
    return tmp_path


def test_a_new_device_begins_with_the_first_step(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They begin with an empty folder, which is nobody else's to read."""
    folder = data / "settings"
    assert folder == migrate(folder, {1: begin, 2: go_on})
    assert {"data_version": "2\n", "word": "begun, gone on"} == found(folder)
    assert (["settings"], 0o700) == (names(data), folder.stat().st_mode & 0o777)
    assert f"{folder}: data version 0 is migrated to 2\n" == capsys.readouterr().err


def test_every_step_is_done_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A start with nothing to do touches nothing; a step that was added later is the only one that is done then."""
    folder = tmp_path / "settings"
    migrate(folder, {1: begin})
    status = folder.stat()
    capsys.readouterr()
    migrate(folder, {1: fail})
    assert (status.st_ino, status.st_ctime_ns) == (folder.stat().st_ino, folder.stat().st_ctime_ns)
    assert "" == capsys.readouterr().err
    migrate(str(folder), {2: go_on, 1: fail})
    assert {"data_version": "2\n", "word": "begun, gone on"} == found(folder)


def test_settings_from_before_there_were_migrations(tmp_path: Path) -> None:
    """Without a number they are of data version 0; what no step touches stays as it is, with rights, times and links."""
    folder = tmp_path / "my" / "settings"
    (folder / "empty").mkdir(parents=True)
    (folder / "word").write_text("old")
    (folder / "tool").write_text("#!")
    (folder / "tool").chmod(0o750)
    os.utime(folder / "tool", (1, 2))
    (folder / "empty" / "link").symlink_to("../tool")
    folder.chmod(0o750)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket"))
        migrate(folder, {1: go_on})
    assert {"data_version": "1\n", "word": "old, gone on", "tool": "#!", "empty/link": "#!"} == found(folder)
    tool = (folder / "tool").stat()
    assert (0o750, 0o750, 2) == (folder.stat().st_mode & 0o777, tool.st_mode & 0o777, tool.st_mtime)
    assert Path("../tool") == (folder / "empty" / "link").readlink()
    assert not (folder / "socket").exists()


@pytest.mark.parametrize("before", [{}, {"word": "old", "data_version": "1\n"}])
def test_a_step_that_fails(tmp_path: Path, before: dict[str, str]) -> None:
    """It is named, and those before it are not done either; once it is mended all are."""
    folder = tmp_path / "settings"
    for name, text in before.items():
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    said = refused(folder, {1: begin, 2: go_on, 3: fail})
    assert f"{folder}: fail, its migration to data version 3, has failed: KeyError: 'unit'; the folder is as it was" == said
    assert (before, bool(before)) == (found(folder), folder.exists())
    assert (["settings"] if before else []) == names(tmp_path)
    migrate(folder, {1: begin, 2: go_on, 3: do_nothing})
    assert {"word": f"{before.get('word', 'begun')}, gone on", "data_version": "3\n"} == found(folder)


@pytest.mark.parametrize("numbers", [(), (0, 1), (1, 3), (2,), (-1, 1)])
def test_steps_without_order(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    """A gap is a step that was lost, in a merge perhaps."""
    with pytest.raises(ValueError, match=r"are numbered 1, 2, 3 \.\.\. without a gap, not \["):
        migrate(tmp_path / "settings", dict.fromkeys(numbers, do_nothing))
    assert [] == names(tmp_path)


def test_settings_of_a_newer_version(data: Path) -> None:
    """Nothing is done to them."""
    folder = data / "settings"
    folder.mkdir()
    (folder / "data_version").write_text("3\n")
    assert refused(folder, {1: fail, 2: fail}) == (f"{folder} is of data version 3, and this version of the app knows none "
                                                   "above 2: install a newer version, or begin anew without the folder")
    assert {"data_version": "3\n"} == found(folder)


@pytest.mark.parametrize("text", ["", "two", "-1", "²", "9" * 10])
def test_a_number_that_is_none(data: Path, text: str) -> None:
    """Somebody has written it by hand."""
    folder = data / "settings"
    folder.mkdir()
    (folder / "data_version").write_text(text)
    assert refused(folder, {1: fail, 2: fail}) == (f"{folder / 'data_version'} is no number: write into it up to which of its "
                                                   "migrations the folder is, or begin anew without the folder")


OTHER = (f'{LOST}, since another folder is declared: migrate data_dir() / "settings", or {SAY}settings = and which folder it '
         "is below data_dir()")


@pytest.mark.parametrize(
    ("folder", "declared", "expected"),
    [
        ("other", ("settings", "2"), f"{{data}}/other {OTHER}"),
        ("settings/inside", ("settings", "2"), f"{{data}}/settings/inside {OTHER}"),
        ("deeper/settings", ("settings", "2"), f"{{data}}/deeper/settings {OTHER}"),
        ("../settings", ("settings", "2"), f"{{above}}/settings {OTHER}"),
        (".", ("settings", "2"), f"{{data}} {OTHER}"),
        ("/", ("settings", "2"), f"/ {OTHER}"),
        ("settings", ("", "0"),
         f'{{data}}/settings {LOST}, since no folder is declared: {SAY}settings = "settings" and data_version = 2'),
        ("settings", ("settings", "1"),
         f"{{data}}/settings has migrations to data version 2, and another one is declared: {SAY}data_version = 2"),
        ("settings", ("settings", "20"),
         f"{{data}}/settings has migrations to data version 2, and another one is declared: {SAY}data_version = 2"),
    ],
)
def test_what_is_not_declared(
    data: Path, monkeypatch: pytest.MonkeyPatch, folder: str, declared: tuple[str, str], expected: str
) -> None:
    """A device puts one folder back; what is converted beside it would be lost to the old version."""
    monkeypatch.setenv("FAPWS_SETTINGS", declared[0])
    monkeypatch.setenv("FAPWS_DATA_VERSION", declared[1])
    assert expected.format(data=data, above=data.parent) == refused(data / folder, {1: fail, 2: fail})
    assert [] == names(data)


def test_the_declared_folder_of_a_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a program is tried there is no device, and the data are the user's; the folder may be deeper."""
    monkeypatch.setattr(data_folder, "DEVICE", tmp_path / "none")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("FAPWS_SETTINGS", "my/settings")
    monkeypatch.setenv("FAPWS_DATA_VERSION", "1")
    folder = data_folder.data_dir("gadget") / "my" / "settings"
    migrate(folder, {1: begin})
    assert {"data_version": "1\n", "word": "begun"} == found(folder)
    elsewhere = tmp_path / "my" / "settings"
    assert refused(elsewhere, {1: fail}).startswith(f"{elsewhere} {LOST}, since another folder is declared")


@pytest.mark.parametrize("linked", ["my", "my/settings"])
def test_a_folder_that_is_a_link(data: Path, monkeypatch: pytest.MonkeyPatch, linked: str) -> None:
    """PID 1 would not follow it."""
    monkeypatch.setenv("FAPWS_SETTINGS", "my/settings")
    (data / "elsewhere" / "settings").mkdir(parents=True)
    (data / linked).parent.mkdir(exist_ok=True)
    (data / linked).symlink_to(data / "elsewhere")
    said = refused(data / "my" / "settings", {1: fail, 2: fail})
    assert f"{data / linked} is a link, and {LOST}: let it be a folder" == said


def link_out(folder: Path) -> None:
    """Out of the folder by a link inside, whose text alone says nothing of it."""
    (folder / "deep").mkdir()
    (folder / "root").symlink_to(".")
    (folder / "deep" / "out").symlink_to("../root/../word")


def link_fully(folder: Path) -> None:
    """Into the folder, but not into a copy of it."""
    (folder / "link").symlink_to(folder / "kept")


def fill(folder: Path) -> None:
    """Two bytes too many, since what counts is blocks."""
    (folder / "large").write_bytes(bytes(settings_folder.MOST_BYTES - 4096))
    (folder / "small").write_text("s")


def crowd(folder: Path) -> None:
    """As many files as there may be, and what is there besides."""
    for number in range(settings_folder.MOST_FILES):
        (folder / str(number)).touch()


DEEP = "/".join(["d"] * settings_folder.DEEPEST)


def dig(folder: Path) -> None:
    """A folder in a folder in a folder."""
    (folder / DEEP).mkdir(parents=True)


TOO_MUCH = "it holds more than 4 MiB or 4096 files; keep what is no setting beside it, not in it"


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (link_out, "deep/out is a link that leads out of it; put a copy in its place"),
        (link_fully, "link is a link that leads out of it; put a copy in its place"),
        (fill, TOO_MUCH),
        (crowd, TOO_MUCH),
        (dig, f"{DEEP} is 32 folders deep in it; keep it higher up"),
    ],
)
@pytest.mark.parametrize("when", ["before", "by a step"])
def test_what_a_device_could_not_keep(data: Path, spoil: Callable[[Path], None], expected: str, when: str) -> None:
    """Whether a step makes it, or it was there before any: nothing is changed."""
    folder = data / "settings"
    folder.mkdir()
    (folder / "kept").write_text("kept")
    if when == "before":
        spoil(folder)
    before = found(folder)
    said = refused(folder, {1: fail, 2: fail} if when == "before" else {1: spoil, 2: do_nothing})
    assert (f"{folder} {LOST}: {expected}", before, ["settings"]) == (said, found(folder), names(data))


def test_limits_are_those_of_pid_1(data: Path) -> None:
    """Exactly what it takes may be there."""
    policy, tree = ((CORE / "init" / name).read_text() for name in ("policy.h", "storage/tree.c"))
    assert f"POLICY_SETTINGS = {settings_folder.MOST_BYTES >> 20} << 20," in policy
    assert f"POLICY_SETTINGS_FILES = {settings_folder.MOST_FILES}," in policy
    assert f"DEEPEST = {settings_folder.DEEPEST}," in tree

    def step(settings: Path) -> None:
        (settings / "large").write_bytes(bytes(settings_folder.MOST_BYTES - 8192))
        (settings / "small").write_bytes(b"s")
        (settings / "/".join(["d"] * (settings_folder.DEEPEST - 1))).mkdir(parents=True)
        (settings / "inside").symlink_to("small")

    migrate(data / "settings", {1: step, 2: do_nothing})
    assert "" == settings_folder.fault(data / "settings")


APP = """
from fapws4 import data_dir
from fapws4.migrations import migrate

def begin(settings):
    (settings / "word").write_text("begun")

SETTINGS = migrate(data_dir() / "settings", {1: begin})
PATHS = [("/", lambda environ, start_response: (SETTINGS / "word").read_text())]
"""


@pytest.mark.parametrize(("declared", "code"), [("1", 0), ("2", 1)])
def test_an_app_that_is_tried(command: Command, tmp_path: Path, declared: str, code: int) -> None:
    """The builder imports the app once, and hears then that its steps are not as many as it declares."""
    app = tmp_path / "app.py"
    app.write_text(APP)
    environment = {"XDG_DATA_HOME": str(tmp_path), "FAPWS_SETTINGS": "settings", "FAPWS_DATA_VERSION": declared}
    with command(app, "--check", environment=environment) as process:
        said = process.communicate()[1].decode()
    folder = tmp_path / "fapws4" / "app" / "settings"
    assert code == process.returncode
    assert said.splitlines()[-1] == (
        f"fapws4.migrations.MigrationError: {folder} has migrations to data version 1, and another one is declared: "
        f"{SAY}data_version = 1" if code else f"{folder}: data version 0 is migrated to 1")


def test_one_process_at_a_time(tmp_path: Path) -> None:
    """While a step is at work nobody else gets to, and then finds it done: workers import the app at the same time."""
    folder = tmp_path / "settings"
    other = (f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); from fapws4.migrations import migrate; "
             f"sys.stdout.write('there\\n'); sys.stdout.flush(); migrate({str(folder)!r}, {{1: lambda settings: 1 / 0}})")
    others: list[subprocess.Popen[str]] = []

    def step(settings: Path) -> None:
        others.append(subprocess.Popen([sys.executable, "-c", other], stdout=subprocess.PIPE, text=True))
        assert others[0].stdout
        assert "there\n" == others[0].stdout.readline()
        held = os.open(tmp_path, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(held)
        begin(settings)

    migrate(folder, {1: step})
    with others[0] as process:
        assert 0 == process.wait(60)
    assert {"data_version": "1\n", "word": "begun"} == found(folder)


def test_a_power_cut_at_every_operation(tmp_path: Path) -> None:
    """What was in the folder or what shall be in it stands there, with its own number, at the next start at the latest; which
    goes on to the same end, and leaves nothing else."""
    done = subprocess.run([sys.executable, "-m", "tests.fapws4.migrating", tmp_path], cwd=REPOSITORY, text=True, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    *cuts, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert (AFTER, AFTER) == (last["cut"], last["next"])
    assert len(cuts) > 30
    for cut in cuts:
        assert (AFTER, ["settings"]) == (cut["next"], cut["beside"])
        assert cut["cut"] in (BEFORE, AFTER) or not cut["there"]
    assert 1 == [cut["there"] for cut in cuts].count(False)  # between the two renames
    new = [cut["cut"] == AFTER for cut in cuts if cut["there"]]
    assert (sorted(new), True) == (new, any(new))


def test_what_is_left_between_the_renames(tmp_path: Path) -> None:
    """The old folder is put back, whole."""
    folder = tmp_path / "settings"
    lay_out(tmp_path / ".settings.old")
    (tmp_path / ".settings.new").mkdir()
    settings_folder.settle(folder)
    assert (BEFORE, ["settings"]) == (found(folder), names(tmp_path))


def test_it_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file and folder; and the names, before the old ones are removed."""
    folder, journal = tmp_path / "settings", list[str]()
    lay_out(folder)
    flush, change = os.fsync, Path.rename

    def fsync(descriptor: int) -> None:
        journal.append(f"fsync {os.path.relpath(os.path.realpath(f'/proc/self/fd/{descriptor}'), tmp_path)}")
        flush(descriptor)

    def rename(path: Path, target: Path) -> Path:
        journal.append(f"rename {os.path.relpath(path, tmp_path)} {os.path.relpath(target, tmp_path)}")
        return change(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "rename", rename)
    migrate(folder, STEPS)
    assert ["rename .settings.new/word .settings.new/letter",  # by a step
            "fsync .settings.new/data_version", "fsync .settings.new/deep", "fsync .settings.new/deep/word",
            "fsync .settings.new/letter", "fsync .settings.new",
            "rename settings .settings.old", "rename .settings.new settings", "fsync ."] == journal
