"""The app of the recovery process: which page is at which path.

Pages are for people and work without scripts. `/status` and `POST /update` are for programs, such as `invoke update`, and
speak plain text. Over http, which images without keys have, nothing can be changed: a claim code must not travel so.
"""

from __future__ import annotations

from fapws4.marks import streaming, threaded
from fapws4.recovery import control, idle, intake, markup
from fapws4.web import guard
from fapws4.web.style import STYLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from fapws4.base import Environ, Start_response

    Answer = tuple[int, str]  # a status and a page, or plain text
    Page = Callable[[dict[str, Any]], Answer]

MAX_BODY_SIZE = 16384  # bytes of a form; uploads have a limit of their own
TIMEOUT = 30

_LARGEST_UPLOAD = 1 << 30
_MOST_ORDERS = 4  # at a time; PID 1 hears 8 callers

# How the keys of the status are called (core/init/owner/status.h); those without a name are for programs.
_NAMES = {"product": "Product", "version": "Version", "board": "Board", "counter": "Counter", "slot": "Slot", "state": "State",
          "missing": "Still lacks", "data": "Data", "storage": "Free storage", "storage-errors": "Errors of the storage",
          "storage-life": "Life of the storage that is used up, %", "storage-reserve": "Reserve of the storage",
          "rescue": "What could be saved", "name": "Name", "network": "Network", "interface": "Network interface",
          "address": "Address", "gateway": "Gateway", "rival": "Another host with this address", "address6": "Address",
          "dns": "DNS server", "ntp": "Time server", "certificate": "Certificate", "clock": "Clock", "timezone": "Time zone",
          "app": "App", "failed": "Last version that failed", "lost": "Its settings", "reset": "Last unplanned end",
          "update": "Update", "usb": "USB", "fetch": "Registry"}

_READ_ONLY = ("This image was built without keys: it accepts no update, and nothing can be changed here. "
              "Build it with --keys to have this page over https.")


# On a page with several forms.
_SECOND_CODE = markup.CODE_FIELD.replace("code-place", "code-place-2")
_THIRD_CODE = markup.CODE_FIELD.replace("code-place", "code-place-3")


# ---- pages ----


def show_status(_: dict[str, Any]) -> Answer:
    """What the device says of itself; reloaded as long as something is under way."""
    pairs = control.status()
    told = dict(pairs)
    busy = told.get("state", "").startswith("trial") or told.get("update", "").startswith("running")
    rows = [(_NAMES[key], _free(value) if key == "storage" else value) for key, value in pairs if value and key in _NAMES]
    return 200, markup.page("Status", _warnings(told) + markup.facts(rows), "/", "5" if busy else "")


def _free(sizes: str) -> str:
    total, free = (int(size) / (1 << 20) for size in sizes.split(" "))
    return f"{free:.1f} of {total:.1f} MiB"


def _warnings(told: dict[str, str]) -> str:
    notes = []
    state, left = (told.get("state", "") + " ").split(" ")[:2]
    if state == "trial":
        lacks = f" It still lacks: {told['missing']}." if "missing" in told else ""
        notes.append(markup.note(f"Version {told.get('version', '')} is on trial: it has {left} s to prove itself, "
                                 f"or the old one comes back.{lacks}"))
    if state == "recovery":
        notes.append(markup.note("The app has failed too often; it is started once a minute. The log says why.", "bad"))
    if told.get("data") == "memory":
        notes.append(markup.note("The data partition is not in use: what is saved is lost at power-off.", "bad"))
    if told.get("data") == "read-only":
        notes.append(markup.note("The data partition has errors: what is there can be read, and nothing is saved.", "bad"))
    if told.get("failed"):
        notes.append(markup.note(f"A new version has failed: {told['failed']}. Its last lines are in the log.", "bad"))
    return "".join(notes)


def tell_status(_: dict[str, Any]) -> Answer:
    """The same for programs: lines `key value`."""
    return 200, control.ask("status")


def show_log(_: dict[str, Any]) -> Answer:
    """The last lines, and those of a new version that has failed."""
    failed = control.ask("failed-log")
    more = f"<h2>Of the version that has failed</h2>\n{_lines(failed, 'Log of the failed version')}" if failed else ""
    return 200, markup.page("Log", _lines(control.ask("log"), "Log") + more, "/log")


def _lines(text: str, name: str) -> str:
    return f'<pre role="log" aria-label="{name}" tabindex="0">{markup.escape(text)}</pre>\n'


def show_update(environ: dict[str, Any]) -> Answer:
    """The form to upload a bundle with."""
    if not _can_change(environ):
        return 200, markup.page("Update", markup.note(_READ_ONLY), "/update")
    told = dict(control.status())
    others = [form(told[key]) for key, form in (("usb", _stick_form), ("fetch", _registry_form)) if told.get(key)]
    return 200, markup.page("Update", "".join([_update_form(), *others]), "/update")


def _update_form() -> str:
    return f"""<form method="post" enctype="multipart/form-data">
{markup.CODE_FIELD}
<label class="box"><input type="checkbox" name="verify"> Only say whether the device would accept it</label>
<label>Update (the file that invoke bundle has made)
<input type="file" name="bundle" required></label>
<button>Send it to the device</button>
</form>
<p>It goes into the slot that is not in use and is tried at the next start. Does it not prove itself, the version that runs
now comes back by itself.</p>
"""


def _stick_form(stick: str) -> str:
    return f"""<h2>USB stick</h2>
<p>{markup.escape(stick)}</p>
<form method="post" action="/stick">
{_SECOND_CODE}
<button>Install from the stick</button>
</form>
"""


def _registry_form(registry: str) -> str:
    return f"""<h2>Registry</h2>
<p>{markup.escape(registry)}</p>
<form method="post" action="/registry">
{_THIRD_CODE}
<button>Look there, and install what is new</button>
</form>
"""


def show_device(environ: dict[str, Any]) -> Answer:
    """The forms to restart and to reset."""
    if not _can_change(environ):
        return 200, markup.page("Restart and reset", markup.note(_READ_ONLY) + _by_stick(), "/device")
    body = f"""<h2>Restart</h2>
<form method="post" action="/restart">
{markup.CODE_FIELD}
<button>Restart the device</button>
</form>
<h2>Factory reset</h2>
<p>Everything in /data is lost: what the app has saved, settings, the certificate and the claim code. The installed version
stays.</p>
<form method="post" action="/reset">
{_SECOND_CODE}
<label class="box"><input type="checkbox" name="sure" required> I want all data of this device to be lost</label>
<button class="grave">Erase all data</button>
</form>
{_by_stick()}"""
    return 200, markup.page("Restart and reset", body, "/device")


def _by_stick() -> str:
    name = markup.escape(dict(control.status()).get("product", ""))
    return ("<p>Who knows neither password nor claim code puts a USB stick into the device, with a file "
            f"fapws4-factory-reset.txt whose first line is {name}: after a warning on the device's screen all data is erased, "
            "unless the stick is pulled out. Images that look at no sticks (usb_update = off) have no such way.</p>\n")


def restart(environ: dict[str, Any]) -> Answer:
    """Restarts the device."""
    return _command(environ, "restart", "Restart and reset", "The device restarts. Its pages are back in about a minute.")


def install_stick(environ: dict[str, Any]) -> Answer:
    """Agrees to what is on a USB stick."""
    return _command(environ, "usb-install", "Update", "The update on the stick is being installed; see the status.")


def look_into_registry(environ: dict[str, Any]) -> Answer:
    """Has the device look for what is new, and install it."""
    return _command(environ, "fetch", "Update", "The device looks into its registry; what comes of it is in the status.")


def reset(environ: dict[str, Any]) -> Answer:
    """Orders a factory reset."""
    if "sure" not in environ["fapws.params"]:
        return 400, _told("Restart and reset", "Nothing was erased: say that you want all data to be lost.", "bad")
    return _command(environ, "reset", "Restart and reset",
                    "The device restarts and erases all data. Its pages are back in about a minute; certificate and claim "
                    "code are new ones then.")


def _command(environ: dict[str, Any], word: str, title: str, done: str) -> Answer:
    if not _can_change(environ):
        return 403, _told(title, _READ_ONLY, "bad")
    code = intake.code_of(environ["fapws.params"].get("code", [""])[0])
    refusal = _ordered(f"{word} {code}") if code else "no claim code was given"
    if refusal:
        return 403, _told(title, f"Refused: {refusal}", "bad")
    return 200, _told(title, done, "good")


_ordering: list[None] = []  # one for each order under way; appending and popping need no lock


def _ordered(order: str) -> str:
    """Why PID 1 refuses an order; empty when it does it. Who tries codes shall not take all places from who only looks."""
    if len(_ordering) >= _MOST_ORDERS:
        return "others are trying claim codes just now; try again in a minute"
    _ordering.append(None)
    try:
        return control.refusal(control.ask(order))
    finally:
        _ordering.pop()


def _told(title: str, text: str, kind: str) -> str:
    back = "/update" if title == "Update" else "/device"
    return markup.page(title, f'{markup.note(text, kind)}<p><a href="{back}">Back</a></p>', back)


def _can_change(environ: dict[str, Any]) -> bool:
    return bool(environ["wsgi.url_scheme"] == "https")


# ---- uploads ----


def take_form(environ: dict[str, Any]) -> Answer:
    """A bundle from a browser; the outcome as a page."""
    status, outcome = intake.from_form(environ)
    word, _, rest = outcome.partition(" ")
    version = rest.partition(" ")[0]
    if word == "installed":
        text = (f"Version {version} is installed. The device restarts and tries it: in about a minute its status says whether "
                "it has proved itself.")
        return status, _told("Update", text, "good")
    if word == "verified":
        return status, _told("Update", f"This device would accept version {version}. Nothing was written.", "good")
    return status, _told("Update", f"Refused: {rest}", "bad")


def take_upload(environ: dict[str, Any]) -> Answer:
    """A bundle from a browser or from a program."""
    if not _can_change(environ):
        return 403, _told("Update", _READ_ONLY, "bad") if _is_form(environ) else f"refused {_READ_ONLY}\n"
    return take_form(environ) if _is_form(environ) else intake.from_program(environ)


def _is_form(environ: dict[str, Any]) -> bool:
    return str(environ.get("CONTENT_TYPE", "")).startswith("multipart/")


def say_wants(environ: dict[str, Any]) -> Answer:
    """Which parts of a bundle this device does not hold; the body is the bundle's head."""
    return intake.wants(environ) if _can_change(environ) else (403, f"refused {_READ_ONLY}\n")


# ---- the server's side ----

_ROUTES: dict[str, dict[str, Page]] = {
    "/": {"GET": show_status},
    "/status": {"GET": tell_status},
    "/log": {"GET": show_log},
    "/update": {"GET": show_update, "POST": take_upload},
    "/update/want": {"POST": say_wants},
    "/device": {"GET": show_device},
    "/restart": {"POST": restart},
    "/stick": {"POST": install_stick},
    "/registry": {"POST": look_into_registry},
    "/reset": {"POST": reset},
    "/style.css": {"GET": lambda _: (200, STYLE)},
}


def serve(environ: Environ, start_response: Start_response) -> str:
    """Answers any request."""
    with idle.Visit():
        status, body = _answer(environ)
    kind = "html" if body.startswith("<!DOCTYPE") else "css" if body is STYLE else "plain"
    start_response(status, [("Content-Type", f"text/{kind}; charset=utf-8"), ("Content-Security-Policy", guard.POLICY),
                            *guard.LOCKED])
    if status == 405:
        start_response(status, [("Allow", ", ".join(_ROUTES[_path(environ)]))])
    return body


def _answer(environ: dict[str, Any]) -> Answer:
    objection = guard.objection(environ)
    if objection:
        return objection[0], f"refused {objection[1]}\n"
    methods = _ROUTES.get(_path(environ))
    if methods is None:
        return 404, markup.page("Not here", '<p>There is no such page. <a href="/">Status</a></p>')
    method = environ["REQUEST_METHOD"]
    act = methods.get("GET" if method == "HEAD" else method)
    if act is None:
        return 405, "refused this cannot be done here\n"
    try:
        return act(environ)
    except control.Unreachable as error:
        return 503, markup.page("Not reachable", markup.note(f"{error}.", "bad"))


def _path(environ: dict[str, Any]) -> str:
    return str(environ["fapws.uri"]).partition("?")[0]


def upload(environ: Environ, start_response: Start_response) -> str:
    """What comes below /update: the body is read as it arrives."""
    return serve(environ, start_response)


@threaded
def others(environ: Environ, start_response: Start_response) -> str:
    """All others; PID 1 takes its time to say that a code is wrong."""
    return serve(environ, start_response)


PATHS = [("/update", streaming(upload, limit=_LARGEST_UPLOAD)), ("/", others)]

idle.end_when_idle()
