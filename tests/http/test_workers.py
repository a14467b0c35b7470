"""Several processes on one listening socket: started, replaced, reloaded under load, and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.http.conftest import APPS, Command, Server, Start, command_of, end_server, start_server
from tests.http.test_life import outcome, wait_until_refused
from tests.http.wire import TIMEOUT, Client

PID = "import os\nPATHS = [('/pid', lambda e, s: str(os.getpid())), ('/', lambda e, s: {answer!r})]\n"
RELOADED = "fapws4: reloaded: the app is served anew\n"


@pytest.fixture(params=["host", "frozen"])
def pair(request: pytest.FixtureRequest, command: Command, tmp_path: Path) -> Iterator[Server]:
    """Two workers with apps/echo.py, under this machine's Python and frozen."""
    if request.param == "host":
        running = start_server(command, tmp_path, APPS / "echo.py", "--workers", "2")
    else:
        program: Path = request.getfixturevalue("frozen_echo")
        running = start_server(command_of(program), tmp_path, None, "--workers", "2")
    yield running
    end_server(running)


def children(running: Server) -> set[int]:
    """The processes that the supervisor has now."""
    pid = running.process.pid
    return {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def await_workers(running: Server, count: int, others: set[int]) -> set[int]:
    """The workers, once there are so many and none of ``others``."""
    end = time.monotonic() + TIMEOUT
    while len(found := children(running)) != count or found & others:
        assert time.monotonic() < end, f"{found} instead of {count} others than {others}:\n{running.logged()}"
    return found


def await_idle(workers: set[int]) -> None:
    """All sleep at once: none has been woken that has not run yet, or is about to accept once more."""
    end = time.monotonic() + TIMEOUT
    while any(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "S" for pid in workers):
        assert time.monotonic() < end


def descriptors(pid: int) -> int:
    """How many descriptors a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


class Hammer:
    """Clients that ask without a pause: on kept connections, on one connection each, and several requests at once."""

    def __init__(self, running: Server, target: str = "/pid") -> None:
        self.running, self.request = running, f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        self.answers: list[bytes] = []
        self.failures: list[str] = []
        self.ended = threading.Event()
        kinds = [self.keep, self.keep, self.connect, self.connect, self.pipeline]
        self.threads = [threading.Thread(target=self.repeat, args=[each]) for each in kinds]

    def __enter__(self) -> Hammer:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join(TIMEOUT)

    def repeat(self, kind: Callable[[], None]) -> None:
        """Does one kind of work until the end."""
        while not self.ended.is_set():
            self.attempt(kind)

    def attempt(self, kind: Callable[[], None]) -> None:
        """Notes what went wrong."""
        try:
            kind()
        except (AssertionError, OSError) as failure:
            self.failures.append(f"{kind.__name__}: {failure!r}")

    def take(self, client: Client) -> bool:
        """Takes an answer; whether another request may follow."""
        answer = client.response()
        self.answers.append(answer.body)
        return answer.field("connection") != "close"

    def keep(self) -> None:
        """Many requests on one connection, until the server ends it with an answer."""
        with self.running.client() as client:
            client.send(self.request)
            while self.take(client) and not self.ended.is_set():
                client.send(self.request)

    def connect(self) -> None:
        """One request on one connection."""
        with self.running.client() as client:
            client.send(self.request)
            self.take(client)

    def pipeline(self) -> None:
        """Several requests in one piece."""
        with self.running.client() as client:
            client.send(self.request * 8)
            for _ in range(8):
                self.take(client)

    def await_answers(self, wanted: set[bytes]) -> None:
        """Returns once each of these has been answered at least once from now on."""
        begun, end = len(self.answers), time.monotonic() + TIMEOUT
        while wanted - set(self.answers[begun:]):
            assert time.monotonic() < end, f"missing: {wanted - set(self.answers[begun:])}"


def test_both_serve(pair: Server) -> None:
    """Requests are answered by two processes, which say so in environ."""
    workers = await_workers(pair, 2, set())
    with Hammer(pair) as hammer:
        hammer.await_answers({str(pid).encode() for pid in workers})
    assert [] == hammer.failures
    with pair.client() as client:
        assert b'"wsgi.multiprocess": true' in client.ask("/echo").body
    assert "(2 workers)\n" in pair.logged()
    assert 0 == pair.stop()


def test_kept_connections_are_shared_out(server: Start) -> None:
    """Clients that come one by one to idle workers do not all stay with the same one."""
    running = server(PID.format(answer="ok"), "--workers", "2")
    workers = await_workers(running, 2, set())
    with Hammer(running) as hammer:
        hammer.await_answers({str(pid).encode() for pid in workers})
    with contextlib.ExitStack() as stack:
        answered = set()
        for _ in range(48):
            await_idle(workers)
            answered.add(stack.enter_context(running.client()).ask("/pid").body)
    assert 2 == len(answered)


def test_a_reload_under_load_loses_nothing(pair: Server) -> None:
    """Every request is answered while all workers are replaced, again and again, and no descriptor is left behind."""
    workers = await_workers(pair, 2, set())
    counts = []
    with Hammer(pair) as hammer:
        for reload in range(4):
            pair.process.send_signal(signal.SIGHUP)
            pair.await_log(RELOADED, reload + 1)
            workers = await_workers(pair, 2, workers)
            hammer.await_answers({str(pid).encode() for pid in workers})
            counts.append(descriptors(pair.process.pid))
    assert ([], 1) == (hammer.failures, len(set(counts)))
    assert 0 == pair.stop()


def test_workers_have_the_same_descriptors_after_reloads(server: Start) -> None:
    """A worker of the third generation holds nothing that one of the first does not."""
    running = server(PID.format(answer="ok"), "--workers", "2")
    workers = await_workers(running, 2, set())
    counts = [sorted(map(descriptors, workers))]
    for _ in range(2):
        running.process.send_signal(signal.SIGHUP)
        running.await_log(RELOADED, len(counts))
        workers = await_workers(running, 2, workers)
        counts.append(sorted(map(descriptors, workers)))
    assert [counts[0]] * 3 == counts


def test_a_killed_worker_is_replaced(pair: Server) -> None:
    """The other goes on, the log says what happened, and soon there are two again."""
    workers = await_workers(pair, 2, set())
    killed = min(workers)
    with Hammer(pair) as hammer:
        hammer.await_answers({str(pid).encode() for pid in workers})
        os.kill(killed, signal.SIGKILL)
        replaced = await_workers(pair, 2, {killed})
        hammer.await_answers({str(pid).encode() for pid in replaced})
    pair.await_log(f"fapws4: worker {killed} ended (signal 9); another one is started\n")
    assert len(hammer.failures) <= len(hammer.threads)
    assert 0 == pair.stop()


def test_new_code_is_served_after_a_reload(server: Start, tmp_path: Path) -> None:
    """The app is imported afresh; when it cannot be, the old code goes on being served."""
    running = server(PID.format(answer="one"), "--workers", "2")
    app = tmp_path / "app0.py"
    workers = await_workers(running, 2, set())
    app.write_text("def broken(:\n")
    running.process.send_signal(signal.SIGHUP)
    running.await_log("fapws4: not reloaded: exit code 1; the workers of before go on\n")
    assert (workers, 1) == (children(running), running.logged().count("SyntaxError"))
    with running.client() as client:
        assert b"one" == client.ask("/").body
    app.write_text(PID.format(answer="two"))
    running.process.send_signal(signal.SIGHUP)
    running.await_log(RELOADED)
    with running.client() as client:
        assert b"two" == client.ask("/").body
    assert 0 == running.stop()


def test_a_request_under_way_outlives_a_reload(server: Start) -> None:
    """A worker that is replaced answers whom it has, and gives silent connections time for one more request."""
    running = server(PID.format(answer="ok"), "--workers", "2")
    workers = await_workers(running, 2, set())
    with running.client() as half, running.client() as silent, running.client() as fresh:
        half.send(b"GET / HTTP/1.1\r\nHost")
        silent.ask("/")
        running.process.send_signal(signal.SIGHUP)
        running.await_log(RELOADED)
        half.send(b": a\r\n\r\n")
        answers = [half.response(), silent.ask("/"), fresh.ask("/pid")]
        assert [("close", 200)] * 3 == [(answer.field("connection"), answer.status) for answer in answers]
        assert int(answers[2].body) in workers
    await_workers(running, 2, workers)
    assert 0 == running.stop()


def test_the_app_sees_nothing_of_the_supervisor(server: Start) -> None:
    """Environment, words and folder are those of the start, whatever the first import did to them."""
    running = server(
        "import os, sys\n"
        "seen = repr(([name for name in os.environ if name.startswith('FAPWS_')], sys.argv[1:], os.getcwd() == '/'))\n"
        "os.environ['FAPWS_MINE'] = 'x'\n"
        "os.chdir('/')\n"
        "WORKERS = 2\n"
        "PATHS = [('/', lambda e, s: seen)]\n",
        "one", "--umask", "027", "two",
    )
    with running.client() as client:
        assert b"([], ['one', 'two'], False)" == client.ask("/").body


def test_an_app_that_fails_in_its_worker_ends_all(command: Command, tmp_path: Path) -> None:
    """Without a worker that serves there is nothing to supervise: its exit code is the program's."""
    app = tmp_path / "second.py"
    app.write_text(
        "import pathlib, sys\n"
        "mark = pathlib.Path(__file__).with_suffix('.mark')\n"
        "if mark.exists():\n"
        "    print('not twice', file=sys.stderr)\n"
        "    raise SystemExit(7)\n"
        "mark.touch()\n"
        "PATHS = []\n"
    )
    code, said = outcome(command, app, "--workers", "3", "--server", "127.0.0.1:0")
    assert (7, 1) == (code, said.count("not twice"))


def test_a_response_in_flight_is_finished(pair: Server) -> None:
    """A stop waits for the client that is still reading, and takes nobody new."""
    with pair.client() as client, pair.client() as idle:
        idle.ask("/pid")
        client.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        client.take(1000)
        pair.process.send_signal(signal.SIGINT)
        assert b"" == idle.rest()
        assert 5_000_000 < len(client.rest()) + 1000
    assert 0 == pair.process.wait(TIMEOUT)
    wait_until_refused(pair)


def test_a_second_signal_ends_at_once(server: Start) -> None:
    """Handlers that hang do not prevent the end."""
    running = server(
        "import os\n"
        "def hang(e, s):\n"
        "    os.write(2, b'hanging')\n"
        "    while True:\n"
        "        pass\n"
        "PATHS = [('/', hang)]\n",
        "--workers", "2",
    )
    workers = await_workers(running, 2, set())
    with running.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        running.await_log("hanging")
        running.process.send_signal(signal.SIGTERM)
        await_workers(running, 1, set())
        assert 128 + signal.SIGTERM == running.stop()
        assert b"" == client.rest()
    assert all(not Path(f"/proc/{pid}/fd/0").exists() for pid in workers)


def test_workers_end_with_their_supervisor(pair: Server) -> None:
    """Nobody goes on serving when the supervisor was killed."""
    pair.stop(signal.SIGKILL)
    wait_until_refused(pair)


def test_a_unix_socket_is_removed_at_the_end(server: Start, tmp_path: Path) -> None:
    """Its file stays through reloads and goes with the supervisor; its mode follows --umask."""
    path = tmp_path / "socket"
    running = server(PID.format(answer="ok"), "--workers", "2", "--server", f"unix:{path}", "--umask", "017")
    assert 0o760 == path.stat().st_mode & 0o777
    workers = await_workers(running, 2, set())
    with Hammer(running) as hammer:
        running.process.send_signal(signal.SIGHUP)
        running.await_log(RELOADED)
        workers = await_workers(running, 2, workers)
        hammer.await_answers({str(pid).encode() for pid in workers})
    assert ([], True) == (hammer.failures, path.exists())
    assert (0, False) == (running.stop(), path.exists())


def test_the_supervisor_has_no_python(pair: Server) -> None:
    """It needs far less memory than a worker."""

    def private(pid: int) -> int:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))

    with socket.create_connection(pair.address, TIMEOUT):  # type: ignore[arg-type]
        workers = await_workers(pair, 2, set())
    assert private(pair.process.pid) * 2 < min(map(private, workers))
