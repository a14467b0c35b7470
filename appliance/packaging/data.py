"""The files that an app reads at run time: pages, styles, templates. They keep their place beside the app's modules.

``data = ["site", "page.html"]`` under ``[tool.fapws4]`` in the pyproject.toml beside the app names them, ``--add-data`` adds
more. Each is a file or a folder inside the app's own folder; in the program it stands at the same place below /appliance/app,
so that ``Path(__file__).with_name("site")`` leads to it there too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from appliance.common.errors import Problem
from appliance.fetching.recipes import read_section

_LARGEST = 1 << 30  # bytes in all; the program lies in memory as a whole, and its offsets have 32 bits


@dataclass(frozen=True)
class Settings:
    """The keys of ``[tool.fapws4]``; release.py, update_source.py and hardware.py tell those below ``exclude``."""

    data: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)  # modules
    keys: str = ""
    counter: int = 0
    data_version: int = 0
    settings: str = ""
    usb_update: str = "ask"
    update_from: str = ""
    update_every: int = 0
    update_ca: str = ""
    update_plain_http: bool = False
    ntp: list[str] = field(default_factory=list)
    log_size: int = 64
    devices: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    cmdline: str = ""


@dataclass(frozen=True)
class DataFile:
    """One file: its place below the app's folder (with slashes, on any machine), and where it is read from."""

    place: str
    file: Path


def settings_of(app: Path) -> Settings:
    """What the pyproject.toml beside the app says."""
    return read_section(app.parent / "pyproject.toml", "tool.fapws4", Settings)


def data_files(app: Path, added: Iterable[str] = ()) -> tuple[DataFile, ...]:
    """Every file that is named beside ``app`` (a resolved path) and in ``added``, in the order of their places."""
    folder = app.parent
    names = [*settings_of(app).data, *added]
    found = {file.relative_to(folder).as_posix(): file for name in names
             for file in _files_below(_inside(folder, name), folder)}
    size = sum(file.stat().st_size for file in found.values())
    if size > _LARGEST:
        raise Problem(f"the data of {app.name} is {size >> 20} MiB, a program holds {_LARGEST >> 20} MiB",
                      "leave the largest files out")
    return tuple(DataFile(place, found[place]) for place in sorted(found))


def _inside(folder: Path, name: str) -> Path:
    """The path of a name, which must lead to something in the folder by its text alone."""
    path = Path(os.path.normpath(folder / name))
    if path == folder or not path.is_relative_to(folder):
        raise Problem(f"the data {name or '(nothing)'} is not inside the app's folder {folder}",
                      "name files and folders that stand in it")
    return path


def _files_below(path: Path, folder: Path, above: tuple[str, ...] = ()) -> Iterator[Path]:
    """The file itself or all files of the folder ``path``; links count as what they lead to, which must be in ``folder``."""
    real = os.path.realpath(path)
    if not Path(real).is_relative_to(folder):
        raise Problem(f"the data {path} is a link that leads out of the app's folder", "put a copy in its place")
    if real in above:
        raise Problem(f"the data {path} is a link to a folder that it stands in", "remove the link")
    if not path.exists():
        raise Problem(f"the data {path} is not there", "paths of data begin at the app's folder")
    if not (path.is_file() or path.is_dir()):
        raise Problem(f"the data {path} is neither a file nor a folder", "leave it out")
    if not os.access(path, os.R_OK):
        raise Problem(f"the data {path} cannot be read", f"type: chmod u+r '{path}'")
    if any("\udc80" <= character <= "\udcff" for character in path.name):  # bytes that Python could not decode
        raise Problem(f"the data {str(path)!a} has a name that is not UTF-8", "rename it")
    if path.is_file():
        yield path
        return
    for child in sorted(path.iterdir()):
        if child.name != "__pycache__":
            yield from _files_below(child, folder, (*above, real))
