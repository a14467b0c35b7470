"""Made-up packages: wheels and sources that pip finds in a folder, without any network."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from appliance.common.places import SOURCE_DATE_EPOCH

# A build back-end of the source's own, so that none has to be fetched.
BACKEND = '''
import os, subprocess, sys, zipfile

COMMANDS, PARTS = {commands!r}, {parts!r}

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    os.mkdir(os.path.join(folder, "{name}-{version}.dist-info"))
    with open(os.path.join(folder, "{name}-{version}.dist-info", "METADATA"), "w") as out:
        out.write({metadata!r})
    return "{name}-{version}.dist-info"

def build_wheel(folder, config_settings=None, metadata_directory=None):
    words = dict(os.environ, PYTHON=sys.executable)
    for command in COMMANDS:
        subprocess.run([words.get(word[1:], word) if word[0] == "$" else word for word in command.split()], check=True)
    name = "{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as out:
        out.writestr("{name}.py", "KIND = 'built'\\n")
        for place, file in PARTS.items():
            out.write(file, place)
        out.writestr("{name}-{version}.dist-info/METADATA", {metadata!r})
        out.writestr("{name}-{version}.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: {tag}\\n")
        out.writestr("{name}-{version}.dist-info/RECORD", "")
    return name
'''
PROJECT = '[build-system]\nrequires = {requires}\nbuild-backend = "{backend}"\nbackend-path = ["."]\n'


def metadata(name: str, version: str, *more: str) -> str:
    """The text of METADATA."""
    return "\n".join(["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *more, ""])


def wheel(folder: Path, name: str, version: str, files: Mapping[str, bytes] | None = None, tag: str = "py3-none-any",
          more: tuple[str, ...] = ()) -> Path:
    """A wheel with these files, by default one module; ``more`` are lines of its METADATA."""
    info = f"{name}-{version}.dist-info"
    members = {**(files if files is not None else {f"{name}.py": b"KIND = 'wheel'\n"}),
               f"{info}/METADATA": metadata(name, version, *more).encode(),
               f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode()}
    members[f"{info}/RECORD"] = "".join(f"{member},,\n" for member in members).encode()
    return zipped(folder / f"{name}-{version}-{tag}.whl", members)


def zipped(file: Path, members: Mapping[str, bytes]) -> Path:
    """A zip file, the same bytes for the same members."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w") as out:
        for name, data in sorted(members.items()):
            out.writestr(zipfile.ZipInfo(name), data)
    return file


def sdist(folder: Path, name: str, version: str, files: Mapping[str, str] | None = None, commands: tuple[str, ...] = (),
          parts: Mapping[str, str] | None = None, tag: str = "py3-none-any", requires: str = "[]", backend: str = "backend"
          ) -> Path:
    """A source distribution with a build back-end of its own.

    It runs ``commands``, in which words like $CC stand for variables, and puts ``parts`` of what they make into the wheel.
    """
    top = f"{name}-{version}"
    text = metadata(name, version)
    build = BACKEND.format(commands=commands, parts=dict(parts or {}), name=name, version=version, tag=tag, metadata=text)
    members = {"PKG-INFO": text, "pyproject.toml": PROJECT.format(requires=requires, backend=backend), "backend.py": build,
               **(files or {})}
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{top}.tar.gz"
    with tarfile.open(file, "w:gz") as tar:
        for place, content in members.items():
            member = tarfile.TarInfo(f"{top}/{place}")
            member.size, member.mtime = len(content.encode()), SOURCE_DATE_EPOCH
            tar.addfile(member, io.BytesIO(content.encode()))
    return file


# A C module whose ``answer`` is what the macro NUMBER, or a function of that name, says.
MODULE = """#include <Python.h>
#ifndef NUMBER
int number(void);
#define NUMBER number()
#endif
static struct PyModuleDef module = {{PyModuleDef_HEAD_INIT, "{name}", NULL, 0, NULL, NULL, NULL, NULL, NULL}};
int helper(void);
int helper(void) {{ return NUMBER; }}
PyMODINIT_FUNC PyInit_{name}(void)
{{
    PyObject *made = PyModule_Create(&module);
    PyModule_AddIntConstant(made, "answer", helper());
    return made;
}}
"""


def only_here(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """pip finds what is in ``folder`` and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    patch.setenv("PIP_NO_INDEX", "1")
    patch.setenv("PIP_FIND_LINKS", str(folder))
