"""Start, stop, and everything a person may get wrong before the first request."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import termios
from pathlib import Path

import pytest

from appliance.common.places import REPOSITORY
from tests.http.conftest import APPS, Command, Server, Start
from tests.http.wire import TIMEOUT


def outcome(command: Command, *words: str | Path, **options: object) -> tuple[int, str]:
    """The exit code and what was said on stderr."""
    process = command(*words, **options)
    _, said = process.communicate(timeout=TIMEOUT)
    return process.returncode, said.decode()


def wait_until_refused(running: Server) -> None:
    """Returns once the server takes no new clients."""
    with contextlib.suppress(ConnectionRefusedError, ConnectionResetError):
        while True:
            running.client().socket.close()


def test_the_sample_is_served(server: Start) -> None:
    """samples/hello answers as its docstring says."""
    running = server(REPOSITORY / "samples" / "hello" / "hello.py")
    with running.client() as client:
        assert b"Hello World!!" == client.ask("/").body
    as_root = ["fapws4: running as root; --user NAME makes it another user once it listens"] if os.geteuid() == 0 else []
    assert [f"fapws4: listening on http://127.0.0.1:{running.address[1]}/", *as_root] == running.logged().splitlines()


def test_the_app_is_imported_under_its_stem(server: Start) -> None:
    """The app is no __main__, is in sys.modules, and sees its words in sys.argv."""
    running = server(
        "import sys, os\n"
        "PATHS = [('/', lambda e, s: repr((__name__, sys.modules[__name__].PATHS is PATHS, sys.argv[1:],"
        " os.path.basename(sys.argv[0]), 'FAPWS_READY_FD' in os.environ)))]\n",
        "one",
        "--",
        "--server",
    )
    with running.client() as client:
        assert b"('app0', True, ['one', '--server'], 'app0.py', False)" == client.ask("/").body


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server(server: Start, number: int) -> None:
    """SIGTERM and SIGINT end it orderly, idle connections included."""
    running = server("PATHS = [('/', lambda e, s: 'ok')]\n")
    with running.client() as client:
        client.ask("/")
        assert 0 == running.stop(number)
        assert b"" == client.rest()


def test_a_response_in_flight_is_finished(server: Start) -> None:
    """A stop waits for the client that is still reading, and takes nobody new."""
    running = server(APPS / "echo.py")
    with running.client() as client:
        client.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        client.take(1000)
        running.process.send_signal(signal.SIGTERM)
        wait_until_refused(running)
        assert 5_000_000 < len(client.rest()) + 1000
    assert 0 == running.process.wait(TIMEOUT)


def test_a_request_on_its_way_is_answered(server: Start) -> None:
    """A request that had begun before the stop is answered, and the connection ends with it."""
    running = server("PATHS = [('/', lambda e, s: 'ok')]\n")
    with running.client() as client:
        client.ask("/")
        client.send(b"GET / HTTP/1.1\r\nHost")
        with running.client() as other:
            other.ask("/")  # by now the half request has been read
        running.process.send_signal(signal.SIGTERM)
        wait_until_refused(running)
        client.send(b": a\r\n\r\n")
        assert ("close", b"ok") == ((response := client.response()).field("connection"), response.body)
    assert 0 == running.process.wait(TIMEOUT)


def test_a_second_signal_ends_at_once(server: Start) -> None:
    """A handler that hangs does not prevent the end."""
    running = server(
        "import os, signal\n"
        "def hang(e, s):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    os.write(2, b'hanging')\n"
        "    while True:\n"
        "        pass\n"
        "PATHS = [('/', hang)]\n"
    )
    with running.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        while "hanging" not in running.logged():
            pass
        assert 128 + signal.SIGTERM == running.stop()


def test_a_request_that_waits_unread_is_answered(server: Start) -> None:
    """What had arrived when the server was told to stop is answered, pipelined or alone."""
    running = server(
        "import os, signal\n"
        "def stop(e, s):\n"
        "    os.read(0, 1)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    return 'stopping'\n"
        "PATHS = [('/stop', stop), ('/', lambda e, s: 'ok')]\n",
        stdin=subprocess.PIPE,
    )
    with running.client() as one, running.client() as two:
        two.ask("/")
        one.send(b"GET /stop HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        two.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert running.process.stdin is not None
        running.process.stdin.close()
        assert [b"stopping", b"ok"] == [one.response().body, one.response().body]
        assert [b"ok", b"ok", b""] == [two.response().body, two.response().body, two.rest()]
    assert 0 == running.process.wait(TIMEOUT)


def test_a_hangup_ends_nothing(server: Start) -> None:
    """SIGHUP says what is read anew, and that this is not the app's code."""
    running = server("PATHS = [('/', lambda e, s: 'ok')]\n")
    with running.client() as client:
        running.process.send_signal(signal.SIGHUP)
        running.await_log("fapws4: SIGHUP: read anew: nothing; the app's code would be with --workers\n")
        assert b"ok" == client.ask("/").body
    assert 0 == running.stop()


@pytest.mark.parametrize("words", [[], ["--workers", "2"]])
def test_the_end_of_the_terminal_is_the_end(server: Start, words: list[str]) -> None:
    """Whoever closes the window in which the server was started has ended it, in an orderly way."""
    ours, theirs = os.openpty()

    def begin() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup

    running = server(
        "PATHS = [('/', lambda e, s: 'ok')]\n", *words, stdin=theirs, start_new_session=True, preexec_fn=begin,
    )
    os.close(theirs)
    with running.client() as client:
        assert b"ok" == client.ask("/").body
        os.close(ours)
        assert (0, b"") == (running.process.wait(TIMEOUT), client.rest())


def test_under_nohup_the_terminal_may_go(server: Start) -> None:
    """Who ignores SIGHUP at the start outlives the terminal, and still hears what a person wishes."""
    ours, theirs = os.openpty()

    def begin() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    running = server(
        "PATHS = [('/', lambda e, s: 'ok')]\n", stdin=theirs, start_new_session=True, preexec_fn=begin,
    )
    os.close(theirs)
    os.close(ours)
    running.process.send_signal(signal.SIGHUP)
    running.await_log("fapws4: SIGHUP: read anew")
    with running.client() as client:
        assert b"ok" == client.ask("/").body
    assert 0 == running.stop()


def test_a_package_is_served(command: Command, server: Start, tmp_path: Path) -> None:
    """-m finds the app as python -m finds modules, the current folder first."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("PATHS = [('/', lambda e, s: 'shop')]\n")
    (tmp_path / "shop" / "pages.py").write_text(
        "import os, shop, sys\n"
        "PATHS = [('/', lambda e, s: repr((__name__, [os.path.basename(sys.argv[0]), *sys.argv[1:]])))]\n"
    )
    with server(None, "-m", "shop.pages", "word", cwd=tmp_path).client() as client:
        assert b"('shop.pages', ['pages.py', 'word'])" == client.ask("/").body
    with server(None, "-m", "shop", cwd=tmp_path).client() as client:
        assert b"shop" == client.ask("/").body
    expected = "fapws4: shop.parts: no such module, neither in the current folder nor where Python looks\n"
    assert (1, expected) == outcome(command, "-m", "shop.parts", cwd=tmp_path)


def test_a_port_in_use_is_named(server: Start, command: Command) -> None:
    """The message says which port and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = outcome(command, APPS / "echo.py", "--server", f"127.0.0.1:{port}")
    expected = f"fapws4: 127.0.0.1:{port} is in use by another program; choose another with --server ADDR:PORT\n"
    assert (1, expected) == (code, said)


@pytest.mark.parametrize(
    ("words", "environment", "app", "expected"),
    [
        (["--server", "127.0.0.2:0"], {"FAPWS_SERVER": "127.0.0.3:0"}, "SERVER = '127.0.0.4:0'\n", "127.0.0.2"),
        ([], {"FAPWS_SERVER": "127.0.0.3:0"}, "SERVER = '127.0.0.4:0'\n", "127.0.0.3"),
        ([], {}, "SERVER = '127.0.0.4:0'\n", "127.0.0.4"),
    ],
)
def test_the_nearest_word_decides_the_address(
    command: Command, tmp_path: Path, words: list[str], environment: dict[str, str], app: str, expected: str
) -> None:
    """--server wins over FAPWS_SERVER, which wins over SERVER."""
    path = tmp_path / "here.py"
    path.write_text(app + "PATHS = []\n")
    process = command(path, *words, environment=environment)
    try:
        assert process.stderr is not None
        line = process.stderr.readline().decode()
        assert line.startswith(f"fapws4: listening on http://{expected}:")
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        ("", "PATHS: is missing"),
        ("PATHS = 5", "PATHS: must be a list"),
        ("PATHS = [('/', print), ('/x',)]", "PATHS[1]: must be a tuple of a str and a callable"),
        ("PATHS = [(5, print)]", "PATHS[0]: must be a tuple of a str and a callable"),
        ("PATHS = [('/', 5)]", "PATHS[0]: must be a tuple of a str and a callable"),
        ("application = 5", "application: must be callable"),
        ("PATHS = []\nSERVER = 'localhost'", "SERVER: must be an address"),
        ("PATHS = []\nSERVER = 8888", "SERVER: must be an address"),
        ("PATHS = []\nDEBUG = 4", "DEBUG: must be 0, 1, 2 or 3"),
        ("PATHS = []\nDEBUG = '1'", "DEBUG: must be 0, 1, 2 or 3"),
        ("PATHS = []\nMAX_BODY_SIZE = -1", "MAX_BODY_SIZE: must be a number of bytes"),
        ("PATHS = []\nMAX_BODY_SIZE = 10**30", "MAX_BODY_SIZE: must be a number of bytes"),
        ("PATHS = []\nKEEPALIVE = -1", "KEEPALIVE: must be a number of seconds, 0"),
        ("PATHS = []\nTIMEOUT = 0", "TIMEOUT: must be a number of seconds, 1"),
        ("PATHS = []\nTIMEOUT = 1.5", "TIMEOUT: must be a number of seconds, 1"),
        ("PATHS = []\nWORKERS = 0", "WORKERS: must be a number of processes, 1 to 128"),
        ("PATHS = []\nWORKERS = '2'", "WORKERS: must be a number of processes, 1 to 128"),
        ("PATHS = []\nHEALTH = 'up'", "HEALTH: must be a path like"),
        ("PATHS = []\nHEALTH = True", "HEALTH: must be a path like"),
        ("PATHS = []\nclass Start_response: pass", "Start_response: must be fapws4.base.Start_response"),
        ("PATHS = []\nEnviron = 5", "Environ: must be fapws4.base.Environ"),
    ],
)
def test_a_wrong_setting_is_named(command: Command, tmp_path: Path, app: str, expected: str) -> None:
    """One line names the object and what it should be, before anything is bound."""
    path = tmp_path / "wrong.py"
    path.write_text(app)
    code, said = outcome(command, path)
    assert (1, 1, True) == (code, said.count("\n"), said.startswith(f"fapws4: {expected}"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], (2, "fapws4: no app is named; try: fapws4 app.py\n")),
        (["--server"], (2, "fapws4: --server: needs an address behind it\n")),
        (["--bogus"], (2, "fapws4: --bogus: is no option; --help lists them, words for the app stand behind app.py\n")),
        (["--workers", "0"], (2, "fapws4: --workers: needs a number of processes behind it, 1 to 128\n")),
        (["--umask=8"], (2, "fapws4: --umask: needs an octal number behind it, like 027\n")),
        (["-m"], (2, "fapws4: -m: needs the name of a module behind it, like shop.pages\n")),
        (["app.py", "-m", "app"], (2, "fapws4: -m: names a second app beside the file; name one of them\n")),
        (["app.py", "--reload", "--workers", "2"],
         (2, "fapws4: --reload: is for developing, with one worker; leave out --workers\n")),
        (["nowhere.py"], (1, "fapws4: nowhere.py: no such file\n")),
        (["/"], (1, "fapws4: /: is a folder; name the .py file in it\n")),
        (["/etc/passwd"], (1, "fapws4: /etc/passwd: is no Python file; its name must end in .py\n")),
        ([APPS / "echo.py", "--server", "x"],
         (1, 'fapws4: x: must be an address like "0.0.0.0:8888", ":8888", "[::1]:8888" or "unix:/path"\n')),
        ([APPS / "echo.py", "--check"], (0, "")),
    ],
)
def test_wrong_words_are_named(command: Command, words: list[str], expected: tuple[int, str]) -> None:
    """The command line is checked before anything starts."""
    assert expected == outcome(command, *words)


@pytest.mark.parametrize(
    ("app", "code", "expected"),
    [
        ("1 / 0\n", 1, "ZeroDivisionError"),
        ("def broken(:\n", 1, 'broken.py", line 1'),
        ("raise SystemExit(7)\n", 7, ""),
        ("import nowhere_at_all\n", 1, "No module named 'nowhere_at_all'"),
    ],
)
def test_an_app_that_cannot_be_imported_says_why(
    command: Command, tmp_path: Path, app: str, code: int, expected: str
) -> None:
    """The traceback is shown, and the exit code of SystemExit is kept."""
    path = tmp_path / "broken.py"
    path.write_text(app)
    found, said = outcome(command, path)
    assert (code, True) == (found, expected in said)


def test_an_app_with_the_name_of_a_module_is_refused(command: Command, tmp_path: Path) -> None:
    """`time.py` would never be imported; that is said instead."""
    path = tmp_path / "time.py"
    path.write_text("PATHS = []\n")
    expected = f"fapws4: {path}: has the name of a module of Python; give it another\n"
    assert (1, expected) == outcome(command, path)
