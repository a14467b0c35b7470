"""Files that the manager gives, as responses."""

from __future__ import annotations

import os

from fapws4.console.visit import Reply

# How each is called, and what it is.
FILES = {"logs.bundle": ("logs.txt", "text/plain; charset=utf-8"),
         "backup.make": ("settings.backup", "application/octet-stream"),
         "licences": ("licences.txt", "text/plain; charset=utf-8"),
         "bill": ("bill.cdx.json", "application/vnd.cyclonedx+json")}


def file_of(descriptor: int, call: str) -> Reply:
    """What is behind a descriptor, which is closed at the end; browsers save it under the device's name."""
    name, kind = FILES[call]
    file = os.fdopen(descriptor, "rb")
    disposition = f'attachment; filename="{os.uname().nodename}-{name}"'
    return Reply(file, kind=kind, headers=[("Content-Disposition", disposition)])
