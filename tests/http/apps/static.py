"""Static files for tests/http: the folder and the file are named in the environment."""

from __future__ import annotations

import os

from fapws4.views import Staticfile

FOLDER = os.environ["STATIC_FOLDER"]

PATHS = [
    ("/one.txt", Staticfile(f"{FOLDER}/a.txt")),
    ("/aged/", Staticfile(f"{FOLDER}/", 60, index="index.html")),
    ("/static", Staticfile(f"{FOLDER}/")),
]
