"""Files that are uploaded: bundles go to the updater as they arrive, backups to the manager."""

from __future__ import annotations

import os
from _socket import AF_UNIX, SOCK_STREAM, socket

from fapws4.console.visit import Refused
from fapws4.web.update import CutShort, Session, install
from fapws4.web.update import Refused as UpdaterRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from fapws4.console.visit import Visit
    from fapws4.device.records import Restoration
    from fapws4.web.update import Read

_LARGEST_BACKUP = 16 << 20  # bytes, as the manager has it


def update(visit: Visit, read: Read, mode: str) -> str:
    """The updater's last line, `installed VERSION COUNTER` or `verified VERSION COUNTER`."""
    try:
        return install(read, lambda: Session(socket(AF_UNIX, SOCK_STREAM, 0, visit.device.update_begin(mode)), b""))
    except UpdaterRefused as error:
        raise Refused(422, str(error)) from error
    except CutShort as error:
        raise Refused(400, str(error)) from error


def restore(visit: Visit, pieces: Iterable[bytes], passphrase: str | None, password: str, dry_run: bool) -> Restoration:
    """What a backup changes; it is in memory as long as the manager reads it."""
    descriptor = os.memfd_create("backup")
    try:
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > _LARGEST_BACKUP:
                raise Refused(413, visit.text("This is too much to be sent at once."))
            os.write(descriptor, piece)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return visit.device.backup_restore(descriptor, password=password, passphrase=passphrase or None, dry_run=dry_run)
    finally:
        os.close(descriptor)
