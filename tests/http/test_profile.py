"""What an operator can ask a running server: the table of SIGUSR1, and the traces of DEBUG 2 and 3."""

from __future__ import annotations

import re
import signal

from tests.http.conftest import Server, Start

APP = """
def raises(e, s):
    raise RuntimeError("on purpose")
PATHS = [("/a", lambda e, s: b"12345"), ("/raises", raises)]
"""


def ask_for_table(running: Server, count: int) -> list[str]:
    """Sends SIGUSR1; returns the log's lines once it has answered ``count`` times."""
    running.process.send_signal(signal.SIGUSR1)
    with running.client() as client:
        while running.logged().count("fapws4: process") + running.logged().count("fapws4: SIGUSR1") < count:
            client.ask("/nowhere")
        client.ask("/nowhere")  # answered behind the last row
    return running.logged().splitlines()


def test_the_first_signal_begins_and_the_next_shows(server: Start) -> None:
    """Requests, times, bytes and statuses of each route; nothing was counted before the first."""
    running = server(APP)
    with running.client() as client:
        client.ask("/a")
        ask_for_table(running, 1)
        for target in ("/a/1", "/a/2", "/raises", "/b"):
            client.ask(target)
        lines = ask_for_table(running, 2)
    head = next(number for number, line in enumerate(lines) if line.startswith(f"fapws4: process {running.process.pid}, "))
    assert lines[head + 1].split() == "requests p50 ms p99 ms bytes 2xx 3xx 4xx 5xx route".split()
    rows = {line.split(None, 8)[8]: line.split(None, 8)[:8] for line in lines[head + 2 : head + 5]}
    assert ("2", ["10", "2", "0", "0", "0"]) == (rows["/a"][0], rows["/a"][3:])
    assert ("1", ["21", "0", "0", "0", "1"]) == (rows["/raises"][0], rows["/raises"][3:])
    assert rows["(no route)"][6] == rows["(no route)"][0]
    assert 0 < float(rows["/a"][1]) <= float(rows["/a"][2])


def test_debug_counts_from_the_start(server: Start) -> None:
    """With DEBUG the first signal shows the table already."""
    running = server("DEBUG = 1\n" + APP)
    with running.client() as client:
        client.ask("/a")
    assert [line for line in ask_for_table(running, 1) if re.fullmatch(r" +1 .* 5 +1 +0 +0 +0  /a", line)]


def test_traces(server: Start) -> None:
    """DEBUG 2 shows connections and requests, 3 reads and writes too; 1 none of it."""
    said = {}
    for level in (1, 2, 3):
        running = server(f"DEBUG = {level}\n" + APP)
        with running.client() as client:
            client.ask("/a", "Connection: close")
            client.rest()
        running.stop()
        said[level] = re.sub(r"127\.0\.0\.1:\d+|\d+\.\d+(?= ms)", "#", running.logged())
    two = (
        'fapws4: #: opened\nfapws4: #: "GET /a HTTP/1.1" 200, 5 bytes, # ms, route /a\n'
        "fapws4: #: closed, the last response said so\n"
    )
    assert "fapws4: #: " not in said[1]
    assert two in said[2]
    assert re.search(r"fapws4: #: read \d+, idle\nfapws4: #: write \d+, 0 wait, idle\n", said[3])


def test_each_worker_answers_for_itself(server: Start) -> None:
    """The supervisor passes SIGUSR1 on: every worker shows what it has counted."""
    running = server("DEBUG = 1\n" + APP, "--workers", "2")
    lines = ask_for_table(running, 2)
    assert 2 == len({line.split(",")[0] for line in lines if line.startswith("fapws4: process ")})
    assert 0 == running.stop()
