"""What the person at the terminal sees at the end: the results and where they came from, or one line of what is wrong."""

from __future__ import annotations

import collections
import functools
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

from invoke.exceptions import Exit
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from appliance.common.errors import Problem
from appliance.common.places import file_digest
from appliance.common.progress import console, record
from appliance.common.shell import Failed
from appliance.delivering.components import Component
from appliance.doctor import Finding
from appliance.fetching.recipes import Source
from appliance.flashing.disks import Disk, human_size, obstacles
from appliance.imaging.hardware import Hardware
from appliance.imaging.release import Release
from appliance.powercuts.kills import Killed
from appliance.powercuts.powercut import Report
from appliance.updating.device_update import Sent
from appliance.updating.update import Installed

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_INTERRUPTED = 130  # 128 + SIGINT, as shells say it


def told(task: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """A task whose Problem becomes one line and an exit code, and whose Ctrl-C says how to go on."""

    @functools.wraps(task)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return task(*args, **kwargs)
        except Problem as problem:
            if isinstance(problem, Failed) and problem.tail:
                console.print(problem.tail, style="dim", soft_wrap=True)
            console.print(Text.assemble(("error:", "red"), f" {problem}"), soft_wrap=True)
            raise Exit(code=problem.code) from None
        except KeyboardInterrupt:
            console.print("stopped; the same command goes on where this one was", soft_wrap=True)
            raise Exit(code=_INTERRUPTED) from None

    return run


def show_files(files: Iterable[Path], digests: Mapping[str, str] | None = None) -> None:
    """The results: name, size, what they take on the disk, digest (one of ``digests``, by file name, if it is there)."""
    table = Table(box=None, pad_edge=False)
    for title in ("file", "size", "on disk", "sha256"):
        table.add_column(title, justify="left" if title in ("file", "sha256") else "right", no_wrap=True)
    for file in files:
        table.add_row(_near(file), megabytes(file.stat().st_size), megabytes(file.stat().st_blocks * 512),
                      ((digests or {}).get(file.name) or file_digest(file))[:16])
    _print_whole(table)


def _print_whole(table: Table) -> None:
    """As wide as it is: a path that is cut cannot be copied."""
    widest = console.options.update(width=1000, max_width=1000)
    table.width = Measurement.get(console, widest, table).maximum
    console.print(table, width=table.width, crop=False, soft_wrap=True)


def show_shares(title: str, shares: dict[str, int]) -> None:
    """How many bytes each part takes, largest first, in one line."""
    parts = sorted(shares.items(), key=lambda item: -item[1])
    console.print(f"{title}: " + ", ".join(f"{name} {megabytes(size)}" for name, size in parts), soft_wrap=True)


def show_release(release: Release, formats: Sequence[str]) -> None:
    """Whether a device with this image accepts updates, and whose."""
    if "image" not in formats:
        return
    if release.keys:
        show_line(f"updates: counter {release.counter}, signed by {release.keys.threshold} of {len(release.keys.keys)} keys")
    else:
        show_line("updates: none is accepted by a device with this image; --keys FILE names whom it trusts")


def show_hardware(hardware: Hardware, formats: Sequence[str]) -> None:
    """What an app may use of the machine, if it has asked for anything."""
    if "image" not in formats:
        return
    if hardware.devices:
        show_line("devices: " + " ".join(f"/dev/{name}" for name in hardware.devices))
    if hardware.modules:
        show_line("modules at every boot: " + " ".join(hardware.modules))
    if hardware.command_line:
        show_line(f"command line: {hardware.command_line}")


def show_update(installed: Installed) -> None:
    """What an update wrote, and what it took from the version before."""
    copied = [name for name, _, sent in installed.parts if not sent]
    whole = sum(size for _, size, _ in installed.parts)
    show_line(f"slot {installed.slot} is armed to be tried once; {megabytes(installed.sent)} of {megabytes(whole)} had to be "
              f"sent, copied: {', '.join(copied) or 'nothing'}")


def show_powercut(report: Report, seed: int) -> None:
    """What came up how often, and every failure in words that repeat it."""
    for each in report.judged:
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(each.outcomes.items(), key=str))
        show_line(f"{each.recording.name}: {each.cuts} cuts, {each.failed} failures" + (f"; {outcomes}" if outcomes else ""))
        for cut, reason in each.failures:
            show_line(f"  --repeat {each.recording.name}/{cut}: {reason}")
        if each.failed > len(each.failures):
            show_line(f"  and {each.failed - len(each.failures)} more")
    for stage in dict.fromkeys(each.stage for each in report.killed):
        show_line(f"{stage}: {_kills([each for each in report.killed if each.stage == stage])}")
    for fault in report.faults:
        show_line(f"  {fault}")
    if report.booted or report.killed:
        show_line(f"{report.booted} of these disks booted, {len(report.killed)} killed machines came up: "
                  f"{len(report.faults)} faults")
    show_line(f"seed {seed}: " + (f"{report.failed} failures" if report.failed else "old or new, never neither"))


def _kills(killed: Sequence[Killed]) -> str:
    """Behind which writes machines were killed, and what came up how often."""
    writes = [each.writes for each in killed]
    outcomes = collections.Counter(each.outcome for each in killed)
    return (f"killed {len(killed)} times, behind {min(writes)} to {max(writes)} writes; "
            + ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())))


def show_sent(sent: Sent, waited: bool) -> None:
    """What an update sent to a device, and what becomes of it."""
    end = "runs and has proved itself" if waited else "is installed; the device restarts and tries it"
    show_line(f"version {sent.version} {end}; {megabytes(sent.bytes)} of {megabytes(sent.whole)} were sent")


def show_times() -> None:
    """Where the time went: the steps that took longest."""
    total = sum(seconds for _, seconds in record.steps)
    longest = sorted(record.steps, key=lambda step: -step[1])[:5]
    told_steps = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in longest if seconds >= 0.1)
    console.print(f"time: {total:.1f} s" + (f" ({told_steps})" if told_steps else ""), soft_wrap=True)


def show_disks(found: Sequence[Disk]) -> None:
    """A table of disks: which is which, and whether an image could be written to it."""
    if not found:
        show_line("there is no disk here that could be taken out; put a stick or card in, or name another disk")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("device", "size", "bus", "model", "state"):
        table.add_column(title, justify="right" if title == "size" else "left", no_wrap=True)
    for disk in found:
        obstacle = next(obstacles(disk, 0), None)
        table.add_row(disk.node, human_size(disk.size), disk.bus, disk.model,
                      f"refused: {obstacle.what.removeprefix(f'{disk} ')}" if obstacle else "ready")
    _print_whole(table)


def show_sources(sources: Iterable[Source]) -> None:
    """A table of pinned sources."""
    table = Table(box=None, pad_edge=False)
    for title in ("source", "version", "licence", "from"):
        table.add_column(title, no_wrap=True)
    for source in sources:
        table.add_row(source.name, source.version, source.licence, source.origin)
    _print_whole(table)


def show_components(components: Sequence[Component]) -> None:
    """A table of what a build consists of; the many modules of a kernel in one row."""
    table = Table(box=None, pad_edge=False)
    for title in ("component", "version", "licence"):
        table.add_column(title, no_wrap=True)
    shown = [each for each in components if each.kind != "device-driver"]
    for each in shown:
        modules = sum(other.within == each.name and other not in shown for other in components)
        name = f"{each.name} and {modules} modules" if modules else each.name
        table.add_row(name, each.version, each.licence or each.stated or "not stated")
    _print_whole(table)


def show_findings(findings: Iterable[Finding]) -> None:
    """What each task lacks, or that it lacks nothing."""
    for finding in findings:
        lacks = [f"{name} (package {package})" for name, package in finding.programs.items()]
        said = "; ".join([*([f"lacks {', '.join(lacks)}"] if lacks else []), *finding.faults]) or "ready"
        console.print(f"{finding.task}: {said}", soft_wrap=True)


def show_line(text: str) -> None:
    """One line of news."""
    console.print(text, soft_wrap=True)


def show_next(lines: Iterable[str]) -> None:
    """What to do next, with paths as they are from here."""
    here = re.compile(rf"(^|[ :]){re.escape(f'{Path.cwd()}{os.sep}')}")
    for line in lines:
        console.print("next: " + here.sub(r"\1", line), soft_wrap=True)


def megabytes(size: int) -> str:
    """12345678 -> '12.35 MB'; small sizes in kB."""
    return f"{size / 1e6:.2f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"


def _near(file: Path) -> str:
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)
