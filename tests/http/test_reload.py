"""--reload: what is edited is served."""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path

from tests.http.conftest import Server, Start
from tests.http.wire import TIMEOUT

PAGE = "PATHS = [('/', lambda e, s: {answer!r} + str(e['wsgi.multiprocess']))]\n"
RELOADED = "fapws4: reloaded: the app is served anew\n"


def answer(running: Server) -> bytes:
    """What the app says now."""
    with running.client() as client:
        return client.ask("/").body


def edit(app: Path, text: str) -> None:
    """As an editor saves: nobody ever sees half of it."""
    fresh = app.with_name("fresh")
    fresh.write_text(text)
    fresh.rename(app)


def test_an_edited_file_is_served(server: Start, tmp_path: Path) -> None:
    """A changed app takes the place of the old one, whose silent connections end; the log says which file."""
    running = server("WORKERS = 2\n" + PAGE.format(answer="one"), "--reload")
    app = tmp_path / "app0.py"
    with running.client() as kept:
        assert b"oneFalse" == kept.ask("/").body
        edit(app, PAGE.format(answer="second"))
        running.await_log(RELOADED)
        assert b"" == kept.rest()
    assert b"secondFalse" == answer(running)
    assert [f"fapws4: changed: {app}"] == [line for line in running.logged().splitlines() if "changed" in line]
    assert 0 == running.stop(signal.SIGINT)


def test_an_app_that_cannot_be_imported_waits_for_its_repair(server: Start, tmp_path: Path) -> None:
    """The traceback is shown, the old app goes on, and the next edit is noticed."""
    running = server(PAGE.format(answer="one"), "--reload")
    app = tmp_path / "app0.py"
    edit(app, "def broken(:\n")
    running.await_log("fapws4: not reloaded: exit code 1; the workers of before go on\n")
    assert (True, b"oneFalse") == ("SyntaxError" in running.logged(), answer(running))
    edit(app, PAGE.format(answer="repaired"))
    running.await_log(RELOADED)
    assert b"repairedFalse" == answer(running)


def test_all_imported_files_count(server: Start, tmp_path: Path) -> None:
    """So do those of a package, and those that the app imports later; a file that is put in the place of another too."""
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("from shop.pages import PATHS\n")
    (package / "pages.py").write_text(
        "def page(e, s):\n"
        "    import shop.late\n"
        "    return shop.late.TEXT\n"
        "PATHS = [('/', page)]\n"
    )
    (package / "late.py").write_text("TEXT = 'one'\n")
    running = server(None, "-m", "shop", "--reload", cwd=tmp_path)
    assert b"one" == answer(running)
    spaces = ""
    while RELOADED not in running.logged():  # it may have been imported since the last look: then the next edit counts
        spaces += " "
        (package / "late.py").unlink()
        (package / "new.py").write_text(f"TEXT = 'second'{spaces}\n")
        (package / "new.py").rename(package / "late.py")
    assert b"second" == answer(running)


def test_the_worker_ends_with_its_supervisor(server: Start) -> None:
    """Nothing is left behind when the supervisor is killed."""
    running = server("import os\nPATHS = [('/', lambda e, s: str(os.getpid()))]\n", "--reload")
    with running.client() as client:
        worker = int(client.ask("/").body)
        watched = os.pidfd_open(worker)
        running.stop(signal.SIGKILL)
        assert b"" == client.rest()
    with os.fdopen(watched) as process:
        assert [process] == select.select([process], [], [], TIMEOUT)[0]
