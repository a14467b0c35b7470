"""What `invoke emulate` says when it cannot start."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.common.errors import Problem
from appliance.common.places import REPOSITORY
from appliance.emulating.emulate import Machine, chosen_firmware, emulate
from appliance.fetching.recipes import Board


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


def started_emulation(image: Path, *options: str) -> subprocess.Popen[str]:
    """`invoke emulate` on a disk that no BIOS can start, once it has said that it begins."""
    with image.open("wb") as file:
        file.truncate(1 << 20)
    command = [sys.executable, "-m", "invoke", "emulate", str(image), "--bios", *options]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    assert "Ctrl-C presses the power button" in process.stdout.readline()
    return process


def qemu_of(process: subprocess.Popen[str]) -> int:
    """The pid of the one program that a process has started."""
    children = [pid for task in Path(f"/proc/{process.pid}/task").iterdir() for pid in (task / "children").read_text().split()]
    assert len(children) == 1
    return int(children[0])


def test_qemu_does_not_outlive_an_emulation_that_is_killed(tmp_path: Path) -> None:
    """SIGKILL leaves no machine behind."""
    with started_emulation(tmp_path / "x.img") as process:
        qemu = os.pidfd_open(qemu_of(process))
        process.kill()
        ended, _, _ = select.select([qemu], [], [], 60)
        os.close(qemu)
    assert ended


def test_ctrl_c_before_anything_runs_pulls_the_plug(tmp_path: Path) -> None:
    """While nothing hears the power button, Ctrl-C ends the machine at once, with the exit code that says so."""
    with started_emulation(tmp_path / "x.img") as process:
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert "the plug is pulled" in process.stdout.read()
    assert process.returncode == 130


def test_ctrl_c_while_the_builder_is_being_loaded(tmp_path: Path) -> None:
    """In its first half second, too, the exit code is that of an interruption."""
    (tmp_path / "sitecustomize.py").write_text("""
import sys
class Interrupted:
    def find_spec(self, name, path, target=None):
        if name == "appliance.build":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
""")
    done = subprocess.run([sys.executable, "-m", "invoke", "--list"], cwd=REPOSITORY, capture_output=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_a_power_cut_comes_when_it_was_asked_for(tmp_path: Path) -> None:
    """The machine is gone after that time, which is said, and it is no failure."""
    with started_emulation(tmp_path / "x.img", "--cut-after", "0.5", "--keep") as process:
        assert process.stdout is not None
        assert "--- power cut after 0.5 s: the image is as that left it ---" in process.stdout.read()
    assert process.returncode == 0


@pytest.mark.parametrize("seconds", [-3.0, float("nan"), float("inf")])
def test_a_power_cut_that_cannot_come_is_refused(pc: Board, tmp_path: Path, seconds: float) -> None:
    """Before anything is started."""
    with pytest.raises(Problem, match=f"the power cannot be cut after {seconds:g} s: say how many seconds after power-on"):
        emulate(tmp_path / "x.img", pc, cut_after=seconds)


def test_one_firmware_at_a_time() -> None:
    """UEFI unless a BIOS is asked for; both together are refused."""
    assert chosen_firmware(False, False) == chosen_firmware(True, False) == "uefi"
    assert chosen_firmware(False, True) == "bios"
    with pytest.raises(Problem, match="say only one of --uefi and --bios"):
        chosen_firmware(True, True)
