"""How a device is to be on the network, as an order says it."""

from __future__ import annotations

from typing import Any

import pytest


def read(pure: Any, order: bytes) -> tuple[bytes | None, bytes]:
    """What is wrong with an order, and the settings that come of it, written out."""
    settings, text = pure.ffi.new("struct network_settings *"), pure.ffi.new("char[512]")
    pure.ffi.buffer(settings)[:] = b"\xff" * pure.ffi.sizeof("struct network_settings")
    span, _block = pure.span(order)
    fault = pure.lib.network_settings_read(settings, span[0])
    length = pure.lib.network_settings_write(settings, text)
    assert length == len(pure.ffi.string(text))
    return None if fault == pure.ffi.NULL else pure.ffi.string(fault), pure.ffi.string(text)


@pytest.mark.parametrize("order", [
    b"v4=dhcp v6=auto",
    b"v4=dhcp v6=off",
    b"name=south-gate v4=dhcp v6=auto dns=9.9.9.9,1.1.1.1,8.8.8.8 ntp=10.0.0.1",
    b"v4=dhcp v6=auto dns=fd00:7::1,9.9.9.9 ntp=2001:db8::123",
    b"interface=eth1 v4=192.168.7.20/24 gateway=192.168.7.1 v6=auto",
    b"v4=10.0.0.1/31 gateway=10.0.0.0 v6=auto",
    b"v4=10.0.0.1/32 v6=fd00:7::20/64",
    b"v4=dhcp v6=fd00:7::20/64 gateway6=fe80::1",
    b"v4=dhcp v6=2001:db8::20/61 gateway6=2001:db8:0:7::1",
])
def test_an_order_is_written_as_it_was_read(pure: Any, order: bytes) -> None:
    """So the manager is told the settings as it has said them."""
    assert read(pure, order) == (None, order)


@pytest.mark.parametrize(("order", "meant"), [
    (b"", b"v4=dhcp v6=auto"),
    (b"  dns=9.9.9.9\t", b"v4=dhcp v6=auto dns=9.9.9.9"),
    (b"name= interface= v4= gateway= v6= gateway6= dns= ntp=", b"v4=dhcp v6=auto"),
    (b"v4=dhcp v4=10.0.0.2/8", b"v4=10.0.0.2/8 v6=auto"),
    (b"address=10.0.0.2/8", b"v4=10.0.0.2/8 v6=auto"),
])
def test_what_is_not_said_is_as_in_a_new_device(pure: Any, order: bytes, meant: bytes) -> None:
    """An order is all of the settings."""
    assert read(pure, order) == (None, meant)


@pytest.mark.parametrize(("order", "fault"), [
    (b"colour=blue", b"there is no setting colour"),
    (b"v4", b"there is no setting v4"),
    (b"=", b"there is no setting "),
    (b"x" * 400 + b"=1", b"there is no setting " + b"x" * 32),
    (b"name=South", b"name must be one label of a-z, 0-9 and, inside, hyphens"),
    (b"name=" + b"a" * 64, b"name must be one label of a-z, 0-9 and, inside, hyphens"),
    (b"interface=../x", b"interface must be that of an interface, such as eth0"),
    (b"interface=" + b"e" * 16, b"interface must be that of an interface, such as eth0"),
    *((b"v4=" + value, b"v4 must be dhcp, or the address of a host such as 192.168.7.20/24") for value in (
        b"10.0.0.0/8", b"10.255.255.255/8", b"127.0.0.1/8", b"224.0.0.1/24", b"10.0.0.1", b"10.0.0.1/33", b"10.0.0.1/0",
        b"10.0.0.1/7", b"10.0.0.1/24x", b"10.0.0.4294967297/24", b"static", b"0.0.0.0/24")),
    (b"v4=10.0.0.2/24 gateway=fe80::1", b"gateway must be an address such as 192.168.7.1"),
    (b"gateway=10.0.0.1", b"gateway goes with a fixed v4 only: the DHCP server says it"),
    *((b"v4=10.0.0.2/24 gateway=" + value, b"gateway is no other host of the network of v4") for value in (
        b"10.0.1.1", b"10.0.0.2", b"10.0.0.0", b"10.0.0.255")),
    *((b"v6=" + value, b"v6 must be auto, off, or the address of a host such as fd00:7::20/64") for value in (
        b"fe80::1/64", b"ff02::1/64", b"::1/128", b"::/0", b"fd00::1", b"fd00::1/", b"fd00::1/0", b"fd00::1/129",
        b"::ffff:10.0.0.1/96", b"on", b"/64", b"fd00::1/64x", b"f" * 60 + b"/64")),
    (b"gateway6=fe80::1", b"gateway6 goes with a fixed v6 only: the router says it"),
    (b"v6=off gateway6=fe80::1", b"gateway6 goes with a fixed v6 only: the router says it"),
    (b"v6=fd00::2/64 gateway6=ff02::2", b"gateway6 must be an address such as fe80::1"),
    *((b"v6=fd00::2/64 gateway6=" + value, b"gateway6 is no other host of the network of v6") for value in (
        b"fd00:0:0:1::1", b"fd00::2")),
    *((b"dns=" + value, b"dns must be up to three addresses of servers, with commas between them") for value in (
        b"1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4", b"1.1.1.1,", b",", b"127.0.0.1", b"0.0.0.0", b"::1", b"fe80::1")),
    (b"ntp=pool.example", b"ntp must be up to three addresses of servers, with commas between them"),
])
def test_what_makes_no_sense_is_named(pure: Any, order: bytes, fault: bytes) -> None:
    """Each with what would make sense."""
    assert read(pure, order)[0] == fault


def test_the_longest_settings_are_kept_whole(pure: Any) -> None:
    """They fit into the room that there is, as an order and as the entries of a file, and are read from it again."""
    word = b"2001:1111:1111:1111:1111:1111:1111:1111"
    order = (b"name=" + b"n" * 63 + b" interface=" + b"e" * 15 + b" v4=223.255.255.253/31 gateway=223.255.255.252 "
             b"v6=2001:1111:1111:1111:1111:1111:1111:1111/128 gateway6=fe80:1111:1111:1111:1111:1111:1111:1111 "
             b"dns=" + b",".join([word] * 3) + b" ntp=" + b",".join([word] * 3))
    assert read(pure, order) == (None, order)
    settings, again = pure.ffi.new("struct network_settings *"), pure.ffi.new("struct settings *")
    text = pure.ffi.new("char[]", pure.lib.NETWORK_TEXT)
    span, _block = pure.span(order)
    assert pure.lib.network_settings_read(settings, span[0]) == pure.ffi.NULL
    entries, _kept = pure.span(pure.ffi.buffer(text)[: pure.lib.network_settings_entries(settings, text)])
    assert pure.lib.settings_parse(entries[0], again)
    assert pure.ffi.buffer(settings)[:] == pure.ffi.buffer(pure.ffi.addressof(again.network))[:]
