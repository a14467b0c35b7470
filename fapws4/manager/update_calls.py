"""Calls about updates. What is installed, the updater decides; the manager only says that somebody may ask it."""

from __future__ import annotations

from _socket import AF_UNIX, SOCK_CLOEXEC, SOCK_STREAM, socket

from fapws4.device.errors import Refused
from fapws4.manager import root_side, store
from fapws4.manager.caller import Caller, Given, answers, note


@answers("update.begin")
def begin(caller: Caller, mode: str) -> Given:
    """The caller goes on alone, in the protocol of core/update/session.h, from the head of the bundle on."""
    door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC)
    try:
        door.connect(f"{store.run_folder()}/update")
        door.sendall(f"fapws4-update 1 {mode} -\n".encode())
    except OSError as error:
        door.close()
        raise Refused("unavailable", "this device takes no updates: its image was built without keys") from error
    note(f"{caller.name} begins an update")
    return Given(None, door.detach())


@answers("update.stick")
def install_stick(caller: Caller) -> None:
    """The one that the status tells of."""
    note(f"{caller.name} installs the update of the USB stick")
    root_side.order("usb-install")


@answers("update.registry")
def look_into_registry(caller: Caller) -> None:
    """What is found is installed."""
    root_side.order("fetch")
