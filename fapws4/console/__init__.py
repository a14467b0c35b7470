"""The console: the device's pages for its owner, and the same for programs. One line adds them to an app:

    from fapws4.console import console

    PATHS = [("/device", console), ("/", page)]

`table` is the map: every path with its methods, the least role, and the function. `door` is the way of each request to it.
Nothing here has any right on the device: what is wanted goes to the manager (fapws4.device), with the session of who asks.
"""

from __future__ import annotations

from fapws4.console.door import console

__all__ = ["console"]
