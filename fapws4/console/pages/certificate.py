"""The certificate by which browsers know the device."""

from __future__ import annotations

import os

from fapws4 import device
from fapws4.console import frame
from fapws4.console.frame import area, done, facts, form, page, password
from fapws4.console.markup import h
from fapws4.console.visit import ADMIN, Reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from fapws4.console.markup import Child
    from fapws4.console.visit import Visit


def certificate(visit: Visit) -> Reply:
    """Its fingerprint, and the form to replace it."""
    _ = visit.text
    try:
        found = visit.device.certificate_get()
    except device.Refused as refusal:
        return frame.nothing(visit, _("Certificate"), refusal)
    return page(
        visit, _("Certificate"), done(visit, set=_("The new certificate is in use.")),
        facts([(_("Fingerprint (SHA-256)"), found["fingerprint"])]),
        h.p(_("The device has made its certificate itself, so a browser cannot know it and warns. It is this device if the "
              "browser shows the fingerprint that stands on the device's screen.") if found["own"] else
            _("Somebody has given the device this certificate. A browser that knows who has signed it does not warn; else it "
              "is this device if the browser shows the fingerprint that stands on the device's screen.")),
        h.p(h.a(_("Download the certificate"), href=visit.url("/certificate.pem"))),
        *(_replacement(visit) if visit.may(ADMIN) else ()))


def download(visit: Visit) -> Reply:
    """As PEM."""
    disposition = f'attachment; filename="{os.uname().nodename}.pem"'
    return Reply(visit.device.certificate_get()["certificate"], kind="application/x-pem-file",
                 headers=[("Content-Disposition", disposition)])


def replace(visit: Visit) -> Reply:
    """Another one."""
    fields = visit.fields
    visit.device.certificate_set(fields.get("certificate", ""), fields.get("key", ""), fields.get("password", ""))
    return visit.moved("/certificate?done=set")


def _replacement(visit: Visit) -> Iterator[Child]:
    _ = visit.text
    yield h.h2(_("Use another one"))
    yield form(visit, "/certificate", _("Use this certificate"),
               area(_("Certificate, with its chain behind it (PEM)"), "certificate"),
               area(_("Private key (PEM)"), "key", autocomplete="off"), password(_("Your password")))
