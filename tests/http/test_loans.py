"""An environ may be lent to one request after the other (core/loan.c): no app can tell, whatever it does with its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appliance.build import build_binary, make_plan
from tests.http.apps.mischief import ACTS
from tests.http.conftest import APPS, Command, Server, command_of, end_server, start_server

NAMES = [act.__name__ for act in ACTS]


@pytest.fixture(scope="module", params=["host", "frozen"])
def mischief(request: pytest.FixtureRequest, command: Command, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for this file: this machine's Python and the frozen one notice changes by different means."""
    folder, app = tmp_path_factory.mktemp("mischief"), APPS / "mischief.py"
    if request.param == "host":
        running = start_server(command, folder, app)
    else:
        plan = make_plan(str(app), "pc", str(folder / "frozen"), 0, False)
        build_binary(plan)
        running = start_server(command_of(plan.binary), folder, None)
    yield running
    end_server(running)


@pytest.mark.parametrize("kind", ["native", "wsgi"])
@pytest.mark.parametrize("name", NAMES)
def test_what_an_app_does_with_its_environ_reaches_no_other_request(mischief: Server, name: str, kind: str) -> None:
    """Before and behind it, the same request is told the same."""
    path = f"/{kind}/{name}"
    with mischief.client() as client:
        before = [client.ask(path).body for _ in range(4)]
        status = client.ask(f"{path}?now").status
        behind = [client.ask(path).body for _ in range(4)]
        assert {before[0]} == {*before, *behind}
        assert b"'PATH_INFO', ''" in before[0]
        assert status == (500 if name == "fail" else 200)
        assert client.ask(f"{path}?now", method="POST", body=b"body").status == status
        assert {before[0]} == {client.ask(path).body for _ in range(3)}


@pytest.mark.parametrize("kind", ["native", "wsgi"])
def test_nothing_of_a_request_stays_for_the_next(mischief: Server, kind: str) -> None:
    """Path, query, method and body come and go; behind each the plain request is told the same."""
    path = f"/{kind}/add"
    with mischief.client() as client:
        plain = client.ask(path).body
        for turn in range(3):
            answer = client.ask(f"{path}/x{turn}?a={turn}", method="POST", body=b"body %d" % turn).body
            assert answer.endswith(b"b'body %d'" % turn)
            assert b"('PATH_INFO', '/x%d'), ('QUERY_STRING', 'a=%d')" % (turn, turn) in answer
            assert plain == client.ask(path).body
            assert b"'REQUEST_METHOD', 'PUT'" in client.ask(path, method="PUT").body
            assert plain == client.ask(path).body


def test_an_environ_that_is_still_in_use_is_its_requests_own(mischief: Server) -> None:
    """A generator that goes on behind the handler's return."""
    with mischief.client() as client:
        found = [client.ask("/later").body for _ in range(3)]
        assert client.ask("/later?now").body.endswith(b"changed")
        assert {found[0]} == {*found, *(client.ask("/later").body for _ in range(3))}
        assert found[0].endswith(b"b''test")


def test_what_an_app_has_kept_stays_as_it_was(mischief: Server) -> None:
    """However many requests follow on the same connection."""
    with mischief.client() as client:
        for kind in ("native", "wsgi"):
            for turn in range(3):
                client.ask(f"/{kind}/keep/{turn}?now{turn}")
                client.ask(f"/{kind}/view_of_it/{turn}?now{turn}")
                client.ask(f"/{kind}/keep")
        kept = client.ask("/kept").body
    assert b"True" in kept
    assert b"False" not in kept
