"""Answers that are made of headers."""

from __future__ import annotations

from fapws4.base import Start_response


def redirect(
    start_response: Start_response, location: str, permanent: bool | None = None
) -> list[bytes]:
    """Sends the client elsewhere: `return redirect(start_response, "/login")`.

    302 Found, or 301 Moved Permanently when `permanent` is true. A location with control characters
    is refused by the server like any such header (the client gets a 500).
    """
    status = "301 Moved Permanently" if permanent else "302 Found"
    start_response(status, [("Location", location), ("Content-Type", "text/plain")])
    return []
