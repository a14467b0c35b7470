"""PID 1's duties as journals of the system calls they would make: no root, no machine needed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[3] / "core" / "init"
DUTIES = ["kernel", "mounts", "modules", "module_index", "power", "storage", "watchdog"]
DUTIES += ["console", "duty", "loop", "file", "span"]
WRAPPED = ["mount", "umount2", "mkdir", "chown", "kill", "waitpid", "sync", "reboot", "sethostname"]
WRAPPED += ["open", "stat", "rename", "glob", "ioctl", "syscall"]
Run = Callable[..., list[str]]


@pytest.fixture(scope="session")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The duties linked with a system that only takes notes."""
    program = tmp_path_factory.mktemp("journal") / "journal"
    files = [Path(__file__).with_name("journal.c"), *(SOURCES / f"{name}.c" for name in DUTIES)]
    flags = "-std=c11 -g -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -fsanitize=address,undefined"
    wraps = ",".join(f"--wrap={name}" for name in WRAPPED)
    subprocess.run(["gcc", *flags.split(), f"-I{SOURCES}", f"-Wl,{wraps}", *files, "-o", program], check=True)
    return program


@pytest.fixture
def run(journal: Path, tmp_path: Path) -> Run:
    """Runs one duty in tmp_path as its root; the lines of its journal, then those a person sees."""

    def run_duty(duty: str, failing: str = "") -> list[str]:
        environment = {
            "JOURNAL_ROOT": str(tmp_path),
            "JOURNAL_FAIL": failing,
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "detect_leaks=0"),
        }
        done = subprocess.run([journal, duty], env=environment, capture_output=True, text=True, check=True)
        return (done.stdout + done.stderr).splitlines()

    return run_duty


def write(root: Path, files: dict[str, str]) -> None:
    """Puts files below root."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_file_systems(run: Run) -> None:
    """The app finds the usual folders; nothing outside of /data, /run, /tmp and /dev can be written,
    and no other process can be seen."""
    assert run("mounts") == [
        "mkdir /dev 0755",
        "mount devtmpfs /dev devtmpfs 0xa mode=0755",
        "mkdir /proc 0755",
        "mount proc /proc proc 0xe hidepid=2",
        "mkdir /sys 0755",
        "mount sysfs /sys sysfs 0xe -",
        "mkdir /run 0755",
        "mount tmpfs /run tmpfs 0xe mode=0755,size=5%",
        "mkdir /tmp 0755",
        "mount tmpfs /tmp tmpfs 0xe mode=1777,size=25%",
        "mkdir /dev/pts 0755",
        "mount devpts /dev/pts devpts 0xa mode=0620,ptmxmode=0666",
        "mkdir /dev/shm 0755",
        "mount tmpfs /dev/shm tmpfs 0xe mode=1777,size=20%",
        "mount - / - 0x27 -",
        "0 0 0",
    ]


def test_a_failing_mount_does_not_stop_the_others(run: Run) -> None:
    """One file system less is told to the caller, and all others are there."""
    lines = run("mounts", failing="mount sysfs")
    assert lines[-1] == "22 0 0"
    assert sum(line.startswith("mount ") for line in lines) == 8


def test_kernel_switches(run: Run, tmp_path: Path) -> None:
    """The app may take ports 80 and 443, an oops restarts the device, localhost has a name."""
    switches = {
        "proc/sys/net/ipv4/ip_unprivileged_port_start": "",
        "proc/sys/kernel/panic": "",
        "proc/sys/kernel/panic_on_oops": "",
        "etc/hosts": "",
    }
    write(tmp_path, switches)
    assert run("kernel") == ["sethostname hello", "0 0"]
    assert [(tmp_path / name).read_text() for name in switches] == [
        "80",
        "10",
        "1",
        "127.0.0.1 localhost hello\n::1 localhost\n",
    ]


def test_a_small_kernel_may_lack_switches(run: Run, tmp_path: Path) -> None:
    """What a kernel was built without is no failure."""
    write(tmp_path, {"etc/hosts": ""})
    assert run("kernel") == ["sethostname hello", "0 0"]


APP_FOLDER = ["mkdir /data/app 0750", "chown /data/app 1000:1000", "done"]
IN_MEMORY = ["mount tmpfs /data tmpfs 0x40e mode=0755,size=25%", *APP_FOLDER, "in memory 1"]


@pytest.fixture
def disk(tmp_path: Path) -> None:
    """A disk with the partitions of an image."""
    write(
        tmp_path,
        {
            "sys/class/block/vda/uevent": "MAJOR=254\nDEVNAME=vda\nDEVTYPE=disk\n",
            "sys/class/block/vda5/uevent": "DEVNAME=vda5\nDEVTYPE=partition\nPARTNAME=slotb\n",
            "sys/class/block/vda6/uevent": "DEVNAME=vda6\nDEVTYPE=partition\nPARTN=6\nPARTNAME=data\n",
            "sys/class/block/vda7/uevent": "DEVNAME=vda7\nDEVTYPE=partition\nPARTNAME=data2\n",
        },
    )


@pytest.mark.usefixtures("disk")
def test_the_data_partition_is_found_by_its_name(run: Run) -> None:
    """/data is the partition called data, with nothing executable, and the app's folder is the app's."""
    assert [
        "mkdir /data 0755",
        "mount /dev/vda6 /data ext4 0x40e errors=remount-ro",
        *APP_FOLDER,
        "in memory 0",
        "fapws4: /data is /dev/vda6",
    ] == run("storage")


@pytest.mark.usefixtures("disk")
def test_a_damaged_data_partition_is_never_touched(run: Run) -> None:
    """What cannot be mounted is said in a clear line, left alone, and replaced by memory."""
    assert [
        "mkdir /data 0755",
        "mount /dev/vda6 /data ext4 0x40e errors=remount-ro",
        *IN_MEMORY,
        (
            "fapws4: cannot mount /data from /dev/vda6: Invalid argument; nothing on it was changed; "
            "what the app saves is lost at power-off"
        ),
    ] == run("storage", failing="mount /dev/vda6")


def test_a_missing_data_partition_is_waited_for_then_said(run: Run) -> None:
    """After ten seconds without the disk the device works from memory, and says so."""
    assert [
        "mkdir /data 0755",
        *IN_MEMORY,
        "fapws4: no partition named data after 10 s; what the app saves is lost at power-off",
    ] == run("storage")


def test_a_device_without_data_partition_says_nothing(run: Run) -> None:
    """A device that is meant to forget does so silently."""
    assert ["mkdir /data 0755", *IN_MEMORY] == run("no-storage")


def test_power_off(run: Run, tmp_path: Path) -> None:
    """Everything that runs is ended, what was written is on the disk, the watchdog lets go."""
    write(tmp_path, {"dev/watchdog": ""})
    assert run("power-off") == [
        "watchdog timeout 60",
        "watchdog 0",
        "kill -1 9",
        "waitpid -1",
        "sync",
        "umount2 /data 0",
        "reboot POWER_OFF",
        "fapws4: watchdog: , 60 s",
        "fapws4: power off",
    ]
    assert (tmp_path / "dev/watchdog").read_text() == "V"


def test_restart(run: Run, tmp_path: Path) -> None:
    """A restart keeps the watchdog armed, so that one that hangs is cut short."""
    write(tmp_path, {"dev/watchdog": ""})
    lines = run("restart")
    assert lines[4:8] == ["sync", "umount2 /data 0", "watchdog fed", "reboot RESTART"]
    assert (tmp_path / "dev/watchdog").read_text() == ""


def test_a_busy_data_partition_ends_read_only(run: Run) -> None:
    """/data that cannot be unmounted is made read-only: the journal is closed all the same."""
    lines = run("power-off", failing="umount2 /data")
    assert "reboot POWER_OFF" in lines


def test_modules_come_in_order_and_once(run: Run, tmp_path: Path) -> None:
    """Dependencies first, the always-list before devices, nothing twice, absent hardware in silence."""
    names = ["mbcache", "jbd2", "ext4", "button", "virtio_ring", "virtio_net", "mii", "r8152", "unused"]
    write(tmp_path, {f"lib/modules/{name}.ko.xz": "" for name in names})
    write(
        tmp_path,
        {
            "etc/modules.always": "ext4\nbutton\nghost\n",
            "etc/modules.depends": "ext4 mbcache jbd2\nvirtio_net virtio_ring\nr8152 mii\n",
            "etc/modules.alias": "virtio:d00000001v* virtio_net\nusb:v0BDAp8152* r8152\nacpi*:LNX* button\n",
            "sys/bus/virtio/devices/virtio0/modalias": "virtio:d00000001v00001AF4\n",
            "sys/bus/acpi/devices/LNXPWRBN:00/modalias": "acpi:LNXPWRBN:\n",
        },
    )
    loaded = ["mbcache", "jbd2", "ext4", "button", "virtio_ring", "virtio_net", "mii", "r8152"]
    assert [
        *(f"finit_module {name}.ko.xz" for name in loaded),
        "loaded 8",
        "fapws4: cannot load module ghost: No such file or directory",
    ] == run("modules")


def test_a_kernel_without_modules_needs_no_lists(run: Run) -> None:
    """The own small kernel has everything built in: nothing is tried, nothing is said."""
    assert run("modules") == ["loaded 0"]
