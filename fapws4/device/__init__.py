"""What an app may ask of the device that it runs on: status, users, network, clock, logs, updates, backups, restart.

    from fapws4 import device

    client = device.Client(source="192.168.7.5")
    session = client.login("ada", password)["session"]
    device.Client(session).restart()

Nothing here has any right: every call goes to the device's manager (fapws4/manager/), a process of its own, which looks itself
at who asks. `calls` is the table of all there is. On a machine that is no such device every call raises `Absent`.
"""

from __future__ import annotations

from fapws4.device.client import Client
from fapws4.device.errors import Absent, Refused

__all__ = ["Absent", "Client", "Refused"]
