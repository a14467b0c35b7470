"""What a device says of itself on its own pages, which need nothing of the app's."""

from __future__ import annotations

from urllib.request import urlopen

from appliance.emulating.emulate import Machine

_PLAIN_PORT = 8080  # of images without keys
_PATIENCE = 120.0  # seconds; the process behind it is started by this very question


def status(machine: Machine) -> dict[str, str]:
    """The lines of /status; of several with the same key the last one."""
    with urlopen(f"http://127.0.0.1:{machine.forward(_PLAIN_PORT)}/status", timeout=_PATIENCE) as answer:
        text = answer.read().decode()
    return {line.partition(" ")[0]: line.partition(" ")[2] for line in text.splitlines()}
