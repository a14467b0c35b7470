"""The archive: every module and file of an app in one block that the program reads in place (core/frozen/archive.h).

Layout, all numbers little-endian u32, offsets from the start:

    magic "FAPWS4A2" | slots | entries | size | app       app: offset of the name of the app's module
    slots x u32                                           hash table (FNV-1a, linear probing); entry number + 1, 0 = empty
    entries x 8 u32                                       name, name length, path, data, stored, size, flags, mark
    texts, each NUL-terminated                            names and paths
    data, each at a multiple of 16                        marshalled code, contents of files, children of folders

Modules are raw deflate each, files too where that saves something.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from zlib import crc32

from appliance.common.errors import Problem
from appliance.common.places import CORE, cache_folder, digest_of, file_digest, scratch_folder, whole_file
from appliance.common.progress import step
from appliance.common.shell import run
from appliance.compiling.interpreter import Interpreter
from appliance.freezing.analysis import Analysis, Module
from appliance.packaging.data import DataFile
from appliance.packaging.timezones import zone_table

ROOT = "/appliance"
FINDER = "_fapws4_finder"
FINDER_FILE = CORE / "frozen" / "finder.py"
PYTHON = f"{ROOT}/bin/python"  # sys.executable; core/frozen/python.h

_LEFT_OUT = f"{ROOT}/bin/left-out"  # as in finder.py
_ZONES = "fapws4.device.zones"  # has a table beside it

# Imported before the finder stands, or by it: Python's frozen modules (core/frozen/runtime_frozen.c). The import system has
# names and paths of its own, by which Python leaves its lines out of tracebacks.
BOOT_MODULES = ("abc", "codecs", "encodings", "encodings.aliases", "encodings.utf_8", "io")
_IMPORT_SYSTEM = {"_frozen_importlib": "importlib._bootstrap", "_frozen_importlib_external": "importlib._bootstrap_external"}

_MODULE, _PACKAGE, _FILE, _DIRECTORY, _DEFLATED, _PROGRAM = 1, 2, 4, 8, 16, 32
_MAGIC = b"FAPWS4A2"
_COMPILER = Path(__file__).with_name("archive_inside.py")


@dataclass(frozen=True)
class Entry:
    """One thing in the archive: ``data`` as stored, ``size`` once inflated, ``part`` whom its bytes are counted for."""

    name: str
    path: str
    data: bytes
    size: int
    flags: int
    part: str


@dataclass(frozen=True)
class Archive:
    """The finished block, and how many bytes of it each part takes (stdlib, fapws4, app or a distribution's name).

    ``sizes`` are those of every module and file.
    """

    data: bytes
    digest: str
    shares: dict[str, int]
    sizes: dict[str, int]


def freeze(
    analysis: Analysis, interpreter: Interpreter, data: tuple[DataFile, ...] = (), finder: Path = FINDER_FILE
) -> Archive:
    """Compile and pack everything that the analysis found, and the app's data."""
    files = {f"{ROOT}/lib/{place}": Path(file) for place, file in analysis.files}
    files |= {f"{ROOT}/app/{item.place}": item.file for item in data}
    files |= {_LEFT_OUT: _left_out(analysis)} if analysis.left_out else {}
    files |= {f"{ROOT}/lib/fapws4/device/zones.txt": zone_table() for module in analysis.modules if module.name == _ZONES}
    entries = [*_modules(analysis, interpreter, finder), *_files(files, interpreter),
               Entry(PYTHON, PYTHON, b"", 0, _FILE | _PROGRAM, "data")]
    block = pack([*entries, *_folders(entries)], analysis.app.stem)
    shares: dict[str, int] = {}
    for entry in entries:
        shares[entry.part] = shares.get(entry.part, 0) + len(entry.data)
    sizes = {entry.name: len(entry.data) for entry in entries if not entry.flags & _DIRECTORY}
    return Archive(block, digest_of(block), dict(sorted(shares.items())), dict(sorted(sizes.items())))


def _left_out(analysis: Analysis) -> Path:
    """A file for the finder: reasons, each followed by a line with the names of the modules that the program lacks for it."""
    text = "".join(f"{reason}\n{' '.join(names)}\n" for reason, names in analysis.left_out.items())
    file = cache_folder("code") / f"left-out-{digest_of(text)[:16]}.txt"
    if not file.exists():
        with whole_file(file) as work:
            work.write_text(text)
    return file


def virtual_path(module: Module) -> str:
    """What ``__file__`` of a module shows; a namespace package has a folder, which ends in a slash."""
    if module.name in _IMPORT_SYSTEM:
        return f"<frozen {_IMPORT_SYSTEM[module.name]}>"
    base = f"{ROOT}/{'app' if module.part == 'app' else 'lib'}/{module.name.replace('.', '/')}"
    if not module.file:
        return f"{base}/"
    return f"{base}/__init__.py" if module.package else f"{base}.py"


def pack(entries: Iterable[Entry], app: str) -> bytes:
    """Entries to bytes, in the order of their names."""
    ordered = sorted(entries, key=lambda entry: entry.name)
    number = {entry.name: index for index, entry in enumerate(ordered)}
    slots = _slots([entry.name.encode() for entry in ordered])
    head = len(_MAGIC) + 16 + 4 * len(slots) + 32 * len(ordered)
    texts, where = _texts([*(entry.name for entry in ordered), *(entry.path for entry in ordered), app], head)
    body = bytearray()
    start = _aligned(head + len(texts))
    records = bytearray()
    for entry in ordered:
        content = _children(entry, number) if entry.flags & _DIRECTORY else entry.data
        size = len(content) if entry.flags & _DIRECTORY else entry.size
        records += struct.pack("<8I", where[entry.name], len(entry.name.encode()), where[entry.path], start + len(body),
                               len(content), size, entry.flags, crc32(content) % 10**9)
        body += content.ljust(_aligned(len(content)), b"\0")
    header = _MAGIC + struct.pack("<4I", len(slots), len(ordered), start + len(body), where[app])
    return (header + struct.pack(f"<{len(slots)}I", *slots) + records + texts).ljust(start, b"\0") + body


def _modules(analysis: Analysis, interpreter: Interpreter, finder: Path) -> Iterator[Entry]:
    modules = [*analysis.modules, Module(FINDER, str(finder), False, "fapws4"),
               *(Module(name, str(interpreter.stdlib.joinpath(*original.split(".")).with_suffix(".py")), False, "stdlib")
                 for name, original in _IMPORT_SYSTEM.items())]
    if absent := set(BOOT_MODULES) - {module.name for module in modules}:
        raise Problem(f"Python cannot start without {', '.join(sorted(absent))}", "do not exclude what it starts with")
    compiled = _compiled([module for module in modules if module.file], interpreter)
    for module in modules:
        data, size, deflated = compiled[module.name] if module.file else (b"", 0, 0)
        flags = _MODULE | (_PACKAGE if module.package else 0) | (_DEFLATED if deflated else 0)
        yield Entry(module.name, virtual_path(module), data, size, flags, module.part)


def _compiled(modules: list[Module], interpreter: Interpreter) -> dict[str, tuple[bytes, int, int]]:
    """name -> (data, size once inflated, whether it is deflated); compiled where the cache has not got it yet."""
    kept = cache_folder("code", interpreter.digest[:16])
    jobs, places = [], {}
    for module in modules:
        level = 2 if module.part == "stdlib" else 0  # docstrings of the standard library are of no use on a device
        path = virtual_path(module)
        places[module.name] = kept / digest_of(Path(module.file), path, str(level), _COMPILER)[:32]
        if not places[module.name].exists():
            jobs.append({"file": module.file, "path": path, "level": level, "to": places[module.name].name})
    _run_compiler(jobs, kept, interpreter)
    return {name: _stored(place.read_bytes()) for name, place in places.items()}


def _files(files: dict[str, Path], interpreter: Interpreter) -> Iterator[Entry]:
    """Of path in the tree -> file on this machine."""
    kept = cache_folder("code", interpreter.digest[:16])
    places = {path: kept / digest_of("file", file_digest(file), _COMPILER)[:32] for path, file in files.items()}
    jobs = [{"file": str(file), "path": "", "level": 0, "to": places[path].name}
            for path, file in files.items() if not places[path].exists()]
    _run_compiler(jobs, kept, interpreter)
    for path, place in places.items():
        data, size, deflated = _stored(place.read_bytes())
        yield Entry(path, path, data, size, _FILE | (_DEFLATED if deflated else 0), "data")


def _run_compiler(jobs: list[dict[str, object]], kept: Path, interpreter: Interpreter) -> None:
    """Compile and deflate under the device's Python: its compiler and its zlib, so that any machine makes the same bytes."""
    if not jobs:
        return
    with step(f"compile {len(jobs)} modules"), scratch_folder(kept) as scratch:
        run([interpreter.python, "-I", "-S", "-X", "utf8", "-X", "no_debug_ranges", _COMPILER], cwd=scratch,
            stdin=json.dumps(jobs).encode(), what="compiling modules")
        for made in scratch.iterdir():
            made.replace(kept / made.name)


def _stored(kept: bytes) -> tuple[bytes, int, int]:
    size, deflated = struct.unpack_from("<II", kept)
    return kept[8:], size, deflated


def _folders(entries: list[Entry]) -> list[Entry]:
    """One entry for each folder that a module's file or a packaged file stands in."""
    folders = {f"{ROOT}/app", f"{ROOT}/lib", ROOT}
    for entry in entries:
        folders.update(str(parent) for parent in PurePosixPath(entry.path + "x").parents if str(parent).startswith(ROOT))
    return [Entry(folder, folder, b"", 0, _DIRECTORY, "data") for folder in folders]


def _children(folder: Entry, number: dict[str, int]) -> bytes:
    inside = [index for name, index in number.items() if name.rpartition("/")[0] == folder.name]
    return struct.pack(f"<{len(inside)}I", *inside)


def _slots(names: list[bytes]) -> list[int]:
    count = 1
    while count < 2 * len(names):
        count *= 2
    slots = [0] * count
    for index, name in enumerate(names):
        at = _hash(name) % count
        while slots[at]:
            at = (at + 1) % count
        slots[at] = index + 1
    return slots


def _hash(name: bytes) -> int:
    """FNV-1a, 32 bits."""
    value = 2166136261
    for byte in name:
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


def _texts(names: list[str], start: int) -> tuple[bytes, dict[str, int]]:
    texts, where = bytearray(), {}
    for name in names:
        if name not in where:
            where[name] = start + len(texts)
            texts += name.encode() + b"\0"
    return bytes(texts), where


def _aligned(size: int) -> int:
    return (size + 15) & ~15
