"""What PID 1 believes of a lease."""

import ipaddress
from typing import Any

import pytest


def number(text: str) -> int:
    """An address in host byte order."""
    return int(ipaddress.IPv4Address(text))


def lease(pure: Any, address: str, netmask: str, router: str = "0.0.0.0", **more: list[str]) -> Any:
    """A struct lease."""
    fields: dict[str, Any] = {"address": number(address), "netmask": number(netmask), "router": number(router)}
    fields |= {name: [number(text) for text in texts] for name, texts in more.items()}
    return pure.ffi.new("struct lease *", fields)


@pytest.mark.parametrize(
    ("address", "netmask"),
    [
        ("10.0.2.15", "255.255.255.0"),
        ("192.168.0.255", "255.255.254.0"),
        ("10.255.255.254", "255.0.0.0"),
        ("169.254.7.7", "255.255.0.0"),
        ("10.0.0.0", "255.255.255.254"),
        ("10.0.0.1", "255.255.255.254"),
        ("100.64.0.9", "255.255.255.255"),
    ],
)
def test_good_leases_are_taken(pure: Any, address: str, netmask: str) -> None:
    """Every address a host may have is accepted, point-to-point networks (RFC 3021) included."""
    assert pure.lib.lease_is_sane(lease(pure, address, netmask))


@pytest.mark.parametrize(
    ("address", "netmask"),
    [
        ("0.0.0.0", "255.255.255.0"),
        ("0.1.2.3", "255.255.255.0"),
        ("127.0.0.1", "255.0.0.0"),
        ("224.0.0.1", "255.255.255.0"),
        ("240.0.0.1", "255.255.255.0"),
        ("255.255.255.255", "255.255.255.255"),
        ("10.0.2.0", "255.255.255.0"),
        ("10.0.2.255", "255.255.255.0"),
        ("10.0.2.15", "0.0.0.0"),
        ("10.0.2.15", "254.0.0.0"),
        ("10.0.2.15", "255.0.255.0"),
        ("10.0.2.15", "0.255.255.255"),
    ],
)
def test_impossible_leases_are_refused(pure: Any, address: str, netmask: str) -> None:
    """A lying or broken server cannot give the device an address that would cut it off or open it up."""
    assert not pure.lib.lease_is_sane(lease(pure, address, netmask))


@pytest.mark.parametrize(
    ("router", "expected"),
    [
        ("10.0.2.2", "10.0.2.2"),
        ("10.0.3.2", "0.0.0.0"),
        ("10.0.2.15", "0.0.0.0"),
        ("10.0.2.255", "0.0.0.0"),
        ("127.0.0.1", "0.0.0.0"),
    ],
)
def test_only_a_reachable_router_stays(pure: Any, router: str, expected: str) -> None:
    """A router outside the network is dropped, the address stays useful."""
    value = lease(pure, "10.0.2.15", "255.255.255.0", router)
    pure.lib.lease_purge(value)
    assert expected == str(ipaddress.IPv4Address(value.router))


def test_only_real_name_servers_stay(pure: Any) -> None:
    """Name and time servers that cannot exist are dropped and leave no gap."""
    value = lease(pure, "10.0.2.15", "255.255.255.0", dns=["127.0.0.1", "10.0.2.3", "224.0.0.251"], ntp=["0.0.0.0"])
    pure.lib.lease_purge(value)
    assert ([number("10.0.2.3"), 0, 0], [0, 0, 0]) == (list(value.dns), list(value.ntp))


def test_a_renewal_without_news_is_no_change(pure: Any) -> None:
    """Only what the machine would notice makes two leases differ."""
    one, other = (lease(pure, "10.0.2.15", "255.255.255.0", "10.0.2.2") for _ in range(2))
    other.seconds = 77
    assert pure.lib.lease_equals(one, other)
    other.dns[2] = 1
    assert not pure.lib.lease_equals(one, other)


def test_addresses_read_as_people_write_them(pure: Any) -> None:
    """The longest address fits."""
    out = pure.ffi.new("char[]", pure.lib.IPV4_TEXT_SIZE)
    pure.lib.ipv4_text(number("255.255.255.255"), out)
    assert pure.ffi.string(out) == b"255.255.255.255"
