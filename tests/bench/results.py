"""bench/results/DATE.json, to which every verb adds what it found, and bench/RESULTS.md, which shows the newest of each."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance.common.places import REPOSITORY, whole_file
from tests.bench.tables import Outcome, Table, markdown

FOLDER = REPOSITORY / "bench"
SUMMARY = FOLDER / "RESULTS.md"

_HEADING = """# Figures

Written by `invoke bench VERB`: every part as it was measured last (results/ has each day's). `invoke bench --help` says what
the verbs measure. Ratios are fapws4's figure over the other's, from the same run: below 1 is less than the other needs.
Instructions and system calls repeat to 2 % on any machine; times depend on the machine and on what else it does.
"""

Found = Mapping[str, Mapping[str, Any]]  # verb -> part -> {machine, tables, figures}


def write(verb: str, part: str, outcome: Outcome, folder: Path = FOLDER) -> Path:
    """Add what a part of a verb found to today's file and write RESULTS.md anew; the file."""
    file = folder / "results" / f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    known.setdefault(verb, {})[part] = {"machine": machine(), **dataclasses.asdict(outcome)}
    _write(file, json.dumps(known, indent=1, sort_keys=True) + "\n")
    _write(folder / SUMMARY.name, summary({path.stem: json.loads(path.read_text()) for path in file.parent.glob("*.json")}))
    return file


def summary(days: Mapping[str, Found]) -> str:
    """RESULTS.md, by the content of the files by their dates."""
    newest: dict[str, dict[str, tuple[str, Any]]] = {}
    for day in sorted(days):
        for verb, parts in days[day].items():
            newest.setdefault(verb, {}).update({part: (day, found) for part, found in parts.items()})
    lines = [_HEADING]
    for verb in sorted(newest):
        lines.append(f"## {verb}\n")
        said = ""
        for day, found in newest[verb].values():
            now = f"{day}: {', '.join(f'{name} {value}' for name, value in found['machine'].items())}.\n"
            lines += ([now] if now != said else []) + [markdown(Table(**table)) for table in found["tables"]]
            said = now
    return "\n".join(lines)


def shown(file: Path) -> str:
    """A file's path as it stands in the repository."""
    return str(file.relative_to(REPOSITORY))


def machine() -> dict[str, str]:
    """What the figures depend on, without naming the machine itself."""
    return {"processor": processor(Path("/proc/cpuinfo").read_text()), "cores": str(os.cpu_count()),
            "kernel": platform.release(), "python": platform.python_version()}


def processor(cpuinfo: str) -> str:
    """The model's name in /proc/cpuinfo."""
    found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _write(file: Path, text: str) -> None:
    with whole_file(file) as work:
        work.write_text(text)
