"""Who makes a call, with which right, and what every handler of a call gets of the manager."""

from __future__ import annotations

import sys

from fapws4.device.calls import CALLS, ROLES
from fapws4.device.errors import Refused
from fapws4.manager import root_side, store
from fapws4.manager.sessions import Sessions, shown
from fapws4.manager.throttle import Throttle
from fapws4.manager.tokens import PREFIX, Tokens
from fapws4.manager.users import Users

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Handler = Callable[..., Any]


class Household:
    """All that the manager keeps."""

    def __init__(self) -> None:
        self.users = Users(f"{store.data_folder()}/users")
        self.tokens = Tokens(f"{store.data_folder()}/tokens", _clock_is_trusted)
        self.sessions = Sessions(f"{store.run_folder()}/sessions")
        self.throttle = Throttle()


class Given:
    """An answer with a descriptor, which is the manager's no more when it has gone."""

    def __init__(self, result: Any, descriptor: int) -> None:
        self.result, self.descriptor = result, descriptor


class Caller:
    """Who makes a call. `name` and `role` are "" for somebody who is not logged in.

    `session` is the id of the session, `token` the name of the token, `descriptor` what was given along, `gone` waits for so
    many seconds and says whether the caller has left.
    """

    def __init__(
        self, household: Household, secret: str, source: str, descriptor: int | None, gone: Callable[[float], bool]
    ) -> None:
        self.household, self.source, self.descriptor, self.gone = household, source, descriptor, gone
        self.name = self.role = self.session = self.token = ""
        self.expires: int | None = None
        if secret.startswith(PREFIX):
            self._be_program(secret)
        elif secret:
            self._be_person(secret)

    @property
    def is_admin(self) -> bool:
        return self.role == ROLES[-1]

    def require(self, role: str) -> None:
        """Refused when this caller may not what needs at least this role."""
        if not role:
            return
        if not self.role:
            raise Refused("no-session", "log in first, or send a token that is in force; a session ends after half an hour "
                                        "without use")
        if ROLES.index(self.role) < ROLES.index(role):
            raise Refused("forbidden", f"this needs the role {role}; yours is {self.role}")

    def confirm(self, password: str) -> None:
        """The password once more. Refused when it is wrong, and to programs, which have none."""
        if not self.session:
            raise Refused("forbidden", "this takes the password of somebody who is logged in; a token cannot do it")
        self.verify(self.name, password)

    def verify(self, name: str, password: str) -> None:
        """Refused, after a while, when this is not the password of this user."""
        key = (name, self.source)
        throttle, users = self.household.throttle, self.household.users
        with throttle.turn(key, self.gone):
            if users.verify(name, password):
                throttle.right(key)
                return
            throttle.wrong(key)
        # What was typed as a name may be a password.
        note(f"a wrong password for {name if users.role(name) else 'a name that there is none of'} from {self.source or '?'}")
        raise Refused("password", "the name or the password is wrong")

    def _be_person(self, secret: str) -> None:
        row = self.household.sessions.find(secret)
        role = self.household.users.role(row["name"]) if row else None
        if row and role:
            self.name, self.role, self.session = row["name"], role, shown(row)

    def _be_program(self, secret: str) -> None:
        row = self.household.tokens.find(secret)
        owned = self.household.users.role(row["owner"]) if row else None
        if row and owned:  # it may never more than who has made it
            self.role = min(row["role"], owned, key=ROLES.index)
            self.name, self.token, self.expires = row["owner"], row["name"], row["expires"]


HANDLERS: dict[str, Handler] = {}


def answers(name: str) -> Callable[[Handler], Handler]:
    """Makes a function the one that does a call of the table: f(caller, **arguments) -> the answer, or Given."""
    if name not in CALLS or name in HANDLERS:
        raise LookupError(f"{name} is no call of the table, or is answered already")

    def take(handler: Handler) -> Handler:
        HANDLERS[name] = handler
        return handler

    return take


def note(text: str) -> None:
    """A line of the device's log. Never with what a person has typed, but for names that are known."""
    sys.stderr.write(f"manager: {text if text.isprintable() else ascii(text)}\n")
    sys.stderr.flush()


def _clock_is_trusted() -> bool:
    return root_side.first(root_side.facts(), "clock").startswith("trusted")
