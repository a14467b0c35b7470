"""Where something lies in a container registry, as people write it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.common.errors import Problem

_REFERENCE = re.compile(r"(?P<registry>(?:localhost|[\w-]+(?:\.[\w-]+)+|\[[0-9a-f:.]+\]|[\w-]+(?=:\d))(?::\d+)?)"
                        r"/(?P<repository>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*):(?P<tag>\w[\w.-]{0,127})", re.ASCII)


@dataclass(frozen=True)
class Reference:
    """Where a registry keeps something."""

    registry: str
    repository: str
    tag: str

    def __str__(self) -> str:
        return f"{self.registry}/{self.repository}:{self.tag}"


def parse_reference(text: str) -> Reference:
    """REGISTRY/REPOSITORY:TAG, all of it."""
    found = _REFERENCE.fullmatch(text)
    if not found:
        raise Problem(f"{text} does not name a place in a registry",
                      "write REGISTRY/REPOSITORY:TAG, such as registry.example.com/hello:stable")
    return Reference(**found.groupdict())
