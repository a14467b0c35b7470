"""An app's file that the builder's Python cannot parse: its own mistake, or syntax that only the device's newer Python has."""

from __future__ import annotations

import sys
from pathlib import Path

from appliance.common.errors import Problem
from appliance.compiling.interpreter import VERSION


def unreadable(file: Path, error: SyntaxError) -> Problem:
    """What to say of it, by the line."""
    return Problem(f"{file}:{error.lineno}: {error.msg}", _remedy(sys.version_info[:2]))


def _remedy(reader: tuple[int, int]) -> str:
    if reader >= tuple(map(int, VERSION.split("."))):
        return "mend the line"
    here = ".".join(map(str, reader))
    return (f"mend the line; if it is syntax that came after Python {here}, by which the builder reads apps: write it the "
            f"older way, or build where python3 is {VERSION}, as on the device")
