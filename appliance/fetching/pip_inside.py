"""pip for another Python than the one that it runs under. Not imported by the builder; registries.py starts it.

Arguments: a JSON table of what markers such as ``python_version`` are to say, a file, then pip's own arguments. While a
source is made ready for its build, the file says which one: {name, backend, requires, files}. If it is there after pip has
failed, that source is what it failed with.

pip chooses among wheels by tags that it is told, but judges markers by the Python it runs under, and refuses sources when
tags are told at all. Both are mended here, in its own modules: it has no options for that.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys


def main() -> int:
    environment, note, *arguments = sys.argv[1:]
    sys.path.pop(0)  # the builder's own folder

    from pip._internal.cli import cmdoptions
    from pip._internal.cli.main import main as pip
    from pip._internal.req.req_install import InstallRequirement
    from pip._vendor.packaging import markers

    target = json.loads(environment)
    markers.default_environment = lambda: dict(target)
    cmdoptions.check_dist_restriction = lambda *_, **__: None

    load, prepare = InstallRequirement.load_pyproject_toml, InstallRequirement.prepare_metadata

    def noted_load(self):
        with open(note, "w") as out:
            json.dump({"name": self.name or "", **facts(self.unpacked_source_directory)}, out)
        return load(self)

    def noted_prepare(self):
        made = prepare(self)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(note)
        return made

    InstallRequirement.load_pyproject_toml = noted_load
    InstallRequirement.prepare_metadata = noted_prepare
    return pip(arguments)


def facts(folder: str) -> dict:
    """What tells the language that a source is written in."""
    from pip._vendor import tomli

    system = {}
    with contextlib.suppress(FileNotFoundError, ValueError), open(os.path.join(folder, "pyproject.toml"), "rb") as file:
        system = tomli.load(file).get("build-system", {})
    files = [os.path.relpath(os.path.join(top, name), folder) for top, _, names in os.walk(folder) for name in names]
    return {"backend": system.get("build-backend", "setuptools"), "requires": system.get("requires", []),
            "files": sorted(files)}


if __name__ == "__main__":
    sys.exit(main())
