"""Started as root: what the server gives up before it serves. These tests are run as root, as CI does."""

from __future__ import annotations

import os
import pwd
import select
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http.conftest import APPS, Command, Server, Start, command_of, end_server, start_server
from tests.http.test_life import outcome
from tests.http.test_workers import await_workers
from tests.http.wire import TIMEOUT

NOBODY = pwd.getpwnam("nobody")


@pytest.fixture(autouse=True)
def root() -> None:
    """Only root can give something up."""
    assert os.geteuid() == 0, "run these tests as root, like .ci/run in its container"


@pytest.fixture(params=["host", "frozen"])
def start(request: pytest.FixtureRequest, command: Command, tmp_path: Path) -> Iterator[Start]:
    """Starts apps/echo.py with options, under this machine's Python and frozen."""
    program: Path | None = request.getfixturevalue("frozen_echo") if request.param == "frozen" else None
    started: list[Server] = []

    def start_echo(*words: str | Path) -> Server:
        if program:
            started.append(start_server(command_of(program), tmp_path, None, *words))
        else:
            started.append(start_server(command, tmp_path, APPS / "echo.py", *words))
        return started[-1]

    yield start_echo
    for running in started:
        end_server(running)


def ids(pid: int) -> tuple[set[int], set[int], set[int]]:
    """All user ids, group ids and further groups of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    pairs = dict(line.split(":", 1) for line in lines)
    uid, gid, groups = (set(map(int, pairs[name].split())) for name in ("Uid", "Gid", "Groups"))
    return uid, gid, groups


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("nobody", ({NOBODY.pw_uid}, {NOBODY.pw_gid}, {NOBODY.pw_gid})),
        (str(NOBODY.pw_uid), ({NOBODY.pw_uid}, {NOBODY.pw_gid}, {NOBODY.pw_gid})),
        ("nobody:daemon", ({NOBODY.pw_uid}, {1}, {1})),
        ("54321:54322", ({54321}, {54322}, {54322})),
    ],
)
def test_the_user_is_changed(start: Start, user: str, expected: tuple[set[int], set[int], set[int]]) -> None:
    """User, group and further groups are those that were asked for, and the app serves."""
    running = start("--user", user)
    assert expected == ids(running.process.pid)
    with running.client() as client:
        assert b"bytes" == client.ask("/bytes").body
    assert "running as root" not in running.logged()
    assert 0 == running.stop()


def test_nothing_leads_back(server: Start) -> None:
    """The app cannot become root again, and privileged ports stay what they are."""
    running = server(
        "import os\n"
        "def page(e, s):\n"
        "    try:\n"
        "        os.setresuid(0, 0, 0)\n"
        "    except PermissionError:\n"
        "        return repr((os.getresuid(), os.getresgid(), os.getgroups()))\n"
        "PATHS = [('/', page)]\n",
        "--user", "54321:54322",
    )
    with running.client() as client:
        assert repr(((54321,) * 3, (54322,) * 3, [54322])).encode() == client.ask("/").body


def test_the_file_system_is_left(start: Start, tmp_path: Path) -> None:
    """With --chroot nothing but the folder is there, and the user is still changed, by name."""
    folder = tmp_path / "jail"
    folder.mkdir()
    running = start("--chroot", folder, "--user", "nobody")
    pid = running.process.pid
    assert (folder, {NOBODY.pw_uid}) == (Path(f"/proc/{pid}/root").readlink(), ids(pid)[0])
    with running.client() as client:
        assert [b"bytes", b'{"a": ["1"]}'] == [client.ask(target).body for target in ("/bytes", "/form/?a=1")]
        assert 500 == client.ask("/raises").status
    running.await_log("RuntimeError: on purpose")
    assert 0 == running.stop()


def test_the_supervisor_stays_root(start: Start, tmp_path: Path) -> None:
    """It can replace workers, which drop one by one, and remove the socket's file."""
    path = tmp_path / "socket"
    running = start("--user", "nobody", "--workers", "2", "--server", f"unix:{path}")
    workers = await_workers(running, 2, set())
    assert [{0}, {NOBODY.pw_uid}, {NOBODY.pw_uid}] == [ids(pid)[0] for pid in (running.process.pid, *workers)]
    os.kill(min(workers), signal.SIGKILL)
    replaced = await_workers(running, 2, {min(workers)})
    running.process.send_signal(signal.SIGHUP)
    running.await_log("fapws4: reloaded")
    reloaded = await_workers(running, 2, workers | replaced)
    assert [{NOBODY.pw_uid}] * 2 == [ids(pid)[0] for pid in reloaded]
    assert (0, False) == (running.stop(), path.exists())


def test_workers_without_privileges_end_with_their_supervisor(start: Start) -> None:
    """Dropping loses the signal at the parent's death; the channel's end is noticed all the same."""
    running = start("--user", "nobody", "--workers", "2")
    workers = [os.pidfd_open(pid) for pid in await_workers(running, 2, set())]
    running.stop(signal.SIGKILL)
    for worker in workers:
        with os.fdopen(worker) as process:
            assert [process] == select.select([process], [], [], TIMEOUT)[0]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--user", "nosuchuser"], "fapws4: --user nosuchuser: there is no such user\n"),
        (["--user", "nobody:nosuchgroup"], "fapws4: --user nobody:nosuchgroup: there is no such group\n"),
        (["--user", "54321"], "fapws4: --user 54321: is a number without a name here; name the group too, like 1000:1000\n"),
        (["--user", "4294967295:1"], "fapws4: --user 4294967295:1: there is no such user\n"),
        (["--chroot", "/nowhere"], "fapws4: --chroot /nowhere: No such file or directory\n"),
        (["--chroot", "/dev/null"], "fapws4: --chroot /dev/null: is no folder\n"),
    ],
)
def test_what_cannot_be_given_up_is_named(command: Command, words: list[str], expected: str) -> None:
    """One line, before the app is imported."""
    assert (1, expected) == outcome(command, APPS / "echo.py", *words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--user", "nobody"], "fapws4: --user nobody: only root can become another user\n"),
        (["--chroot", "/"], "fapws4: --chroot /: only root can do that\n"),
    ],
)
def test_only_root_can(program: Path, words: list[str], expected: str) -> None:
    """Anybody else is told so."""
    assert (1, expected) == outcome(command_of(Path("unshare")), "--user", program, APPS / "echo.py", *words)
