"""What the device's program consists of, and under which licences."""

from __future__ import annotations

import os

from fapws4 import device
from fapws4.console import downloads, frame
from fapws4.console.frame import page
from fapws4.console.markup import h

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fapws4.console.visit import Reply, Visit

_MOST = 1 << 20  # bytes that are shown; the file has all


def licences(visit: Visit) -> Reply:
    """The texts."""
    _ = visit.text
    try:
        descriptor = visit.device.licences()
    except device.Refused as refusal:
        return frame.nothing(visit, _("Licences"), refusal)
    with os.fdopen(descriptor, "rb") as file:
        text = file.read(_MOST).decode("utf-8", "replace")
    return page(visit, _("Licences"), h.p(h.a(_("Download"), href=visit.url("/licences.txt")), " ",
                                       h.a(_("Bill of materials (CycloneDX)"), href=visit.url("/bill.cdx.json"))),
                h.pre(text, tabindex="0", role="region", aria_label=_("Licences")))


def download(visit: Visit) -> Reply:
    """The same as a file."""
    return downloads.file_of(visit.device.licences(), "licences")


def bill(visit: Visit) -> Reply:
    """What there is, for tools."""
    return downloads.file_of(visit.device.bill(), "bill")
