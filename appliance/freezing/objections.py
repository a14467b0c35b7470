"""What an app and its packages ask of the system that no device has: refused when the program could not start, else told."""

from __future__ import annotations

from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.progress import note
from appliance.freezing.analysis import Analysis
from appliance.freezing.demands import LIBRARY, Demand


def refuse(analysis: Analysis) -> None:
    """A Problem when a library is opened whenever the app is imported: a static program cannot."""
    for file, line, demand in _demands(analysis):
        if demand.kind == LIBRARY and demand.sure and file in analysis.always:
            raise Problem(f"{file}:{line}: {demand.name} is opened, and a static program opens no library",
                          "use a package that compiles its C into a module of Python, or describe the library to cffi in a "
                          "file NAME_build.py; or open it only in a function that can do without")


def tell(analysis: Analysis) -> None:
    """A line for each program and library that is asked for and not there, with the places in the sources."""
    places: dict[str, list[str]] = {}
    for file, line, demand in _demands(analysis):
        missing = (f"a static program cannot open {demand.name}" if demand.kind == LIBRARY else
                   f"the device has no {demand.name}")
        places.setdefault(missing, []).append(f"{_near(file, analysis)}:{line}")
    for missing, where in sorted(places.items()):
        note(f"{missing}: see {', '.join(where)}")


def _demands(analysis: Analysis) -> list[tuple[str, int, Demand]]:
    """Of the modules that are in the program."""
    files = sorted({module.file for module in analysis.modules})
    return [(file, demand.line, demand) for file in files for demand in analysis.demands.get(file, ())]


def _near(file: str, analysis: Analysis) -> str:
    """Below the folder of the app or that of the packages."""
    path = Path(file)
    for folder in (analysis.packages.site, analysis.app.parent):
        if folder and path.is_relative_to(folder):
            return str(path.relative_to(folder))
    return file
