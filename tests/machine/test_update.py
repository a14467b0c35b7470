"""An image that was updated as a file, on an emulated machine: the new version is tried, from the other slot."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board
from appliance.imaging.image import compose
from appliance.imaging.keys import KeySet, PrivateKey
from appliance.imaging.release import Release
from appliance.updating.bundle import make_bundle, write_bundle
from appliance.updating.update import update_image

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
