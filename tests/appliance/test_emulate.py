"""What `invoke emulate` says when it cannot start."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.emulate import Machine
from appliance.errors import Problem
from appliance.recipes import Board


def refusal(machine: Machine) -> str:
    with pytest.raises(Problem) as problem, machine:
        pass
    return str(problem.value)


def test_a_missing_qemu_is_named_with_its_packages(pc: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without QEMU one line says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    said = refusal(Machine(tmp_path / "x.img", pc))
    assert said == "qemu-system-x86_64 is not installed: apt-get install qemu-system-x86 ovmf"


def test_a_missing_image_is_named(pc: Board, tmp_path: Path) -> None:
    """An image that is not there is named, with the command that makes one."""
    said = refusal(Machine(tmp_path / "x.img", pc))
    assert said == f"there is no image {tmp_path / 'x.img'}: make it with: invoke build-appliance app.py"


def test_an_unknown_firmware_is_refused(pc: Board, tmp_path: Path) -> None:
    """A firmware that the board does not have is refused with those that it has."""
    (tmp_path / "x.img").write_bytes(b"")
    assert refusal(Machine(tmp_path / "x.img", pc, firmware="efi")) == "the board pc has no firmware efi: it has: uefi, bios"


def test_a_machine_that_ends_says_what_it_said_last(pc: Board, tmp_path: Path) -> None:
    """When QEMU itself fails, its own words are in the one line that the user sees."""
    (tmp_path / "x.img").write_bytes(bytes(1 << 20))
    with Machine(tmp_path / "x.img", pc, firmware="bios", extra=["-device", "no-such-device"]) as machine:
        with pytest.raises(Problem) as problem:
            machine.wait_for("never")
        assert "no-such-device" in str(problem.value)
        assert machine.wait_for_end() == 1
