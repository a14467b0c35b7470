"""The file in which a user says what one device is told before its first boot, read strictly.

    name = "south-gate"
    address = "192.168.7.20/24"
    gateway = "192.168.7.1"
    address6 = "fd00:7::20/64"
    gateway6 = "fe80::1"
    dns = ["192.168.7.1"]
    ntp = ["192.168.7.1"]
    timezone = "Europe/Vienna"
    claim = "7HRT-22KX-PQ4M"
    certificate = "south-gate.pem"
    key = "south-gate.key"
"""

from __future__ import annotations

import difflib
import ipaddress
import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from appliance.common.errors import Problem
from appliance.fetching.recipes import read_file
from appliance.imaging.preseed import Preseed
from appliance.packaging.timezones import zone_rules

_LARGEST_FILE = 24 << 10  # bytes of a certificate with its chain, or of a key
_SERVERS = 3  # of each kind


@dataclass(frozen=True)
class Wishes:
    """The keys. ``address`` is "dhcp" or like "192.168.7.20/24"; ``gateway`` goes with the latter. ``address6`` is "auto" (as
    routers say), "off" or like "fd00:7::20/64"; ``gateway6`` goes with the last. ``dns`` and ``ntp`` go before those of DHCP.

    ``certificate`` (with its chain) and ``key`` are PEM files, relative to this one. What is left out stays as it is in the
    image.
    """

    name: str = ""
    address: str = ""
    gateway: str = ""
    address6: str = ""
    gateway6: str = ""
    dns: list[str] = field(default_factory=list)
    ntp: list[str] = field(default_factory=list)
    timezone: str = ""
    claim: str = ""
    certificate: str = ""
    key: str = ""


def read_preseed(path: Path) -> Preseed:
    """The user's file, checked; a Problem names line and key."""
    wishes = read_file(path, Wishes)
    return _Check(path, wishes).preseed()


class _Check:
    """Turns wishes into entries; every fault names the file, the line and the key."""

    def __init__(self, path: Path, wishes: Wishes) -> None:
        self._path = path
        self._wishes = wishes

    def preseed(self) -> Preseed:
        wishes = self._wishes
        certificate, key = self._files()
        entries: dict[str, str | bytes] = {
            "name": self._name(), **self._network(), **self._network6(), "dns": " ".join(self._servers("dns")),
            "ntp": " ".join(self._servers("ntp")), "timezone": wishes.timezone, "tz": self._rule(), "claim": self._claim(),
            "certificate": certificate, "key": key}
        found = {name: value.encode() if isinstance(value, str) else value for name, value in entries.items() if value}
        if not found:
            raise Problem(f"{self._path} says nothing", "give at least one of: " + ", ".join(Wishes.__dataclass_fields__))
        return Preseed(found)

    def _fault(self, key: str, what: str, hint: str) -> Problem:
        rows = self._path.read_text().splitlines()
        line = next((number for number, row in enumerate(rows, 1) if re.match(rf"\s*{key}\s*=", row)), 0)
        return Problem(f"{self._path}, line {line}: {key} {what}" if line else f"{self._path}: {key} {what}", hint)

    def _name(self) -> str:
        name = self._wishes.name
        if name and not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name):
            raise self._fault("name", f"is {name!r}", "use letters a to z, digits and, inside, hyphens; 63 characters at most")
        return name

    def _network(self) -> dict[str, str]:
        wishes = self._wishes
        if wishes.address in ("", "dhcp"):
            if wishes.gateway:
                raise self._fault("gateway", "needs an address that is not dhcp", "the DHCP server says it; leave it out")
            return {"address": wishes.address}
        try:
            interface = ipaddress.IPv4Interface(wishes.address)
        except ValueError:
            raise self._fault("address", f"is {wishes.address!r}", 'say "dhcp", or like "192.168.7.20/24"') from None
        if "/" not in wishes.address or interface.network.prefixlen < 8 or not self._is_host(interface.ip, interface.network):
            raise self._fault("address", f"is {wishes.address!r}, which is no host's", 'say it like "192.168.7.20/24"')
        return {"address": interface.with_prefixlen, "gateway": self._gateway(interface)}

    def _network6(self) -> dict[str, str]:
        wishes = self._wishes
        if wishes.address6 in ("", "auto", "off"):
            if wishes.gateway6:
                raise self._fault("gateway6", "needs an address6", "routers say it; leave it out")
            return {"v6": wishes.address6}
        try:
            interface = ipaddress.IPv6Interface(wishes.address6)
        except ValueError:
            raise self._fault("address6", f"is {wishes.address6!r}", 'say "auto", "off", or like "fd00:7::20/64"') from None
        address = interface.ip
        if "/" not in wishes.address6 or interface.network.prefixlen == 0 or not _is_global(address):
            raise self._fault("address6", f"is {wishes.address6!r}, which is no host's", 'say it like "fd00:7::20/64"')
        return {"v6": interface.with_prefixlen, "gateway6": self._gateway6(interface)}

    def _gateway6(self, interface: ipaddress.IPv6Interface) -> str:
        gateway = self._wishes.gateway6
        if not gateway:
            return ""
        try:
            address = ipaddress.IPv6Address(gateway)
        except ValueError:
            raise self._fault("gateway6", f"is {gateway!r}", "say it like fe80::1") from None
        if not address.is_link_local and (address not in interface.network or address == interface.ip):
            raise self._fault("gateway6", f"is {gateway}, which is no other host of {interface.network}", "see the address6")
        return gateway

    def _is_host(self, address: ipaddress.IPv4Address, network: ipaddress.IPv4Network) -> bool:
        edges = () if network.prefixlen >= 31 else (network.network_address, network.broadcast_address)
        return _is_unicast(address) and address not in edges

    def _gateway(self, interface: ipaddress.IPv4Interface) -> str:
        gateway = self._wishes.gateway
        if not gateway:
            return ""
        address = self._address("gateway", gateway)
        if address not in interface.network or address == interface.ip or not self._is_host(address, interface.network):
            raise self._fault("gateway", f"is {gateway}, which is no other host of {interface.network}", "see the address")
        return gateway

    def _servers(self, key: str) -> list[str]:
        servers: list[str] = getattr(self._wishes, key)
        if len(servers) > _SERVERS:
            raise self._fault(key, f"names {len(servers)} servers", f"name {_SERVERS} at most")
        return [self._server(key, server) for server in servers]

    def _server(self, key: str, text: str) -> str:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            raise self._fault(key, f"is {text!r}", "say it like 192.168.7.1, or like fd00:7::1") from None
        if not (_is_unicast(address) if isinstance(address, ipaddress.IPv4Address) else _is_global(address)):
            raise self._fault(key, f"names {text}, which is no host", "name the address of a server")
        return str(address)

    def _address(self, key: str, text: str) -> ipaddress.IPv4Address:
        try:
            return ipaddress.IPv4Address(text)
        except ValueError:
            raise self._fault(key, f"is {text!r}", "say it like 192.168.7.1") from None

    def _rule(self) -> str:
        zone = self._wishes.timezone
        if not zone:
            return ""
        rules = zone_rules()
        if zone not in rules:
            near = difflib.get_close_matches(zone, rules, 1)
            raise self._fault("timezone", f"is {zone!r}", f"did you mean {near[0]}?" if near else "say it like Europe/Vienna")
        return rules[zone]

    def _claim(self) -> str:
        claim = self._wishes.claim
        if claim and not re.fullmatch(r"[A-Za-z0-9-]{8,64}", claim):
            raise self._fault("claim", "is not of 8 to 64 letters, digits and hyphens", "choose another one")
        return claim

    def _files(self) -> tuple[bytes, bytes]:
        wishes = self._wishes
        if not wishes.certificate and not wishes.key:
            return b"", b""
        for absent, present in (("certificate", "key"), ("key", "certificate")):
            if not getattr(wishes, absent):
                raise self._fault(present, f"needs a {absent} beside it", "name both, or neither")
        files = [(self._path.parent / name) for name in (wishes.certificate, wishes.key)]
        for key, file in zip(("certificate", "key"), files, strict=True):
            if not file.is_file():
                raise self._fault(key, f"names {file}, which is not there", "name a PEM file, relative to this one")
            if file.stat().st_size > _LARGEST_FILE:
                raise self._fault(key, f"names {file}, which has more than {_LARGEST_FILE >> 10} KiB", "is it the right file?")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files[0], files[1], password=lambda: b"")
        except (ssl.SSLError, OSError) as error:
            raise self._fault("key", f"does not go with the certificate, or one of them is not PEM ({error})",
                              "an encrypted key is of no use to a device: nobody is there to type") from error
        return files[0].read_bytes(), files[1].read_bytes()


def _is_global(address: ipaddress.IPv6Address) -> bool:
    """Whether it is a host's, beyond one link."""
    return not (address.is_multicast or address.is_link_local or address.scope_id or address.packed[0] == 0)


def _is_unicast(address: ipaddress.IPv4Address) -> bool:
    first = int(address) >> 24
    return 1 <= first <= 223 and first != 127
