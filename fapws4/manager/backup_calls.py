"""Calls about backups: one file with the settings, made and put back."""

from __future__ import annotations

from fapws4.manager import backup, restoration
from fapws4.manager.caller import Caller, Given, answers, note
from fapws4.manager.files import content, file_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fapws4.device import records


@answers("backup.make")
def make(caller: Caller, passphrase: str | None) -> Given:
    """Without a passphrase no secret is in it."""
    data = backup.written(restoration.snapshot(caller.household), passphrase)
    note(f"{caller.name} has made a backup{'' if passphrase is None else ' with its secrets, sealed'}")
    return Given({"size": len(data)}, file_of(data))


@answers("backup.restore")
def restore(caller: Caller, passphrase: str | None, dry_run: bool, password: str) -> records.Restoration:
    """The differences are told in both cases; with `dry_run` that is all."""
    caller.confirm(password)
    then = backup.read(content(caller.descriptor, backup.MOST), passphrase)
    now = restoration.snapshot(caller.household)
    restoration.check(then, now["product"])
    found = restoration.changes(now, then, caller.name)
    if not dry_run:
        note(f"{caller.name} restores a backup of version {then['version']}")
        restoration.restore(caller.household, then, caller.name)
    return {"schema": then["schema"], "product": then["product"], "version": then["version"], "changes": found}
