"""The walls of the house: which file may know which, where Python.h may be included, which functions are banned."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from appliance.common.places import CORE, REPOSITORY

APPLIANCE = REPOSITORY / "appliance"

# The builder's folders in order, and the files of each: a file may import only what stands before it.
FOLDERS = {
    "common": "arguments errors places progress shell sparse",
    "formats": "cpio elf symbols fat fat_map gpt oci pe write_log",
    "fetching": "recipes registries unpacking sources preflight",
    "compiling": "toolchain libraries interpreter modules linux",
    "packaging": "data timezones requirements wheels syntax own_c packages compiler inittab extensions building installation",
    "freezing": "demands unseen analysis objections archive exports link contents trial trace",
    "imaging": "keys passphrase reference update_source housekeeping release hardware tools kernel bootloader slot version"
               " blockmap preseed device_config image",
    "delivering": "container components sbom licences papers handout",
    ".": "build host",
    "emulating": "stick wire surroundings monitor emulate machine_state",
    "flashing": "disks target_disk unpacked_image flash",
    "updating": "bundle update device device_update artifact container_registry",
    "powercuts": "cuts recordings replay data_files comeback judge workbench kills powercut",
}
ENDS = "provision skeleton doctor report"  # beside the folders, behind all
STAGES = " ".join([*FOLDERS.values(), ENDS]).split()

# Run by a Python of their own, imported by nobody.
INSIDE = {"analysis_inside", "archive_inside", "backend_inside", "compiler_inside", "missing_inside", "names_inside",
          "outline_inside", "pip_inside", "reach_inside", "scan_inside"}

BANNED = ("strcpy", "strcat", "sprintf", "vsprintf", "strtok", "atoi", "atol", "gets")

C_FILES = sorted(CORE.rglob("*.[ch]"))


def imported(file: Path) -> set[str]:
    """The files of the builder that a file imports, by their stems."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "appliance":
            last = node.module.rpartition(".")[2]
            found |= {entry.name for entry in node.names} if last in {"appliance", *FOLDERS} else {last}
    return found


def included(header: Path) -> set[str]:
    """The headers of the core that a header includes, by their paths below core/."""
    names = re.findall(r'^#include "([^"]+)"', header.read_text(), re.MULTILINE)
    return {(header.parent / name).resolve().relative_to(CORE.resolve()).as_posix() for name in names}


def test_every_file_of_the_builder_has_its_place() -> None:
    """Each file of the builder stands in the line."""
    files = {folder: {path.stem for path in (APPLIANCE / folder).glob("*.py")} - INSIDE - {"__init__"} for folder in FOLDERS}
    files["."] -= set(ENDS.split())
    assert {folder: set(names.split()) for folder, names in FOLDERS.items()} == files


@pytest.mark.parametrize("stage", STAGES)
def test_the_builder_knows_only_what_stands_before(stage: str) -> None:
    """A stage imports nothing that comes after it."""
    file = next(APPLIANCE.rglob(f"{stage}.py"))
    assert set() == imported(file) - set(STAGES[: STAGES.index(stage)])


@pytest.mark.parametrize("name", sorted(INSIDE))
def test_what_runs_on_the_other_side_knows_nothing_of_the_builder(name: str) -> None:
    """Files that run under the device's Python import nothing from here."""
    assert set() == imported(next(APPLIANCE.rglob(f"{name}.py")))


def test_the_package_never_knows_the_builder() -> None:
    """What an app imports has no line that names the builder."""
    assert [] == [path.name for path in (REPOSITORY / "fapws4").rglob("*.py") if imported(path)]


def test_headers_of_the_core_have_no_cycle() -> None:
    """No header of the core comes back to itself through what it includes."""
    knows = {path.relative_to(CORE).as_posix(): included(path) for path in C_FILES if path.suffix == ".h"}
    while ready := [name for name, others in knows.items() if not others & knows.keys()]:
        for name in ready:
            del knows[name]
    assert {} == knows


def test_python_stays_in_its_files() -> None:
    """PID 1, the HTTP parser and the event loop never include Python.h, so they are tested without an interpreter."""
    free = {"access_log", "address", "announce", "arrival", "banner", "block_memo", "body", "buffer", "channel",
            "character", "children", "connection", "connection_io", "connection_state", "connections", "errands", "exchange",
            "herd", "intake", "journal",
            "limits", "listening", "options", "peer", "privileges", "process_signals", "profile", "request",
            "request_fields", "request_line", "response", "router", "server", "spool", "status", "target", "terminal",
            "tls", "tls_service", "trailer", "upload", "wire", "wire_tls"}
    folders = ("init", "libc", "update", "host")
    taken = [path.relative_to(CORE).as_posix() for path in C_FILES
             if "<Python.h>" in path.read_text()
             and (path.stem in free or not {*folders}.isdisjoint(path.relative_to(CORE).parts[:-1]))]
    assert [] == taken


@pytest.mark.parametrize("file", C_FILES, ids=lambda path: path.relative_to(CORE).as_posix())
def test_banned_functions_are_absent(file: Path) -> None:
    """Functions that write without a bound, or read numbers without telling errors, are not called."""
    code = re.sub(r"/\*.*?\*/|\"(?:\\.|[^\"\\])*\"", "", file.read_text(), flags=re.DOTALL)
    assert [] == [name for name in BANNED if re.search(rf"(?<![\w.>]){name}\s*\(", code)]
