"""What handlers may rely on beyond the cases."""

from __future__ import annotations

from tests.http.conftest import Server, Start


def test_cookies_are_sent(echo: Server) -> None:
    """set_cookie and delete_cookie make one header each."""
    with echo.client() as client:
        found = [value for name, value in client.ask("/cookies").fields if name == "set-cookie"]
    assert [
        "a=1; HttpOnly; Max-Age=0; Path=/; SameSite=Lax",
        "b=2; expires=Sun, 06 Nov 1994 08:49:37 GMT; Path=/; Secure",
        'c=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/',
    ] == found


def test_requests_never_see_each_other(echo: Server) -> None:
    """An app that keeps or changes its arguments does not affect the next request."""
    with echo.client() as client:
        answers = [client.ask("/kept") for _ in range(3)]
    assert [("1", b"0"), ("2", b"1"), ("3", b"2")] == [(a.field("x-count"), a.body) for a in answers]


def test_a_traceback_stays_on_the_server(echo: Server) -> None:
    """The client learns nothing about the inside; the log says request, client and traceback."""
    with echo.client() as client:
        assert b"Internal Server Error" == client.ask("/raises?x").body
    assert "fapws4: GET /raises?x from 127.0.0.1: the app failed" in echo.logged()
    assert "RuntimeError: on purpose" in echo.logged()


def test_a_traceback_is_shown_when_debugging(server: Start) -> None:
    """With DEBUG the client sees what went wrong."""
    running = server("def page(e, s):\n    return 1 / 0\n\nPATHS = [('/', page)]\nDEBUG = 1\n")
    with running.client() as client:
        response = client.ask("/")
    assert 500 == response.status
    assert b"ZeroDivisionError" in response.body


def test_an_app_may_bring_its_own_classes(server: Start) -> None:
    """Start_response and Environ of the app's module are used."""
    running = server(
        "from fapws4 import base\n"
        "class Start_response(base.Start_response):\n"
        "    def __init__(self):\n"
        "        self.add_header('X-Mine', 'yes')\n"
        "class Environ(base.Environ):\n"
        "    def update_headers(self, values):\n"
        "        super().update_headers({name: value.upper() for name, value in values.items()})\n"
        "def page(environ, start_response):\n"
        "    assert type(environ) is Environ and type(start_response) is Start_response\n"
        "    return environ['PATH_INFO'] + environ['HTTP_X_A'] + environ['REQUEST_METHOD']\n"
        "PATHS = [('/', page)]\n"
    )
    with running.client() as client:
        for _ in range(2):
            response = client.ask("/p", "X-A: low")
            assert ("yes", b"pLOWGET") == (response.field("x-mine"), response.body)


def test_the_input_is_a_file(server: Start) -> None:
    """wsgi.input has the methods of PEP 3333."""
    running = server(
        "def page(environ, start_response):\n"
        "    i = environ['wsgi.input']\n"
        "    parts = [i.read(2), i.readline(), i.readline(3), i.readlines(1), list(i), i.read(), i.readline(), i.read(5)]\n"
        "    return repr(parts + [i.getvalue() == b'abc\\ndefgh\\ni\\nj\\nk'])\n"
        "PATHS = [('/', page)]\n"
    )
    with running.client() as client:
        body = client.ask("/", method="POST", body=b"abc\ndefgh\ni\nj\nk").body
        empty = client.ask("/").body
    assert b"[b'ab', b'c\\n', b'def', [b'gh\\n'], [b'i\\n', b'j\\n', b'k'], b'', b'', b'', True]" == body
    assert b"[b'', b'', b'', [], [], b'', b'', b'', False]" == empty


def test_other_threads_run_while_the_server_waits(server: Start) -> None:
    """A thread of the app goes on between requests."""
    running = server(
        "import threading\n"
        "done = threading.Event()\n"
        "def work():\n"
        "    for _ in range(100000):\n"
        "        pass\n"
        "    done.set()\n"
        "def begin(e, s):\n"
        "    threading.Thread(target=work, daemon=True).start()\n"
        "PATHS = [('/begin', begin), ('/', lambda e, s: str(done.is_set()))]\n"
    )
    with running.client() as client:
        client.ask("/begin")
        while client.ask("/").body != b"True":
            pass


WSGI = """
import sys
from wsgiref.validate import validator

def application(environ, start_response):
    kind = environ["PATH_INFO"]
    assert type(environ) is dict
    assert not any(name.startswith("fapws.") or name.startswith("HTTP_CONTENT") for name in environ)
    if kind == "/silent":
        return [b"x"]
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    if kind == "/twice":
        start_response("200 OK", [])
    if kind == "/error":
        try:
            raise RuntimeError
        except RuntimeError:
            start_response("503 Sorry", [("Content-Type", "text/plain")], sys.exc_info())
    if kind == "/str":
        return ["text"]
    return [environ["SCRIPT_NAME"].encode(), kind.encode(), environ["wsgi.input"].read()]

if VALIDATED:
    application = validator(application)
"""


def test_a_wsgi_application_is_served(server: Start) -> None:
    """A module without PATHS but with `application` is served as PEP 3333 says."""
    running = server("VALIDATED = False\n" + WSGI)
    with running.client() as client:
        assert b"/x\xc3\xa9body" == client.ask("/x%C3%A9", method="POST", body=b"body").body.decode("utf-8").encode("latin-1")
        assert [500, 500, 500, 503] == [client.ask(path).status for path in ("/silent", "/twice", "/str", "/error")]


def test_a_validated_application_runs_unchanged(server: Start) -> None:
    """wsgiref.validate has nothing to complain about."""
    running = server("VALIDATED = True\n" + WSGI.replace('.read()]', '.read(0)]'))
    with running.client() as client:
        assert b"/v" == client.ask("/v").body
    assert "AssertionError" not in running.logged()
