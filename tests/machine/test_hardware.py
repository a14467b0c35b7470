"""An app that works with hardware on a real boot: a serial adapter that comes and goes, an I2C bus, no more."""

from __future__ import annotations

import json
import os
import select
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.build import build, make_plan
from appliance.emulating.emulate import Machine
from appliance.emulating.surroundings import Surroundings
from appliance.fetching.recipes import Board
from appliance.imaging.version import open_disk

WORKSHOP = Path(__file__).parent / "apps" / "workshop" / "workshop.py"
PATIENCE = 60  # s


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image of apps/workshop."""
    plan = make_plan(str(WORKSHOP), "pc", str(tmp_path_factory.mktemp("workshop")), 0, False)
    build(plan)
    return plan.image


@pytest.fixture(scope="module")
def machine(image: Path, pc: Board) -> Iterator[Machine]:
    """The same, running, with a serial adapter in it."""
    with Machine(image, pc, echo=print, firmware="bios", keep=True, around=Surroundings(serial=True)) as machine:
        yield machine


@pytest.fixture(scope="module")
def line(machine: Machine) -> Iterator[int]:
    """The host's end of the serial line, as it comes: a terminal that changes no character."""
    machine.wait_for("workshop has /dev/ttyUSB0")
    end = os.open(machine.serial_end, os.O_RDWR | os.O_NOCTTY)
    yield end
    os.close(end)


def told(machine: Machine, path: str) -> Any:
    """What a page of the app says."""
    status, body = machine.get(path)
    assert status == 200, body.decode()
    return json.loads(body)


def heard(line: int, count: int) -> bytes:
    """The next bytes at the host's end."""
    found = b""
    while len(found) < count:
        assert select.select([line], [], [], PATIENCE)[0], f"only {found!r} has come"
        found += os.read(line, count - len(found))
    return found


def converse(machine: Machine, line: int) -> None:
    """Bytes to the host and bytes from it, through a port that the app sets by termios."""
    said = told(machine, "/talk")
    assert said == {"owner": 1000, "mode": oct(0o020600), "speed": 13}
    assert heard(line, 6) == b"hello\n"
    os.write(line, b"23.5 degrees \x00\xff\n")
    assert machine.get("/listen") == (200, b"23.5 degrees \x00\xff\n")


def test_an_adapter_is_the_apps_by_its_own_name(machine: Machine, line: int) -> None:
    """/dev/ttyUSB0 is opened, set and used; typing into it stays refused."""
    converse(machine, line)
    assert machine.get("/type") == (200, b"EPERM")


def test_nothing_else_is(machine: Machine, line: int) -> None:
    """In /dev there is what was asked for and what everybody has; what cannot be seen cannot be opened by another way."""
    said = told(machine, "/there")
    buses = [name for name in said["nodes"] if name.startswith("i2c-")]
    common = ["full", "null", "ptmx", "pts", "random", "shm", "tty", "urandom", "zero"]
    assert buses
    assert said["nodes"] == sorted([*common, *buses, "ttyS1", "ttyUSB0"])
    assert said["others"] == {"a disk": "ENOENT", "memory": "ENOENT", "the console": "ENOENT", "another port": "ENOENT",
                              "the machine's own nodes": "ENOENT", "PID 1's place for them": "ENOENT"}


def test_a_call_with_a_pointer_inside_is_made_by_cffi(machine: Machine) -> None:
    """An I2C chip is read, written and read again, by a structure that Python's own ioctl cannot pass. Its module was named,
    and has its parameter from the command line: without, it would not load."""
    assert told(machine, "/bus") == [0, 0x5A, 0x5A]


def test_an_adapter_that_is_pulled_and_put_in_again(machine: Machine, line: int) -> None:
    """The app sees that it is gone; with the next one it goes on, in the same process."""
    machine.plug_serial(False)
    machine.wait_for("workshop no longer has /dev/ttyUSB0")
    assert told(machine, "/there")["serial"] == []
    assert machine.get("/listen")[1] in (b"(end)", b"EIO(end)")
    started = sum("listening on port 80" in row for row in machine.console)
    machine.plug_serial(True)
    machine.wait_for("workshop has /dev/ttyUSB0")
    converse(machine, line)
    assert sum("listening on port 80" in row for row in machine.console) == started


def test_its_own_view_of_the_file_systems_holds_none_of_them(machine: Machine, image: Path) -> None:
    """After the power button /data is closed: its journal has nothing to make good (feature RECOVER of ext4)."""
    machine.press_power_button()
    assert machine.wait_for_end() == 0
    (features,) = struct.unpack_from("<I", open_disk(image).read("data"), 1024 + 96)
    assert features & 4 == 0
