"""The log: a part of it, as it goes on, and all that helps to find a fault as one file."""

from __future__ import annotations

import os

from fapws4.console import downloads
from fapws4.console.frame import field, page
from fapws4.console.markup import h
from fapws4.console.visit import OPERATOR, Refused, Reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fapws4.console.visit import Visit

_SHOWN = 1000  # lines of a page
_MOST_PIECES = 64  # of the log, which are looked through for them
_MOST_FOLLOWERS = 8
_LONGEST = 256  # characters of a filter
_PULSE = 15000  # ms of silence after which a follower is sent a comment, so that one that has gone is noticed

_followers: list[None] = []  # one for each; appending and popping need no lock


def logs(visit: Visit) -> Reply:
    """The last lines, only those with a text if one is given; the script adds those that come."""
    _ = visit.text
    contains = visit.query("contains")[:_LONGEST]
    since, found = _last_lines(visit, contains)
    where = visit.url("/logs/stream")
    lines = "".join(f"{line}\n" for line in found)
    return page(
        visit, _("Logs"),
        h.form(field(_("Only lines with"), "contains", value=contains, maxlength=f"{_LONGEST}", type_="search"),
               h.div(h.button(_("Filter")), class_="row"), action=visit.url("/logs"), role="search"),
        h.pre(lines, role="log", aria_label=_("Log"), tabindex="0", data_stream=where, data_since=f"{since}",
              data_contains=contains),
        h.p(h.a(_("Download all that helps to find a fault"), href=visit.url("/logs/bundle")))
        if visit.may(OPERATOR) else None)


def stream(visit: Visit) -> Reply:
    """The log as it goes on behind where the page ends, as Server-Sent Events."""
    since = visit.query("since")
    if not (since.isascii() and since.isdecimal() and len(since) < 19):
        raise Refused(422, visit.text("The log has no such position."), "invalid")
    if len(_followers) >= _MOST_FOLLOWERS:
        raise Refused(503, visit.text("Too many pages show the log as it goes on."), "busy")
    descriptor = visit.device.logs_follow(int(since))
    return Reply(_events(descriptor, visit.query("contains")[:_LONGEST].lower()), kind="text/event-stream")


def bundle(visit: Visit) -> Reply:
    """The file with everything."""
    return downloads.file_of(visit.device.logs_bundle(), "logs.bundle")


def _last_lines(visit: Visit, contains: str) -> tuple[int, Iterable[str]]:
    """Where they end, and the lines. A log that grows faster than it is read ends somewhere: the stream goes on there."""
    from collections import deque

    since, lines = 0, deque[str](maxlen=_SHOWN)
    for _ in range(_MOST_PIECES):
        found = visit.device.logs_read(since, contains)
        lines.extend(found["lines"])
        if found["next"] == since:
            break
        since = found["next"]
    return since, lines


def _events(descriptor: int, contains: str) -> Iterator[bytes]:
    """An event for each line; the server closes this when the browser goes."""
    from select import POLLIN, poll

    _followers.append(None)
    try:
        waiting = poll()
        waiting.register(descriptor, POLLIN)
        yield b": the log as it goes on\n\n"
        kept = b""
        while True:
            if not waiting.poll(_PULSE):
                yield b":\n\n"
                continue
            block = os.read(descriptor, 65536)
            if not block:
                return
            *lines, kept = (kept + block).split(b"\n")
            found = [line for line in lines if contains in line.decode("utf-8", "replace").lower()]
            if found:
                yield b"".join(b"data: " + line.replace(b"\r", b"") + b"\n\n" for line in found)
    finally:
        _followers.pop()
        os.close(descriptor)
