"""The samples: each runs alone, under this machine's Python and frozen, and does what its docstring says."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import pytest

from appliance.common.places import RECIPES, REPOSITORY
from tests.fapws4.conftest import ask, place_of
from tests.http.conftest import Server, Start
from tests.http.wire import TIMEOUT
from tests.samples import NAMES, Way, app_of

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_every_sample_is_among_these() -> None:
    """A new folder of samples/ is tried too."""
    assert sorted(NAMES) == sorted(path.name for path in REPOSITORY.joinpath("samples").iterdir() if path.is_dir())


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_valid_and_explained(way: Way, tmp_path: Path, name: str) -> None:
    """`--check` has nothing to say, and the docstring tells how to run it."""
    program, app = way(name)
    check = program("--check", *([app] if app else []), cwd=tmp_path)
    _, errors = check.communicate(timeout=TIMEOUT)
    assert (0, b"") == (check.returncode, errors)
    text = ast.get_docstring(ast.parse(app_of(name).read_text())) or ""
    assert f"fapws4 samples/{name}/{app_of(name).name}" in text


def test_hello(sample: Start) -> None:
    """The first thing that everyone tries."""
    assert b"Hello World!!" == ask(sample("hello"), "/").body


def test_static(sample: Start) -> None:
    """A site of files, wherever it is started."""
    site = sample("static")
    page = ask(site, "/")
    assert (200, "text/html; charset=utf-8") == (page.status, page.headers["content-type"])
    for link in re.findall(rb'(?:href|src)="([^"]+)"', page.body):
        assert ask(site, f"/{link.decode()}").status in (200, 301)
    assert b"<h1>Documents</h1>" in ask(site, "/docs/").body
    assert "image/svg+xml" == ask(site, "/favicon.ico").headers["content-type"]
    assert 304 == ask(site, "/", {"If-None-Match": page.headers["etag"]}).status
    assert 404 == ask(site, "/../static.py").status


def test_iterator(sample: Start) -> None:
    """Lines are made while they are sent, and the status is set by the generator."""
    running = sample("iterator")
    found = ask(running, "/primes?below=30")
    assert b"2 3 5 7 11 13 17 19 23 29".split() == found.body.split()
    assert "chunked" == found.headers["transfer-encoding"]
    for text in ("x", "-1", "10000000", "0" * 5000, ""):
        assert 400 == ask(running, f"/primes?below={text}").status
    assert b"/primes?below=1000" in ask(running, "/").body


def test_forms(sample: Start) -> None:
    """The session remembers a name, uploads are counted, markup is text, everything is logged."""
    running = sample("forms")
    assert b"We have not met." in ask(running, "/").body
    sent = ask(running, "/name", FORM, "POST", urlencode({"name": "<b>J\u00fcrgen"}).encode())
    assert (303, "/") == (sent.status, sent.headers["location"])
    page = ask(running, "/", {"Cookie": sent.headers["set-cookie"].partition(";")[0]})
    assert "Hello &lt;b&gt;J\u00fcrgen!" in page.body.decode()
    assert "gzip" == ask(running, "/", {"Accept-Encoding": "gzip"}).headers["content-encoding"]
    body = b'--B\r\nContent-Disposition: form-data; name="files"; filename="<i>.txt"\r\n\r\n12345\r\n--B--\r\n'
    answer = ask(running, "/upload", {"Content-Type": "multipart/form-data; boundary=B"}, "POST", body)
    assert b"&lt;i&gt;.txt: 5 bytes" in answer.body
    assert 415 == ask(running, "/upload", FORM, "POST", b"a=b").status
    assert '"POST /upload HTTP/1.1" 415' in running.logged()


def test_wiki(sample: Start, tmp_path: Path) -> None:
    """Pages are written, shown, listed and linked; what is written cannot become markup."""
    running = sample("wiki", tmp_path / "pages")
    assert "/edit/Home" == ask(running, "/page/Home").headers["location"]
    assert "/edit/Home" == ask(running, "/?new=Home").headers["location"]
    text = "<script>alert(1)</script>\r\n$title [[Other]] \u00e9</textarea>"
    sent = ask(running, "/edit/Home", FORM, "POST", urlencode({"text": text}).encode())
    assert (302, "/page/Home") == (sent.status, sent.headers["location"])
    page = ask(running, "/page/Home").body.decode()
    assert '&lt;script&gt;alert(1)&lt;/script&gt;\n$title <a href="/page/Other">Other</a> \u00e9&lt;/textarea&gt;' in page
    assert "$title [[Other]] \u00e9&lt;/textarea&gt;</textarea>" in ask(running, "/edit/Home").body.decode()
    assert b'<a href="/page/Home">Home</a>' in ask(running, "/").body
    assert [tmp_path / "pages" / "Home.txt"] == list((tmp_path / "pages").iterdir())
    assert "text/css; charset=utf-8" == ask(running, "/style/wiki.css").headers["content-type"]
    for target in ("/page/../Home", "/page/%2e%2e%2fx", "/page/a.b", "/edit/", "/page/a%00b", "/x"):
        assert ask(running, target).status in (400, 404)
    assert ask(running, "/edit/..%2fevil", FORM, "POST", b"text=x").status == 404


def test_the_wiki_needs_no_argument(sample: Start, tmp_path: Path) -> None:
    """Without one the pages are in ./wiki-data."""
    sample("wiki")
    assert (tmp_path / "wiki-data").is_dir()


def test_pages_open_in_curl(sample: Start) -> None:
    """A client with its own ideas about encoding sees the same page."""
    running = sample("forms")
    host, port = place_of(running)
    command = ["curl", "--silent", "--max-time", "20", "--compressed", "--fail", f"http://{host}:{port}/"]
    assert b"<h1>Forms</h1>" in subprocess.run(command, capture_output=True, check=True).stdout


def test_timer(sample: Start) -> None:
    """A page shows what a timer has measured, and deferred calls are made between requests."""
    running = sample("timer")
    visits = [ask(running, "/").body.decode().splitlines() for _ in range(3)]
    assert [f"visits before this one: {number}" for number in range(3)] == [lines[0] for lines in visits]
    assert all(float(load) >= 0 for lines in visits for load in lines[1:])
    assert all(len(lines) > 1 for lines in visits)


def test_sse(sample: Start) -> None:
    """A message reaches every page that listens, and a page that has gone is forgotten."""
    running = sample("sse")
    listeners = [running.client(), running.client()]
    for client in listeners:
        client.send(b"GET /events HTTP/1.1\r\nHost: test\r\n\r\n")
        client.until(b": welcome\n\n")
    said = ask(running, "/say", FORM, method="POST", body=urlencode({"text": "one\ntwo  three"}).encode())
    assert (303, "/") == (said.status, said.headers["location"])
    for client in listeners:
        client.until(b"data: one two three\n\n")
        client.socket.close()
    assert 303 == ask(running, "/say", FORM, method="POST", body=b"text=nobody").status
    assert b"EventSource" in ask(running, "/").body


def test_gateway(sample: Start) -> None:
    """A line from a serial port reaches the pages, one from a page the port; a port that is pulled is waited for."""
    ours, theirs = os.openpty()
    port = os.ttyname(theirs)
    os.close(theirs)
    running = sample("gateway", port)
    with running.client() as client:
        client.send(b"GET /events HTTP/1.1\r\nHost: test\r\n\r\n")
        client.until(f"event: state\ndata: connected to {port}\n\n".encode())
        os.write(ours, b"21.5 <b>\x1b\r\n")
        client.until(b"data: 21.5 <b>\n\n")
        page = ask(running, "/").body.decode()
        assert "<li>21.5 &lt;b&gt;" in page
        assert f"connected to {port}" in page
        sent = ask(running, "/send", FORM, "POST", urlencode({"text": "set\n 7"}).encode())
        assert (303, "/") == (sent.status, sent.headers["location"])
        assert b"set 7\r\n" == os.read(ours, 100)
        os.close(ours)
        client.until(f"event: state\ndata: waiting for {port}\n\n".encode())


def test_the_gateway_without_a_port(sample: Start) -> None:
    """Its page says what it waits for, what it cannot open, and takes lines for nobody."""
    running = sample("gateway", "/dev/no-such-port")
    assert b"waiting for /dev/no-such-port" in ask(running, "/").body
    assert 303 == ask(running, "/send", FORM, "POST", b"text=x").status
    wrong = sample("gateway", "/dev/null")
    with wrong.client() as client:
        client.send(b"GET /events HTTP/1.1\r\nHost: test\r\n\r\n")
        client.until(b"data: /dev/null: ")  # and why, in the words of the libc


def test_wsgi_flask(sample: Start) -> None:
    """A Flask app as it is: templates, a style sheet, a form, a session with a message, markup that stays text."""
    running = sample("wsgi-flask")
    page = ask(running, "/")
    assert (200, "text/html; charset=utf-8") == (page.status, page.headers["content-type"])
    style = ask(running, re.findall(r'href="(/static/[^"]+)"', page.body.decode())[0])
    assert (200, "text/css; charset=utf-8") == (style.status, style.headers["content-type"])
    assert 304 == ask(running, "/static/style.css", {"If-None-Match": style.headers["etag"]}).status
    sent = ask(running, "/notes", FORM, "POST", urlencode({"name": "<b>J\u00fcrgen", "text": "was here"}).encode())
    assert (303, "/") == (sent.status, sent.headers["location"])
    shown = ask(running, "/", {"Cookie": sent.headers["set-cookie"].partition(";")[0]})
    assert "Thank you, &lt;b&gt;J\u00fcrgen!" in shown.body.decode()
    later = ask(running, "/", {"Cookie": shown.headers["set-cookie"].partition(";")[0]}).body.decode()
    assert ("Thank you" not in later, 'value="&lt;b&gt;J\u00fcrgen"' in later) == (True, True)
    assert "<li><b>&lt;b&gt;J\u00fcrgen</b>: was here</li>" in shown.body.decode()
    stranger = ask(running, "/").body.decode()
    assert ("Thank you" in stranger, 'value=""' in stranger) == (False, True)
    refused = ask(running, "/notes", FORM, "POST", urlencode({"name": "J", "text": "x" * 201}).encode())
    assert 303 == refused.status
    assert 1 == ask(running, "/").body.count(b"<li>")
    assert (404, 405) == (ask(running, "/nothing").status, ask(running, "/notes").status)


def test_wsgi_django(sample: Start) -> None:
    """A Django project as it is: tables made at the start, the admin's pages with their styles, signing in, a new book, a
    session, another language; all still there after a restart."""
    running = sample("wsgi-django")
    password = re.findall("with the password (.+)", running.logged())[0]
    page = ask(running, "/admin/login/", {"Accept-Language": "de"})
    assert (200, True) == (page.status, "Anmelden" in page.body.decode())
    style = ask(running, re.findall(r'href="(/static/admin/css/[^"]+)"', page.body.decode())[0])
    assert (200, "text/css; charset=utf-8") == (style.status, style.headers["content-type"])
    assert b"--primary" in style.body
    cookies = signed_in(running, password)
    add = ask(running, "/admin/shelf/book/add/", {"Cookie": cookies})
    fields = {"csrfmiddlewaretoken": token_of(add.body), "title": "<Faust>", "author": "J. W. v. Goethe"}
    sent = ask(running, "/admin/shelf/book/add/", {**FORM, "Cookie": cookies}, "POST", urlencode(fields).encode())
    assert (302, "/admin/shelf/book/") == (sent.status, sent.headers["location"])
    assert b"<h1>1 book</h1>" in ask(running, "/").body
    assert 0 == running.stop()
    again = sample("wsgi-django")
    assert "password" not in again.logged()
    changes = ask(again, "/admin/shelf/book/", {"Cookie": cookies, "Accept-Language": "en"}).body.decode()
    assert "1 book" in changes
    assert "&lt;Faust&gt;</a>" in changes
    assert 302 == ask(again, "/admin/shelf/book/").status
    assert 404 == ask(again, "/nothing").status


def signed_in(running: Server, password: str) -> str:
    """The cookies of the superuser."""
    form = ask(running, "/admin/login/")
    cookie = form.headers["set-cookie"].partition(";")[0]
    fields = {"csrfmiddlewaretoken": token_of(form.body), "username": "admin", "password": password, "next": "/admin/"}
    sent = ask(running, "/admin/login/", {**FORM, "Cookie": cookie}, "POST", urlencode(fields).encode())
    assert (302, "/admin/") == (sent.status, sent.headers["location"])
    return f"{cookie}; {sent.headers['set-cookie'].partition(';')[0]}"


def token_of(page: bytes) -> str:
    """Of Django's forms."""
    return str(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.decode())[0])


def test_the_flask_that_is_tried_is_the_one_that_is_pinned() -> None:
    """requirements.txt beside the sample names the same releases, by the same digests, as the builder's own pins."""
    pins = (RECIPES / "requirements.txt").read_text().splitlines()
    own = app_of("wsgi-flask").with_name("requirements.txt").read_text().splitlines()
    assert {"flask", "jinja2", "werkzeug"} < {line.partition("==")[0] for line in own}
    assert [] == [line for line in own if line not in pins]
