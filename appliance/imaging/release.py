"""What a version says of itself to the devices that it is to replace: its counter, its settings, and whom it trusts.

``[tool.fapws4]`` in the pyproject.toml beside the app, or options of the command (which go before it):

    keys = "keys.txt"       the public keys that later versions must be signed by; without, the device accepts no update
    counter = 7             grows with every release; a device takes no version with a lower one than its own
    data_version = 2        grows when the app keeps its settings in another way (0): its last step of fapws4/migrations.py
    settings = "settings"   the folder below the app's data that is put back when a new version fails; there must be one where
                            versions convert what older ones have kept (data_version)
    usb_update = "ask"      whether an update on a USB stick is installed after somebody has pressed Enter at the device
                            (ask), by itself (auto) or never (off); off also means that none orders a factory reset

update_source.py has those that say where devices look for updates, housekeeping.py those about clock and log.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from appliance.common.errors import Problem
from appliance.fetching.recipes import read_section
from appliance.imaging.housekeeping import DEFAULTS, Housekeeping, housekeeping_of
from appliance.imaging.keys import KeySet, read_key_set
from appliance.imaging.update_source import UpdateSource, update_source_of
from appliance.packaging.data import Settings

# As core/update/manifest.c and core/init/config.c read them.
_PRODUCT = re.compile(r"[A-Za-z0-9._-]{1,63}")
_VERSION = re.compile(r"[A-Za-z0-9._+~:-]{1,63}")
_HEALTH = re.compile(r"/[A-Za-z0-9._~/%-]{0,126}")
_FOLDER = re.compile(r"(?=.{1,63}$)[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_USB_UPDATE = ("ask", "auto", "off")
_MOST_COUNTER = (1 << 63) - 1
_MOST_DATA_VERSION = (1 << 31) - 1


@dataclass(frozen=True)
class Release:
    """What an image says of its version, besides its name. Without ``keys`` it accepts no update, and ``counter`` is 0."""

    counter: int = 0
    data_version: int = 0
    settings: str = ""
    keys: KeySet | None = None
    usb_update: str = "ask"
    source: UpdateSource | None = None
    housekeeping: Housekeeping = DEFAULTS
    health: str = ""  # the path at which a device asks the app whether it is well; empty: it has none
    devices: tuple[str, ...] = ()  # the device nodes that the app may use, patterns below /dev
    takes_certificate: bool = False  # the app is served with the device's own certificate

    @property
    def told(self) -> dict[str, str]:
        """What an app finds of it in its environment (core/init/app/app.c), for fapws4/migrations.py."""
        return {"FAPWS_SETTINGS": self.settings, "FAPWS_DATA_VERSION": str(self.data_version)}


NO_UPDATES = Release()


def release_of(app: Path, version: str, keys: str = "", counter: int = 0) -> Release:
    """What the project of ``app`` says, and the options ``keys`` (a file) and ``counter``, if given."""
    said = read_section(app.parent / "pyproject.toml", "tool.fapws4", Settings)
    file = Path(keys) if keys else app.parent / said.keys if said.keys else None
    number = counter or said.counter
    if said.settings and not _FOLDER.fullmatch(said.settings):
        raise Problem(f"settings of {app.parent / 'pyproject.toml'}: {said.settings} is not a folder below the app's data",
                      "name it like settings, or my/settings: letters, digits and ._-")
    if said.usb_update not in _USB_UPDATE:
        raise Problem(f"usb_update of {app.parent / 'pyproject.toml'} is {said.usb_update!r}",
                      f"it is one of {', '.join(_USB_UPDATE)}")
    _within(said.data_version, _MOST_DATA_VERSION, "data_version")
    housekeeping = housekeeping_of(said, app.parent / "pyproject.toml")
    if file and said.data_version and not said.settings:
        raise Problem(f"data_version = {said.data_version} of {app.parent / 'pyproject.toml'} says that this version converts "
                      "what older ones have kept, and there is no folder that is put back when it fails",
                      'let all that is converted be in one folder below /data, and say settings = "FOLDER"')
    source = update_source_of(said, app.parent / "pyproject.toml", file is not None)
    if file is None:
        if counter:
            raise Problem(f"a counter ({counter}) without keys: the image would accept no update",
                          "name the public keys with --keys FILE; make them with: invoke keygen")
        return Release(0, said.data_version, said.settings, usb_update=said.usb_update, housekeeping=housekeeping)
    trusted = read_key_set(file)
    if number == 0:
        raise Problem("an image that accepts updates needs a counter, which grows with every release",
                      "--counter N, or counter = N under [tool.fapws4]; in CI the number of the pipeline, or what "
                      "git rev-list --count HEAD says")
    _within(number, _MOST_COUNTER, "counter")
    if not _PRODUCT.fullmatch(app.stem):
        raise Problem(f"{app.name} cannot be updated under this name", "let it consist of letters, digits, - and _")
    _check_version(app, version)
    return Release(number, said.data_version, said.settings, trusted, said.usb_update, source, housekeeping)


def check_what_a_device_reads(app: Path, version: str, health: str) -> None:
    """A Problem when PID 1 would pass over what the app says of itself: it would show no version, and ask for no health."""
    _check_version(app, version)
    if health and not _HEALTH.fullmatch(health):
        raise Problem(f"HEALTH of {app.name} is {health!r}, which a device cannot ask for",
                      "let it be a path like /health, of at most 127 letters, digits and . _ ~ / % -")


def _check_version(app: Path, version: str) -> None:
    if not _VERSION.fullmatch(version):
        raise Problem(f"VERSION of {app.name} is {version!r}, which a device cannot compare or show",
                      "let it consist of at most 63 letters, digits and . _ + ~ : -")


def _within(number: int, most: int, name: str) -> None:
    if not 0 <= number <= most:
        raise Problem(f"the {name} {number} is not a number from 0 to {most}", "choose another")
