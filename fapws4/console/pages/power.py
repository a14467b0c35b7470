"""Restart, power off, factory reset."""

from __future__ import annotations

from fapws4.console import frame
from fapws4.console.frame import coming_back, form, note, page, password
from fapws4.console.markup import h
from fapws4.console.visit import ADMIN, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from fapws4.console.markup import Child
    from fapws4.console.visit import Reply, Visit


def power(visit: Visit) -> Reply:
    """The forms."""
    _ = visit.text
    return page(visit, _("Restart and reset"),
                h.div(form(visit, "/power/restart", _("Restart the device")),
                      form(visit, "/power/off", _("Switch the device off"), quiet=True), class_="row"),
                *(_reset(visit) if visit.may(ADMIN) else ()))


def restart(visit: Visit) -> Reply:
    """Restarts the device."""
    visit.device.device_restart()
    return coming_back(visit, visit.text("Restart and reset"), visit.text("The device restarts."))


def power_off(visit: Visit) -> Reply:
    """Switches it off."""
    visit.device.device_power_off()
    return page(visit, visit.text("Restart and reset"), note(visit.text("The device switches itself off."), "good"))


def factory_reset(visit: Visit) -> Reply:
    """Orders a factory reset."""
    _ = visit.text
    if "sure" not in visit.fields:
        raise Refused(422, _("Tick the box first: all data of this device will be lost."))
    visit.device.device_factory_reset(visit.fields.get("password", ""))
    return coming_back(visit, _("Restart and reset"), _(
        "The device restarts and erases all data. Its certificate and its claim code are new ones then."))


def _reset(visit: Visit) -> Iterator[Child]:
    _ = visit.text
    yield h.h2(_("Factory reset"))
    yield h.p(_("All data is lost: what the app has saved, settings, users, the certificate and the claim code. The installed "
                "version stays."))
    yield form(visit, "/power/reset", _("Erase all data"), password(_("Your password")),
               frame.box(_("I want all data of this device to be lost"), "sure", required=True), grave=True)
