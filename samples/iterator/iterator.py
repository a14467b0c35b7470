"""A response that is made while it is sent. Run it with `fapws4 samples/iterator/iterator.py`.

`curl http://127.0.0.1:8888/primes?below=100000` shows the lines as they come: nothing but the present line
is in memory, and other clients are served in between.
"""

from collections.abc import Iterator

from fapws4.base import Environ, Start_response

LIMIT = 1_000_000


def primes(environ: Environ, start_response: Start_response) -> Iterator[str]:
    """Prime numbers, one a line; the status can be set until the first piece is given out."""
    text = environ["fapws.params"].get("below", ["100"])[0]
    if not text.isdecimal() or len(text) > 7 or int(text) > LIMIT:
        start_response("400 Bad Request", [("Content-Type", "text/plain; charset=utf-8")])
        yield f"below is a number up to {LIMIT}\n"
        return
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    for number in range(2, int(text)):
        if all(number % divisor for divisor in range(2, int(number**0.5) + 1)):
            yield f"{number}\n"


def index(_environ: Environ, _start_response: Start_response) -> list[str]:
    """A list is sent as one piece."""
    links = [f'<li><a href="/primes?below={limit}">below {limit}</a></li>\n' for limit in (10, 1000)]
    return ["<!DOCTYPE html>\n<title>Primes</title>\n<h1>Primes</h1>\n<ul>\n", *links, "</ul>\n"]


PATHS = [("/primes", primes), ("/", index)]
