"""The frame of every page, and the pieces that pages are made of."""

from __future__ import annotations

import os

from fapws4.console import assets
from fapws4.console.language import LANGUAGES, later
from fapws4.console.markup import Markup, h, join
from fapws4.console.refusals import said
from fapws4.console.visit import ADMIN, OPERATOR, VIEWER, Reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from fapws4 import device
    from fapws4.console.markup import Child
    from fapws4.console.visit import Refused, Visit

# The pages of the navigation, and who sees them there.
_PAGES = (
    ("/", later("Status"), VIEWER), ("/network", later("Network"), VIEWER), ("/time", later("Time"), VIEWER),
    ("/logs", later("Logs"), VIEWER), ("/update", later("Update"), OPERATOR), ("/backup", later("Backup"), ADMIN),
    ("/users", later("Users"), ADMIN), ("/tokens", later("Tokens"), VIEWER), ("/certificate", later("Certificate"), VIEWER),
    ("/power", later("Restart and reset"), OPERATOR), ("/licences", later("Licences"), VIEWER),
)


def page(visit: Visit, title: str, *body: Child, status: int = 200, again: str = "") -> Reply:
    """A whole page; `again` is "SECONDS" or "SECONDS; url=..." after which it is asked for anew."""
    device = os.uname().nodename
    head = [
        h.meta(charset="utf-8"), h.meta(name="viewport", content="width=device-width, initial-scale=1"),
        h.meta(http_equiv="refresh", content=again) if again else None,
        h.title(f"{title} - {device}"), h.link(rel="icon", href="data:,"),
        h.link(rel="stylesheet", href=visit.url(f"/style.css?{assets.VERSION}")),
        h.script(src=visit.url(f"/script.js?{assets.VERSION}"), defer=True)]
    content = [
        h.a(visit.text("To the content"), class_="skip", href="#content"),
        h.header(h.p(device), _account(visit), _navigation(visit)),
        _main(h.h1(title), *body),
        h.footer(_languages(visit))]
    return Reply(Markup("<!DOCTYPE html>\n") + h.html(h.head(*head), h.body(*content), lang=visit.language), status)


def _main(*content: Child) -> Markup:
    """The element of that name. As `h.main` it would say the name of functions of Python's library, which then come into the
    program with all that they import: 1 MB."""
    return join(Markup('<main id="content" tabindex="-1">'), *content, Markup("</main>"))


def refusal(visit: Visit, refused: Refused) -> Reply:
    """A page that says why not."""
    _ = visit.text
    titles = {403: _("Not allowed"), 404: _("Not here"), 503: _("Not reachable")}
    back = visit.path if visit.method == "POST" and refused.status != 404 else "/"
    return page(visit, titles.get(refused.status, _("Refused")), note(str(refused), "bad"),
                h.p(h.a(_("Back"), href=visit.url(PARENTS.get(back, back)))), status=refused.status)


def nothing(visit: Visit, title: str, refused: device.Refused) -> Reply:
    """A page of what this device does not have; the manager says why. Any other refusal is one."""
    if refused.code != "absent":
        raise refused
    return page(visit, title, note(said(visit, refused)))


# Paths that only take forms, by the page that has the form.
PARENTS: dict[str, str] = {}


def _navigation(visit: Visit) -> Markup | None:
    if not visit.who:
        return None
    links = [h.li(h.a(visit.text(name), href=visit.url(path), aria_current="page" if path == visit.path else None))
             for path, name, role in _PAGES if visit.may(role)]
    return h.nav(h.ul(*links), aria_label=visit.text("Pages"))


def _account(visit: Visit) -> Markup | None:
    if not visit.who:
        return None
    here = "page" if visit.path == "/account" else None
    name = h.a(str(visit.who["name"]), href=visit.url("/account"), aria_current=here)
    return h.div(name, form(visit, "/logout", visit.text("Log out"), quiet=True), class_="account")


def _languages(visit: Visit) -> Markup:
    buttons = [h.button(name, name="language", value=code, lang=code, class_="quiet",
                        aria_current="true" if code == visit.language else None) for code, name in LANGUAGES.items()]
    back = h.input(type="hidden", name="back", value=PARENTS.get(visit.path, visit.path))
    return h.form(_hidden(visit), back, h.div(*buttons, class_="row"), method="post", action=visit.url("/language"),
                  aria_label=visit.text("Language"))


# ---- pieces ----


def note(text: Child, kind: str = "") -> Markup:
    """A sentence that must be seen; `kind` is good, bad or neither. What is bad is read out at once."""
    return h.p(text, class_=f"note {kind}".strip(), role="alert" if kind == "bad" else "status")


def done(visit: Visit, **sentences: str) -> Markup | None:
    """What the form has done that has led to this page (`visit.moved("/users?done=added")`)."""
    said = sentences.get(visit.query("done"))
    return note(said, "good") if said else None


def coming_back(visit: Visit, title: str, sentence: str) -> Reply:
    """The device is away for a while: the script waits until it answers again, without it a link does."""
    return page(visit, title, note(sentence, "good"),
                h.p(visit.text("Its pages are back in about a minute."), " ",
                    h.a(visit.text("On to them"), href=visit.url("/login")), data_return=visit.url("/login"),
                    data_said=visit.text("Waiting for the device."), role="status"))


def facts(rows: Iterable[tuple[str, Child]]) -> Markup:
    """A list of names and what they are."""
    return h.dl(*((h.dt(name), h.dd(value)) for name, value in rows))


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[Child]]) -> Markup:
    """A table whose first column names its rows; narrow screens scroll it."""
    body = [h.tr(h.th(first, scope="row"), *(h.td(cell) for cell in rest)) for first, *rest in rows]
    inside = h.table(h.caption(caption), h.thead(h.tr(*(h.th(head, scope="col") for head in heads))), h.tbody(*body))
    return h.div(inside, class_="wide", tabindex="0", role="region", aria_label=caption)


def form(
    visit: Visit, action: str, button: str, *fields: Child, quiet: bool = False, grave: bool = False, upload: bool = False,
    second: Child = None,
) -> Markup:
    """A form that is posted to a path of the console. `second` is another button beside the first."""
    kind = "quiet" if quiet else "grave" if grave else None
    sending = {"enctype": "multipart/form-data", "data_upload": visit.text("Sent so far"),
               "data_failed": visit.text("The connection was cut; try again.")} if upload else {}
    inside = join(*fields)
    whose = _whose(visit) if 'type="password"' in inside else None
    buttons = h.div(h.button(button, class_=kind), second, class_="row")
    return h.form(_hidden(visit), whose, inside, buttons, method="post", action=visit.url(action), **sending)


def _whose(visit: Visit) -> Markup | None:
    """Whose password it is, for managers of passwords: on pages that do not ask for a name."""
    if not visit.who:
        return None
    return h.input(name="whose", value=str(visit.who["name"]), autocomplete="username", hidden=True)


def _hidden(visit: Visit) -> Markup | None:
    return h.input(type="hidden", name="csrf", value=visit.csrf()) if visit.session else None


def field(label: str, name: str, *, help_: str = "", type_: str = "text", value: str = "", required: bool = False,
          **attributes: object) -> Markup:
    """A field with its label, and a line of help that is read out with it."""
    place = f"{name}-help"
    return join(h.label(label, h.input(name=name, type=type_, value=value or None, required=required,
                                       aria_describedby=place if help_ else None, **attributes)),
                h.small(help_, id=place) if help_ else None)


def password(label: str, name: str = "password", *, new: bool = False, help_: str = "", required: bool = True) -> Markup:
    """A password; of a new one managers of passwords are told so."""
    return field(label, name, type_="password", required=required, help_=help_,
                 autocomplete="new-password" if new else "current-password")


def choice(label: str, name: str, options: Iterable[tuple[str, str]], chosen: str = "") -> Markup:
    """One of several, as a list that opens."""
    said = [h.option(text, value=value, selected=value == chosen) for value, text in options]
    return h.label(label, h.select(*said, name=name))


def area(label: str, name: str, **attributes: object) -> Markup:
    """A field of several lines."""
    return h.label(label, h.textarea(name=name, rows="8", spellcheck="false", required=True, **attributes))


def box(label: str, name: str, *, required: bool = False) -> Markup:
    """A box to tick."""
    return h.label(h.input(type="checkbox", name=name, required=required), h.span(label), class_="box")

