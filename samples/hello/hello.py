"""The smallest app: one page. Run it with `fapws4 samples/hello/hello.py`."""

from fapws4.base import Environ, Start_response


def hello(environ: Environ, start_response: Start_response) -> str:
    """Answers every request with the same text."""
    return "Hello World!!"


PATHS = [("/", hello)]
