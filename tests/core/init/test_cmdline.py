"""What the boot loader tells PID 1 on the kernel command line."""

from typing import Any

import pytest

LINE = b"BOOT_IMAGE=(u) console=tty0 fapws4.slot=a fapws4.nowatchdog quiet fapws4.slot=b\n"


def value(pure: Any, key: str, size: int = 32) -> tuple[bool, bytes]:
    """cmdline_value of LINE."""
    out = pure.ffi.new("char[]", size)
    line, _block = pure.span(LINE)
    return bool(pure.lib.cmdline_value(line[0], key.encode(), out, size)), pure.ffi.string(out)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("fapws4.slot", (True, b"b")),
        ("console", (True, b"tty0")),
        ("fapws4.nowatchdog", (False, b"")),
        ("slot", (False, b"")),
        ("fapws4.slo", (False, b"")),
    ],
)
def test_the_last_value_of_a_key_counts(pure: Any, key: str, expected: tuple[bool, bytes]) -> None:
    """A later word overrides an earlier one, and a key is never found inside another."""
    assert expected == value(pure, key)


def test_a_value_that_does_not_fit_is_absent(pure: Any) -> None:
    """A too long value is refused whole, never cut."""
    assert value(pure, "BOOT_IMAGE", 3) == (False, b"")
    assert value(pure, "BOOT_IMAGE", 4) == (True, b"(u)")


@pytest.mark.parametrize(
    ("word", "expected"),
    [("fapws4.nowatchdog", True), ("quiet", True), ("qui", False), ("fapws4.slot", False)],
)
def test_words_are_found_whole(pure: Any, word: str, expected: bool) -> None:
    """A switch is on only when its whole word stands there."""
    line, _block = pure.span(LINE)
    assert expected == pure.lib.cmdline_has(line[0], word.encode())


PARAMETERS = b"quiet usbserial.vendor=0x403 usb-serial.debug i2c-stub.chip_addr=0x50,0x51 i2c_stub.functionality=1\n"


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("usbserial", b"vendor=0x403"),
        ("i2c_stub", b"chip_addr=0x50,0x51 functionality=1"),
        ("usb_serial", b"debug"),
        ("usb", b""),
        ("quiet", b""),
    ],
)
def test_a_module_gets_its_parameters(pure: Any, module: str, expected: bytes) -> None:
    """Those behind its whole name, written with - or _, in their order."""
    out = pure.ffi.new("char[]", 64)
    line, _block = pure.span(PARAMETERS)
    assert pure.lib.cmdline_parameters(line[0], module.encode(), out, 64)
    assert pure.ffi.string(out) == expected


def test_parameters_that_do_not_fit_are_absent(pure: Any) -> None:
    """They are refused whole, never cut."""
    line, _block = pure.span(PARAMETERS)
    whole = len(b"chip_addr=0x50,0x51 functionality=1")
    for size, fits in ((whole + 1, True), (whole, False), (1, False)):
        out = pure.ffi.new("char[]", size)
        assert pure.lib.cmdline_parameters(line[0], b"i2c_stub", out, size) == fits
        assert len(pure.ffi.string(out)) == (whole if fits else 0)
