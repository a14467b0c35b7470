"""The style sheet and the script: named by their content, so that a browser keeps them until they change."""

from __future__ import annotations

import os
from binascii import crc32

from fapws4.console.visit import Reply
from fapws4.web.style import STYLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fapws4.console.visit import Visit

_FOREVER = [("Cache-Control", "private, max-age=31536000, immutable")]


def _read(name: str) -> str:
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as file:  # noqa: PTH118, PTH120, PTH123
        return file.read()


_STYLE, _SCRIPT = STYLE + _read("console.css"), _read("console.js")

VERSION = f"{crc32((_STYLE + _SCRIPT).encode()):08x}"


def style(_: Visit) -> Reply:
    """The style sheet: that of the recovery pages, and what only the console has."""
    return Reply(_STYLE, kind="text/css; charset=utf-8", headers=_FOREVER)


def script(_: Visit) -> Reply:
    """The script; without it the pages do the same."""
    return Reply(_SCRIPT, kind="text/javascript; charset=utf-8", headers=_FOREVER)
