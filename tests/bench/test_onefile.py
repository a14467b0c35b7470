"""What a frozen program takes, and what it leaves alone when it starts: the musts of issue 5 that repeat exactly."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from appliance.build import build_binary, make_plan
from appliance.fetching.preflight import require
from tests.bench.image import HELLO
from tests.bench.processes import Server
from tests.bench.unpacking import FLASK, SIZES, frozen, verdicts, writes_at_start

ASK = """import os, subprocess, urllib.request
reading, writing = os.pipe()
command = ["fapws4", "hello.py", "--server", "127.0.0.1:0"]
with subprocess.Popen(command, env={**os.environ, "FAPWS_READY_FD": str(writing)}, pass_fds=[writing]) as server:
    os.close(writing)
    port = os.fdopen(reading).read().split()[2]
    assert urllib.request.urlopen(f"http://127.0.0.1:{port}/").read() == b"Hello World!!"
    server.terminate()
"""


@pytest.mark.parametrize(("name", "app"), [("hello", HELLO), ("Flask", FLASK)])
def test_the_size_of_a_program(name: str, app: Path) -> None:
    """All of it, and it is what its shares add up to."""
    server, shares = frozen(app)
    size = Path(server.command[0]).stat().st_size
    assert (sum(shares.values()), True) == (size, size <= SIZES[name])


def test_the_size_of_a_traced_program(tmp_path: Path) -> None:
    """Of samples/hello with what one request imports."""
    app = Path(shutil.copy(HELLO, tmp_path))
    (tmp_path / "ask.py").write_text(ASK)
    plan = make_plan(str(app), "pc", str(tmp_path / "dist"), 0, False, formats=(), trace=f"'{sys.executable}' ask.py")
    build_binary(plan)
    assert plan.binary.stat().st_size <= SIZES["hello, traced"]
    assert [] == writes_at_start(Server("traced", (plan.binary, "--server", "127.0.0.1:0")))


@pytest.mark.parametrize("app", [HELLO, FLASK], ids=["hello", "Flask"])
def test_a_start_changes_nothing_on_a_disk(app: Path) -> None:
    """From exec to the first answer; a server that does write is seen."""
    require({"strace": "strace"}, "watching the disk")
    assert [] == writes_at_start(frozen(app)[0])


def test_writes_are_seen(tmp_path: Path) -> None:
    """What makes a file or a folder, not what reads one, and not the kernel's own files."""
    program = (
        "import os, sys, http.server as h\n"
        "h.SimpleHTTPRequestHandler.log_message = lambda *a: None\n"
        "open(sys.argv[1] + '/new', 'w'); os.mkdir(sys.argv[1] + '/folder'); open('/dev/null', 'w'); open(sys.argv[0])\n"
        "s = h.HTTPServer(('127.0.0.1', 0), h.SimpleHTTPRequestHandler)\n"
        "os.fdopen(int(os.environ['FAPWS_READY_FD']), 'w').write(f'listening 127.0.0.1 {s.server_port}\\n')\n"
        "s.serve_forever()\n")
    (tmp_path / "server.py").write_text(program)
    calls = writes_at_start(Server("writer", (sys.executable, "-I", tmp_path / "server.py", tmp_path)))
    assert 2 == len([call for call in calls if str(tmp_path) in call])


def test_verdicts() -> None:
    """Each must beside the quicker and the smaller of the peers."""
    peers = {"a": {"size": 9e6, "start": 0.3, "memory": 30, "writes": 5}, "b": {"size": 8e6, "start": 0.12, "memory": 40,
                                                                              "writes": 5}}
    good = {"size": 5e6, "start": 0.019, "memory": 29, "writes": 0}
    assert ["kept"] * 4 == [line.split()[-1].rstrip(".") for line in verdicts("hello", {"fapws4": good, **peers})]
    bad = {"size": 5e6 + 1, "start": 0.021, "memory": 30, "writes": 1}
    assert ["broken"] * 4 == [line.split()[-1].rstrip(".") for line in verdicts("hello", {"fapws4": bad, **peers})]
