"""What is one's own: the password, and where one is logged in."""

from __future__ import annotations

from fapws4.console.frame import done, form, page, password, table
from fapws4.console.markup import h
from fapws4.console.units import duration
from fapws4.console.visit import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fapws4.console.visit import Reply, Visit


def account(visit: Visit) -> Reply:
    """Sessions, and the form for another password."""
    _ = visit.text
    rows = [(each["name"], each["source"], each["agent"] or "-", duration(visit, each["age"]), duration(visit, each["idle"]),
             _("this one") if each["current"] else form(
                 visit, "/account/revoke", _("End it"), h.input(type="hidden", name="id", value=each["id"]), quiet=True))
            for each in visit.device.sessions_list()]
    return page(
        visit, str(visit.who["name"]),
        done(visit, password=_("The password is changed; all other sessions have ended."),
             revoked=_("The session has ended.")),
        table(_("Sessions"), [_("Name"), _("From"), _("Browser"), _("For"), _("Idle for"), _("End it")], rows),
        h.h2(_("Change the password")),
        form(visit, "/account/password", _("Change it"), password(_("Present password")),
             password(_("New password"), "new_password", new=True, help_=_("At least 10 characters.")),
             password(_("The same once more"), "again", new=True)))


def change_password(visit: Visit) -> Reply:
    """Another password for oneself."""
    fields = visit.fields
    if fields.get("new_password") != fields.get("again"):
        raise Refused(422, visit.text("The two passwords are not the same."))
    visit.device.users_set_password(str(visit.who["name"]), fields.get("new_password", ""), fields.get("password", ""))
    return visit.moved("/account?done=password")


def revoke_session(visit: Visit) -> Reply:
    """Ends a session."""
    visit.device.sessions_revoke(visit.fields.get("id", ""))
    return visit.moved("/account?done=revoked")
