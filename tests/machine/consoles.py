"""samples/console as images: with a door by which a test takes memory, and a version that cannot start."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from appliance.build import build, make_plan
from appliance.common.places import REPOSITORY
from appliance.imaging.keys import PrivateKey
from appliance.updating.bundle import make_bundle, write_bundle

PASSWORD = "analytical engine"
SMALL, FEW = ("-m", "128"), 24  # QEMU's words for a machine with so many MiB of memory, and those that are left

_KEY = PrivateKey(b"k" * 32)
_SAMPLE = REPOSITORY / "samples" / "console" / "console.py"
_HUNGER = Path(__file__).parent / "apps" / "hunger.py"

_LEAVE = """
from hunger import leave

PATHS.insert(0, ("/leave", leave))
"""
_NO_SENSOR = """
import os

if os.path.isdir("/data/app"):  # on a device; where it is built, it is tried
    raise SystemExit("no sensor")
"""


@dataclass(frozen=True)
class Consoles:
    """The image of version 1.0, and a bundle of 2.0, which cannot start."""

    image: Path
    bundle: Path


def make_consoles(folder: Path) -> Consoles:
    """Builds both there."""
    trusted = folder / "trusted.pub"
    trusted.write_text(f"threshold 1\nkey {_KEY.public.hex()}\n")
    shutil.copy(_HUNGER, folder)
    app, images = folder / "console.py", []
    for counter, more in ((1, ""), (2, _NO_SENSOR)):
        app.write_text(_SAMPLE.read_text().replace('"1.0"', f'"{counter}.0"') + _LEAVE + more)
        plan = make_plan(str(app), "pc", str(folder / str(counter)), 0, False, keys=str(trusted), counter=counter)
        build(plan)
        images.append(plan.image)
    write_bundle(make_bundle(images[1], [_KEY]), folder / "console.update")
    return Consoles(images[0], folder / "console.update")
