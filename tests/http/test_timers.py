"""Functions that the server calls by itself: timers and deferred calls."""

from __future__ import annotations

import pytest

from tests.http.conftest import Server, Start

APP = """
import fapws4, threading, os

seen = {"tick": 0, "twice": 0, "fails": 0, "late": 0, "thread": 0, "order": []}

def count(name, answer=None):
    def call():
        seen[name] += 1
        seen["home"] = threading.get_ident()
        return answer() if answer else None
    return call

ticking = fapws4.add_timer(0.001, count("tick"))
fapws4.add_timer(0.001, count("twice", lambda: seen["twice"] < 2))
fapws4.add_timer(seconds=0.001, f=count("fails", lambda: 1 / 0))
many = [fapws4.add_timer(0.001, count("many")) for seen["many"] in [0] * 100]

def page(environ, start_response):
    word = environ["PATH_INFO"]
    if word == "stop":
        ticking.stop()
        for timer in many:
            timer.stop()
    elif word == "restart":
        ticking.restart()
    elif word == "add":
        fapws4.add_timer(0.001, count("late", lambda: False))
    elif word == "spawn":
        threading.Thread(target=lambda: fapws4.add_timer(0.001, count("thread", lambda: False))).start()
    elif word == "home":
        return str(seen["home"] == threading.get_ident())
    elif word:
        return str(seen[word])

def put(value):
    seen["order"].append(value)
    if value == "raise":
        raise RuntimeError("deferred on purpose")
    if value == "again":
        fapws4.defer(put, "later")
    if value == "said":
        os.write(2, b"deferred: said\\n")

def deferring(environ, start_response):
    for word in environ["QUERY_STRING"].split(","):
        fapws4.defer(put, word, combine=word.startswith("c"))
    return str(fapws4.defer_queue_size())

fapws4.defer(put, "import")
PATHS = [("/defer", deferring), ("/", page)]
"""


@pytest.fixture
def running(server: Start) -> Server:
    """A server with the app above."""
    return server(APP)


def wait_for(running: Server, target: str, expected: bytes) -> None:
    """Asks until the answer is as expected."""
    with running.client() as client:
        while client.ask(target).body != expected:
            pass


def test_a_timer_calls_until_it_is_told_not_to(running: Server) -> None:
    """A function is called again and again; False and an exception end that, and only that timer."""
    with running.client() as client:
        while int(client.ask("/tick").body) < 20:
            pass
        assert [b"2", b"1"] == [client.ask("/twice").body, client.ask("/fails").body]
        while int(client.ask("/many").body) < 100:
            pass
        assert b"True" == client.ask("/home").body
    assert 1 == running.logged().count("ZeroDivisionError")
    assert "fapws4: timer <function count." in running.logged()


def test_a_timer_can_be_stopped_and_restarted(running: Server) -> None:
    """stop() takes effect at once, restart() continues."""
    with running.client() as client:
        client.ask("/stop")
        before = client.ask("/tick").body
        client.ask("/add")
        wait_for(running, "/late", b"1")  # time enough for the other
        assert before == client.ask("/tick").body
        client.ask("/restart")
        while client.ask("/tick").body == before:
            pass


def test_timers_can_be_added_at_any_time(running: Server) -> None:
    """A handler may add one, and so may a thread."""
    with running.client() as client:
        client.ask("/add")
        client.ask("/spawn")
    wait_for(running, "/late", b"1")
    wait_for(running, "/thread", b"1")


@pytest.mark.parametrize("call", ["add_timer(0, print)", "add_timer(float('nan'), print)", "add_timer(1, 5)", "defer(5, 1)"])
def test_wrong_arguments_are_refused(server: Start, call: str) -> None:
    """A time of nothing and a thing that cannot be called are errors at the call."""
    running = server(f"import fapws4\ndef page(e, s):\n    fapws4.{call}\n\nPATHS = [('/', page)]\n")
    with running.client() as client:
        assert 500 == client.ask("/").status
    assert f"{call.partition('(')[0]}(): " in running.logged()


def test_deferred_calls_come_in_order(running: Server) -> None:
    """What is deferred is called once the response is written, in order; equal pairs may be combined."""
    wait_for(running, "/order", b"['import']")
    with running.client() as client:
        assert b"6" == client.ask("/defer?a,c1,a,c1,raise,again,c2,c2").body
    wait_for(running, "/order", repr(["import", "a", "c1", "a", "raise", "again", "c2", "later"]).encode())
    assert "RuntimeError: deferred on purpose" in running.logged()


def test_a_stop_loses_no_deferred_call(running: Server) -> None:
    """What still waits when the server is told to stop is called before it ends."""
    with running.client() as client:
        client.ask("/defer?" + "a," * 2000 + "said")
    assert 0 == running.stop()
    assert "deferred: said\n" in running.logged()
