"""The app's settings, which a new version migrates and then fails: the old one finds them as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board
from appliance.imaging.bootloader import SlotState
from tests.machine.disk import Disk

NOTE = "version 1.0\ndisk yes\naddress yes\n{}end\n"


def come_back(machine: Machine) -> None:
    """The old version starts, puts the settings back, and answers with them."""
    machine.wait_for("starting slot a ")
    machine.wait_for("the app's settings are those of before the update; what version 1.0 has made of them is in "
                     "/data/lost/settings-1.0")
    assert machine.get("/word") == (200, b"as it was")
    assert machine.get("/number") == (200, b"1")
    assert {"FAPWS_SETTINGS=settings", "FAPWS_DATA_VERSION=1"} <= {*machine.get("/environ")[1].decode().splitlines()}
    machine.press_power_button()
    assert machine.wait_for_end() == 0


@pytest.mark.parametrize(("cut", "declared"), [(False, "settings settings\n"), pytest.param(True, "", marks=pytest.mark.long)])
def test_settings_come_back(moody_image: Path, pc: Board, tmp_path: Path, cut: bool, declared: str) -> None:
    """By the trial's end or a power cut in it, also when the old version had declared none; what the new version made of them
    is kept aside."""
    disk = Disk(moody_image, tmp_path / "disk.img", pc)
    disk.fill_slot_b("console=ttyS0 mood=convert fapws4.trial=20", data_version=2)
    disk.write_state(SlotState(4, "a"), SlotState(5, "a", "b", 1))
    disk.keep("trial", NOTE.format(declared))
    disk.keep_setting("word", "as it was")
    disk.keep_setting("data_version", "1")
    with Machine(disk.path, pc, echo=print, firmware="bios", keep=True) as machine:
        machine.wait_for("version 1.0 is on trial")
        machine.wait_for("/data/app/settings: data version 1 is migrated to 2")
        if cut:
            machine.wait_for("answers at")
            machine.cut_power()
        else:
            machine.wait_for("the trial of version 1.0 has failed")
            come_back(machine)
    if cut:
        with Machine(disk.path, pc, echo=print, firmware="bios", keep=True) as machine:
            come_back(machine)
    assert disk.lost_setting("1.0", "word") == "as it was, converted"
    assert disk.lost_setting("1.0", "data_version") == "2\n"
    assert "6.a..0" in [copy["end"] for copy in disk.state()]
