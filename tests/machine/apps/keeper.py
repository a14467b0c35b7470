"""Keeps one value: as one must, or without a thought of power cuts."""

import os

from fapws4 import data_dir

VALUE = data_dir() / "value"
if not VALUE.exists():
    VALUE.write_text("old " * 2000)


def show(environ, start_response):
    return VALUE.read_text()


def change(environ, start_response):
    fresh = VALUE.with_suffix(".new")
    with fresh.open("w") as out:
        out.write(environ["fapws.params"]["value"][0] * 3000)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(VALUE)
    os.sync()
    return "kept"


def be_careless(environ, start_response):
    with VALUE.open("w") as out:
        out.write(environ["fapws.params"]["value"][0] * 3000)
    return "kept, perhaps"


PATHS = [("/settings", change), ("/careless", be_careless), ("/", show)]
