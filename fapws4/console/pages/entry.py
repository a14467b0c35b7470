"""How one gets in: the first administrator, login, logout; and the language, which everybody may choose."""

from __future__ import annotations

import os

from fapws4 import device
from fapws4.console.frame import field, form, note, page, password
from fapws4.console.language import LANGUAGES
from fapws4.console.markup import h
from fapws4.console.refusals import said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fapws4.console.markup import Child
    from fapws4.console.visit import Reply, Visit
    from fapws4.device.records import Session


_OF_PATHS = "abcdefghijklmnopqrstuvwxyz/"


def claim(visit: Visit) -> Reply:
    """The form for the first administrator of a new device."""
    return visit.moved("/login") if visit.device.status_public()["claimed"] else _claim_page(visit)


def make_first_admin(visit: Visit) -> Reply:
    """Makes the first administrator, and logs that one in."""
    _ = visit.text
    fields = visit.fields
    if fields.get("password") != fields.get("again"):
        return _claim_page(visit, _("The two passwords are not the same."))
    try:
        code = "".join(fields.get("code", "").split())
        made = visit.device.claim(code, fields.get("name", ""), fields.get("password", ""), _agent(visit))
    except device.Refused as refusal:
        return _claim_page(visit, said(visit, refusal))
    return _logged_in(visit, made, "/")


def _claim_page(visit: Visit, why_not: str = "") -> Reply:
    _ = visit.text
    return page(
        visit, _("Welcome"), _complaint(why_not),
        h.p(_("This device has no owner yet. Make its first administrator.")),
        form(visit, "/claim", _("Make this administrator"),
             field(_("Claim code"), "code", help_=_("It is on the device's screen, and on its serial console."), required=True,
                   autocomplete="off", autocapitalize="characters", spellcheck="false"),
             field(_("Name"), "name", value=visit.fields.get("name", ""), required=True, autocomplete="username"),
             password(_("New password"), new=True, help_=_("At least 10 characters.")),
             password(_("The same once more"), "again", new=True)),
        status=403 if why_not else 200)


def login(visit: Visit) -> Reply:
    """The form to log in; of a new device the one for its first administrator."""
    return _login_page(visit) if visit.device.status_public()["claimed"] else visit.moved("/claim")


def log_in(visit: Visit) -> Reply:
    """Logs in, and leads to where somebody wanted to go."""
    try:
        name, secret = visit.fields.get("name", ""), visit.fields.get("password", "")
        made = visit.device.login(name, secret, _agent(visit))
    except device.Refused as refusal:
        return _login_page(visit, said(visit, refusal))
    return _logged_in(visit, made, _page_of(visit.fields.get("next", "")))


def _login_page(visit: Visit, why_not: str = "") -> Reply:
    _ = visit.text
    after = visit.fields.get("next", "") or visit.query("next")
    reset = _("A factory reset gives the device a new owner, and all data is lost. Put a USB stick into the device with a "
              "file {file} whose first line is {name}; its screen says what happens, and that pulling the stick out stops it. "
              "Or its recovery pages do it with the claim code that it had at first.",
              file="fapws4-factory-reset.txt", name=os.uname().nodename)
    return page(
        visit, _("Log in"), _complaint(why_not),
        form(visit, "/login", _("Log in"),
             field(_("Name"), "name", value=visit.fields.get("name", ""), required=True, autocomplete="username",
                   autocapitalize="none"),
             password(_("Password")),
             h.input(type="hidden", name="next", value=_page_of(after))),
        h.details(h.summary(_("The password is forgotten")), h.p(reset)),
        status=403 if why_not else 200)


def log_out(visit: Visit) -> Reply:
    """Ends the session."""
    visit.device.logout()
    return visit.moved("/login", [visit.cookie(visit.session_cookie, "")])


def choose_language(visit: Visit) -> Reply:
    """Keeps the choice in a cookie, and shows the same page in it."""
    chosen = visit.fields.get("language", "")
    cookies = [visit.cookie("language", chosen)] if chosen in LANGUAGES else []
    return visit.moved(_page_of(visit.fields.get("back", "")), cookies)


def _complaint(why_not: str) -> Child:
    return note(why_not, "bad") if why_not else None


def _logged_in(visit: Visit, made: Session, path: str) -> Reply:
    return visit.moved(path, [visit.cookie(visit.session_cookie, made["session"])])


def _page_of(path: str) -> str:
    """The path if it can be one of the console; else that of the first page. Nobody is led to other places."""
    return path if path[:1] == "/" != path[1:2] and not path.strip(_OF_PATHS) else "/"


def _agent(visit: Visit) -> str:
    """What the browser calls itself, for the list of sessions."""
    text = str(visit.environ.get("HTTP_USER_AGENT", ""))[:256]
    return "".join(letter for letter in text if letter.isprintable())
