"""Sessions: what the server remembers of a client between its requests.

    manager = SessionManager(FileStore("sessions"))

    def page(environ, start_response):
        session = manager.open(environ, start_response)
        data = session.getdata() or {}
        data["visits"] = data.get("visits", 0) + 1
        session.setdata(data)

Data is kept as JSON, times are UTC, and the client holds nothing but a random id in a cookie.
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from typing import Any, Literal

    from fapws4.base import Environ, Start_response
    from fapws4.session_stores import Store

    Record = MutableMapping[str, Any]

MAX_AGE = 864000  # seconds: ten days, as in fapws3
_ID_BYTES = 16  # 128 bits: cannot be guessed (OWASP asks for 64 at least)
_DATETIME = "%Y-%m-%d %H:%M:%S"


def create_id() -> str:
    """A new random id of 32 hexadecimal digits.

    What secrets.token_hex gives too, without the modules that `secrets` loads.
    """
    return os.urandom(_ID_BYTES).hex()


def is_id(text: str) -> bool:
    """Whether a text has the form of an id: fit for a file name, whatever a client sent."""
    return len(text) == 2 * _ID_BYTES and not text.strip("0123456789abcdef")


class Session:
    """One record: a dict-like object with the keys sessionid, strdata and expiration_date.

    The record may be a row of a database. `max_age` is in seconds; `datetime_fmt` is how
    expiration_date is written, in UTC; `prepare_data` is called with the JSON text before it is
    stored.
    """

    def __init__(
        self,
        sessiondb: Record,
        max_age: int = MAX_AGE,
        datetime_fmt: str = _DATETIME,
        prepare_data: Callable[[str], Any] | None = None,
    ) -> None:
        self.sessiondb = sessiondb
        self.max_age = max_age
        self.datetime_fmt = datetime_fmt
        self.prepare_data = prepare_data

    def getid(self) -> str | None:
        """The id, None before newid()."""
        found = self.sessiondb.get("sessionid")
        return None if found is None else str(found)

    def newid(self) -> str:
        """Gives the session another id. Due whenever a user logs in (session fixation, CWE-384)."""
        self.sessiondb["sessionid"] = create_id()
        return str(self.sessiondb["sessionid"])

    def getdata(self) -> Any:
        """What setdata was given last; None when there is nothing or it has expired."""
        text = self.sessiondb.get("strdata")
        if text is None or self.is_expired():
            return None
        import json

        return json.loads(text)

    def setdata(self, data: Any) -> None:
        """Stores data, anything that JSON can say; the time until it expires begins again."""
        import json

        text = json.dumps(data)
        self.sessiondb["strdata"] = self.prepare_data(text) if self.prepare_data else text
        self.update_expdate()

    def update_expdate(self) -> None:
        """Lets the session expire `max_age` seconds from now."""
        moment = time.gmtime(time.time() + self.max_age)
        self.sessiondb["expiration_date"] = time.strftime(self.datetime_fmt, moment)

    def is_expired(self) -> bool:
        """Whether the time is over; a record without a date, or with another text there, is."""
        text = self.sessiondb.get("expiration_date")
        if not isinstance(text, str):
            return True
        from calendar import timegm

        try:
            return timegm(time.strptime(text, self.datetime_fmt)) <= time.time()
        except ValueError:
            return True


class ClientSession(Session):
    """The session of the client that sent a request: changes are stored and set the cookie."""

    def __init__(self, manager: SessionManager, record: Record, start_response: Start_response) -> None:
        super().__init__(record, manager.max_age)
        self._manager, self._start_response = manager, start_response

    def newid(self) -> str:
        """Another id for the same data; the old one is forgotten."""
        old = self.getid()
        if old is not None:
            self._manager.store.pop(old)
        new = super().newid()
        if self.sessiondb.get("strdata") is not None:
            self._keep()
        return new

    def setdata(self, data: Any) -> None:
        """Stores data; a new session begins with this."""
        super().setdata(data)
        if self.getid() is None:
            super().newid()
        self._keep()

    def delete(self) -> None:
        """Forgets the session, here and in the client: a log-out."""
        old = self.getid()
        if old is not None:
            self._manager.store.pop(old)
        self.sessiondb.clear()
        self._manager.set_cookie(self._start_response, "", 0)

    def _keep(self) -> None:
        name = self.getid()
        assert name is not None
        self._manager.store[name] = dict(self.sessiondb)
        self._manager.set_cookie(self._start_response, name, self.max_age)


class SessionManager:
    """Finds the session that belongs to a request, by its cookie.

    `store` is a DictStore or a FileStore (fapws4.session_stores), a DictStore when left out. The
    cookie is out of reach of scripts (HttpOnly) and of other sites' forms (SameSite); `secure` has
    it sent over TLS only. Nothing is stored and no cookie set before the first setdata(), and an id
    that the server did not give out is never taken over.
    """

    def __init__(
        self,
        store: Store | None = None,
        max_age: int = MAX_AGE,
        *,
        cookie: str = "session",
        path: str = "/",
        secure: bool = False,
        samesite: Literal["Strict", "Lax", "None"] = "Lax",
    ) -> None:
        if store is None:
            from fapws4.session_stores import DictStore

            store = DictStore()
        self.store = store
        self.max_age = max_age
        self.cookie = cookie
        self.path = path
        self.secure = secure
        self.samesite = samesite

    def open(self, environ: Environ, start_response: Start_response) -> ClientSession:
        """The client's session, an empty one when it has none or that has expired."""
        for name in cookie_values(environ.get("HTTP_COOKIE", ""), self.cookie):
            record = self.store.get(name) if is_id(name) else None
            if record is not None:
                session = ClientSession(self, record, start_response)
                if not session.is_expired():
                    return session
                self.store.pop(name)
        return ClientSession(self, {}, start_response)

    def set_cookie(self, start_response: Start_response, value: str, max_age: int) -> None:
        """Sends the cookie; `max_age` 0 deletes it."""
        start_response.set_cookie(
            self.cookie,
            value,
            max_age,
            path=self.path,
            secure=self.secure,
            httponly=True,
            samesite=self.samesite,
        )


def cookie_values(field: str, name: str) -> list[str]:
    """All values of a name in a Cookie header (RFC 6265 section 5.4): paths may give several."""
    pairs = [pair.strip().partition("=") for pair in field.split(";")]
    return [value.strip('"') for key, _, value in pairs if key == name]
