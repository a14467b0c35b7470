"""Who may ask: the device by its own names, those of its certificate or an address, and forms only from its own pages."""

from __future__ import annotations

import os
from _socket import AF_INET, AF_INET6, inet_pton

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# Nothing but our own style sheet is loaded, nothing is run, and nobody shows these pages inside theirs.
POLICY = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

LOCKED = [
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
]


def objection(environ: Mapping[str, Any]) -> tuple[int, str] | None:
    """The status and the sentence by which a request is turned away; None when it may go on.

    A name that is not the device's may be one that an attacker has made to lead here (DNS rebinding); addresses cannot be.
    """
    host = environ.get("HTTP_HOST", "")
    if not _is_own(host):
        return 421, "this is not the device of that name; use its address, or its own name"
    if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
        return None
    origin = environ.get("HTTP_ORIGIN", f"{environ['wsgi.url_scheme']}://{host}")
    if origin != f"{environ['wsgi.url_scheme']}://{host}" or environ.get("HTTP_SEC_FETCH_SITE", "none") not in (
            "none", "same-origin"):
        return 403, "this was sent by the page of another site; open the page of the device, and send it from there"
    return None


def _is_own(host: str) -> bool:
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdecimal():
        name = host
    if name.startswith("[") and name.endswith("]"):
        return _is_address(AF_INET6, name[1:-1])
    own = os.uname().nodename.lower()
    return name.lower() in ("localhost", own, f"{own}.local") or _is_certified(name.lower()) or _is_address(AF_INET, name)


def _is_certified(name: str) -> bool:
    """Whether the device's certificate is for that name: who has brought it has said so (core/init/owner/certificate.h)."""
    names = os.environ.get("FAPWS_NAMES", "").lower().split()
    return name in names or f"*.{name.partition('.')[2]}" in names


def _is_address(family: int, text: str) -> bool:
    try:
        inet_pton(family, text)
    except (OSError, ValueError):
        return False
    return True
