"""What time it is, and where."""

from __future__ import annotations

import time
from datetime import datetime

from fapws4.console.frame import done, facts, field, form, note, page
from fapws4.console.markup import h
from fapws4.console.units import duration, moment
from fapws4.console.visit import OPERATOR, Refused
from fapws4.console.words import source_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from fapws4.console.markup import Child
    from fapws4.console.visit import Reply, Visit
    from fapws4.device.records import Clock


def clock(visit: Visit) -> Reply:
    """The clock, and the forms to set it."""
    _ = visit.text
    found = visit.device.clock_get()
    rows: list[tuple[str, Child]] = [
        (_("Now"), moment(found["seconds"])), (_("Time zone"), found["zone"] or "UTC"),
        (_("From"), source_of(visit, found["source"])), (_("Running for"), duration(visit, found["uptime"]))]
    return page(visit, _("Time"), done(visit, set=_("The clock is set."), zone=_("The time zone is set.")),
                None if found["trusted"] else note(_("The clock may be wrong: no time server has answered yet.")),
                facts(rows), *(_change(visit, found) if visit.may(OPERATOR) else ()))


def set_clock(visit: Visit) -> Reply:
    """Sets the clock, forwards or back."""
    try:
        wanted = datetime.fromisoformat(f"{visit.fields.get('date', '')}T{visit.fields.get('hour', '')}+00:00")
    except ValueError:
        raise Refused(422, visit.text("A time is written like 2027-03-28 and 14:05.")) from None
    visit.device.clock_set(int(wanted.timestamp()))
    return visit.moved("/time?done=set")


def set_zone(visit: Visit) -> Reply:
    """Sets the time zone."""
    visit.device.clock_set_zone(visit.fields.get("zone", "").strip())
    return visit.moved("/time?done=zone")


def _change(visit: Visit, found: Clock) -> Iterator[Child]:
    _ = visit.text
    date, hour = time.strftime("%Y-%m-%d %H:%M", time.gmtime(found["seconds"])).split(" ")
    yield h.h2(_("Set the clock"))
    yield h.p(_("Where a time server can be reached, the clock is set by itself."))
    yield form(visit, "/time", _("Set the clock"),
               field(_("Date"), "date", type_="date", value=date, required=True),
               field(_("Hour (UTC)"), "hour", type_="time", value=hour, required=True))
    yield h.h2(_("Time zone"))
    zones = h.datalist(*(h.option(value=zone) for zone in visit.device.clock_zones()), id="zones")
    yield form(visit, "/time/zone", _("Set the time zone"),
               field(_("Name of the zone"), "zone", value=found["zone"], help_=_("Such as Europe/Paris."), list="zones",
                     required=True, spellcheck="false"), zones)
