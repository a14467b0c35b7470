"""Settings as a file, and back. What a restore would change is shown before anything is changed."""

from __future__ import annotations

from fapws4.console import downloads, intake
from fapws4.console.frame import facts, form, note, page, password, table
from fapws4.console.markup import h

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fapws4.console.markup import Markup
    from fapws4.console.visit import Reply, Visit
    from fapws4.device.records import Restoration


def backup(visit: Visit) -> Reply:
    """The forms."""
    _ = visit.text
    return page(
        visit, _("Backup"),
        form(visit, "/backup", _("Download a backup"), password(
            _("Passphrase"), "passphrase", new=True, required=False,
            help_=_("With one the file holds the passwords and the certificate's key, too, and is encrypted. At least 10 "
                    "characters; without it those are left out."))),
        h.h2(_("Restore")), h.p(_("At first it is only shown what would change.")),
        _file_form(visit, "/backup/compare", _("Show what would change")))


def download(visit: Visit) -> Reply:
    """The file."""
    return downloads.file_of(visit.device.backup_make(visit.fields.get("passphrase") or None), "backup.make")


def compare(visit: Visit) -> Reply:
    """What a restore would change."""
    _ = visit.text
    found = _restored(visit, dry_run=True)
    if not found["changes"]:
        return page(visit, _("Backup"), note(_("Nothing would change."), "good"),
                    h.p(h.a(_("Back"), href=visit.url("/backup"))))
    return page(visit, _("Backup"), _origin(visit, found), _changes(visit, _("What would change"), found),
                h.h2(_("Restore")), h.p(_("Choose the same file again.")),
                _file_form(visit, "/backup/restore", _("Restore these settings"), grave=True))


def restore(visit: Visit) -> Reply:
    """Restores."""
    _ = visit.text
    found = _restored(visit, dry_run=False)
    return page(visit, _("Backup"), note(_("The settings are restored."), "good"), _origin(visit, found),
                _changes(visit, _("What has changed"), found), h.p(h.a(_("Back"), href=visit.url("/backup"))))


def _file_form(visit: Visit, action: str, button: str, grave: bool = False) -> Markup:
    _ = visit.text
    return form(visit, action, button, password(_("Your password")),
                password(_("Passphrase of the file"), "passphrase", required=False),
                h.label(_("Backup"), h.input(type="file", name="backup", required=True)), upload=True, grave=grave)


def _restored(visit: Visit, dry_run: bool) -> Restoration:
    part = visit.upload("backup")
    fields = visit.fields
    return intake.restore(visit, part.data, fields.get("passphrase") or None, fields.get("password", ""), dry_run)


def _origin(visit: Visit, found: Restoration) -> Markup:
    _ = visit.text
    return facts([(_("Product"), found["product"]), (_("Version"), found["version"]), (_("Format"), f"{found['schema']}")])


def _changes(visit: Visit, caption: str, found: Restoration) -> Markup:
    _ = visit.text
    rows = [(change["part"], change["name"], change["before"] or "-", change["after"] or "-") for change in found["changes"]]
    return table(caption, [_("Part"), _("Name"), _("Now"), _("In the backup")], rows)
