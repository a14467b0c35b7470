"""One request to the console: what it asks for, who asks, and what is answered."""

from __future__ import annotations

from _operator import _compare_digest

from fapws4 import device
from fapws4.console import language
from fapws4.device import calls
from fapws4.sessions import cookie_values

try:  # what hashlib has too, with 0.4 MB of modules for other things
    from _sha2 import sha256  # type: ignore[import-not-found,unused-ignore]
except ImportError:  # before Python 3.12
    from _sha256 import sha256  # type: ignore[import-not-found,no-redef,unused-ignore]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from fapws4.base import Environ
    from fapws4.multipart import Part

    Body = str | bytes | Iterable[bytes]

_MOST_FIELDS = 65536  # bytes of a form or of JSON
_MOST_PARTS = 64  # fields of a form before its file
_LONGEST_COOKIE = 64

HTML = "text/html; charset=utf-8"
JSON = "application/json"

NOBODY, VIEWER, OPERATOR, ADMIN = ROLES = (calls.NOBODY, *calls.ROLES)


class Refused(Exception):
    """What is asked is not done: `status` is that of HTTP, `code` one of device.errors, for programs."""

    def __init__(self, status: int, text: str, code: str = "refused") -> None:
        super().__init__(text)
        self.status, self.code = status, code


class Reply:
    """What goes back."""

    def __init__(self, body: Body, status: int = 200, kind: str = HTML, headers: Iterable[tuple[str, str]] = ()) -> None:
        self.body, self.status = body, status
        self.headers = [("Content-Type", kind), *headers]


class Visit:
    """What handlers are given.

    `device` asks the manager in the name of the visitor; `who` is what it says of the visitor ("name", "role"), and empty for
    somebody who has not logged in. `fields` are those of the form, once `take_form` has read it.
    """

    def __init__(self, environ: Environ) -> None:
        self.environ = environ
        self.root = str(environ["SCRIPT_NAME"]).rstrip("/")
        self.path = "/" + str(environ["PATH_INFO"]).lstrip("/")
        self.method = "GET" if environ["REQUEST_METHOD"] == "HEAD" else str(environ["REQUEST_METHOD"])
        self.secure = environ["wsgi.url_scheme"] == "https"
        self.language = language.choose(self._cookie("language"), environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        self.text = language.translator(self.language)
        self.session = self._cookie(self.session_cookie)
        self.device = device.Client(self.session, str(environ["fapws.remote_addr"]))
        self.who: dict[str, Any] = {}
        self.fields: dict[str, str] = {}

    @property
    def session_cookie(self) -> str:
        """Its name; with the prefix browsers take it only from this host, by https (RFC 6265bis section 4.1.3.2)."""
        return "__Host-console" if self.secure else "console"

    def _cookie(self, name: str) -> str:
        """Its first value that can be one of ours: another app at the same host may have the same name for its own."""
        values = cookie_values(self.environ.get("HTTP_COOKIE", ""), name)
        return next((value for value in values if value.isalnum() and len(value) <= _LONGEST_COOKIE), "")

    def url(self, path: str) -> str:
        """Where a path of the console is on this device."""
        return self.root + path

    def query(self, name: str) -> str:
        """A field of the query, "" without it."""
        return str(self.environ["fapws.params"].get(name, [""])[0])

    def may(self, role: str) -> bool:
        """Whether the visitor has at least that role."""
        return ROLES.index(str(self.who.get("role", NOBODY))) >= ROLES.index(role)

    # ---- what came ----

    def csrf(self) -> str:
        """What forms of this session must bring along: nobody who cannot read the cookie can make it."""
        return sha256(b"fapws4 csrf " + self.session.encode()).hexdigest() if self.session else ""

    def take_form(self) -> None:
        """Reads the form, and refuses one that was not made for this session."""
        self.fields = decode_form(self.body())
        self.check_csrf(self.fields.pop("csrf", ""))

    def check_csrf(self, token: str) -> None:
        """Refused for a form that was not made for this session."""
        if not _compare_digest(token.encode(), self.csrf().encode()):
            raise Refused(403, self.text("This page is of another session. Go back, reload it, and send it again."))

    def pass_over(self) -> None:
        """Reads what is left of the body: a browser shows no answer as long as it is sending."""
        read = self.environ["wsgi.input"].read
        while read(_MOST_FIELDS):
            pass

    def body(self) -> bytes:
        """The whole body of a request that is not an upload."""
        data: bytes = self.environ["wsgi.input"].read(_MOST_FIELDS + 1)
        if len(data) > _MOST_FIELDS:
            raise Refused(413, self.text("This is too much to be sent at once."))
        return data

    def upload(self, name: str) -> Part:
        """The file `name` of a form, as it arrives; the fields before it are in `fields` by then.

        The form must begin with its token, so that nothing is done with the file of a foreign form.
        """
        for part in self._parts():
            if part.filename is None:
                if len(self.fields) >= _MOST_PARTS:
                    raise Refused(413, self.text("This is too much to be sent at once."))
                self.fields[part.name] = _field(part)
                continue
            self.check_csrf(self.fields.get("csrf", ""))
            if part.name == name and part.filename:
                return part
        self.check_csrf(self.fields.get("csrf", ""))
        raise Refused(400, self.text("No file was chosen."))

    def _parts(self) -> Iterator[Part]:
        from fapws4.multipart import FormError, read_parts

        try:
            yield from read_parts(self.environ)
        except FormError as error:
            raise Refused(error.code, str(error)) from error

    # ---- what goes ----

    def cookie(self, name: str, value: str) -> tuple[str, str]:
        """A header that sets a cookie, or has it forgotten ("")."""
        secret = "; HttpOnly" if name == self.session_cookie else "; Max-Age=31536000"
        age = "" if value else "; Max-Age=0"
        return ("Set-Cookie", f"{name}={value}; Path=/; SameSite=Strict{'; Secure' if self.secure else ''}{age or secret}")

    def moved(self, path: str, headers: Iterable[tuple[str, str]] = ()) -> Reply:
        """Leads to another page of the console, which is then asked for anew."""
        return Reply("", 303, "text/plain", [("Location", self.url(path)), *headers])


def decode_form(data: bytes) -> dict[str, str]:
    """A form of application/x-www-form-urlencoded; of fields with the same name the last one."""
    pairs = [pair.partition(b"=") for pair in data.replace(b"+", b" ").split(b"&") if pair]
    return {_decoded(name): _decoded(value) for name, _, value in pairs}


def _decoded(text: bytes) -> str:
    first, *others = text.split(b"%")
    try:
        whole = first + b"".join(bytes((int(other[:2], 16),)) + other[2:] for other in others)
    except ValueError:
        raise Refused(400, "the form is malformed") from None
    return whole.decode("utf-8", "replace").replace("\r\n", "\n")


def _field(part: Part) -> str:
    data = b""
    for piece in part.data:
        data += piece
        if len(data) > _MOST_FIELDS:
            raise Refused(413, "a field of the form is too long")
    return data.decode("utf-8", "replace").replace("\r\n", "\n")
