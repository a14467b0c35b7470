"""A source's own build back-end (PEP 517), under the builder's Python. Not imported by the builder; building.py starts it.

Arguments: ``requires``, which prints what the build needs besides what pyproject.toml says, as JSON on the last line; or
``wheel`` and the folder that it is to be put into. The present folder is the source.
"""

from __future__ import annotations

import importlib
import json
import os
import sys

import tomllib


def main() -> None:
    sys.path.pop(0)  # the builder's own folder
    system = {}
    if os.path.exists("pyproject.toml"):
        with open("pyproject.toml", "rb") as file:
            system = tomllib.load(file).get("build-system", {})
    sys.path[:0] = [os.path.abspath(folder) for folder in system.get("backend-path", [])]
    if "build-backend" not in system:
        sys.path.insert(0, os.getcwd())  # as setup.py of old expects
    module, _, path = system.get("build-backend", "setuptools.build_meta:__legacy__").partition(":")
    backend = importlib.import_module(module)
    for name in filter(None, path.split(".")):
        backend = getattr(backend, name)
    if sys.argv[1] == "requires":
        ask = getattr(backend, "get_requires_for_build_wheel", list)
        sys.stdout.write("\n" + json.dumps(list(ask({}))) + "\n")
    else:
        backend.build_wheel(sys.argv[2], {})


if __name__ == "__main__":
    main()
