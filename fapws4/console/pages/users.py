"""Who may log in, and what each may do."""

from __future__ import annotations

from fapws4.console.frame import choice, done, field, form, page, password, table
from fapws4.console.markup import h
from fapws4.console.visit import ADMIN, OPERATOR, VIEWER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fapws4.console.markup import Child, Markup
    from fapws4.console.visit import Reply, Visit


def users(visit: Visit) -> Reply:
    """All users, and the forms."""
    _ = visit.text
    found = visit.device.users_list()
    roles = dict(_roles(visit))
    rows = [(user["name"], roles[user["role"]]) for user in found]
    return page(visit, _("Users"),
                done(visit, added=_("The user is added."), role=_("The role is changed."), removed=_("The user is removed."),
                     password=_("The password is changed; where this user was logged in, that has ended.")),
                table(_("Users"), [_("Name"), _("Role")], rows), *_forms(visit, [user["name"] for user in found]))


def add(visit: Visit) -> Reply:
    """A new user."""
    fields = visit.fields
    visit.device.users_add(fields.get("name", ""), fields.get("role", ""), fields.get("new_password", ""),
                           fields.get("password", ""))
    return visit.moved("/users?done=added")


def change_role(visit: Visit) -> Reply:
    """Another role."""
    visit.device.users_set_role(visit.fields.get("name", ""), visit.fields.get("role", ""), visit.fields.get("password", ""))
    return visit.moved("/users?done=role")


def change_password(visit: Visit) -> Reply:
    """Another password for somebody who has forgotten it."""
    fields = visit.fields
    visit.device.users_set_password(fields.get("name", ""), fields.get("new_password", ""), fields.get("password", ""))
    return visit.moved("/users?done=password")


def remove(visit: Visit) -> Reply:
    """One less."""
    visit.device.users_remove(visit.fields.get("name", ""), visit.fields.get("password", ""))
    return visit.moved("/users?done=removed")


def _roles(visit: Visit) -> Iterable[tuple[str, str]]:
    _ = visit.text
    return [(VIEWER, _("viewer")), (OPERATOR, _("operator")), (ADMIN, _("administrator"))]


def _forms(visit: Visit, names: list[str]) -> Iterator[Child]:
    _ = visit.text
    own = password(_("Your password"))
    roles = choice(_("Role"), "role", _roles(visit))
    yield h.p(_("Viewers see how the device is; operators also restart, update and set the clock; administrators may do all."))
    yield _section(_("Add a user"), form(
        visit, "/users", _("Add"), field(_("Name"), "name", required=True, autocomplete="off", maxlength="32"), roles,
        password(_("Password of the new user"), "new_password", new=True), own))
    which = choice(_("User"), "name", [(name, name) for name in names])
    yield _section(_("Change a role"), form(visit, "/users/role", _("Change"), which, roles, own))
    yield _section(_("Set a password"), form(visit, "/users/password", _("Set"), which, password(
        _("New password"), "new_password", new=True), own))
    yield _section(_("Remove a user"), form(visit, "/users/remove", _("Remove"), which, own, grave=True))


def _section(title: str, inside: Markup) -> Markup:
    return h.details(h.summary(title), inside)
