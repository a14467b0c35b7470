"""The console in a program: how much it weighs, and that its style, script and catalogues are there."""

from __future__ import annotations

from pathlib import Path

from appliance.build import Plan, build_binary, make_plan
from tests.fapws4.conftest import ask
from tests.http.conftest import command_of, end_server, start_server

APP = '''"""An app that is nothing but a console."""

from fapws4.console import console

PATHS = [("/", console)]
'''
MOST = 500_000  # bytes: one more module of Python's library that brings others is more


def test_a_console_in_a_program(hello: Plan, tmp_path: Path) -> None:
    """It adds less than half a megabyte, and speaks French; here it says that this machine is no device."""
    (tmp_path / "desk.py").write_text(APP)
    plan, plain = (make_plan(str(app), "pc", str(tmp_path / app.stem), 0, False, formats=())
                   for app in (tmp_path / "desk.py", hello.app))
    sizes = [build_binary(each).program.stat().st_size for each in (plan, plain)]
    assert sizes[0] - sizes[1] <= MOST
    server = start_server(command_of(plan.binary), tmp_path, None, environment={"FAPWS_RUN": str(tmp_path)})
    try:
        assert b"--accent" in ask(server, "/style.css").body
        assert b"EventSource" in ask(server, "/script.js").body
        page = ask(server, "/login", {"Accept-Language": "fr"})
        assert (503, True) == (page.status, "<h1>Injoignable</h1>" in page.body.decode())
    finally:
        end_server(server)
