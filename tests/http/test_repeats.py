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

ENVIRONS = """
import fapws4

def tell(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    names = sorted(name for name in environ if name.startswith("HTTP_") or name.isupper())
    body = environ["wsgi.input"].read().decode("latin-1")
    return [f"{[(name, environ[name]) for name in names]!r} {body}".encode("latin-1")]

def spoil(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    found = f"{environ.get('mark')} {environ.get('HTTP_COOKIE')} {environ.get('PATH_INFO')} {environ.get('fapws.params')}"
    environ["mark"] = "set"
    environ["PATH_INFO"] += "spoilt"
    environ["HTTP_COOKIE"] = "spoilt"
    if "fapws.params" in environ:
        environ["fapws.params"]["spoilt"] = ["yes"]
    for name in ("HTTP_HOST", "REMOTE_ADDR", "SERVER_NAME"):
        del environ[name]
    return [found.encode()]

PATHS = [
    ("/tell", tell), ("/spoil", spoil), ("/wsgi/tell", fapws4.wsgi(tell)), ("/wsgi/spoil", fapws4.wsgi(spoil)),
    ("/names", lambda e, s: str(sorted(name for name in e if name.startswith("fapws.") or name.startswith("HTTP_C")))),
    ("/wsgi/names", fapws4.wsgi(lambda e, s: s("200 OK", []) and [
        str(sorted(name for name in e if name.startswith("fapws.") or name.startswith("HTTP_C"))).encode()])),
    ("/peer", lambda e, s: e["REMOTE_PORT"]),
]
"""


@pytest.fixture
def environs(server: Start) -> Server:
    """A server with the app above."""
    return server(ENVIRONS)


@pytest.mark.parametrize("path", ["/spoil", "/wsgi/spoil"])
def test_an_app_that_changes_its_environ_changes_no_other(environs: Server, path: str) -> None:
    """Keys that are set, replaced and deleted, and a dict inside that is filled, are as new in the next request."""
    with environs.client() as client:
        found = {client.ask(f"{path}/x?a=1", "Cookie: c=1").body for _ in range(6)}
    params = "None" if "wsgi" in path else "{'a': ['1']}"
    assert {f"None c=1 /x {params}".encode()} == found


def test_clients_that_take_turns_get_their_own(environs: Server) -> None:
    """Cookies, credentials and addresses of one client never reach another's handler."""
    clients = [environs.client() for _ in range(5)]
    for _ in range(6):
        for number, client in enumerate(clients):
            body = client.ask("/tell", f"Cookie: c={number}", f"Authorization: Basic {number}").body
            assert f"('HTTP_AUTHORIZATION', 'Basic {number}'), ('HTTP_COOKIE', 'c={number}')".encode() in body
            port = str(client.socket.getsockname()[1]).encode()
            assert b"('REMOTE_PORT', '" + port + b"')" in body
            assert port == client.ask("/peer", f"Cookie: c={number}").body
    for client in clients:
        client.socket.close()


def test_one_block_for_two_kinds_of_handlers(environs: Server) -> None:
    """What PATHS handlers get beside PEP 3333 never reaches a WSGI application, although the header block is the same."""
    own = ("HTTP_CONTENT_TYPE fapws.major_minor fapws.params fapws.raw_header fapws.remote_addr fapws.remote_port "
           "fapws.uri").split()
    with environs.client() as client:
        for _ in range(4):
            assert str(own).encode() == client.ask("/names", "Content-Type: a").body
            assert b"[]" == client.ask("/wsgi/names", "Content-Type: a").body


@pytest.mark.parametrize("route", ["/tell", "/wsgi/tell"])
def test_methods_and_paths_are_those_of_the_request(environs: Server, route: str) -> None:
    """The same fields on one connection, with other methods and paths in every order, known ones and new ones."""
    paths = ["", "/", "/a", "/b", "/a/long/path", "/b/long/path", "/" + "x" * 63, "/" + "x" * 64, "/" + "y" * 64]
    asked = [(method, path) for path in paths for method in ("GET", "POST", "GET", "PUT", "PROPPATCH")]
    asked += [("POST", path) for path in paths for _ in range(3)] + [("GET", path) for path in paths * 2]
    with environs.client() as client:
        for method, path in asked:
            body = client.ask(route + path, method=method).body.decode()
            assert f"('PATH_INFO', '{path}')" in body
            assert f"('REQUEST_METHOD', '{method}')" in body


def test_the_target_goes_before_host_each_time(environs: Server) -> None:
    """An absolute-form target replaces Host, also when the same fields came before, and only for that request."""
    with environs.client() as client:
        for _ in range(4):
            assert b"('HTTP_HOST', 'test')" in client.ask("/tell", "X: y").body
            assert b"('HTTP_HOST', 'other:81')" in client.ask("http://other:81/tell", "X: y").body


def test_fields_that_came_twice_are_joined_each_time(environs: Server) -> None:
    """Lists and cookies, from the memo as from the wire."""
    with environs.client() as client:
        for _ in range(4):
            body = client.ask("/tell", "X: a", "Cookie: c=1", "X: b", "Cookie: d=2").body
            assert b"('HTTP_COOKIE', 'c=1; d=2')" in body
            assert b"('HTTP_X', 'a, b')" in body


def test_bodies_behind_a_known_block_are_new_each_time(environs: Server) -> None:
    """The same Content-Length with other bytes behind it, and chunks of another length."""
    with environs.client() as client:
        for body in (b"abc", b"def", b"ghi", b"jkl"):
            assert client.ask("/tell", method="POST", body=body).body.endswith(b"] " + body)
        for turn in range(1, 5):
            client.send(b"POST /tell HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            client.send(b"%x\r\n%b\r\n0\r\n\r\n" % (turn, b"x" * turn))
            found = client.response().body
            assert b"('CONTENT_LENGTH', '%d')" % turn in found
            assert found.endswith(b"] " + b"x" * turn)


def test_a_form_behind_a_known_block_is_parsed(server: Start) -> None:
    """The params of a POST are those of its own body."""
    running = server("PATHS = [('/', lambda e, s: str(e['fapws.params']))]")
    with running.client() as client:
        for turn in range(4):
            answer = client.ask("/?q=1", "Content-Type: application/x-www-form-urlencoded", method="POST", body=b"a=%d" % turn)
            assert b"{'a': ['%d']}" % turn == answer.body


def test_more_clients_than_are_remembered(environs: Server) -> None:
    """Hundreds of different cookies, each in several requests, on one connection."""
    with environs.client() as client:
        for number in [i for i in range(200) for _ in range(3)] + list(range(200)):
            assert f"('HTTP_COOKIE', 'c={number}')".encode() in client.ask("/tell", f"Cookie: c={number}").body


def test_the_whole_head_is_told_each_time(server: Start) -> None:
    """fapws.raw_header has the request line of its own request."""
    running = server("PATHS = [('/', lambda e, s: e['fapws.raw_header'])]")
    with running.client() as client:
        for turn in range(4):
            expected = b"GET /%d HTTP/1.1\r\nHost: test\r\nX: \xc3\xa9\r\n\r\n" % turn
            assert expected == client.ask(f"/{turn}", "X: \xe9").body


def test_an_environ_of_the_apps_own_is_filled_each_time(server: Start) -> None:
    """A subclass of Environ gets the same content through its hooks, known block or not."""
    running = server(
        "from fapws4.base import Environ as Base\n"
        "class Environ(Base):\n"
        "    def update_headers(self, values):\n"
        "        self.update(values)\n"
        "        values.clear()\n"
        "PATHS = [('/', lambda e, s: e['PATH_INFO'] + e['HTTP_COOKIE'])]\n"
    )
    with running.client() as client:
        for turn in range(4):
            assert b"%dc=1" % turn == client.ask(f"/{turn}", "Cookie: c=1").body
