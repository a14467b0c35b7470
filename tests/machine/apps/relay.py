"""Passes calls on to the device's manager, for a test that plays the persons behind it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from fapws4.base import Environ, Start_response
from fapws4.device import Client, Refused
from fapws4 import threaded
from hunger import leave

_BACKUP = Path("/data/app/backup")


@threaded
def call(environ: Environ, start_response: Start_response) -> str:
    """POST {"call", "session", "source", "arguments"}: {"result"} or {"error"}. A file is kept here, and given from here."""
    asked = json.load(environ["wsgi.input"])
    client = Client(asked.get("session", ""), asked.get("source", ""))
    try:
        return json.dumps({"result": _exchange(client, asked["call"], asked.get("arguments", {}))})
    except Refused as refusal:
        return json.dumps({"error": refusal.code, "text": refusal.text})


def _exchange(client: Client, name: str, arguments: dict[str, Any]) -> Any:
    given = _BACKUP.open("rb") if name == "backup.restore" else None
    try:
        result, descriptor = client.exchange(name, arguments, given.fileno() if given else None)
    finally:
        if given:
            given.close()
    if descriptor is not None:
        with os.fdopen(descriptor, "rb") as file:
            _BACKUP.write_bytes(file.read())
    return result


def settings(environ: Environ, start_response: Start_response) -> str:
    """POST: the app's settings from now on; what they were."""
    file = Path("/data/app/settings/colour")
    file.parent.mkdir(exist_ok=True)
    before = file.read_text() if file.exists() else ""
    file.write_text(environ["wsgi.input"].read().decode() or before)
    return before


PATHS = [("/call", call), ("/settings", settings), ("/leave", leave), ("/", lambda environ, start_response: "relay")]
