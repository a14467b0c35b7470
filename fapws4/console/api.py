"""The console for programs: the manager's calls as JSON over HTTP, and their description (OpenAPI 3.1).

Both are made from the table of calls (fapws4.device.calls). GET takes arguments from the query, POST a JSON object.
"""

from __future__ import annotations

import json
import os

from fapws4.console import downloads, intake
from fapws4.console.visit import JSON, NOBODY, Refused, Reply
from fapws4.device.schema import Invalid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from fapws4.console.table import Route
    from fapws4.console.visit import Visit
    from fapws4.device.calls import Call

_NOT_IN_URLS = "passphrase"
_BYTES: dict[str, Any] = {"application/octet-stream": {"schema": {}}}


def method_of(call: Call) -> str:
    """GET for what changes nothing."""
    return "GET" if call.reads and _NOT_IN_URLS not in call.arguments["properties"] else "POST"


def act_of(call: Call) -> Callable[[Visit], Reply]:
    """The handler for a call."""
    def act(visit: Visit) -> Reply:
        from fapws4.device.calls import arguments_of

        try:
            arguments = arguments_of(call, _from_query(visit, call) if visit.method == "GET" else _from_body(visit))
        except Invalid as error:
            raise Refused(422, str(error), "invalid") from error
        answer, descriptor = visit.device.exchange(call.name, arguments)
        if descriptor is None:
            return _json(answer)
        return downloads.file_of(descriptor, call.name)

    return act


def install_update(visit: Visit) -> Reply:
    """The body is a bundle."""
    mode = visit.query("mode") or "parts"
    if mode not in ("parts", "whole", "verify"):
        raise Refused(422, "mode must be one of: parts, whole, verify", "invalid")
    outcome, version, counter = intake.update(visit, visit.environ["wsgi.input"].read, mode).split(" ")
    return _json({"outcome": outcome, "version": version, "counter": counter})


def error(refusal: Refused) -> str:
    """What programs get in place of an answer."""
    return json.dumps({"error": refusal.code, "text": str(refusal)})


def _json(value: object) -> Reply:
    return Reply(json.dumps(value), kind=JSON)


def _from_query(visit: Visit, call: Call) -> dict[str, Any]:
    """Arguments of the query, whose numbers are texts there."""
    forms = call.arguments["properties"]
    found: dict[str, Any] = {}
    for name, values in visit.environ["fapws.params"].items():
        number = forms.get(name, {}).get("type") == "integer"
        found[name] = int(values[-1]) if number and values[-1].isdecimal() and len(values[-1]) < 20 else values[-1]
    return found


def _from_body(visit: Visit) -> Any:
    try:
        return json.loads(visit.body().decode() or "{}")
    except (ValueError, RecursionError) as error:
        raise Refused(400, "the body is no JSON", "invalid") from error


# ---- the description ----

_described: dict[str, Any] = {}


def description(visit: Visit) -> Reply:
    """The OpenAPI document."""
    return _json({**_described, "info": {"title": os.uname().nodename, "version": "1"},
                  "servers": [{"url": visit.url("/api/v1")}]})


def describe(routes: Iterable[Route]) -> None:
    """Makes the description of these routes; the table does it once it stands."""
    from fapws4.device.calls import CALLS

    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path.removeprefix("/api/v1"), {})[route.method.lower()] = (
            _operation(route, CALLS[route.call]) if route.call else _OWN)
    failure = {"type": "object", "properties": {"error": {"type": "string"}, "text": {"type": "string"}},
               "required": ["error", "text"]}
    _described.update({
        "openapi": "3.1.0", "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {"refused": {"description": "Why it was not done", "content": {JSON: {"schema": failure}}}}}})


_OWN = {"operationId": "openapi", "summary": "This description", "security": [],
        "responses": {"200": {"description": "OpenAPI 3.1", "content": {JSON: {"schema": {"type": "object"}}}}}}


def _operation(route: Route, call: Call) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": route.call, "summary": call.text, "x-role": route.role or "none",
        "security": [] if route.role == NOBODY else [{"token": []}],
        "responses": {"200": {"description": "Done", "content": _answer_of(call)},
                      **{f"{code}": {"$ref": "#/components/responses/refused"} for code in (
                          400, 401, 403, 404, 409, 413, 422, 503)}}}
    if route.upload:
        found["requestBody"] = {"required": True, "content": _BYTES}
        found["parameters"] = [_parameter("mode", call.arguments["properties"]["mode"] | {"default": "parts"})]
    elif route.method == "GET":
        found["parameters"] = [_parameter(name, form) for name, form in call.arguments["properties"].items()]
    else:
        required = bool(call.arguments["required"])
        found["requestBody"] = {"required": required, "content": {JSON: {"schema": call.arguments}}}
    return found


def _parameter(name: str, form: dict[str, Any]) -> dict[str, Any]:
    return {"in": "query", "name": name, "required": "default" not in form, "schema": form}


_WORD = {"type": "string"}
_OUTCOME = {"type": "object", "properties": dict.fromkeys(("outcome", "version", "counter"), _WORD)}


def _answer_of(call: Call) -> dict[str, Any]:
    if call.name == "update.begin":
        return {JSON: {"schema": _OUTCOME}}
    return {downloads.FILES[call.name][1]: {"schema": {}}} if call.gives else {JSON: {"schema": call.answer}}
