"""An image that was updated as a file, on an emulated machine: the new version is tried, from the other slot."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.common.places import cache_folder, file_digest, lasting_folder, whole_file
from appliance.common.sparse import copy_sparse
from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board
from appliance.imaging.bootloader import STATE_COPIES_AT, STATE_SIZE, starts
from appliance.imaging.image import compose
from appliance.imaging.keys import KeySet, PrivateKey
from appliance.imaging.release import Release
from appliance.imaging.version import open_disk, read_version
from appliance.updating.bundle import make_bundle, write_bundle
from appliance.updating.update import good_slot, update_image
from tests.appliance.versions import Versions
from tests.machine.disk import Disk

KEY = PrivateKey(b"k" * 32)
STARTS = r"starting slot (\w) "


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_the_new_version_answers_from_the_other_slot(hello_binary: Path, pc: Board, tmp_path: Path, firmware: str) -> None:
    """The next start tries the new version, which says its name, answers and confirms itself."""
    trusted = KeySet(1, (KEY.public,))
    old, new = (compose(hello_binary, "hello", f"{counter}.0", pc, tmp_path / f"{counter}.img", Release(counter, keys=trusted))
                for counter in (1, 2))
    write_bundle(make_bundle(new.path, [KEY]), tmp_path / "hello.update")
    update_image(old.path, tmp_path / "hello.update", 2)
    with Machine(old.path, pc, echo=print, firmware=firmware, keep=True) as machine:
        assert "b" == machine.wait_for(STARTS)[1]
        machine.wait_for(r"hello 2\.0 on pc, slot b")
        machine.wait_for(r"version 2\.0 is on trial")
        assert machine.get("/") == (200, b"Hello World!!")
        machine.wait_for(r"version 2\.0 is confirmed: slot b is the good one")


@pytest.mark.long
def test_fifty_updates_to_and_fro(hello_binary: Path, pc: Board, tmp_path: Path) -> None:
    """One disk: each is put into the slot that is not in use, tried at the next start and confirmed. The disk stays where
    it is when this is interrupted, and the next run goes on with it."""
    versions = Versions(hello_binary, pc, tmp_path)
    with lasting_folder(cache_folder("tests"), "updates", file_digest(versions.image(0))) as folder:
        disk = folder / "disk.img"
        if not disk.exists():
            with whole_file(disk) as work:
                copy_sparse(versions.image(0), work)
        while (counter := running(disk)) < 50:
            step_up(disk, versions, counter + 1)


def running(disk: Path) -> int:
    """The counter of the version in the good slot."""
    return int(read_version(open_disk(disk), good_slot(disk, 2)).says("counter"))


def step_up(disk: Path, versions: Versions, counter: int) -> None:
    """From the version before to this one, if it waits for its trial already without installing it once more."""
    good = good_slot(disk, 2)
    state = Disk(disk, versions.folder / "state.img", versions.board)
    if good == starts([state.read("state", at, STATE_SIZE) for at in STATE_COPIES_AT])[0]:
        update_image(disk, versions.bundle(counter), 2)
    with Machine(disk, versions.board, firmware="bios", keep=True) as machine:
        other = "b" if good == "a" else "a"
        machine.wait_for(rf"version {counter}\.0 is confirmed: slot {other} is the good one")
        assert machine.get("/") == (200, b"Hello World!!")
        machine.press_power_button()
        assert 0 == machine.wait_for_end()
    versions.forget(counter)
    assert counter == running(disk)
