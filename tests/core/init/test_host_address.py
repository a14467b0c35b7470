"""Addresses of servers of either kind: read, compared and written as people write them."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest


def read(pure: Any, text: bytes, most: int = 3) -> list[str] | None:
    """The addresses of a list as text; None of what is none."""
    span, _block = pure.span(text)
    addresses = pure.ffi.new("struct host_address[]", most)
    count = pure.lib.host_address_read_list(span[0], addresses, most)
    return None if count < 0 else [shown(pure, addresses + place) for place in range(count)]


def shown(pure: Any, address: Any) -> str:
    """As people write it."""
    text = pure.ffi.new("char[]", pure.lib.INET6_TEXT_SIZE)
    pure.lib.host_address_text(address, text)
    return str(pure.ffi.string(text).decode())


@pytest.mark.parametrize("texts", [
    ["10.0.0.1"], ["223.255.255.253"], ["fd00:7::1"], ["2001:1111:2222:3333:4444:5555:6666:7777"],
    ["10.0.0.1", "fd00:7::1", "192.0.2.7"], ["fd00:7::1", "fd00:7::2"]])
@pytest.mark.parametrize("between", [",", " "])
def test_lists_of_both_kinds(pure: Any, texts: list[str], between: str) -> None:
    """With commas in an order, with blanks in a preseed."""
    assert texts == read(pure, between.join(texts).encode())


@pytest.mark.parametrize("text", [
    b"", b",", b"10.0.0.1,", b",10.0.0.1", b"10.0.0.1,,10.0.0.2", b"10.0.0.1;10.0.0.2", b"10.0.0", b"10.0.0.256", b"0.0.0.0",
    b"127.0.0.1", b"224.0.0.1", b"pool.example", b"::", b"::1", b"::ffff:10.0.0.1", b"ff02::1", b"fe80::1", b"fe80::1%eth0",
    b"fd00:7::1/64", b"[fd00:7::1]", b"fd00:7::1x", b"f" * 60, b"10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4"])
def test_what_is_no_list_of_hosts(pure: Any, text: bytes) -> None:
    """Neither empty places, nor names, nor what no host far away can have; nor more than there is room for."""
    assert read(pure, text) is None


@pytest.mark.parametrize("text", ["10.0.0.1", "255.255.255.255", "0.0.0.1"])
def test_an_address_of_ipv4_is_one_of_ipv6(pure: Any, text: str) -> None:
    """As RFC 4291 maps it, so that one socket reaches both kinds."""
    address = pure.lib.host_address_of(int(ipaddress.IPv4Address(text)))
    assert bytes(address.bytes) == ipaddress.IPv6Address(f"::ffff:{text}").packed
    assert text == shown(pure, pure.ffi.new("struct host_address *", address))


def test_none_and_others(pure: Any) -> None:
    """Zero is none; two are the same when all of their bytes are."""
    none, one, other = (pure.ffi.new("struct host_address *", pure.lib.host_address_of(number)) for number in (0, 1, 2))
    assert [True, False] == [pure.lib.host_address_is_none(address) for address in (none, one)]
    assert [True, False] == [pure.lib.host_address_equals(one, address) for address in (one, other)]
