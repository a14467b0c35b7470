"""The verbs of `invoke bench` and the parts that each consists of."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from appliance.common.errors import Problem
from appliance.common.progress import console, step
from tests.bench import (
    additions,
    building,
    device,
    exact,
    growth,
    image,
    kernels,
    results,
    runtime,
    start,
    timed,
    unpacking,
    weight,
)
from tests.bench.cases import TIMED, Case
from tests.bench.tables import Outcome, show


@dataclass(frozen=True)
class Settings:
    """How long what is timed goes on: so many turns of so many seconds."""

    slices: int
    seconds: float


Part = Callable[[Settings], Outcome]


def run(verb: str, only: str, settings: Settings) -> None:
    """Measure a verb (all: every one), or the parts of it that ``only`` names; print the tables and keep them."""
    chosen = list(VERBS) if verb == "all" else [verb]
    for name in chosen:
        for part, measure in parts_of(name, only).items():
            with step(f"bench {name}: {part}"):
                outcome = measure(settings)
            show(outcome.tables)
            file = results.write(name, part, outcome)
    console.print(f"kept in {results.shown(file)} and {results.shown(results.SUMMARY)}", soft_wrap=True)


def parts_of(verb: str, only: str) -> Mapping[str, Part]:
    """The parts of a verb, or those that are named, with commas between."""
    if verb not in VERBS:
        raise Problem(f"there is no benchmark {verb}", "there are: all, " + ", ".join(VERBS))
    parts = VERBS[verb]
    names = [name.strip() for name in only.split(",") if name.strip()] or [name for name in parts if name not in _ASKED_FOR]
    for name in names:
        if name not in parts:
            near = difflib.get_close_matches(name, parts, 1)
            raise Problem(f"bench {verb} has no part {name}", f"{near[0]}?" if near else "there are: " + ", ".join(parts))
    return {name: parts[name] for name in names}


def _always(measure: Callable[[], Outcome]) -> Part:
    """A part that no setting changes."""
    return lambda settings: measure()


def _timed(case: Case, settings: Settings) -> Outcome:
    return timed.times(case, settings.slices, settings.seconds)


VERBS: Mapping[str, Mapping[str, Part]] = {
    "exact": {"cases": _always(exact.cases), "tls": _always(exact.tls), "flask": _always(exact.flask),
              "growth": _always(growth.growth), "start": _always(start.start)},
    "server": {case.name: partial(_timed, case) for case in TIMED} | {
        "memory": _always(weight.memory),
        "idle": lambda settings: timed.beside_idle(settings.slices, settings.seconds),
        "scale": lambda settings: timed.scale(settings.slices, settings.seconds)},
    "runtime": {"programs": lambda settings: runtime.programs(settings.slices)},
    "build": {"rebuild": _always(building.rebuild), "first": _always(building.first_build),
              "package": _always(building.new_package), "additions": _always(additions.additions),
              "onefile": lambda settings: unpacking.beside_onefile(settings.slices)},
    "image": {"sizes": _always(image.sizes), "start": lambda settings: image.start(settings.slices),
              "memory": _always(image.memory), "update": _always(device.update), "power-on": _always(device.power_on),
              "least": _always(device.least_memory), "idle": _always(device.idle), "kernels": _always(kernels.kernels)},
}

# Measured only when it is named: it compiles a kernel, for half an hour.
_ASKED_FOR = ("kernels",)
