"""`invoke bench build`: what a device's own parts, its manager and its console add to a program."""

from __future__ import annotations

import tempfile
from pathlib import Path

from appliance.build import build_binary, make_plan, require_programs
from appliance.common.places import REPOSITORY
from tests.bench.tables import Outcome, Table, judged, ratio

MANAGER_MUST = 1_000_000  # bytes more than hello for a device
_HELLO = (REPOSITORY / "samples" / "hello" / "hello.py").read_text()

# Each is the one before it, and this more: for a device or not, the line that its app begins with, and the one it ends with.
_STEPS = {
    "hello": (False, "", ""),
    "for a device: PID 1, its updater and pages": (True, "", ""),
    "with `fapws4.device` and its manager": (True, "from fapws4 import device\n", ""),
    "with the console": (True, "from fapws4.console import console\n", 'PATHS = [("/device", console), *PATHS]\n'),
}


def sizes() -> dict[str, int]:
    """The bytes of each program."""
    require_programs(False)
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        for number, (name, (for_device, first, last)) in enumerate(_STEPS.items()):
            app = Path(scratch, str(number), "hello.py")
            app.parent.mkdir()
            app.write_text(f"{first}{_HELLO}{last}")
            plan = make_plan(str(app), "pc", f"{app.parent}/dist", 0, False, formats=(), for_device=for_device)
            build_binary(plan)
            found[name] = plan.binary.stat().st_size
    return found


def additions() -> Outcome:
    """Each beside the one before it."""
    found = sizes()
    bytes_of = list(found.values())
    rows = [[name, f"{size / 1e6:.2f} MB", f"{(size - before) / 1e6:.2f} MB" if before else "-", ratio(size, bytes_of[0])]
            for (name, size), before in zip(found.items(), [0, *bytes_of])]
    kept = judged(bytes_of[2] - bytes_of[1] <= MANAGER_MUST)
    table = Table("samples/hello with what a device has besides", ["program", "size", "more", "of hello"], rows,
                  [f"The manager must add <= {MANAGER_MUST / 1e6:.2f} MB: {kept}."])
    return Outcome([table], {"bytes": found})
