"""Devices with the small kernel of our own: they are as those with Debian's, with less memory. It is compiled for these tests
when it is not in the cache, which takes half an hour."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from appliance.build import with_kernel
from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board
from appliance.imaging.image import compose
from appliance.updating.update import update_image
from tests.appliance.versions import Versions
from tests.bench.device import serves
from tests.machine.test_boot import HARDWARE

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def small(pc: Board) -> Board:
    """The board pc with that kernel."""
    return with_kernel(pc, "small")


@pytest.fixture(scope="module")
def image(hello_binary: Path, small: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """samples/hello for it."""
    return compose(hello_binary, "hello", "1.0", small, tmp_path_factory.mktemp("small") / "hello.img", jobs=2).path


@pytest.mark.parametrize("firmware", ["uefi", "bios"])
def test_it_boots(image: Path, small: Board, firmware: str) -> None:
    """The app answers, /data is there, the machine's own watchdog is the one that counts; and the power button works."""
    with Machine(image, small, echo=print, firmware=firmware) as machine:
        assert machine.get("/") == (200, b"Hello World!!")
        assert any("/data is /dev/vda6" in line for line in machine.console)
        assert any("watchdog: i6300ESB timer" in line for line in machine.console)
        machine.press_power_button()
        assert machine.wait_for_end() == 0


@pytest.mark.parametrize("hardware", HARDWARE)
def test_it_boots_on_other_hardware(image: Path, small: Board, hardware: str) -> None:
    """The drivers that are modules of Debian's kernel are built in."""
    disk, card = HARDWARE[hardware]
    rom = "" if card == "usb-net" else ",romfile="
    network = ["-netdev", "user,id=network", "-device", f"{card},netdev=network{rom}"]
    board = dataclasses.replace(small, emulate=dataclasses.replace(small.emulate, disk=disk, network=network))
    with Machine(image, board, echo=print, firmware="bios") as machine:
        assert machine.get("/") == (200, b"Hello World!!")
        assert any("/data is /dev/" in line for line in machine.console)


def test_it_serves_in_96_mib(image: Path, small: Board) -> None:
    """By a BIOS."""
    assert serves(image, small, "bios", 96)


def test_a_device_is_updated_to_it_and_back(hello_binary: Path, pc: Board, small: Board, tmp_path: Path) -> None:
    """The kernel is a part of an update like any other."""
    for folder in ("debian", "small"):
        (tmp_path / folder).mkdir()
    by_debian, by_small = Versions(hello_binary, pc, tmp_path / "debian"), Versions(hello_binary, small, tmp_path / "small")
    disk = by_debian.image(1)
    for versions, counter, slot in ((by_small, 2, "b"), (by_debian, 3, "a")):
        update_image(disk, versions.bundle(counter), 2)
        with Machine(disk, pc, echo=print, firmware="bios", keep=True) as machine:
            machine.wait_for(rf"version {counter}\.0 is confirmed: slot {slot} is the good one")
            machine.press_power_button()
            assert machine.wait_for_end() == 0
