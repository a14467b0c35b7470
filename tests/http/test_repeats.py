"""What the server remembers to answer faster never shows in an answer: each is as if it were the first."""

from __future__ import annotations

import pytest

from tests.http.conftest import Server, Start

HEADS = """
from itertools import count
from fapws4.base import Headers

TURNS, WRITERS = count(), []
GROWING, CHANGING, OWN = [("X-A", "1")], [("X-A", "1"), ("X-B", "1"), ("X-C", "1")], Headers([("X-A", "1")])

class Number:
    def __init__(self):
        self.turns = count()
    def __str__(self):
        return str(next(self.turns))

NUMBERED = [("X-Number", Number())]

def growing(environ, start_response):
    start_response("200 OK", GROWING)
    GROWING.append(("X-Turn", str(len(GROWING))))

def changing(environ, start_response):
    CHANGING[1] = ("X-B", str(next(TURNS)))
    start_response("200 OK", CHANGING)

def dictlike(environ, start_response):
    OWN["x-a"] = str(next(TURNS))
    start_response("200 OK", OWN)

def status(environ, start_response):
    start_response(int(environ["QUERY_STRING"]), [("X-A", "1")])

def closing(environ, start_response):
    start_response("200 OK", [("Connection", "close")])

def cookie(environ, start_response):
    start_response("200 OK", [("X-A", "1")])
    if environ["QUERY_STRING"]:
        start_response.set_cookie("name", environ["QUERY_STRING"])

def length(environ, start_response):
    start_response("200 OK", [("Content-Length", "3")])
    return environ["QUERY_STRING"]

def writing(environ, start_response):
    WRITERS.append(start_response("200 OK", [("X-A", "1")]))
    try:
        WRITERS[0](b"first ")
    except AssertionError as error:
        return str(error)
    return "second"

PATHS = [
    ("/growing", growing), ("/changing", changing), ("/dictlike", dictlike), ("/status", status), ("/closing", closing),
    ("/cookie", cookie), ("/length", length), ("/writing", writing),
    ("/numbered", lambda e, s: s("200 OK", NUMBERED) and None),
    ("/text", lambda e, s: s("200 OK", [("X-A", "1")]) and "text"),
    ("/bytes", lambda e, s: s("200 OK", [("X-A", "1")]) and b"bytes"),
] + [(f"/many/{i}/", lambda e, s, h=[("X-Many", str(i)), ("X-A", "1")]: s("200 OK", h) and None) for i in range(100)]
"""


@pytest.fixture
def heads(server: Start) -> Server:
    """A server with the app above."""
    return server(HEADS)


def own(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The fields that the app has set."""
    return [field for field in fields if field[0].startswith("x-") or field[0] == "set-cookie"]


def test_a_list_of_headers_that_grows_is_sent_as_it_is(heads: Server) -> None:
    """The same list object, one header more each time."""
    with heads.client() as client:
        counts = [len(own(client.ask("/growing").fields)) for _ in range(4)]
    assert [2, 3, 4, 5] == counts


@pytest.mark.parametrize(("path", "name"), [("/changing", "x-b"), ("/dictlike", "x-a"), ("/numbered", "x-number")])
def test_headers_that_change_in_place_are_sent_as_they_are(heads: Server, path: str, name: str) -> None:
    """The same list, with another tuple inside, and the same tuple with an object that is another text each time."""
    with heads.client() as client:
        assert ["0", "1", "2"] == [client.ask(path).field(name) for _ in range(3)]


def test_equal_headers_with_another_status_are_another_head(heads: Server) -> None:
    """The status counts, also as a number."""
    with heads.client() as client:
        assert [200, 404, 200, 404, 201] == [client.ask(f"/status?{code}").status for code in (200, 404, 200, 404, 201)]


def test_a_head_that_ends_the_connection_does_so_again(heads: Server) -> None:
    """`Connection: close` is obeyed each time it is said."""
    for _ in range(3):
        with heads.client() as client:
            assert "close" == client.ask("/closing").field("connection")
            assert not client.more()


def test_cookies_belong_to_one_response(heads: Server) -> None:
    """The same status and headers with a cookie, without, and with another one."""
    with heads.client() as client:
        found = [own(client.ask(f"/cookie{query}").fields) for query in ("?a", "", "?b", "")]
    assert [("x-a", "1"), ("set-cookie", "name=a; Path=/")] == found[0]
    assert [("x-a", "1"), ("set-cookie", "name=b; Path=/")] == found[2]
    assert [[("x-a", "1")]] * 2 == [found[1], found[3]]


def test_a_known_length_is_held_to(heads: Server) -> None:
    """A body that is longer than the known head says is cut, and one that is shorter ends the connection."""
    with heads.client() as client:
        assert [b"abc", b"abc", b"abc"] == [client.ask(f"/length?{text}").body for text in ("abc", "abcd", "abcde")]
        client.send(b"GET /length?a HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.rest().endswith(b"Connection: close\r\n\r\na")


def test_a_type_is_added_to_text_only(heads: Server) -> None:
    """Equal heads of a str and of bytes: only the str gets a Content-Type."""
    with heads.client() as client:
        found = [client.ask(path).field("content-type") for path in ("/text", "/bytes", "/text", "/bytes")]
    assert ["text/html; charset=utf-8", None] * 2 == found


def test_more_heads_than_are_remembered(heads: Server) -> None:
    """Each of a hundred heads is right, however often it was forgotten."""
    with heads.client() as client:
        found = [client.ask(f"/many/{i % 100}/").field("x-many") for i in range(300)]
    assert [str(i % 100) for i in range(300)] == found


def test_write_of_an_earlier_request_writes_into_no_other(heads: Server) -> None:
    """What start_response returned belongs to its own response."""
    with heads.client() as client:
        assert b"first second" == client.ask("/writing").body
        assert [b"write() after the handler has returned"] * 2 == [client.ask("/writing").body for _ in range(2)]
