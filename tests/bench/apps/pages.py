"""The pages that every server under measurement serves, as a WSGI callable: BENCH_APP names the one."""

import os

FILE = os.environ.get("BENCH_FILE", "")


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "13")])
    return [b"Hello World!!"]


def post(environ, start_response):
    size = int(environ["CONTENT_LENGTH"])
    if len(environ["wsgi.input"].read(size)) != size:
        raise ValueError("the body is not whole")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "13")])
    return [b"Hello World!!"]


def file(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(os.path.getsize(FILE)))])
    opened = open(FILE, "rb")
    if "wsgi.file_wrapper" in environ:
        return environ["wsgi.file_wrapper"](opened, 65536)
    with opened:
        return [opened.read()]


def sized(environ, start_response):
    body = BODIES[environ["PATH_INFO"]]
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


PAGE = os.environ.get("BENCH_APP", "hello")
SIZES = (0, 1_000, 10_000, 100_000, 1_000_000, 10_000_000) if PAGE == "sized" else ()
BODIES = {f"/{size}": b"x" * size for size in SIZES}

application = {"hello": hello, "post": post, "file": file, "sized": sized}[PAGE]
