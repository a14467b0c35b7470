"""Where an app keeps what must last: databases, uploads, logs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

DEVICE = Path("/data/app")  # of core/init/storage/storage.c


def data_dir(name: str = "") -> Path:
    """The folder for the files of this app, made when it is not there.

    On a device it is /data/app, on the partition that updates leave alone. Elsewhere it is $XDG_DATA_HOME/fapws4/NAME
    (~/.local/share/fapws4/NAME), readable by this user only; NAME is `name`, or that of the module or package that calls.

    A device whose partition cannot be mounted works from memory: the environment then has FAPWS_DATA=memory (else disk), and
    FAPWS_RESCUE is the folder with what the partition holds, read-only, if that can be read at all.
    """
    if _is_on_device():
        return DEVICE
    own = name or str(sys._getframe(1).f_globals["__name__"]).partition(".")[0]
    if own in ("", ".", "..") or "/" in own:
        raise ValueError(f"data_dir() takes the name of a folder, not {own!r}")
    folder = _home() / own
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def is_data_dir(folder: Path) -> bool:
    """Whether it is what data_dir() says, to an app of whatever name."""
    return folder == DEVICE if _is_on_device() else folder.parent == _home()


def _is_on_device() -> bool:
    return os.access(DEVICE, os.W_OK | os.X_OK)


def _home() -> Path:
    home = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (home if home.is_absolute() else Path.home() / ".local" / "share") / "fapws4"
