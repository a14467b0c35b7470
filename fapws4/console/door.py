"""The way of a request: may this be asked, which route is it, who asks, is that one allowed to; then its handler."""

from __future__ import annotations

from fapws4 import device
from fapws4.console import api, frame, refusals, table
from fapws4.console.visit import JSON, NOBODY, Refused, Reply, Visit
from fapws4.marks import streaming
from fapws4.web import guard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fapws4.base import Environ, Start_response
    from fapws4.console.table import Route

_LARGEST_UPLOAD = 1 << 30
_POLICY = guard.POLICY.replace("img-src data:", "img-src data:; script-src 'self'; connect-src 'self'")

# Of the codes of device.errors; any other one is 422.
_STATUS = {"no-session": 401, "forbidden": 403, "password": 403, "claim-code": 403, "conflict": 409, "absent": 404,
           "unknown": 404, "busy": 503, "unavailable": 503, "version": 503, "damaged": 500, "internal": 500}


def serve(environ: Environ, start_response: Start_response) -> object:
    """Answers any request."""
    objection = guard.objection(environ)
    reply = Reply(f"{objection[1]}\n", objection[0], "text/plain") if objection else _answer(Visit(environ))
    headers = dict([("Content-Security-Policy", _POLICY), *guard.LOCKED])
    cached = any(name == "Cache-Control" for name, _ in reply.headers)
    start_response(reply.status, [*reply.headers, *((name, value) for name, value in headers.items()
                                                    if not (cached and name == "Cache-Control"))])
    return reply.body


console = streaming(serve, limit=_LARGEST_UPLOAD)  # at any place: `PATHS = [("/device", console), ...]`


def _answer(visit: Visit) -> Reply:
    for_programs = visit.path.startswith("/api/")
    try:
        routes = table.ROUTES.get(visit.path, {})
        if not routes:
            raise Refused(404, visit.text("There is no such page."), "unknown")
        route = routes.get(visit.method)
        if route is None:
            refusal = Refused(405, visit.text("This cannot be done here."), "unknown")
            return _told(visit, refusal, for_programs, [("Allow", _methods(routes))])
        return _for_programs(visit, route) if for_programs else _for_people(visit, route)
    except Refused as refusal:
        if visit.who:
            visit.pass_over()
        return _told(visit, refusal, for_programs)
    except device.Refused as refusal:
        if visit.who:
            visit.pass_over()
        if refusal.code == "no-session" and not for_programs:
            return _to_login(visit)
        text = refusal.text if for_programs else refusals.said(visit, refusal)
        return _told(visit, Refused(_STATUS.get(refusal.code, 422), text, refusal.code), for_programs)
    except device.Absent as absence:
        return _told(visit, Refused(503, str(absence), "unavailable"), for_programs)


def _for_programs(visit: Visit, route: Route) -> Reply:
    """A token, never a cookie: a browser adds none by itself, so no page of another site can ask."""
    scheme, _, token = str(visit.environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    visit.device = device.Client(token.strip() if scheme.lower() == "bearer" else "", visit.device.source)
    if route.role != NOBODY:
        visit.who = visit.device.call("whoami")
        _require(visit, route)
    return route.act(visit)


def _for_people(visit: Visit, route: Route) -> Reply:
    if visit.session:
        try:
            visit.who = visit.device.call("whoami")
        except device.Refused as refusal:
            if refusal.code != "no-session":
                raise
            visit.session = ""  # it has ended
    if not visit.who and route.role != NOBODY:
        return _to_login(visit)
    _require(visit, route)
    if visit.method == "POST" and not route.upload:
        visit.take_form()
    return route.act(visit)


def _require(visit: Visit, route: Route) -> None:
    if not visit.may(route.role):
        role = visit.text(table.ROLE_NAMES[route.role])
        raise Refused(403, visit.text("This needs the role {role}.", role=role), "forbidden")


def _to_login(visit: Visit) -> Reply:
    """The way back is kept only where it is a page; nothing that was sent is repeated."""
    page = visit.method == "GET" and visit.path in table.ROUTES and visit.path != "/"
    return visit.moved(f"/login?next={visit.path}" if page else "/login", [visit.cookie(visit.session_cookie, "")])


def _told(visit: Visit, refusal: Refused, for_programs: bool, headers: list[tuple[str, str]] | None = None) -> Reply:
    if for_programs:
        unasked = [("WWW-Authenticate", "Bearer")] if refusal.status == 401 else []
        return Reply(api.error(refusal), refusal.status, JSON, [*(headers or []), *unasked])
    reply = frame.refusal(visit, refusal)
    reply.headers += headers or []
    return reply


def _methods(routes: dict[str, Route]) -> str:
    return ", ".join(sorted({*routes, *(["HEAD"] if "GET" in routes else [])}))
