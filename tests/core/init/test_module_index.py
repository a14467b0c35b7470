"""Which modules a device needs."""

from typing import Any

import pytest

ALIASES = b"""pci:v00008086d0000100Esv*sd*bc*sc*i* e1000
pci:v*d*sv*sd*bc01sc06i01* ahci
acpi*:LNXPWRBN:* button
usb:v0BDAp8152d*dc*dsc*dp*icFFisc*ip*in* r8152
usb:v*p*d*dc*dsc*dp*ic02isc06ip00in* cdc_ether
usb:v*p*d*dc*dsc*dp*ic08isc06ip50in* usb_storage
virtio:d00000001v* virtio_net
virtio:d00000001v* failover_twin
input:b*v*p*e*-e*[14],*k* evdev
platform:iTCO_wdt iTCO_wdt
broken-line-without-module
"""
DEPENDS = b"virtio_net failover net_failover\next4 mbcache crc16 jbd2\n"


def modules_for(pure: Any, modalias: str, aliases: bytes = ALIASES) -> list[str]:
    """All matches, in the order of the list."""
    rest, _block = pure.span(aliases)
    name = pure.ffi.new("char[]", pure.lib.MODULE_NAME_SIZE)
    found = []
    while pure.lib.module_index_match(rest, modalias.encode(), name):
        found.append(pure.ffi.string(name).decode())
    return found


@pytest.mark.parametrize(
    ("modalias", "expected"),
    [
        ("pci:v00008086d0000100Esv00001AF4sd00001100bc02sc00i00", ["e1000"]),
        ("pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01", ["ahci"]),
        ("acpi:LNXPWRBN:", ["button"]),
        ("usb:v0525pA4A2d0508dc02dsc00dp00ic02isc06ip00in00", ["cdc_ether"]),
        ("virtio:d00000001v00001AF4", ["virtio_net", "failover_twin"]),
        ("input:b0019v0000p0001e0000-e0,1,k74,ramlsfw", ["evdev"]),
        ("platform:iTCO_wdt", ["iTCO_wdt"]),
        ("platform:iTCO_wd", []),
        ("platform:iTCO_wdt2", []),
        ("broken-line-without-module", []),
        ("", []),
    ],
)
def test_devices_find_their_drivers(pure: Any, modalias: str, expected: list[str]) -> None:
    """Every driver that names the device is loaded, and no other."""
    assert expected == modules_for(pure, modalias)


def test_an_overlong_pattern_or_name_is_passed_over(pure: Any) -> None:
    """A damaged list costs a driver, not the boot."""
    aliases = b"a*" + b"*" * 600 + b" big\na* " + b"n" * 56 + b"\na* " + b"n" * 55
    assert modules_for(pure, "abc", aliases) == ["n" * 55]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("ext4", [b"mbcache", b"crc16", b"jbd2"]), ("virtio_net", [b"failover", b"net_failover"]), ("ext", []), ("", [])],
)
def test_dependencies_come_in_load_order(pure: Any, name: str, expected: list[bytes]) -> None:
    """What a module needs is named before it, and a name is never found inside another."""
    depends, _block = pure.span(DEPENDS)
    rest = pure.ffi.new("struct span *", pure.lib.module_index_dependencies(depends[0], name.encode()))
    word = pure.ffi.new("struct span *")
    found = []
    while pure.lib.span_next_word(rest, word):
        found.append(pure.text(word))
    assert expected == found
