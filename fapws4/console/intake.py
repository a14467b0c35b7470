"""Files that are uploaded: bundles go to the updater as they arrive."""

from __future__ import annotations

from _socket import AF_UNIX, SOCK_STREAM, socket

from fapws4.console.visit import Refused
from fapws4.web.update import CutShort, Session, install
from fapws4.web.update import Refused as UpdaterRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fapws4.console.visit import Visit
    from fapws4.web.update import Read


def update(visit: Visit, read: Read, mode: str) -> str:
    """The updater's last line, `installed VERSION COUNTER` or `verified VERSION COUNTER`."""
    try:
        return install(read, lambda: Session(socket(AF_UNIX, SOCK_STREAM, 0, visit.device.update_begin(mode)), b""))
    except UpdaterRefused as error:
        raise Refused(422, str(error)) from error
    except CutShort as error:
        raise Refused(400, str(error)) from error

