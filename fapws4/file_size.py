"""How long a file result is."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def file_size(file: Any) -> int | None:
    """What an open file has left, in bytes; None for what is no file of the system, or a text file.

    A text file's bytes are decoded and encoded again: their number on disk says nothing.
    """
    if hasattr(file, "encoding"):
        return None
    import os

    try:
        return int(os.fstat(file.fileno()).st_size - file.tell())
    except (AttributeError, OSError, ValueError):
        return None
