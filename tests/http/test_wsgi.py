"""WSGI applications inside PATHS, and the frameworks that people bring, unchanged."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from tests.http.conftest import Server, Start

MOUNTS = """
import fapws4
from wsgiref.validate import validator

def tell(environ, start_response):
    assert type(environ) is dict and environ["wsgi.file_wrapper"]
    assert not any(name.startswith("fapws.") or name.startswith("HTTP_CONTENT") for name in environ)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [repr((environ["SCRIPT_NAME"], environ["PATH_INFO"])).encode()]

def silent(environ, start_response):
    return [b"x"]

def text(environ, start_response):
    start_response("200 OK", [])
    return "text"

PATHS = [
    ("/shop", fapws4.wsgi(tell)),
    ("/slash/", fapws4.wsgi(validator(tell))),
    ("/silent", fapws4.wsgi(silent)),
    ("/text", fapws4.wsgi(text)),
    ("/plain", lambda e, s: e["SCRIPT_NAME"] + "|" + e["PATH_INFO"] + "|" + str("fapws.uri" in e)),
    ("/", fapws4.wsgi(tell)),
]
"""


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/shop", b"('/shop', '')"),
        ("/shop/", b"('/shop', '/')"),
        ("/shop/a%20b+c?x", b"('/shop', '/a b+c')"),
        ("/shopping", b"('', '/shopping')"),
        ("/slash/x", b"('/slash', '/x')"),
        ("/slash/", b"('/slash', '/')"),
        ("/slash", b"('/slash', '')"),
        ("/", b"('', '/')"),
        ("http://test", b"('', '/')"),
        ("/plain/x", b"/plain|/x|True"),
    ],
)
def test_a_mounted_application_sees_its_place(server: Start, target: str, expected: bytes) -> None:
    """SCRIPT_NAME has no slash at its end and PATH_INFO begins with one; handlers beside it are as ever."""
    with server(MOUNTS).client() as client:
        assert expected == client.ask(target).body


def test_a_mounted_application_is_held_to_pep_3333(server: Start) -> None:
    """No call of start_response, or a str as body, is a 500."""
    running = server(MOUNTS)
    with running.client() as client:
        assert [500, 500] == [client.ask(target).status for target in ("/silent", "/text")]
    assert "the application did not call start_response" in running.logged()


def test_a_decorator_around_a_mount_is_not_passed_by(server: Start) -> None:
    """What functools.wraps makes of a mount is called, with the environ of PEP 3333."""
    running = server(
        "import fapws4, functools\n"
        "def app(e, s):\n"
        "    s('200 OK', [])\n"
        "    return [str('fapws.uri' in e).encode()]\n"
        "mount = fapws4.wsgi(app)\n"
        "@functools.wraps(mount)\n"
        "def around(e, s):\n"
        "    return [b'<', *mount(e, s), b'>']\n"
        "PATHS = [('/', around)]\n"
    )
    with running.client() as client:
        assert b"<False>" == client.ask("/").body


FILES = """
import io, os, fapws4

class Told(io.BytesIO):
    def close(self):
        os.write(2, b"file: closed\\n")
        super().close()

class Bare:
    blocks = [b"ab", b"c", b""]
    def read(self, size):
        return self.blocks.pop(0) if size == 2 else None

def app(environ, start_response):
    wrap = environ["wsgi.file_wrapper"]
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/real":
        return wrap(open(__file__, "rb"))
    if environ["PATH_INFO"] == "/told":
        return wrap(Told(b"t" * 100_000), 1000)
    body = wrap(Bare(), block_size=2)
    found = b"".join(body)
    body.close()
    return [found]

application = app
"""


def test_the_file_wrapper_sends_files(server: Start) -> None:
    """wsgi.file_wrapper sends a real file with its length, closes any file, and can be iterated."""
    running = server(FILES)
    with running.client() as client:
        real = client.ask("/real")
        assert (FILES.encode(), str(len(FILES))) == (real.body, real.field("content-length"))
        assert b"t" * 100_000 == client.ask("/told").body
        assert b"abc" == client.ask("/bare").body
    assert 1 == running.logged().count("file: closed\n")


FRAMEWORKS = {
    "flask": """
import flask
app = flask.Flask(__name__)

@app.route("/hello/<name>", methods=["GET", "POST"])
def hello(name):
    return f"{name} {flask.request.args.get('q')} {flask.request.form.get('f')} {flask.url_for('hello', name='x')}"

@app.route("/file")
def file():
    return flask.send_file(__file__, mimetype="text/plain")

@app.route("/fails")
def fails():
    raise RuntimeError
""",
    "bottle": """
import bottle
app = bottle.Bottle()

@app.route("/hello/<name>", ["GET", "POST"])
def hello(name):
    return f"{name} {bottle.request.query.q} {bottle.request.forms.get('f')} {bottle.request.script_name}hello/x"

@app.route("/file")
def file():
    return open(__file__, "rb")

@app.route("/fails")
def fails():
    raise RuntimeError
""",
    "falcon": """
import falcon

class Hello:
    def on_get(self, request, response, name, form=None):
        response.text = f"{name} {request.get_param('q')} {form} {request.root_path}/hello/x"
    def on_post(self, request, response, name):
        self.on_get(request, response, name, request.get_media().get("f"))

class File:
    def on_get(self, request, response):
        response.stream = open(__file__, "rb")

class Fails:
    def on_get(self, request, response):
        raise RuntimeError

app = falcon.App()
app.add_route("/hello/{name}", Hello())
app.add_route("/file", File())
app.add_route("/fails", Fails())
""",
    "django": """
import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import FileResponse, HttpResponse
from django.urls import path, reverse

def hello(request, name):
    return HttpResponse(f"{name} {request.GET.get('q')} {request.POST.get('f')} {reverse('hello', args=['x'])}")

def file(request):
    return FileResponse(open(__file__, "rb"))

def fails(request):
    raise RuntimeError

urlpatterns = [path("hello/<name>", hello, name="hello"), path("file", file), path("fails", fails)]
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])
app = get_wsgi_application()
""",
}


@pytest.fixture(params=[(name, mounted) for name in FRAMEWORKS for mounted in (False, True)], ids=str)
def framework(request: pytest.FixtureRequest, server: Start) -> tuple[Server, str]:
    """A server with an app of the framework, served alone or mounted at /app; and its uri."""
    name, mounted = request.param
    if importlib.util.find_spec(name) is None:
        pytest.fail(f"{name} is not installed; it is among the pinned packages that make.sh installs", pytrace=False)
    text = FRAMEWORKS[name]
    if mounted:
        text += "\nimport fapws4\nPATHS = [('/app/', fapws4.wsgi(app))]\n"
    return server(text, environment={"VIRTUAL_ENV": sys.prefix}), "/app" if mounted else ""


def test_frameworks_run_unchanged(framework: tuple[Server, str]) -> None:
    """Routing, query, form, links, files and errors of the framework work."""
    running, uri = framework
    form = "Content-Type: application/x-www-form-urlencoded"
    with running.client() as client:
        assert f"n q None {uri}/hello/x".encode() == client.ask(f"{uri}/hello/n?q=q").body
        posted = client.ask(f"{uri}/hello/n", form, method="POST", body=b"f=v%20w")
        assert f"n None v w {uri}/hello/x".encode() == posted.body.replace(b"n  v", b"n None v")
        file = client.ask(f"{uri}/file")
        assert (200, True) == (file.status, b"def fails" in file.body or b"class Fails" in file.body)
        assert [500, 404] == [client.ask(f"{uri}/fails").status, client.ask(f"{uri}/nowhere").status]
