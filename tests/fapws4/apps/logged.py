"""Handlers under the Log decorator; the log goes to the file that is given."""

import sys

from fapws4 import log, zip

FILE = open(sys.argv[1], "w", encoding="utf-8")


class Full:
    """A log on a full disk."""

    def write(self, text):
        raise OSError(28, "No space left on device")

    def flush(self):
        pass


class Pages:
    @log.Log(FILE)
    def method(self, environ, start_response):
        return ("tu", b"ple")


@log.Log(FILE)
def text(environ, start_response):
    return "caf\u00e9"


@log.Log(FILE)
def file(environ, start_response):
    return open(__file__, "rb")


@log.Log(FILE)
def generator(environ, start_response):
    start_response("404 Not Found", [])
    yield "\u00e9"
    yield b"12"


@log.Log(FILE)
def broken(environ, start_response):
    yield "x"
    raise RuntimeError("on purpose")


@log.Log(FILE)
def unborn(environ, start_response):
    raise RuntimeError("on purpose")
    yield


@log.Log(FILE)
def raising(environ, start_response):
    raise RuntimeError("on purpose")


@log.Log(FILE)
def nothing(environ, start_response):
    start_response("304 Not Modified", [])


@log.Log(FILE, proxies=1)
def behind(environ, start_response):
    return ""


@log.Log(FILE)
@zip.Gzip()
def small(environ, start_response):
    return "x" * 10000


@log.Log(Full())
def full(environ, start_response):
    return "served"


PATHS = [
    ("/method", Pages().method), ("/text", text), ("/file", file), ("/generator", generator), ("/broken", broken),
    ("/unborn", unborn), ("/raising", raising), ("/nothing", nothing), ("/behind", behind), ("/small", small), ("/full", full),
]
