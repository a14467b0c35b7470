"""One call, from its line to its answer: it exists, who asks may make it, its arguments have their form, it is done."""

from __future__ import annotations

import sys

from fapws4.device import wire
from fapws4.device.calls import CALLS, arguments_of
from fapws4.device.errors import Refused
from fapws4.device.schema import Invalid, checked, fields, text
from fapws4.manager.caller import HANDLERS, Caller, Given, Household

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Answer = tuple[dict[str, Any], int | None]

_ENVELOPE = fields(call=text(64), session=text(128, default=""), source=text(256, default=""))


def serve(household: Household, line: bytes, descriptor: int | None, gone: Callable[[float], bool]) -> Answer:
    """What is to be answered to a line, and the descriptor that goes with it, to be closed when it has gone."""
    try:
        result = _done(household, wire.parse(line), descriptor, gone)
    except Refused as refusal:
        return _refusal(refusal.code, refusal.text), None
    except (Invalid, wire.Malformed) as error:
        return _refusal("invalid", str(error)), None
    except Exception:  # a fault of ours must not end what others are doing
        sys.excepthook(*sys.exc_info())
        return _refusal("internal", "the manager has a fault; the device's log says which"), None
    if isinstance(result, Given):
        return {"result": result.result}, result.descriptor
    return {"result": result}, None


def _done(household: Household, message: dict[str, Any], descriptor: int | None, gone: Callable[[float], bool]) -> Any:
    version = message.pop("fapws4", None)
    if version != wire.VERSION or isinstance(version, bool):
        raise Refused("version", f"the manager speaks version {wire.VERSION} of its protocol")
    arguments = message.pop("arguments", {})
    envelope = checked(_ENVELOPE, message, "the call")
    call = CALLS.get(envelope["call"])
    if call is None:
        raise Refused("unknown", "there is no such call")
    caller = Caller(household, envelope["session"] if call.role else "", envelope["source"], descriptor, gone)
    caller.require(call.role)
    arguments = arguments_of(call, arguments)
    if (descriptor is not None) != call.takes:
        raise Refused("invalid", f"{call.name} takes {'a' if call.takes else 'no'} descriptor")
    return HANDLERS[call.name](caller, **arguments)


def _refusal(code: str, sentence: str) -> dict[str, Any]:
    return {"error": code, "text": sentence}
