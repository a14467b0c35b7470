"""What a device is told of its clock and its log: ``[tool.fapws4]`` in the pyproject.toml beside the app.

    ntp = ["192.0.2.1"]   time servers (SNTP), by their IPv4 addresses, three at most; a DHCP server's go before them. Without
                          any, nobody is asked
    log_size = 256        KiB of memory for the last lines (64)

And when the image was built: no clock that shows less is right. It is what ``SOURCE_DATE_EPOCH`` says in the environment
(reproducible-builds.org), so that the same inputs give the same image; without, the time that all generated files carry.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import SOURCE_DATE_EPOCH
from appliance.packaging.data import Settings

_SERVERS = 3  # core/init/network/lease.h
_LEAST, _MOST = 16, 4096  # KiB; core/init/policy.h
_LATEST = 1 << 34  # the year 2514


@dataclass(frozen=True)
class Housekeeping:
    """``built`` is in seconds since 1970, ``log_size`` in bytes, ``ntp`` are IPv4 addresses."""

    built: int = SOURCE_DATE_EPOCH
    log_size: int = 64 << 10
    ntp: tuple[str, ...] = ()

    def configuration(self) -> dict[str, str | int]:
        """The keys of appliance.conf."""
        return {"built": self.built, "log_size": self.log_size, "ntp": ",".join(self.ntp)}


DEFAULTS = Housekeeping()


def housekeeping_of(said: Settings, project: Path) -> Housekeeping:
    """What the project's file and the environment say; a Problem when it makes no sense."""
    if len(said.ntp) > _SERVERS:
        raise Problem(f"ntp of {project} names {len(said.ntp)} servers", f"name {_SERVERS} at most")
    for server in said.ntp:
        _check_server(server, project)
    if not _LEAST <= said.log_size <= _MOST:
        raise Problem(f"log_size of {project} is {said.log_size} KiB", f"it is from {_LEAST} to {_MOST}")
    return Housekeeping(_built(), said.log_size << 10, tuple(said.ntp))


def _check_server(server: str, project: Path) -> None:
    try:
        address = ipaddress.IPv4Address(server)
    except ValueError:
        raise Problem(f"ntp of {project} names {server!r}", "name time servers by IPv4 addresses, like 192.0.2.1") from None
    if address.is_multicast or address.is_loopback or address.is_unspecified or int(address) >> 28 == 15:
        raise Problem(f"ntp of {project} names {server}, which is no host", "name the address of a time server")


def _built() -> int:
    """A time from before fapws4 itself cannot be an image's."""
    said = os.environ.get("SOURCE_DATE_EPOCH", "")
    if said and not (said.isascii() and said.isdecimal() and int(said) < _LATEST):
        raise Problem(f"SOURCE_DATE_EPOCH is {said!r} in the environment", "let it be a number of seconds since 1970")
    return max(int(said or 0), SOURCE_DATE_EPOCH)
