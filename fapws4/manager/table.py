"""Every call of the table has one function that does it; a manager that lacks one does not begin."""

from __future__ import annotations

from fapws4.device.calls import CALLS
from fapws4.manager import access_calls, backup_calls, device_calls, log_calls, network_calls, update_calls
from fapws4.manager.caller import HANDLERS

FILES = (access_calls, backup_calls, device_calls, log_calls, network_calls, update_calls)

if lacking := CALLS.keys() - HANDLERS.keys():
    raise LookupError(f"no function answers {', '.join(sorted(lacking))}")
