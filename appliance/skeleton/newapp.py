"""newapp: a page that greets, and what it knows as JSON."""

import json

from fapws4.base import Environ, Start_response

VERSION = "0.1.0"  # shown by the device, and in its bills of material
HEALTH = "/health"  # answered by the server itself


def greeting(environ: Environ, start_response: Start_response) -> str:
    """One page: /?name=Ada greets Ada."""
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    [name] = environ["fapws.params"].get("name", ["World"])[:1]
    return f"Hello {name}!\n"


def about(environ: Environ, start_response: Start_response) -> str:
    """The app's name and version."""
    start_response("200 OK", [("Content-Type", "application/json")])
    return json.dumps({"name": "newapp", "version": VERSION})


# The first prefix that the path begins with is called.
PATHS = [("/about", about), ("/", greeting)]
