"""IPv6 addresses, as text and as the kernel lists them."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest


def packed(text: str) -> bytes:
    """An address on the wire."""
    return ipaddress.IPv6Address(text).packed


@pytest.mark.parametrize("text", ["::1", "fd00:7::20", "fe80::5054:ff:fe12:3456", "2001:db8::1", "::ffff:10.0.0.1"])
def test_what_is_read_is_written_again(pure: Any, text: str) -> None:
    """Each address, in its shortest form."""
    address, shown = pure.ffi.new("uint8_t[16]"), pure.ffi.new("char[46]")
    span, _block = pure.span(text.encode())
    assert pure.lib.inet6_read(span[0], address)
    assert bytes(address) == packed(text)
    pure.lib.inet6_text(address, shown)
    assert pure.ffi.string(shown).decode() == text


@pytest.mark.parametrize("text", ["", "::g", "10.0.0.1", "fe80::1%eth0", "::1/64", "::1\0", "1:2:3:4:5:6:7:8:9", "1" * 60])
def test_what_is_no_address_is_refused(pure: Any, text: str) -> None:
    """Neither a zone nor a prefix belongs to it."""
    span, _block = pure.span(text.encode())
    assert not pure.lib.inet6_read(span[0], pure.ffi.new("uint8_t[16]"))


@pytest.mark.parametrize(("text", "host", "link_local"), [
    ("::", False, False), ("::1", False, False), ("::ffff:10.0.0.1", False, False), ("ff02::1", False, False),
    ("2001:db8::1", True, False), ("fd00::1", True, False), ("fe80::1", True, True), ("febf::1", True, True),
    ("fec0::1", True, False),
])
def test_kinds_of_addresses(pure: Any, text: str, host: bool, link_local: bool) -> None:
    """Which a host can have, and which it has by itself."""
    address = pure.ffi.new("uint8_t[16]", packed(text))
    kinds = pure.lib.inet6_is_host(address), pure.lib.inet6_is_link_local(address), pure.lib.inet6_is_none(address)
    assert kinds == (host, link_local, text == "::")


@pytest.mark.parametrize(("other", "prefix", "same"), [
    ("fd00:7::1", 64, True), ("fd00:7:0:1::1", 64, False), ("fd00:7:0:1::1", 63, True), ("fd00:7:0:2::1", 63, False),
    ("fd00:7::20", 128, True), ("fd00:7::21", 128, False), ("fd00:7::21", 127, True), ("::", 0, True), ("8000::", 1, True),
])
def test_networks(pure: Any, other: str, prefix: int, same: bool) -> None:
    """Two addresses are neighbours when the bits of the prefix are equal."""
    one, another = (pure.ffi.new("uint8_t[16]", packed(text)) for text in ("fd00:7::20", other))
    assert pure.lib.inet6_same_network(one, another, prefix) == same


LIST = b"""\
00000000000000000000000000000001 01 80 10 80       lo
fe80000000000000505400fffe123456 02 40 20 80     eth0
fd000007000000000000000000000020 02 40 00 c0     eth0
no address at all
fd000007000000000000000000000021 100 40 00 88     eth7
fd000007000000000000000000000022 02 40 zz 80     eth0
20010db8000000000000000000000001 100 40 00 00     eth7
"""


def test_the_kernels_list(pure: Any) -> None:
    """An address that is still asked for, or that another has, is not usable; damaged lines are passed over."""
    rest, _block = pure.span(LIST)
    found, seen = pure.ffi.new("struct inet6 *"), []
    while pure.lib.inet6_next(rest, found):
        seen.append((str(ipaddress.IPv6Address(bytes(found.address))), found.index, found.usable))
    assert seen == [("::1", 1, False), ("fe80::5054:ff:fe12:3456", 2, True), ("fd00:7::20", 2, False),
                    ("fd00:7::21", 256, False), ("2001:db8::1", 256, True)]
