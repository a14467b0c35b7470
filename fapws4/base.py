"""Start_response and Environ: the types of a handler's arguments.

A handler is any callable `handler(environ, start_response)`; it returns str, bytes, a list or tuple
of them, a file, an iterable, or None. An app may define its own `Start_response` or `Environ` as
subclasses of these; the server takes the names from the app's module, and these ones when it has
none.
"""

from __future__ import annotations

import time

from _fapws4 import StartResponse, status_reason

# Modules that only some apps need are imported where they are used: a small app on a small device
# pays for nothing else.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from http.cookies import SimpleCookie
    from typing import Any, Literal

    Field = tuple[str, str]

__all__ = ["Environ", "Headers", "Start_response", "get_status", "http_date", "parse_cookies"]


class Environ(dict["str", "Any"]):
    """What a handler gets as `environ`: the request, by the names of PEP 3333.

    While the app has no subclass of its own, handlers get a plain dict with the same content (a
    dict is made faster). A subclass is instantiated without arguments for every request; then the
    server calls the three methods below, each with a part of the content.

    Besides the names of PEP 3333 there are REQUEST_PROTOCOL (as SERVER_PROTOCOL), HTTP_CONTENT_TYPE
    and HTTP_CONTENT_LENGTH (as CONTENT_*), and `fapws.uri` (the target as sent), `fapws.params`
    (dict of name to list of values; the form of a POST, else the query), `fapws.raw_header`
    (request line and fields), `fapws.major_minor`, `fapws.remote_addr` and `fapws.remote_port`
    (int).
    """

    def update_from_request(self, values: Mapping[str, Any]) -> None:
        """Takes method, body, server, client and the wsgi.* names."""
        self.update(values)

    def update_uri(self, values: Mapping[str, Any]) -> None:
        """Takes PATH_INFO, QUERY_STRING, fapws.uri and fapws.params."""
        self.update(values)

    def update_headers(self, values: Mapping[str, Any]) -> None:
        """Takes CONTENT_TYPE, CONTENT_LENGTH and the HTTP_* names."""
        self.update(values)


class Headers(list["Field"]):
    """Response headers: a list of (name, value) that can also be used like a dict.

    Names compare without regard to case. Setting a name replaces all headers of that name; append a
    pair to have two.
    """

    def _matches(self, name: str) -> list[int]:
        wanted = name.lower()
        return [at for at, (present, _) in enumerate(self) if present.lower() == wanted]

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str):
            return bool(self._matches(name))
        return super().__contains__(name)

    def __getitem__(self, name: Any) -> Any:
        if not isinstance(name, str):
            return super().__getitem__(name)
        matches = self._matches(name)
        if not matches:
            raise KeyError(name)
        return super().__getitem__(matches[0])[1]

    def __setitem__(self, name: Any, value: Any) -> None:
        if not isinstance(name, str):
            super().__setitem__(name, value)
            return
        matches = self._matches(name)
        if not matches:
            self.append((name, value))
            return
        super().__setitem__(matches[0], (name, value))
        for at in reversed(matches[1:]):
            super().__delitem__(at)

    def __delitem__(self, name: Any) -> None:
        if not isinstance(name, str):
            super().__delitem__(name)
            return
        matches = self._matches(name)
        if not matches:
            raise KeyError(name)
        for at in reversed(matches):
            super().__delitem__(at)

    def get(self, name: str, default: str | None = None) -> str | None:
        """The value of the first header of this name, else the default."""
        for at in self._matches(name):
            return str(super().__getitem__(at)[1])
        return default

    def update(self, headers: Mapping[str, str] | Iterable[Field]) -> None:
        """Sets each name to its value."""
        for name, value in dict(headers).items():
            self[name] = value

    def setdefault(self, name: str, value: str) -> str:
        """The value of a header, which is set first when there is none."""
        if not self._matches(name):
            self[name] = value
        return str(self[name])


class Start_response(StartResponse):
    """What a handler gets as `start_response`; calling it is optional and means `200 OK` when left
    out.

    `start_response(status, headers, exc_info=None)` takes a status such as "404 Not Found", "404"
    or 404 and a list of (name, value); it returns `write(data)`. Calling it again changes the
    status and merges the headers.
    """

    __slots__ = ()

    @property
    def status_code(self) -> str:
        """The three digits of the status, "200" to begin with; can be set."""
        return str(self.status or 200).partition(" ")[0]

    @status_code.setter
    def status_code(self, code: str | int) -> None:
        self.status = str(code)

    @property
    def status_reasons(self) -> str:
        """The reason behind the status code, "OK" to begin with; can be set."""
        return str(self.status or "").partition(" ")[2] or get_status(int(self.status_code))[4:]

    @status_reasons.setter
    def status_reasons(self, reason: str) -> None:
        self.status = f"{self.status_code} {reason}"

    @property
    def response_headers(self) -> Headers:
        """The headers of the response, to be read and changed like a dict or a list."""
        if not isinstance(self.headers, Headers):
            self.headers = Headers(self.headers)
        assert isinstance(self.headers, Headers)
        return self.headers

    def add_header(self, key: str, val: object) -> None:
        """Sets a header, in place of one of the same name."""
        self.response_headers[key] = str(val)

    def set_cookie(
        self,
        key: str,
        value: str = "",
        max_age: int | None = None,
        expires: datetime | float | str | None = None,
        path: str = "/",
        domain: str | None = None,
        secure: bool | None = None,
        *,
        httponly: bool = False,
        samesite: Literal["Strict", "Lax", "None"] | None = None,
    ) -> None:
        """Sends a cookie; one of the same name is replaced.

        `max_age` is in seconds, 0 deletes; `expires` is a datetime (naive: UTC), seconds since
        1970, or a text.
        """
        if self.cookies is None:
            from http.cookies import SimpleCookie

            self.cookies = SimpleCookie()
        self.cookies[key] = value
        morsel = self.cookies[key]
        if max_age is not None:
            morsel["max-age"] = str(max_age)
        if expires is not None:
            morsel["expires"] = expires if isinstance(expires, str) else http_date(expires)
        morsel["path"] = path
        if domain is not None:
            morsel["domain"] = domain
        if secure:
            morsel["secure"] = True
        if httponly:
            morsel["httponly"] = True
        if samesite is not None:
            morsel["samesite"] = samesite

    def delete_cookie(self, key: str, path: str = "/", domain: str | None = None) -> None:
        """Makes the client forget a cookie that was set with this path and domain."""
        self.set_cookie(key, "", max_age=0, expires=0, path=path, domain=domain)


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def http_date(moment: datetime | float) -> str:
    """A moment as HTTP writes it (IMF-fixdate, RFC 9110 section 5.6.7).

    `moment` is in seconds since 1970 or a datetime; one without a time zone counts as UTC.
    """
    if isinstance(moment, (int, float)):
        t = time.gmtime(moment)
    elif moment.tzinfo is None:
        t = moment.timetuple()
    else:
        t = moment.utctimetuple()
    clock = f"{t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d}"
    return (
        f"{_DAYS[t.tm_wday]}, {t.tm_mday:02d} {_MONTHS[t.tm_mon - 1]} {t.tm_year:04d} {clock} GMT"
    )


def get_status(code: int) -> str:
    """The status line text of a code: `get_status(404)` is "404 Not Found"."""
    return f"{code} {status_reason(code)}"


def parse_cookies(environ: Mapping[str, Any]) -> SimpleCookie | None:
    """The cookies that the client sent, or None when it sent none."""
    from http.cookies import SimpleCookie

    text = environ.get("HTTP_COOKIE")
    return SimpleCookie(text) if text else None
