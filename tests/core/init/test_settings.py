"""What one device has been told, as PID 1 reads it."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest


def text_of(**entries: str) -> bytes:
    """Entries as the builder writes them."""
    return b"".join(b"%s %d\n%s\n" % (key.encode(), len(value), value.encode()) for key, value in entries.items())


def parsed(pure: Any, text: bytes) -> dict[str, Any] | None:
    """All fields of struct settings; None when the text was refused, which leaves none of them."""
    settings = pure.ffi.new("struct settings *")
    pure.ffi.memmove(settings, b"\xff" * pure.ffi.sizeof("struct settings"), pure.ffi.sizeof("struct settings"))
    span, _block = pure.span(text)
    sane = pure.lib.settings_parse(span[0], settings)
    network, fixed = settings.network, pure.lib.network_settings_lease(pure.ffi.addressof(settings.network))
    found = {"hostname": pure.ffi.string(network.name), "timezone": pure.ffi.string(settings.timezone),
             "zone": pure.ffi.string(settings.zone),
             "address": shown(fixed.address), "netmask": shown(fixed.netmask), "router": shown(fixed.router),
             "dns": [asked(pure, network.dns[number]) for number in range(3) if any(network.dns[number].bytes)]}
    if not sane:
        assert found == NOTHING
    return found if sane else None


def shown(address: int) -> str:
    """An address as people write it."""
    return str(ipaddress.IPv4Address(address))


def asked(pure: Any, address: Any) -> str:
    """That of a server, of either kind."""
    text = pure.ffi.new("char[]", pure.lib.INET6_TEXT_SIZE)
    pure.lib.host_address_text(pure.ffi.addressof(address), text)
    return str(pure.ffi.string(text).decode())


NONE = "0.0.0.0"
NOTHING = {"hostname": b"", "timezone": b"", "zone": b"", "address": NONE, "netmask": NONE, "router": NONE, "dns": []}
SAID = [
    (b"", {}),
    (text_of(name="south-gate"), {"hostname": b"south-gate"}),
    (text_of(address="dhcp"), {}),
    (text_of(address="192.168.7.20/24"), {"address": "192.168.7.20", "netmask": "255.255.255.0"}),
    (text_of(address="10.0.0.1/31"), {"address": "10.0.0.1", "netmask": "255.255.255.254"}),
    (text_of(address="10.0.0.1/32"), {"address": "10.0.0.1", "netmask": "255.255.255.255"}),
    (text_of(address="10.0.0.2/8", gateway="10.0.0.1", dns="10.0.0.1 9.9.9.9"),
     {"address": "10.0.0.2", "netmask": "255.0.0.0", "router": "10.0.0.1", "dns": ["10.0.0.1", "9.9.9.9"]}),
    (text_of(v4="10.0.0.2/8"), {"address": "10.0.0.2", "netmask": "255.0.0.0"}),
    (text_of(address="dhcp", dns="9.9.9.9"), {"dns": ["9.9.9.9"]}),
    (text_of(dns="fd00:7::1 9.9.9.9"), {"dns": ["fd00:7::1", "9.9.9.9"]}),
    (text_of(timezone="Europe/Vienna", tz="CET-1CEST,M3.5.0,M10.5.0/3"),
     {"zone": b"Europe/Vienna", "timezone": b"CET-1CEST,M3.5.0,M10.5.0/3"}),
    (text_of(timezone="Africa/El_Aaiun", tz="<+01>-1"), {"zone": b"Africa/El_Aaiun", "timezone": b"<+01>-1"}),
    (text_of(tz="<-03>3"), {"timezone": b"<-03>3"}),
    (text_of(claim="7HRT-22KX", colour="blue\nred"), {}),
    (text_of(name="a", empty=""), {"hostname": b"a"}),
]


@pytest.mark.parametrize(("text", "found"), SAID)
def test_what_was_told_is_read(pure: Any, text: bytes, found: dict[str, Any]) -> None:
    """Each entry; unknown ones do no harm, whatever is in them."""
    assert parsed(pure, text) == NOTHING | found


@pytest.mark.parametrize("text", [
    b"name", b"name ", b"name 1", b"name 1\n", b"name 1\na", b"name 2\na\n", b"name x\na\n", b"name 1a\n", b"\n",
    b"name 1\naa\n", b"name 99999999999999999999\na\n", b"name 65537\na\n", b"name 1\na\nrest",
    text_of(name="South"), text_of(name="a b"), text_of(name="a" * 64), text_of(name=""), text_of(name="a\0"),
    text_of(name="-a"), text_of(name="a-"),
    text_of(tz="a b"), text_of(tz="A" * 64), text_of(tz="$(x)"),
    *(text_of(address=address) for address in (
        "10.0.0.1", "10.0.0.1/", "10.0.0.1/0", "10.0.0.1/33", "10.0.0/24", "10.0.0.256/24", "10.0.0.1/24x", "", "dhcpx",
        "10.0.0.0/24", "10.0.0.255/24", "127.0.0.1/8", "224.0.0.1/8", "10.0.0.1/7", "10.0.0.4294967297/24")),
    text_of(address="10.0.0.2/24", gateway="10.0.0.1x"), text_of(address="10.0.0.2/24", dns=""),
    text_of(address="10.0.0.2/24", dns="1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4"), text_of(address="10.0.0.2/24", dns="1.1.1"),
])
def test_what_makes_no_sense_is_refused_as_a_whole(pure: Any, text: bytes) -> None:
    """Half of what was told could be worse than nothing of it."""
    assert parsed(pure, text) is None


def test_a_router_outside_of_the_network_is_not_used(pure: Any) -> None:
    """As with a lease of a DHCP server."""
    found = parsed(pure, text_of(address="10.0.0.2/24", gateway="10.0.1.1"))
    assert found is not None
    assert (found["address"], found["router"]) == ("10.0.0.2", NONE)
