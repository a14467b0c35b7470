"""Calls about who may do what: logging in, sessions, users, tokens."""

from __future__ import annotations

from threading import BoundedSemaphore

from fapws4.device.calls import ROLES
from fapws4.device.errors import Refused
from fapws4.manager import root_side
from fapws4.manager.caller import Caller, answers, note
from fapws4.manager.clocks import uptime
from fapws4.manager.sessions import shown
from fapws4.manager.users import ADMIN, check_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fapws4.device import records


_claims = BoundedSemaphore(3)  # one less than PID 1 is asked at once: a wrong code takes it up to a minute


@answers("claim")
def claim(caller: Caller, code: str, name: str, password: str, agent: str) -> records.Session:
    """PID 1 compares the code, and takes its time when it is wrong."""
    check_name(name)
    users = caller.household.users
    if users.listed():
        raise Refused("conflict", "this device has an owner already; log in, or reset it")
    _check_code(caller, code)
    users.add(name, ADMIN, password, first=True)
    note(f"{name} has made this device theirs")
    return _opened(caller, name, agent)


def _check_code(caller: Caller, code: str) -> None:
    try:
        with _claims:
            root_side.order("claim-check", code)
    except Refused as refusal:
        if refusal.code != "refused":
            raise
        note(f"a wrong claim code from {caller.source or '?'}")
        raise Refused("claim-code", "the claim code is wrong; it is on the device's screen and serial console") from None


@answers("login")
def login(caller: Caller, name: str, password: str, agent: str) -> records.Session:
    """A new session each time, so that nobody can give somebody else one."""
    caller.verify(name, password)
    note(f"{name} has logged in from {caller.source or '?'}")
    return _opened(caller, name, agent)


@answers("logout")
def logout(caller: Caller) -> None:
    """Of a program there is no session to end."""
    if caller.token:
        raise Refused("conflict", "a token is not logged in; it can be taken back")
    caller.household.sessions.end(caller.name, caller.session)


@answers("whoami")
def whoami(caller: Caller) -> records.Person:
    """Who asks."""
    return {"name": caller.name, "role": caller.role, "token": caller.token or None, "expires": caller.expires}


@answers("sessions.list")
def list_sessions(caller: Caller) -> list[records.OpenSession]:
    """The newest first."""
    now = uptime()
    rows = caller.household.sessions.listed(None if caller.is_admin else caller.name)
    return [{"id": shown(row), "name": row["name"], "source": row["source"], "agent": row["agent"],
             "age": max(0, int(now - row["made"])), "idle": max(0, int(now - row["used"])),
             "current": shown(row) == caller.session}
            for row in sorted(rows, key=lambda row: -row["made"])]


@answers("sessions.revoke")
def revoke_session(caller: Caller, id: str) -> None:  # noqa: A002
    """Of others only by administrators, who alone can see that there is one."""
    if not caller.household.sessions.end(None if caller.is_admin else caller.name, id):
        raise Refused("absent", "there is no such session")


@answers("users.list")
def list_users(caller: Caller) -> list[records.User]:
    """Without their hashes."""
    return [{"name": row["name"], "role": row["role"]} for row in caller.household.users.listed()]


@answers("users.add")
def add_user(caller: Caller, name: str, role: str, new_password: str, password: str) -> None:
    """One more."""
    caller.confirm(password)
    caller.household.users.add(name, role, new_password)
    note(f"{caller.name} has added the user {name} ({role})")


@answers("users.remove")
def remove_user(caller: Caller, name: str, password: str) -> None:
    """With all that acts for that user."""
    caller.confirm(password)
    caller.household.users.remove(name)
    caller.household.sessions.end_all(name)
    caller.household.tokens.remove_of(name)
    note(f"{caller.name} has removed the user {name}")


@answers("users.set_role")
def set_role(caller: Caller, name: str, role: str, password: str) -> None:
    """It counts from the next call of that user on; tokens that may more than their owner now go."""
    caller.confirm(password)
    before = caller.household.users.role(name)
    caller.household.users.set_role(name, role)
    if before and ROLES.index(role) < ROLES.index(before):
        caller.household.tokens.remove_of(name)
    note(f"{caller.name} has made {name} {role}")


@answers("users.set_password")
def set_password(caller: Caller, name: str, new_password: str, password: str) -> None:
    """Whoever was logged in by the old one is so no more."""
    if name != caller.name and not caller.is_admin:
        raise Refused("forbidden", "this is another one's password; an administrator may change it")
    caller.confirm(password)
    caller.household.users.set_password(name, new_password)
    caller.household.sessions.end_all(name, but=caller.session)
    note(f"{caller.name} has changed the password of {name}")


@answers("tokens.list")
def list_tokens(caller: Caller) -> list[records.Token]:
    """Without their digests."""
    return [{"name": row["name"], "role": row["role"], "owner": row["owner"], "expires": row["expires"]}
            for row in caller.household.tokens.listed()]


@answers("tokens.add")
def add_token(caller: Caller, name: str, role: str, expires: int | None, password: str) -> records.NewToken:
    """It acts for who makes it."""
    caller.confirm(password)
    token = caller.household.tokens.add(name, role, caller.name, expires)
    note(f"{caller.name} has made the token {name} ({role})")
    return {"token": token}


@answers("tokens.remove")
def remove_token(caller: Caller, name: str) -> None:
    """At once."""
    caller.household.tokens.remove(name)
    note(f"{caller.name} has taken the token {name} back")


def _opened(caller: Caller, name: str, agent: str) -> records.Session:
    role = caller.household.users.role(name)
    if role is None:
        raise Refused("no-session", "this user has just been removed")
    return {"session": caller.household.sessions.open(name, caller.source, agent), "name": name, "role": role}
