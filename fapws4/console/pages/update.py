"""Updates: a file that is sent to the updater while it arrives, a USB stick, the registry."""

from __future__ import annotations

from fapws4.console import intake
from fapws4.console.frame import box, coming_back, done, facts, form, note, page
from fapws4.console.markup import h
from fapws4.console.words import value_of
from fapws4.web.update import reader_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from fapws4.console.markup import Child
    from fapws4.console.visit import Reply, Visit


def update(visit: Visit) -> Reply:
    """What is installed, how the last update went, and the ways to the next one."""
    _ = visit.text
    found = visit.device.status()
    told = {fact["key"]: fact["value"] for fact in found["facts"]}
    rows: list[tuple[str, Child]] = [(_("Version"), found["version"]), (_("Counter"), found["counter"]),
                                     (_("State"), value_of(visit, "state", found["state"]))]
    failed = note(_("A new version has failed, and the old one is back: {why}", why=told["failed"]), "bad") if told.get(
        "failed") else None
    under_way = told.get("update", "").startswith("running")
    return page(visit, _("Update"), failed,
                done(visit, stick=_("The update on the stick is being installed."),
                     registry=_("The device looks into its registry; what comes of it is shown here.")),
                facts([*rows, *([(_("Update"), value_of(visit, "update", told["update"]))] if told.get("update") else [])]),
                *_ways(visit, told), again="5" if under_way else "")


def install_file(visit: Visit) -> Reply:
    """Sends a bundle on to the updater; or only has it looked at."""
    _ = visit.text
    part = visit.upload("bundle")
    mode = "verify" if "verify" in visit.fields else "parts"
    outcome, version, _counter = intake.update(visit, reader_of(part.data), mode).split(" ")
    if outcome == "verified":
        return page(visit, _("Update"),
                    note(_("This device would accept version {version}. Nothing was written.", version=version), "good"),
                    h.p(h.a(_("Back"), href=visit.url("/update"))))
    return coming_back(visit, _("Update"), _(
        "Version {version} is installed. The device restarts and tries it; log in again to see whether it has proved itself.",
        version=version))


def install_stick(visit: Visit) -> Reply:
    """Agrees to what is on a USB stick."""
    visit.device.update_stick()
    return visit.moved("/update?done=stick")


def look_into_registry(visit: Visit) -> Reply:
    """Has the device look for what is new, and install it."""
    visit.device.update_registry()
    return visit.moved("/update?done=registry")


def _ways(visit: Visit, told: dict[str, str]) -> Iterator[Child]:
    _ = visit.text
    yield h.h2(_("From a file"))
    yield form(visit, "/update", _("Send it to the device"),
               box(_("Only say whether the device would accept it"), "verify"),
               h.label(_("Update (the file that invoke bundle has made)"), h.input(type="file", name="bundle", required=True)),
               upload=True)
    yield h.p(_("It goes into the slot that is not in use and is tried at the next start. Does it not prove itself, the "
                "version that runs now comes back by itself."))
    if told.get("usb"):
        yield from (h.h2(_("USB stick")), h.p(value_of(visit, "usb", told["usb"])),
                    form(visit, "/update/stick", _("Install from the stick")))
    if told.get("fetch"):
        yield from (h.h2(_("Registry")), h.p(value_of(visit, "fetch", told["fetch"])),
                    form(visit, "/update/registry", _("Look there, and install what is new")))
