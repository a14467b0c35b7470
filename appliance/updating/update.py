"""An end of the line: a bundle is put into an image file, by the code that does it on a device.

core/update/host/update.c is that code with a command line around it, compiled for this machine. It decides; what is here
only tells it where things lie.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import CORE, cache_folder, digest_of, scratch_folder, tree_digest, whole_folder
from appliance.common.progress import step
from appliance.common.shell import Failed, run
from appliance.compiling.libraries import build_library, compile_files
from appliance.compiling.toolchain import COMPILE_FLAGS, native_toolchain
from appliance.fetching.sources import unpacked
from appliance.freezing.link import C_WARNINGS
from appliance.imaging.version import Disk, open_disk, read_version

# The libraries of core/update/.
LIBRARIES = ("monocypher", "hacl-sha2")

_INIT_FILES = ("file", "span", "slots/slot_state", "slots/slots")

# A second program records every write for appliance/powercuts/recordings.py (core/update/recorder/record.h).
_RECORDER = CORE / "update" / "recorder" / "record.c"
_RECORDED = ("-Dpwrite=recorded_pwrite", "-Dfsync=recorded_fsync")


@dataclass(frozen=True)
class Installed:
    """What an update did: the slot that is armed, and each part with its bytes and whether it had to be sent."""

    slot: str
    parts: tuple[tuple[str, int, bool], ...]

    @property
    def sent(self) -> int:
        """Bytes of the parts that a device which ran the version before could not copy."""
        return sum(size for _, size, sent in self.parts if sent)


def build_updater(jobs: int, offline: bool = False, recording: bool = False) -> Path:
    """The program, kept by the digest of everything that it is made from; ``recording``: one that records what it writes."""
    tools = native_toolchain()
    libraries = [build_library(name, tools, jobs, offline) for name in LIBRARIES]
    files = [*sorted((CORE / "update").glob("*.c")), *sorted((CORE / "update" / "host").glob("*.c")),
             *(CORE / "init" / f"{name}.c" for name in _INIT_FILES)]
    digest = digest_of(tools.digest, *(library.digest for library in libraries), Path(__file__), str(recording),
                       tree_digest(CORE, "update/**/*.[ch]"), tree_digest(CORE / "init", "**/*.[ch]"))
    folder = cache_folder("updaters") / digest[:16]
    if not folder.exists():
        include = [word for library in libraries for word in ("-isystem", f"{library.prefix}/include")]
        with step("compile the updater"), whole_folder(folder) as work, scratch_folder(cache_folder("work")) as scratch:
            flags = [*COMPILE_FLAGS, *C_WARNINGS, *include]
            objects = compile_files(files, CORE, scratch, [*flags, *(_RECORDED if recording else [])], tools, jobs)
            if recording:
                objects += compile_files([_RECORDER], CORE, scratch, flags, tools, jobs)
            archives = [archive for library in libraries for archive in library.archives]
            run([tools.cc, "-static", "-s", "-o", work / "update", *objects, *archives], env=tools.environment,
                what="linking the updater")
    return folder / "update"


def update_flags() -> list[str]:
    """Where the headers stand that core/update/ includes, for this machine's own compiler."""
    places = [unpacked("monocypher"), unpacked("hacl-sha2"), unpacked("hacl-sha2") / "include"]
    return [word for place in places for word in ("-isystem", str(place))]


def update_image(
    image: Path, bundle: Path, jobs: int, offline: bool = False, record: Path | None = None
) -> Installed:
    """Put a bundle into the slot of an image that is not in use, and arm it. A Problem is a refusal: nothing is armed then,
    and the slot in use is as it was. ``record`` is a file for what was written (formats/write_log)."""
    program, disk = build_updater(jobs, offline, record is not None), open_disk(image)
    (a, size), (b, _) = disk.slots
    with _identity_of(disk, program) as folder:
        said = _told(program, ["install", folder, bundle, str(size), image, str(disk.places["state"][0]), str(a), str(b)],
                     bundle, {"FAPWS_WRITE_LOG": str(record)} if record else {})
    parts = re.findall(r"^part (\S+) (\d+) (sent|copied)$", said, re.MULTILINE)
    [armed] = re.findall(r"^armed ([ab])$", said, re.MULTILINE)
    return Installed(armed, tuple((name, int(length), how == "sent") for name, length, how in parts))


def verify_for_image(image: Path, bundle: Path, jobs: int, offline: bool = False) -> None:
    """A Problem when a device with this image would refuse the bundle, whose every byte is looked at. Writes nothing."""
    program, disk = build_updater(jobs, offline), open_disk(image)
    with _identity_of(disk, program) as folder:
        _told(program, ["verify", folder, bundle, str(disk.slots[0][1])], bundle)


@contextlib.contextmanager
def _identity_of(disk: Disk, program: Path) -> Iterator[Path]:
    """A folder with what the image's good slot says of itself, as its device would have it in /etc."""
    said = _told(program, ["state", disk.path, str(disk.places["state"][0])], disk.path)
    version = read_version(disk, said.split()[1])
    with scratch_folder(cache_folder("work")) as folder:
        for name, content in version.files.items():
            (folder / name).write_bytes(content)
        yield folder


def good_slot(image: Path, jobs: int, offline: bool = False) -> str:
    """The slot of an image that is known to work: a or b."""
    disk = open_disk(image)
    return _told(build_updater(jobs, offline), ["state", image, str(disk.places["state"][0])], image).split()[1]


def _told(program: Path, arguments: list[str | Path], subject: Path, environment: Mapping[str, str] | None = None) -> str:
    """What the program says; its sentence as a Problem when it refuses."""
    try:
        return run([program, *arguments], env=environment, what=f"updating with {subject.name}")
    except Failed as failure:
        what, _, remedy = failure.tail.strip().partition(": ")
        raise Problem(f"{subject.name} is refused: {what}", remedy) from failure
