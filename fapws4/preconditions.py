"""Conditional requests (RFC 9110 section 13): what the client knows already."""

from __future__ import annotations

from fapws4.dates import parse_http_date

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def evaluate(environ: Mapping[str, Any], etag: str, modified: float | None) -> int:
    """How a GET or HEAD goes on: 200, 304 (Not Modified) or 412 (Precondition Failed).

    `etag` is that of the present content, quoted and strong; `modified` is in seconds since 1970,
    None when it is not known: then dates count for nothing. The order is that of section 13.2.2.
    """
    seconds = None if modified is None else int(modified)
    names = environ.get("HTTP_IF_MATCH")
    if names is not None:
        if not _names(etag, names, weakly=False):
            return 412
    elif _is_later(seconds, environ.get("HTTP_IF_UNMODIFIED_SINCE")):
        return 412
    names = environ.get("HTTP_IF_NONE_MATCH")
    if names is not None:
        return 304 if _names(etag, names, weakly=True) else 200
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    date = parse_http_date(since) if since and seconds is not None else None
    return 304 if date is not None and seconds is not None and seconds <= date else 200


def range_applies(environ: Mapping[str, Any], etag: str, modified: float | None) -> bool:
    """Whether If-Range, when there is one, names the present content (section 13.1.5).

    A tag must be strong; a date must be exactly that of Last-Modified.
    """
    field = environ.get("HTTP_IF_RANGE")
    if field is None:
        return True
    if '"' in field:
        return bool(field.strip() == etag)
    return modified is not None and parse_http_date(field) == int(modified)


def _names(etag: str, field: str, *, weakly: bool) -> bool:
    """Whether a list of entity tags, or `*`, names this one (section 8.8.3.2).

    Splitting at commas is enough: what is cut out of a tag with a comma has one quote, not two.
    """
    names = [name.strip() for name in field.split(",")]
    if weakly:
        names = [name.removeprefix("W/") for name in names]
    return etag in names or names == ["*"]


def _is_later(seconds: int | None, field: str | None) -> bool:
    date = parse_http_date(field) if field and seconds is not None else None
    return date is not None and seconds is not None and seconds > date
