"""Keeps one value: as one must, or without a thought of power cuts."""

import os

from fapws4 import data_dir

VALUE = data_dir() / "value"


def keep(text):
    fresh = VALUE.with_suffix(".new")
    with fresh.open("w") as out:
        out.write(text * 3000)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(VALUE)
    os.sync()


def show(environ, start_response):
    return VALUE.read_text()


def change(environ, start_response):
    keep(environ["fapws.params"]["value"][0])
    return "kept"


def be_careless(environ, start_response):
    with VALUE.open("w") as out:
        out.write(environ["fapws.params"]["value"][0] * 3000)
    return "kept, perhaps"


if not VALUE.exists():
    keep("old")

PATHS = [("/settings", change), ("/careless", be_careless), ("/", show)]
