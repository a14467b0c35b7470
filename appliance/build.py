"""The whole builder, as one list of stages: app.py in; a static binary, its images and their description out."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from appliance.common.errors import Problem
from appliance.common.places import CORE, digest_of, file_digest, scratch_folder, tree_digest
from appliance.common.progress import expect
from appliance.compiling.interpreter import Interpreter, build_interpreter, waiting_libraries
from appliance.compiling.libraries import build_library, is_built
from appliance.compiling.modules import ADDITIONS
from appliance.compiling.toolchain import BUILDER, Toolchain, toolchain_for
from appliance.delivering import handout, licences
from appliance.delivering.container import require_platforms, write_container
from appliance.delivering.papers import Papers, papers_of, read_again
from appliance.fetching.preflight import FOR_LINUX, TO_COMPILE, TO_FETCH, require
from appliance.fetching.recipes import (
    Board,
    Source,
    all_kernels,
    all_sources,
    load_board,
    load_kernel,
    load_source,
    load_target,
)
from appliance.fetching.sources import missing, require_offline
from appliance.freezing import contents, objections
from appliance.freezing.analysis import Analysis, analyse, health_of, read_app, sets_tls, takes_device_tls, version_of
from appliance.freezing.archive import Archive, freeze
from appliance.freezing.link import LIBRARIES, Code, Runtime, Wanted, add_archive, link_runtime, weigh_runtime
from appliance.freezing.trace import Trial, recording_finder, traced
from appliance.freezing.trial import try_program
from appliance.imaging.bootloader import SOURCES as BOOT_SOURCES
from appliance.imaging.hardware import NO_HARDWARE, Hardware, devices_of, fitted, hardware_of, wanted_modules
from appliance.imaging.image import Image, compose
from appliance.imaging.kernel import PreparedKernel, require_modules
from appliance.imaging.release import NO_UPDATES, Release, check_what_a_device_reads, release_of
from appliance.imaging.tools import all_tools
from appliance.packaging.building import Package, Workplace
from appliance.packaging.data import DataFile, data_files, settings_of
from appliance.packaging.installation import Packages, install
from appliance.packaging.packages import choose
from appliance.packaging.requirements import requirements_of

# The packages of the builder's environment that decide what comes out.
FORMATS = ("image", "oci")

# What the program of an image has besides the app: the pages of a device (core/face.h), and what looks into a registry for
# updates (core/init/updates/fetch.c), by https or not.
RECOVERY = "fapws4.recovery.pages"
FETCH = "fapws4.fetch.courier"

# The manager (core/init/owner/manager.h) is there when the app asks for what it does.
MANAGER = "fapws4.manager.server"
_ASKS_MANAGER = "fapws4.device.client"

_TOOLS = ("pyinstaller", "pyinstaller-hooks-contrib", "ziglang", "zstandard")


@dataclass(frozen=True)
class Plan:
    """What is to be built: the app, the processors and board that it is for, the folder of the results, and how.

    For each of ``targets`` there is a program, for the board's own (then the first of them) an image too.
    """

    app: Path
    board: Board
    targets: tuple[str, ...]
    output: Path
    jobs: int
    offline: bool
    data: tuple[str, ...] = ()  # files and folders beside the app that go with it, besides those that its project names
    formats: tuple[str, ...] = ("image",)
    requirements: str = ""  # a file; else the one beside the app, if there is one
    release: Release = NO_UPDATES
    for_device: bool = False  # the program is to go into an image
    compressed: bool = False  # a compressed copy of the image, too
    report: bool = False  # write what the program consists of
    exclude: tuple[str, ...] = ()  # modules to leave out, besides those that its project names
    hardware: Hardware = NO_HARDWARE  # what the app may use; ``board`` is fitted for it
    trace: str | None = None  # the command that runs the app's tests ("": pytest), of which only what they import is kept

    @property
    def name(self) -> str:
        return self.app.stem

    @property
    def boots(self) -> bool:
        """Whether the board has one of these processors, so that there can be an image."""
        return self.board.target in self.targets

    @property
    def target(self) -> str:
        """The processor of the board if it is one of them, else the only or first one."""
        return self.targets[0]

    @property
    def recovery(self) -> str:
        """How the recovery pages in the program speak: https where a device accepts updates, http where it accepts none;
        empty when they are not in it."""
        if not self.for_device or self.target != self.board.target:
            return ""
        return "https" if self.release.keys else "http"

    @property
    def further(self) -> list[str]:
        """The modules that the program has besides the app's."""
        source = self.release.source if self.recovery else None
        return [*([RECOVERY] if self.recovery else []), *([FETCH] if source else []),
                *(["ssl"] if source and source.authorities else [])]

    @property
    def serves_tls(self) -> bool:
        """Whether the program speaks TLS as a server."""
        return sets_tls(self.app) or self.recovery == "https"

    @property
    def binary(self) -> Path:
        """The program for ``target``."""
        return self.binaries[0]

    @property
    def binaries(self) -> list[Path]:
        return [self.output / f"{self.name}-{target}" for target in self.targets]

    @property
    def singles(self) -> list[Plan]:
        """The same for each processor alone."""
        return [replace(self, targets=(target,)) for target in self.targets]

    @property
    def image(self) -> Path:
        return self.output / f"{self.name}-{self.board.name}.img"

    @property
    def container(self) -> Path:
        return self.output / f"{self.name}.oci.tar"

    @property
    def results(self) -> list[Path]:
        """Every file that the whole build leaves."""
        images = [file for name, file in (("image", self.image), ("oci", self.container)) if name in self.formats]
        more = [self.contents] if self.report else []
        return [*self.binaries, *images, *self.beside_image, self.description, *self.papers, *more, self.output / handout.SUMS]

    @property
    def beside_image(self) -> list[Path]:
        """The block map of the image, and a compressed copy if one is wanted."""
        if "image" not in self.formats:
            return []
        return [handout.bmap_beside(self.image), *([handout.compressed_beside(self.image)] if self.compressed else [])]

    @property
    def papers(self) -> list[Path]:
        """The bills of material, CycloneDX and SPDX, and the texts of the licences."""
        return [self.output / name for name in (f"{self.name}.cdx.json", f"{self.name}.spdx.json", "LICENCES.txt")]

    @property
    def contents(self) -> Path:
        """What the program consists of, if it was asked for."""
        return self.output / "REPORT.txt"

    @property
    def description(self) -> Path:
        return self.output / "BUILD.json"


@dataclass(frozen=True)
class Frozen:
    """The finished program and everything that it was made from."""

    program: Path
    analysis: Analysis
    data: tuple[DataFile, ...]
    archive: Archive
    runtime: Runtime
    interpreter: Interpreter
    tools: Toolchain


def make_plan(
    app: str, board: str, output: str, jobs: int, offline: bool, data: Iterable[str] = (),
    formats: Iterable[str] = ("image",), target: str = "", requirements: str = "", keys: str = "", counter: int = 0,
    compressed: bool = False, exclude: Iterable[str] = (), report: bool = False,
    trace: str | None = None, for_device: bool = False, wishes: Hardware = NO_HARDWARE,
    kernel: str = "",
) -> Plan:
    """Check what was asked for before any work starts; a Problem names what is wrong.

    ``target`` may be several, with commas between; their order makes no difference. ``wishes`` is hardware that the app is to
    have besides what it and its project name, ``kernel`` another one than the board's own.
    """
    chosen = with_kernel(load_board(board), kernel)
    wanted = {load_target(name.strip()).name for name in (target or chosen.target).split(",")}
    targets = tuple(sorted(wanted, key=lambda name: (name != chosen.target, name)))
    path = Path(app)
    read_app(path)
    own = path.stem if chosen.target in targets or targets[1:] else f"{path.stem}-{targets[0]}"  # each has one BUILD.json
    folder = Path(output or Path("dist", own)).absolute()  # what is built in it is also run, from elsewhere
    if folder.exists() and not folder.is_dir():
        raise Problem(f"{folder} is a file", "name a folder with --output")
    for name in formats:
        if name not in FORMATS:
            raise Problem(f"there is no format {name}", f"there are: {', '.join(FORMATS)}; several with a comma between them")
    said = settings_of(path.resolve())
    hardware = hardware_of(said, devices_of(path), wishes, chosen)
    release = replace(release_of(path.resolve(), version_of(path), keys, counter), health=health_of(path),
                      devices=hardware.devices, takes_certificate=takes_device_tls(path))
    plan = Plan(path.resolve(), fitted(chosen, hardware), targets, folder, jobs or cores(), offline, tuple(data),
                tuple(formats), requirements, release, for_device or "image" in formats, compressed, report,
                (*said.exclude, *exclude), hardware, trace)
    if plan.for_device:
        check_what_a_device_reads(path, version_of(path), health_of(path))
    if wishes != NO_HARDWARE and "image" not in formats:
        raise Problem("--device, --module and --cmdline are for disk images, and none was asked for",
                      "leave them out; an engine gives a container its devices, as podman does by --device")
    if "image" in formats and not plan.boots:
        word = ",".join(targets)
        raise Problem(f"the board {board} is {chosen.target}, so there is no image for {word}",
                      f"what there is: invoke freeze --target {word} (the program), "
                      f"invoke build-appliance --target {word} --format oci (for containers)")
    if "oci" in formats:
        require_platforms(map(load_target, targets))
    requirements_of(plan.app, requirements)
    data_files(plan.app, plan.data)
    if offline:
        require_offline(needed_sources(chosen if plan.boots else None, ["openssl"] if plan.serves_tls else []))
    return plan


def compile_libraries(target: str, jobs: int, offline: bool, later: int = 0) -> tuple[Toolchain, Interpreter]:
    """Everything that does not depend on an app: the libraries, CPython, and the interpreter for the builder.

    ``later`` is how many steps the caller has to come after these.
    """
    tools = toolchain_for(load_target(target))
    waiting = waiting_libraries(tools) | {(target, name) for name in LIBRARIES if not is_built(name, tools)}
    sources = sorted({name for _, name in waiting})
    expect(len(missing(_with_patches(sources))) + len(waiting) + 1 + later)
    for name in LIBRARIES:
        build_library(name, tools, jobs, offline)
    return tools, build_interpreter(tools, jobs, offline)


def freeze_app(plan: Plan, program: Path, later: int = 0) -> Frozen:
    """app.py to a static program for the plan's ``target``. ``later`` is how many steps the caller has to come after it."""
    steps = 4  # analysis, archive, link, trial
    choice = choose(plan.app, plan.requirements, plan.target, plan.offline)
    tools, interpreter = compile_libraries(plan.target, plan.jobs, plan.offline, steps + later)
    packages = install(choice, Workplace(interpreter, tools, plan.jobs, plan.offline))
    analysis = _analysed(plan, interpreter, packages)
    data = data_files(plan.app, plan.data)
    if plan.trace is not None:
        digest = digest_of(interpreter.digest, packages.digest, *plan.exclude, *(item.file for item in data))
        analysis = traced(analysis, Trial(plan.trace), digest, partial(_write_recording, plan, analysis, data))
    objections.refuse(analysis)
    archive = freeze(analysis, interpreter, data)
    runtime = link_runtime(_wanted(plan, analysis, packages), interpreter, tools, plan.jobs, plan.offline)
    add_archive(runtime, archive, program)
    try_program(program, plan.app, tools.target, plan.release.told)
    return Frozen(program, analysis, data, archive, runtime, interpreter, tools)


def _analysed(plan: Plan, interpreter: Interpreter, packages: Packages) -> Analysis:
    """What the app needs, and on a device the manager if it asks for one."""
    analysis = analyse(plan.app, interpreter, packages, plan.exclude, plan.jobs, plan.offline, plan.further)
    if not plan.recovery or not _has(analysis, _ASKS_MANAGER):
        return analysis
    return analyse(plan.app, interpreter, packages, plan.exclude, plan.jobs, plan.offline, [*plan.further, MANAGER])


def _has(analysis: Analysis, name: str) -> bool:
    return any(module.name == name for module in analysis.modules)


def _write_recording(plan: Plan, analysis: Analysis, data: tuple[DataFile, ...], program: Path) -> None:
    """A whole program of the app, for this machine, that records what it imports."""
    tools, interpreter = compile_libraries(BUILDER, plan.jobs, plan.offline)
    archive = freeze(analysis, interpreter, data, recording_finder())
    packages = install(choose(plan.app, plan.requirements, BUILDER, plan.offline),
                       Workplace(interpreter, tools, plan.jobs, plan.offline))
    runtime = link_runtime(_wanted(plan, analysis, packages), interpreter, tools, plan.jobs, plan.offline)
    add_archive(runtime, archive, program)


def _wanted(plan: Plan, analysis: Analysis, packages: Packages) -> Wanted:
    """What a program of this app must have in C, with packages that are built for its processor."""
    return Wanted(analysis.builtins, plan.serves_tls, tuple(packages.extensions.values()), analysis.called,
                  bool(plan.recovery), _has(analysis, MANAGER))


def compose_image(plan: Plan, program: Path, image: Path, papers: Papers, table: dict[str, Any]) -> Image:
    """A static program to a disk image, with what stands beside it.

    A device with a manager holds its papers: ``papers`` are those of the program, ``table`` is its BUILD.json.
    """
    def held(kernel: PreparedKernel) -> dict[str, bytes]:
        return papers.with_image(plan.board, kernel, plan.offline).held(plan.name, table) if table["manager"] else {}

    made = compose(program, plan.name, version_of(plan.app), plan.board, image, plan.release, papers=held,
                   offline=plan.offline, jobs=plan.jobs)
    handout.write_bmap(image)
    if plan.compressed:
        handout.write_compressed(image)
    return made


def build(plan: Plan) -> tuple[Frozen, Image]:
    """app.py to a binary and an image, which appear in the output folder together or not at all."""
    require_modules(plan.board, wanted_modules(plan.board, plan.hardware), plan.offline, plan.jobs)
    with _staging(plan) as staging:
        later = len(missing(_image_sources(plan.board))) + 3  # kernel, boot loader, image
        frozen = freeze_all(plan, staging, later)
        table, papers = _described_programs(plan, frozen)
        image = compose_image(plan, frozen[0].program, staging / plan.image.name, papers, table)
        made = [*(each.program for each in frozen), image.path, *_containers(plan, frozen, staging)]
        table |= {"kernel": _kernel(plan.board), "outputs": _outputs(made)}
        _describe(plan, table, papers.with_image(plan.board, image.kernel, plan.offline), staging)
    return replace(frozen[0], program=plan.binary), replace(image, path=plan.image)


def build_binary(plan: Plan) -> Frozen:
    """app.py to a binary, and to an OCI image when the plan says so; no disk image. Of several binaries the first is told."""
    return build_binaries(plan)[0]


def build_binaries(plan: Plan) -> list[Frozen]:
    """The same for every processor of the plan, in its order."""
    with _staging(plan) as staging:
        frozen = freeze_all(plan, staging)
        table, papers = _described_programs(plan, frozen)
        table["outputs"] = _outputs([*(each.program for each in frozen), *_containers(plan, frozen, staging)])
        _describe(plan, table, papers, staging)
    return [replace(each, program=binary) for each, binary in zip(frozen, plan.binaries, strict=True)]


def freeze_all(plan: Plan, staging: Path, later: int = 0) -> list[Frozen]:
    """The programs for all processors of the plan into ``staging``, and the report on the first of them if it is wanted."""
    frozen = [freeze_app(single, staging / single.binary.name, later) for single in plan.singles]
    objections.tell(frozen[0].analysis)
    if plan.report:
        (staging / plan.contents.name).write_text(_contents(plan, frozen[0]))
    return frozen


def _contents(plan: Plan, frozen: Frozen) -> str:
    """What the bytes of a program are, and why."""
    size = frozen.program.stat().st_size
    return contents.written(plan.binary.name, size, frozen.analysis, frozen.archive, code_of(plan, frozen))


def code_of(plan: Plan, frozen: Frozen) -> Code:
    """Whose the bytes of a program are that are not in its archive."""
    wanted = _wanted(plan, frozen.analysis, frozen.analysis.packages)
    return weigh_runtime(wanted, frozen.interpreter, frozen.tools, plan.jobs, plan.offline)


def build_formats(plan: Plan) -> dict[str, dict[str, int]]:
    """app.py to everything that the plan asks for; what the bytes of the binary, and of the image if any, are spent on.

    Of several binaries the shares of the first are told.
    """
    if "image" not in plan.formats:
        return {"binary": shares_of(build_binary(plan))}
    frozen, image = build(plan)
    return {"binary": shares_of(frozen), "image": image.shares}


def build_image(plan: Plan) -> Image:
    """The binary that is there already to an image."""
    if not plan.binary.exists() or not plan.description.exists():
        raise Problem(f"{plan.binary} is not there", f"first: invoke freeze {plan.app.name}")
    table = json.loads(plan.description.read_text())
    if plan.target not in table["targets"]:
        raise Problem(f"{plan.description} is of a build for {', '.join(table['targets'])}",
                      f"first: invoke freeze {plan.app.name}")
    there = table.get("recovery", "")
    if not there or (plan.recovery, there) == ("https", "http"):
        keys = " --keys FILE --counter N" if plan.release.keys else ""
        raise Problem(f"{plan.binary} was not made for such an image: it has no pages of the device",
                      f"first: invoke freeze {plan.app.name} --for-device{keys}")
    if not set(plan.further) <= set(table["further"]):
        raise Problem(f"{plan.binary} was made before its project named a registry with updates",
                      f"first: invoke freeze {plan.app.name} --for-device --keys FILE --counter N")
    require_modules(plan.board, wanted_modules(plan.board, plan.hardware), plan.offline, plan.jobs)
    papers = read_again(table, plan.papers[-1].read_text() if plan.papers[-1].exists() else "")
    with _staging(plan) as staging:
        image = compose_image(plan, plan.binary, staging / plan.image.name, papers, table)
        containers = [plan.container] if plan.container.name in table["outputs"] and plan.container.exists() else []
        others = [plan.output / f"{plan.name}-{target}" for target in table["targets"]]
        table["hardware"] = dataclasses.asdict(plan.hardware)
        table["outputs"] = _outputs([*others, image.path, *containers])
        table["kernel"] = _kernel(plan.board)
        table["sources"] = _with_kernel_source(table["sources"], plan.board)
        _describe(plan, table, papers.with_image(plan.board, image.kernel, plan.offline), staging)
    return replace(image, path=plan.image)


def _with_kernel_source(sources: list[dict[str, str]], board: Board) -> list[dict[str, str]]:
    """What BUILD.json says of sources, with that of the board's kernel in the place of another kernel's."""
    kernels = {recipe.source for recipe in all_kernels()}
    others = [source for source in sources if source["name"] not in kernels]
    return sorted([*others, _described(load_source(load_kernel(board.kernel).source))], key=lambda source: source["name"])


def _containers(plan: Plan, frozen: Sequence[Frozen], staging: Path) -> list[Path]:
    """The OCI image of all programs in ``staging``, if it was asked for."""
    if "oci" not in plan.formats:
        return []
    binaries = {each.program: each.tools.target for each in frozen}
    interpreter = frozen[0].interpreter
    return [write_container(binaries, plan.name, version_of(plan.app), staging / plan.container.name, interpreter)]


def with_kernel(board: Board, name: str) -> Board:
    """The board with another kernel than its own, or its own ("")."""
    if not name:
        return board
    kernel = load_kernel(name)
    if kernel.target != board.target:
        raise Problem(f"the kernel {name} is for {kernel.target}, and the board {board.name} is {board.target}",
                      f"its own is {board.kernel}")
    return replace(board, kernel=name)


def require_programs(offline: bool, board: Board | None = None) -> None:
    """The programs that a build starts, of an image for a board too, checked before it does anything."""
    own_kernel = board and load_kernel(board.kernel).build
    fetching = {} if offline else TO_FETCH
    require(TO_COMPILE | fetching | (FOR_LINUX if own_kernel else {}), "building")


def emulated_board(name: str) -> Board:
    """A board, and the programs that emulate it seen to."""
    board = load_board(name)
    require(emulation_programs(board), f"emulating the board {name}")
    return board


def emulation_programs(board: Board) -> dict[str, str]:
    """QEMU and the firmware for a board, with their packages."""
    files = [places[0] for firmware in board.emulate.firmware.values() for places in (firmware.code,) if places]
    return dict(zip([board.emulate.program, *files], board.emulate.packages))


def cores() -> int:
    """How many things are done at once unless the user says otherwise."""
    return os.cpu_count() or 1


def shares_of(frozen: Frozen) -> dict[str, int]:
    """How many bytes of the program are Python (with the core), the standard library, the app, its packages."""
    return {"python": frozen.runtime.program.stat().st_size, **frozen.archive.shares}


def needed_sources(board: Board | None, libraries: Iterable[str] | None = None) -> list[Source]:
    """Every file that a build for ``board`` (none: only a program) fetches; without ``libraries`` for any app."""
    names = ["cpython", *LIBRARIES, *(libraries if libraries is not None else _optional_libraries())]
    found = {source.name: source for source in [*_with_patches(names), *(_image_sources(board) if board else [])]}
    return [found[name] for name in sorted(found)]


def _optional_libraries() -> list[str]:
    """Those that only some apps need: with C modules of Python, or of packages."""
    asked = [source.name for source in all_sources() if source.offers]
    return [*(addition.library for addition in ADDITIONS), *asked]


def _with_patches(names: list[str]) -> list[Source]:
    sources = [load_source(name) for name in names]
    patches = sorted({glob.partition("/")[0] for source in sources for glob in source.patches})
    return [*sources, *(load_source(name) for name in patches)]


def _image_sources(board: Board) -> list[Source]:
    tools = (name for tool in all_tools() for name in tool.sources)
    names = [load_kernel(board.kernel).source, *BOOT_SOURCES, licences.COMMON, *tools]
    return [load_source(name) for name in sorted(set(names))]


def _described_programs(plan: Plan, frozen: Sequence[Frozen]) -> tuple[dict[str, Any], Papers]:
    """BUILD.json without the results: every input with its version, digest and licence, and the tools; and the papers."""
    libraries = {library.name for each in frozen for library in each.runtime.libraries}
    board = plan.board if plan.boots else None
    table = {
        "app": {"name": plan.name, "version": version_of(plan.app), "modules": _own_modules(frozen),
                "data": {item.place: file_digest(item.file) for item in frozen[0].data}},
        "core": tree_digest(CORE),
        "board": board.name if board else None,
        "kernel": None,
        "targets": plan.targets,
        "recovery": plan.recovery,
        "further": plan.further,
        "hardware": dataclasses.asdict(plan.hardware),
        "manager": _has(frozen[0].analysis, MANAGER),
        "sources": [_described(source) for source in needed_sources(board, libraries)],
        "openssl": load_source("openssl").version if "openssl" in libraries else None,
        "packages": _packages(frozen),
        "tools": {name: importlib.metadata.version(name) for name in _TOOLS},
    }
    return table, papers_of(((each.analysis, each.runtime.libraries, each.tools) for each in frozen), plan.offline)


def _described(source: Source) -> dict[str, str]:
    return {"name": source.name, "version": source.version, "origin": source.origin, "file": source.file,
            "sha256": source.sha256, "licence": source.licence}


def _kernel(board: Board | None) -> dict[str, str] | None:
    """The kernel of an image; with its configuration, which who ships it owes with the sources, when it is our own."""
    recipe = load_kernel(board.kernel) if board else None
    return {"name": recipe.name, "config": recipe.config.read_text() if recipe.build else ""} if recipe else None


def _own_modules(frozen: Iterable[Frozen]) -> dict[str, str]:
    """The modules of the app and of fapws4 with their digests."""
    return {module.name: file_digest(Path(module.file)) for each in frozen for module in each.analysis.modules
            if module.part in ("app", "fapws4") and module.file}


def _packages(frozen: Iterable[Frozen]) -> list[dict[str, Any]]:
    """The PyPI packages with version, licence and file, each once."""
    found = [{"name": name, "version": version, "licence": licence, **_origin(each.analysis.packages.find(name))}
             for each in frozen for name, version, licence in each.analysis.distributions]
    return [item for number, item in enumerate(found) if item not in found[:number]]


def _origin(package: Package | None) -> dict[str, Any]:
    """Of a package: the file that it came in, its C modules, and what built it."""
    if package is None:
        return {}
    tools = [dict(zip(("name", "version", "file", "sha256"), tool)) for tool in package.tools]
    return {"file": package.file, "sha256": package.sha256,
            **({"c_modules": [extension.name for extension in package.extensions]} if package.extensions else {}),
            **({"built_by": tools} if tools else {})}


def _describe(plan: Plan, table: dict[str, Any], papers: Papers, staging: Path) -> None:
    """BUILD.json, both bills of material, the licences and the checksums of all files, into ``staging``."""
    table["components"] = [dataclasses.asdict(part) for part in papers.parts]
    for file, text in zip(plan.papers, papers.written(plan.name, table), strict=True):
        (staging / file.name).write_bytes(text)
    (staging / plan.description.name).write_text(json.dumps(table, indent=2) + "\n")
    handout.write_sums(staging, {name: output["sha256"] for name, output in table["outputs"].items()})


def _outputs(files: Iterable[Path]) -> dict[str, dict[str, int | str]]:
    return {path.name: {"size": path.stat().st_size, "sha256": file_digest(path)} for path in files}


@contextmanager
def _staging(plan: Plan) -> Iterator[Path]:
    """A folder beside the results; what stands in it when the block ends well is moved over the results, file by file. A
    compressed copy of an image that is no more goes."""
    made = not plan.output.exists()
    try:
        with scratch_folder(plan.output) as staging:
            yield staging
            files = sorted(staging.iterdir())
            for file in files:
                file.replace(plan.output / file.name)
            if staging / plan.image.name in files and not plan.compressed:
                handout.compressed_beside(plan.image).unlink(missing_ok=True)
    finally:
        if made and plan.output.exists() and not any(plan.output.iterdir()):
            plan.output.rmdir()
