"""The image on emulated machines: from power-on to the first answer and back to power-off."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest

from appliance.common.places import REPOSITORY
from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board


@pytest.mark.parametrize("firmware", ["uefi", "bios"])
def test_it_boots_answers_and_ends_in_an_orderly_way(hello_image: Path, pc: Board, firmware: str) -> None:
    """By UEFI and by BIOS the app answers on port 80, the power button ends the machine, and the image is as before."""
    before = hello_image.stat().st_mtime_ns
    with Machine(hello_image, pc, echo=print, firmware=firmware) as machine:
        machine.wait_for("starting slot a ")
        assert machine.url().startswith("http://127.0.0.1:")
        assert machine.get("/") == (200, b"Hello World!!")
        machine.press_power_button()
        assert machine.wait_for_end() == 0
    assert hello_image.stat().st_mtime_ns == before


def test_ctrl_c_presses_the_power_button(hello_image: Path) -> None:
    """`invoke emulate` prints the URLs of the app and of the device's own pages; Ctrl-C ends the machine in an orderly way."""
    command = [sys.executable, "-m", "invoke", "emulate", str(hello_image), "--bios"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process, ExitStack() as ended:
        ended.callback(process.kill)  # when something fails: nobody would wait for Ctrl-C then
        assert process.stdout is not None
        urls: dict[str, str] = {}
        for line in process.stdout:
            words, _, url = line.removesuffix(" ---\n").rpartition(" ")
            urls |= {words: url} if words.endswith((" answers at", "pages are at")) and words.startswith("---") else {}
            if len(urls) == 2:
                break
        with urllib.request.urlopen(urls["--- the app answers at"]) as answer:
            assert answer.read() == b"Hello World!!"
        with urllib.request.urlopen(urls["--- the device's own pages are at"]) as answer:
            assert b"<dt>Product<dd>hello" in answer.read()
        process.send_signal(signal.SIGINT)
        said = process.stdout.read()
        assert process.wait() == 0
    assert "fapws4: power off" in said
    assert "plug" not in said


DISK = "if=none,id=disk,format=raw,file={image}"
HARDWARE = {
    "nvme, e1000e": (["-drive", DISK, "-device", "nvme,drive=disk,serial=1,bootindex=0"], "e1000e"),
    "sata, e1000": (["-drive", DISK, "-device", "ide-hd,drive=disk,bus=ide.0,bootindex=0"], "e1000"),
    "virtio-scsi, virtio": (["-drive", DISK, "-device", "virtio-scsi-pci", "-device", "scsi-hd,drive=disk,bootindex=0"],
                            "virtio-net-pci"),
    "usb stick, usb network": (["-drive", DISK, "-device", "qemu-xhci", "-device", "usb-storage,drive=disk,bootindex=0"],
                               "usb-net"),
}


@pytest.mark.long
@pytest.mark.parametrize("firmware", ["uefi", "bios"])
@pytest.mark.parametrize("hardware", HARDWARE)
def test_it_boots_on_other_hardware(hello_image: Path, pc: Board, hardware: str, firmware: str) -> None:
    """Disks and network cards of real machines are found by the modules in the image."""
    disk, card = HARDWARE[hardware]
    rom = "" if card == "usb-net" else ",romfile="
    network = ["-netdev", "user,id=network", "-device", f"{card},netdev=network{rom}"]
    board = dataclasses.replace(pc, emulate=dataclasses.replace(pc.emulate, disk=disk, network=network))
    with Machine(hello_image, board, echo=print, firmware=firmware) as machine:
        assert machine.get("/") == (200, b"Hello World!!")
        assert any("/data is /dev/" in line for line in machine.console)
