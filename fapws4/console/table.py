"""The one table of routes: where, by which method, who at least, and what is done.

A handler that is not in it, a call of the manager that is neither in it nor left out by name or has another least role, and
a route that is in it twice: each keeps the console from being imported, so that nothing can be reached past this table.
"""

from __future__ import annotations

import sys

from fapws4.console import api, assets, frame
from fapws4.console.language import later
from fapws4.console.pages import (
    account,
    backup,
    certificate,
    clock,
    entry,
    licences,
    logs,
    network,
    overview,
    power,
    tokens,
    update,
    users,
)
from fapws4.console.visit import ADMIN, NOBODY, OPERATOR, VIEWER
from fapws4.device.calls import CALLS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from fapws4.console.visit import Reply, Visit

    Act = Callable[[Visit], Reply]

ROLE_NAMES = {NOBODY: later("nobody"), VIEWER: later("viewer"), OPERATOR: later("operator"), ADMIN: later("administrator")}


class Route:
    """A row. `upload`: the handler reads the body itself, as it arrives. `parent`: the page that has the form."""

    __slots__ = ("act", "call", "method", "parent", "path", "role", "upload")

    def __init__(self, method: str, path: str, role: str, act: Act, parent: str = "", *, upload: bool = False,
                 call: str = "") -> None:
        self.method, self.path, self.role, self.act, self.parent = method, path, role, act, parent
        self.upload, self.call = upload, call


PAGES = (
    Route("GET", "/", VIEWER, overview.status),
    Route("GET", "/style.css", NOBODY, assets.style),
    Route("GET", "/script.js", NOBODY, assets.script),

    Route("GET", "/claim", NOBODY, entry.claim),
    Route("POST", "/claim", NOBODY, entry.make_first_admin),
    Route("GET", "/login", NOBODY, entry.login),
    Route("POST", "/login", NOBODY, entry.log_in),
    Route("POST", "/logout", VIEWER, entry.log_out, "/"),
    Route("POST", "/language", NOBODY, entry.choose_language, "/"),

    Route("GET", "/account", VIEWER, account.account),
    Route("POST", "/account/password", VIEWER, account.change_password, "/account"),
    Route("POST", "/account/revoke", VIEWER, account.revoke_session, "/account"),

    Route("GET", "/network", VIEWER, network.network),
    Route("POST", "/network", ADMIN, network.apply),
    Route("POST", "/network/keep", ADMIN, network.keep, "/network"),
    Route("POST", "/network/revert", ADMIN, network.revert, "/network"),

    Route("GET", "/time", VIEWER, clock.clock),
    Route("POST", "/time", OPERATOR, clock.set_clock),
    Route("POST", "/time/zone", OPERATOR, clock.set_zone, "/time"),

    Route("GET", "/logs", VIEWER, logs.logs),
    Route("GET", "/logs/stream", VIEWER, logs.stream, "/logs"),
    Route("GET", "/logs/bundle", OPERATOR, logs.bundle, "/logs"),

    Route("GET", "/update", OPERATOR, update.update),
    Route("POST", "/update", OPERATOR, update.install_file, upload=True),
    Route("POST", "/update/stick", OPERATOR, update.install_stick, "/update"),
    Route("POST", "/update/registry", OPERATOR, update.look_into_registry, "/update"),

    Route("GET", "/backup", ADMIN, backup.backup),
    Route("POST", "/backup", ADMIN, backup.download),
    Route("POST", "/backup/compare", ADMIN, backup.compare, "/backup", upload=True),
    Route("POST", "/backup/restore", ADMIN, backup.restore, "/backup", upload=True),

    Route("GET", "/users", ADMIN, users.users),
    Route("POST", "/users", ADMIN, users.add),
    Route("POST", "/users/role", ADMIN, users.change_role, "/users"),
    Route("POST", "/users/password", ADMIN, users.change_password, "/users"),
    Route("POST", "/users/remove", ADMIN, users.remove, "/users"),

    Route("GET", "/tokens", ADMIN, tokens.tokens),
    Route("POST", "/tokens", ADMIN, tokens.add),
    Route("POST", "/tokens/remove", ADMIN, tokens.remove, "/tokens"),

    Route("GET", "/certificate", VIEWER, certificate.certificate),
    Route("GET", "/certificate.pem", VIEWER, certificate.download, "/certificate"),
    Route("POST", "/certificate", ADMIN, certificate.replace),

    Route("GET", "/power", OPERATOR, power.power),
    Route("POST", "/power/restart", OPERATOR, power.restart, "/power"),
    Route("POST", "/power/off", OPERATOR, power.power_off, "/power"),
    Route("POST", "/power/reset", ADMIN, power.factory_reset, "/power"),

    Route("GET", "/licences", VIEWER, licences.licences),
    Route("GET", "/licences.txt", VIEWER, licences.download, "/licences"),
    Route("GET", "/bill.cdx.json", VIEWER, licences.bill, "/licences"),
)

# Programs have a token that an administrator has made, and no password: what asks for one again is for people, and so is a
# log that goes on.
NOT_FOR_PROGRAMS = {"claim", "login", "logout", "logs.follow", "update.begin",
                    *(name for name, call in CALLS.items() if "password" in call.arguments["properties"])}

PROGRAMS = (
    *(Route(api.method_of(call), f"/api/v1/{call.name}", call.role, api.act_of(call), call=call.name)
      for call in CALLS.values() if call.name not in NOT_FOR_PROGRAMS),
    Route("POST", "/api/v1/update", OPERATOR, api.install_update, upload=True, call="update.begin"),
    Route("GET", "/api/v1/openapi.json", NOBODY, api.description),
)


def _by_path(routes: tuple[Route, ...]) -> dict[str, dict[str, Route]]:
    found: dict[str, dict[str, Route]] = {}
    for route in routes:
        if route.method in found.setdefault(route.path, {}):
            raise ImportError(f"{route.method} {route.path} stands in the table of routes twice")
        found[route.path][route.method] = route
    return found


def _check_handlers(routes: tuple[Route, ...]) -> None:
    """Every public function of the pages is in the table, once."""
    listed = [route.act for route in routes]
    for name, module in sys.modules.items():
        if name.startswith("fapws4.console.pages."):
            for handler, function in vars(module).items():
                own = getattr(function, "__module__", "") == name and callable(function) and not handler.startswith("_")
                if own and listed.count(function) != 1:
                    raise ImportError(f"{name}.{handler} must stand in the table of routes once; a function that is no "
                                      "handler has a name that begins with _")


def _check_calls(routes: tuple[Route, ...]) -> None:
    """Every call of the manager is for programs, at its own least role, or left out by name; and there are no others."""
    reached = {route.call: route.role for route in routes if route.call}
    unknown = (reached.keys() | NOT_FOR_PROGRAMS) - CALLS.keys()
    wrong = [name for name, call in CALLS.items() if reached.get(name, call.role) != call.role]
    missing = CALLS.keys() - reached.keys() - NOT_FOR_PROGRAMS
    if unknown or wrong or missing:
        raise ImportError(f"the table of routes and that of calls differ in {', '.join(sorted((*unknown, *wrong, *missing)))}")


_check_handlers(PAGES)
_check_calls(PROGRAMS)
ROUTES = _by_path(PAGES + PROGRAMS)
frame.PARENTS.update({route.path: route.parent for route in PAGES if route.parent})
api.describe(PROGRAMS)
