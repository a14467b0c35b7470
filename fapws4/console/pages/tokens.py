"""Tokens: by them programs use the API."""

from __future__ import annotations

from fapws4.console.frame import choice, done, field, form, note, page, password, table
from fapws4.console.markup import h
from fapws4.console.units import moment
from fapws4.console.visit import ADMIN, OPERATOR, VIEWER, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fapws4.console.visit import Reply, Visit


def tokens(visit: Visit) -> Reply:
    """All tokens, and the form for a new one."""
    _ = visit.text
    roles = {VIEWER: _("viewer"), OPERATOR: _("operator"), ADMIN: _("administrator")}
    rows = [(each["name"], roles[each["role"]], each["owner"],
             moment(each["expires"]) if each["expires"] else "-",
             form(visit, "/tokens/remove", _("Take back"), h.input(type="hidden", name="name", value=each["name"]),
                  quiet=True))
            for each in visit.device.tokens_list()]
    return page(
        visit, _("Tokens"), done(visit, removed=_("The token is taken back.")),
        h.p(_("By a token a program uses the API in place of a person."), " ",
            h.a(_("Description of the API (OpenAPI)"), href=visit.url("/api/v1/openapi.json"))),
        table(_("Tokens"), [_("Name"), _("Role"), _("Made by"), _("Until"), _("Take back")], rows) if rows else None,
        h.h2(_("New token")),
        form(visit, "/tokens", _("Make it"), field(_("Name"), "name", required=True, maxlength="64", autocomplete="off"),
             choice(_("Role"), "role", list(roles.items())),
             field(_("Days that it is good for"), "days", type_="number", min="1", max="3650", help_=_("Empty: for ever.")),
             password(_("Your password"))))


def add(visit: Visit) -> Reply:
    """Makes a token, and shows it."""
    _ = visit.text
    fields = visit.fields
    made = visit.device.tokens_add(fields.get("name", ""), fields.get("role", ""), fields.get("password", ""),
                                   _expires(visit, fields.get("days", "")))
    return page(visit, _("Tokens"), note(_("The token is made. It is shown this once:"), "good"),
                h.pre(made["token"], tabindex="0", aria_label=_("Token")),
                h.p(_("A program sends it with every request:"), " ", h.code("Authorization: Bearer …")),
                h.p(h.a(_("Back"), href=visit.url("/tokens"))))


def remove(visit: Visit) -> Reply:
    """Takes one back."""
    visit.device.tokens_remove(visit.fields.get("name", ""))
    return visit.moved("/tokens?done=removed")


def _expires(visit: Visit, days: str) -> int | None:
    if not days:
        return None
    if not (days.isascii() and days.isdecimal() and len(days) < 5):
        raise Refused(422, visit.text("Days are written as a number."))
    return visit.device.clock_get()["seconds"] + 86400 * int(days)
