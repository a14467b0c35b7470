"""PID 1's duties as journals of the system calls they would make: no root, no machine needed."""

from __future__ import annotations

import errno
import os
import re
import struct
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.fetching.recipes import load_board
from appliance.formats import gpt
from appliance.imaging.bootloader import STATE_COPIES_AT, STATE_SIZE, SlotState
from appliance.imaging.image import blank_of, data_volume, layout
from appliance.imaging.preseed import RESET_AT
from tests.build import PID_1, of_pid_1

DUTIES = ["kernel", "mounts", "modules", "module_index", "power", "storage", "watchdog"]
DUTIES += ["child", "disk", "ext4", "gpt", "crc32", "growth", "mend", "log", "log_text"]
DUTIES += ["cmdline", "last_words", "note", "record", "slot", "slot_state", "slots", "failure", "lease", "status"]
DUTIES += ["clock", "clock_choice", "rtc", "storage_health", "../update/text"]
DUTIES += ["inet6", "host_address", "network_settings", "network_change", "network_servers"]
DUTIES += ["welcome", "ready", "link_local", "arp"]
DUTIES += ["supervision", "blank", "reset_order", "settings"]
DUTIES += ["nodes", "node_rule", "uevent"]
DUTIES += ["probation", "trial", "keepsake", "tree", "lost"]
DUTIES += ["console", "duty", "loop", "file", "span"]
WRAPPED = ["mount", "umount2", "mkdir", "chown", "kill", "waitpid", "sync", "reboot", "sethostname"]
WRAPPED += ["symlink", "open", "stat", "rename", "glob", "ioctl", "syscall", "access", "unlink", "loop_now", "statvfs"]
WRAPPED += ["mknod", "chmod"]
Run = Callable[..., list[str]]


@pytest.fixture(scope="session")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The duties linked with a system that only takes notes."""
    program = tmp_path_factory.mktemp("journal") / "journal"
    files = [Path(__file__).with_name("journal.c"), *(of_pid_1(f"{name}.c") for name in DUTIES)]
    flags = "-std=c11 -g -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -fsanitize=address,undefined"
    wraps = ",".join(f"--wrap={name}" for name in WRAPPED)
    subprocess.run(["gcc", *flags.split(), f"-I{PID_1}", f"-Wl,{wraps}", *files, "-o", program], check=True)
    return program


@pytest.fixture
def run(journal: Path, tmp_path: Path) -> Run:
    """Runs one duty in tmp_path as its root; the lines of its journal, then those a person sees."""

    def run_duty(duty: str, failing: str = "", cmdline: str = "", script: str = "") -> list[str]:
        environment = {
            "JOURNAL_ROOT": str(tmp_path),
            "JOURNAL_FAIL": failing,
            "JOURNAL_DATA": GUID,
            "JOURNAL_CMDLINE": cmdline,
            **({"JOURNAL_SCRIPT": script} if script else {}),
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
    """The app finds the usual folders, and a /dev of its own; nothing outside of /data, /run, /tmp and /dev can be written,
    and no other process can be seen."""
    assert run("mounts") == [
        "mkdir /dev 0755",
        "mount devtmpfs /dev devtmpfs 0xa mode=0755",
        "mkdir /proc 0755",
        "mount proc /proc proc 0xe hidepid=2,gid=65535",
        "mkdir /sys 0755",
        "mount sysfs /sys sysfs 0xe -",
        "mkdir /run 0755",
        "mount tmpfs /run tmpfs 0xe mode=0755,size=5%",
        "mkdir /tmp 0755",
        "mount tmpfs /tmp tmpfs 0xe mode=1777,size=25%",
        "mkdir /run/empty 0555",
        "mkdir /run/dev 0755",
        "mount tmpfs /run/dev tmpfs 0xa mode=0755,size=64k,nr_inodes=1k",
        "mkdir /run/dev/pts 0755",
        "mount devpts /run/dev/pts devpts 0xa mode=0620,ptmxmode=0666",
        "mkdir /run/dev/shm 0755",
        "mount tmpfs /run/dev/shm tmpfs 0xe mode=1777,size=20%",
        *(f"mknod /run/dev/{node}" for node in (
            "null 020000 1:3", "zero 020000 1:5", "full 020000 1:7", "random 020000 1:8", "urandom 020000 1:9",
            "tty 020000 5:0", "ptmx 020000 5:2")),
        "mount - / - 0x27 -",
        "0 0 0",
    ]


def test_a_failing_mount_does_not_stop_the_others(run: Run) -> None:
    """One file system less is told to the caller, and all others are there."""
    lines = run("mounts", failing="mount sysfs")
    assert lines[-1] == "22 0 0"
    assert sum(line.startswith("mount ") for line in lines) == 9


def test_kernel_switches(run: Run, tmp_path: Path) -> None:
    """The app may take ports 80 and 443, an oops restarts the device, localhost has a name."""
    switches = {
        "proc/sys/net/ipv4/ip_unprivileged_port_start": "",
        "proc/sys/kernel/panic": "",
        "proc/sys/kernel/panic_on_oops": "",
        "run/hosts": "",
    }
    write(tmp_path, switches)
    assert run("kernel") == ["sethostname hello", "symlink /run/hosts /etc/hosts", "0 0"]
    assert [(tmp_path / name).read_text() for name in switches] == [
        "80",
        "10",
        "1",
        "127.0.0.1 localhost hello\n::1 localhost\n",
    ]


def test_a_small_kernel_may_lack_switches(run: Run, tmp_path: Path) -> None:
    """What a kernel was built without is no failure."""
    write(tmp_path, {"run/hosts": ""})
    assert run("kernel") == ["sethostname hello", "symlink /run/hosts /etc/hosts", "0 0"]


FOLDERS = ["mkdir /data/app 0750", "chown /data/app 1000:1000", "mkdir /data/.fapws4 0700", "chown /data/.fapws4 0:0", "done"]
MEMORY = ["mount tmpfs /data tmpfs 0x40e mode=0755,size=25%", *FOLDERS]
PARTITIONS = layout(load_board("pc"), "hello")
DATA = PARTITIONS[-1]
GUID = str(DATA.identity)
TOTAL = DATA.first + DATA.sectors + 2048
RIGHT_SIZE = f"partition 6: {DATA.sectors * 512} bytes from {DATA.first * 512}"


def add_disk(root: Path, name: str, sectors: int = TOTAL, identity: uuid.UUID = DATA.identity) -> Path:
    """A disk with the partitions of an image, ``sectors`` large; the GUID of the last may be another."""
    last = gpt.Partition("data", DATA.kind, identity, DATA.first, DATA.sectors)
    separator = "p" if name[-1].isdigit() else ""
    write(root, {f"sys/class/block/{name}/uevent": f"MAJOR=254\nDEVNAME={name}\nDEVTYPE=disk\n",
                 f"sys/class/block/{name}{separator}6/uevent":
                     f"DEVNAME={name}{separator}6\nDEVTYPE=partition\nPARTN=6\nPARTNAME=data\n"})
    path = root / "dev" / name
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.truncate(sectors * 512)
        for offset, data in gpt.table([*PARTITIONS[:-1], last], last.identity, TOTAL):
            file.seek(offset)
            file.write(data)
        file.truncate(sectors * 512)
    return path


def tables(path: Path) -> tuple[bytes, bytes]:
    """The first 34 sectors of a disk and its last 33."""
    with path.open("rb") as file:
        front = file.read(34 * 512)
        file.seek(-33 * 512, 2)
        return front, file.read()


def expected_tables(sectors: int) -> tuple[bytes, bytes]:
    """What the builder would write for a disk of this size."""
    last = gpt.Partition("data", DATA.kind, DATA.identity, DATA.first, (sectors - 33) // 2048 * 2048 - DATA.first)
    front, back = dict(gpt.table([*PARTITIONS[:-1], last], DATA.identity, sectors)).values()
    return front, back


@pytest.mark.parametrize("name", ["vda", "mmcblk0"])
def test_the_data_partition_is_found_by_its_guid(run: Run, tmp_path: Path, name: str) -> None:
    """/data is the partition of this image, with nothing executable, whatever other disk has a partition called data."""
    add_disk(tmp_path, "sda", identity=uuid.uuid4())
    add_disk(tmp_path, name)
    add_disk(tmp_path, "vdz", identity=uuid.uuid4())
    device = {"vda": "vda6", "mmcblk0": "mmcblk0p6"}[name]
    assert [
        "mkdir /data 0755",
        RIGHT_SIZE,
        f"mount /dev/{device} /data ext4 0x40e errors=remount-ro,noinit_itable",
        *FOLDERS,
        "on disk 1, rescue 0, warning 0",
        f"fapws4: /data is /dev/{device}",
    ] == run("storage")


def test_a_disk_of_the_images_size_is_not_written(run: Run, tmp_path: Path) -> None:
    """A device whose disk is no larger than the image has nothing to correct, at any boot."""
    disk = add_disk(tmp_path, "vda")
    disk.chmod(0o444)
    before = disk.stat().st_mtime_ns
    run("storage")
    assert disk.stat().st_mtime_ns == before


@pytest.mark.parametrize("lost", ["nothing", "the table in front", "the backup"])
def test_data_grows_with_the_disk(run: Run, tmp_path: Path, lost: str) -> None:
    """On a larger disk the partition grows before it is mounted and the file system after; a copy of the table that a cut
    has left torn is made again from the other; the second boot writes nothing."""
    disk = add_disk(tmp_path, "vda", 64 << 21)
    (tmp_path / "data").mkdir()
    if lost != "nothing":
        run("storage")
        with disk.open("r+b") as file:
            file.seek(1024 if lost == "the table in front" else -1024, 0 if lost == "the table in front" else 2)
            file.write(b"torn")
    with (tmp_path / "dev/vda6").open("wb") as file:
        file.truncate(expected_sectors(64 << 21) * 512)
        for offset, block in data_volume(DATA.sectors * 512, load_board("pc"), "hello"):
            file.seek(offset)
            file.write(block)
    size = expected_sectors(64 << 21)
    lines = run("storage")
    assert [
        "mkdir /data 0755",
        f"partition 6: {size * 512} bytes from {DATA.first * 512}",
        "mount /dev/vda6 /data ext4 0x40e errors=remount-ro,noinit_itable",
    ] == lines[:3]
    assert f"resize /data to {size // 8} blocks" in lines
    assert f"fapws4: /data has grown to {size // 2048} MiB" in lines
    assert tables(disk) == expected_tables(64 << 21)
    before = disk.stat().st_mtime_ns
    run("storage")
    assert disk.stat().st_mtime_ns == before


def expected_sectors(total: int) -> int:
    """Of a data partition on a disk of this size."""
    return (total - 33) // 2048 * 2048 - DATA.first


def test_a_failing_growth_costs_nothing(run: Run, tmp_path: Path) -> None:
    """When the kernel refuses the larger partition, the small one is mounted and the reason said."""
    add_disk(tmp_path, "vda", 64 << 21)
    lines = run("storage", failing="partition 6")
    assert "on disk 1, rescue 0, warning 0" in lines
    assert "fapws4: cannot give /data the rest of the disk: Invalid argument" in lines


def test_a_disk_that_is_too_small_is_said(run: Run, tmp_path: Path) -> None:
    """An image on a stick that is smaller than it claims: the table is left as it is."""
    disk = add_disk(tmp_path, "vda", TOTAL - 2048)
    before = tables(disk)
    assert "fapws4: cannot give /data the rest of the disk: No space left on device" in run("storage")
    assert tables(disk) == before


ORDER = b"fapws4-reset 1\n".ljust(512, b"\0")


def order_reset(root: Path, blank: bytes) -> tuple[Path, Path]:
    """A device whose /data is to be made anew; the devices of its state and data partitions."""
    add_disk(root, "vda")
    number = [part.name for part in PARTITIONS].index("state") + 1
    state, data = root / f"dev/vda{number}", root / "dev/vda6"
    state.write_bytes(bytes(RESET_AT) + ORDER + b"behind it")
    data.write_bytes(b"old" * 6_000_000)
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/appliance.data").write_bytes(blank)
    return state, data


def test_a_factory_reset_makes_data_as_in_a_fresh_image(run: Run, tmp_path: Path) -> None:
    """Only by an operator's order, before anything is mounted, and once; what lies behind the file system stays."""
    board = load_board("pc")
    fresh = data_volume(DATA.sectors * 512, board, "hello")
    state, data = order_reset(tmp_path, blank_of(board, {"data": fresh}))
    lines = run("storage")
    assert "fapws4: all data was erased, as was ordered" in lines
    expected = bytearray(DATA.sectors * 512)
    for offset, block in fresh:
        expected[offset : offset + len(block)] = block
    assert data.read_bytes() == bytes(expected) + (b"old" * 6_000_000)[len(expected):]
    assert state.read_bytes() == bytes(RESET_AT) + bytes(512) + b"behind it"
    data.write_bytes(b"new")
    assert not [line for line in run("storage") if "erased" in line]
    assert b"new" == data.read_bytes()


def test_a_factory_reset_remembers_the_stick(pure: Any, run: Run, tmp_path: Path) -> None:
    """Also when all is done, and another order is given: a stick that is left in the device gives its order once."""
    board = load_board("pc")
    state, _ = order_reset(tmp_path, blank_of(board, {"data": data_volume(DATA.sectors * 512, board, "hello")}))
    device, lib = str(state).encode(), pure.lib
    assert not lib.reset_order_was_by(device, 7)
    assert 0 == lib.reset_order_give(device, 7)
    assert lib.reset_order_is_given(device)
    assert "fapws4: all data was erased, as was ordered" in run("storage")
    assert (False, True, False) == (lib.reset_order_is_given(device), lib.reset_order_was_by(device, 7),
                                    lib.reset_order_was_by(device, 8))
    for stick in (8, 0, 8):
        assert (0, 0) == (lib.reset_order_give(device, stick), lib.reset_order_clear(device))
    assert (True, True) == (lib.reset_order_was_by(device, 7), lib.reset_order_was_by(device, 8))
    sector = (bytes(64) + struct.pack("<II", 8, 7)).ljust(512, b"\0")
    assert state.read_bytes() == bytes(RESET_AT) + sector + b"behind it"


def test_many_sticks(pure: Any, tmp_path: Path) -> None:
    """The oldest is forgotten, and nothing else; of a disk that cannot be read, no stick orders anything."""
    state, most = tmp_path / "state", pure.lib.RESET_STICKS
    state.write_bytes(bytes(RESET_AT + 512) + b"behind it")
    device = str(state).encode()
    for stick in range(1, most + 2):
        assert 0 == pure.lib.reset_order_give(device, stick)
    assert [1] == [stick for stick in range(1, most + 2) if not pure.lib.reset_order_was_by(device, stick)]
    assert pure.lib.reset_order_is_given(device)
    assert state.read_bytes().endswith(b"behind it")
    state.write_bytes(bytes(RESET_AT + 511))
    assert (errno.EIO, errno.EIO, True, False) == (
        pure.lib.reset_order_give(device, 1), pure.lib.reset_order_clear(device), pure.lib.reset_order_was_by(device, 1),
        pure.lib.reset_order_is_given(device))
    assert errno.ENOENT == pure.lib.reset_order_give(str(tmp_path / "none").encode(), 1)


@pytest.mark.parametrize("blank", [b"", b"no entries", b"size 2\n10\n0 11\nlonger than\n", b"size 2\n10\n20 1\nx\n",
                                   b"size 2\n10\nx 1\nx\n", b"size 2\n10\n0 1\nx\nrest"])
def test_a_factory_reset_that_cannot_be_done_stays_ordered(run: Run, tmp_path: Path, blank: bytes) -> None:
    """It is said, and tried again at the next start."""
    state, _ = order_reset(tmp_path, blank)
    assert f"fapws4: cannot make /data anew, as was ordered: {os.strerror(errno.EILSEQ)}" in run("storage")
    assert state.read_bytes() == bytes(RESET_AT) + ORDER + b"behind it"


def test_a_damaged_data_partition_is_never_touched(run: Run, tmp_path: Path) -> None:
    """What cannot be mounted is said in a clear line, offered read-only as it stands, and replaced by memory."""
    add_disk(tmp_path, "vda")
    assert [
        "mkdir /data 0755",
        RIGHT_SIZE,
        "mount /dev/vda6 /data ext4 0x40e errors=remount-ro,noinit_itable",
        "mkdir /run/data 0755",
        "mount /dev/vda6 /run/data ext4 0x40f noload",
        *MEMORY,
        "on disk 0, rescue 1, warning 1",
        "fapws4: cannot mount /data from /dev/vda6: Invalid argument; nothing on it was changed",
        "fapws4: what is on /dev/vda6 can be read below /run/data",
    ] == run("storage", failing="mount /dev/vda6 /data")


def test_a_data_partition_that_is_beyond_reading(run: Run, tmp_path: Path) -> None:
    """What cannot even be read leaves the device working, from memory."""
    add_disk(tmp_path, "vda")
    lines = run("storage", failing="mount /dev/vda6")
    assert "on disk 0, rescue 0, warning 1" in lines
    assert "fapws4: cannot read what is on it either: Invalid argument" in lines


def test_two_disks_of_the_same_image(run: Run, tmp_path: Path) -> None:
    """With the stick of the same image still plugged in, no disk is written: which one is the device's is unknown."""
    disks = [add_disk(tmp_path, name, 64 << 21) for name in ("sda", "vda")]
    before = [tables(disk) for disk in disks]
    assert [
        "mkdir /data 0755",
        *MEMORY,
        "on disk 0, rescue 0, warning 1",
        ("fapws4: 2 disks hold this image, and which one is this device's cannot be told: none is used; "
         "remove the others and restart"),
    ] == run("storage")
    assert [tables(disk) for disk in disks] == before


def test_a_missing_data_partition_is_waited_for_then_said(run: Run) -> None:
    """After ten seconds without the disk the device works from memory, and says so."""
    assert [
        "mkdir /data 0755",
        *MEMORY,
        "on disk 0, rescue 0, warning 1",
        "fapws4: no disk with the data partition of this image after 10 s",
    ] == run("storage")


def test_a_device_without_data_partition_says_nothing(run: Run) -> None:
    """A device that is meant to forget does so silently."""
    assert ["mkdir /data 0755", *MEMORY, "on disk 0, rescue 0, warning 0"] == run("no-storage")


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


SERIAL = "MAJOR=188\nMINOR={0}\nDEVNAME=ttyUSB{0}\n"


def test_the_app_gets_the_nodes_that_it_has_asked_for(run: Run, tmp_path: Path) -> None:
    """Those that are there, then those that come and go; a lost message is made up for; what else there is stays away."""
    (tmp_path / "run/dev").mkdir(parents=True)
    write(tmp_path, {"sys/dev/char/188:0/uevent": SERIAL.format(0),
                     "sys/dev/char/1:1/uevent": "MAJOR=1\nMINOR=1\nDEVNAME=mem\n",
                     "sys/dev/char/10:1/uevent": "MAJOR=10\nMINOR=1\n"})
    assert run("nodes", script="ttyUSB*") == [
        "mknod /run/dev/.unfinished 020600 188:0", "chown /run/dev/.unfinished 1000:1000",
        "refreshed", "refreshed",
        "mknod /run/dev/.unfinished 020600 188:1", "chown /run/dev/.unfinished 1000:1000", "added tty 188:1 ttyUSB1",
        "added block 8:0 ttyUSB7",
        "added tty 4:64 ttyS0",
        "mknod /run/dev/.unfinished 020600 188:2", "chown /run/dev/.unfinished 1000:1000", "added tty 188:2 ttyUSB1",
        "removed tty 188:2 ttyUSB1",
        "removed tty 188:3 ttyUSB3",
        "mknod /run/dev/.unfinished 020600 188:5", "chown /run/dev/.unfinished 1000:1000", "added tty 188:5 ttyUSB5",
        "missed",
        "fapws4: hello has /dev/ttyUSB0", "fapws4: hello has /dev/ttyUSB1", "fapws4: hello has /dev/ttyUSB1",
        "fapws4: hello no longer has /dev/ttyUSB1", "fapws4: hello has /dev/ttyUSB5",
        "fapws4: hello no longer has /dev/ttyUSB5",
    ]
    assert [path.name for path in (tmp_path / "run/dev").iterdir()] == ["ttyUSB0"]


def test_no_app_gets_more_nodes_than_there_is_room_for(run: Run, tmp_path: Path) -> None:
    """The first 64, and a line for each other one."""
    (tmp_path / "run/dev").mkdir(parents=True)
    write(tmp_path, {f"sys/dev/char/188:{number}/uevent": SERIAL.format(number) for number in range(100, 164)})
    lines = run("nodes", script="ttyUSB*")
    assert sum("hello has /dev/" in line for line in lines) == 64
    assert f"fapws4: cannot give hello /dev/ttyUSB1: {os.strerror(errno.ENOSPC)}" in lines  # the first that comes later


def test_an_app_that_asks_for_nothing_gets_nothing(run: Run, tmp_path: Path) -> None:
    """Without patterns nothing is even looked for."""
    write(tmp_path, {"sys/dev/char/188:0/uevent": SERIAL.format(0)})
    assert [line for line in run("nodes", script="") if line.startswith(("mknod", "fapws4"))] == []


FOLDER = "data/.fapws4"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """PID 1's folder on /data, with the one for resets."""
    path = tmp_path / FOLDER
    (path / "reset").mkdir(parents=True)
    return path


def files(folder: Path) -> dict[str, str]:
    """What lies in PID 1's folder."""
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


STORE = "mount pstore /sys/fs/pstore pstore 0xe -"


def test_a_run_without_faults_leaves_nothing(run: Run, folder: Path) -> None:
    """Between its start and its orderly end a device writes that it runs, and nothing else."""
    assert run("record") == [STORE, "fapws4: after the fault"]
    assert files(folder) == {}


def test_a_warning_is_written_down_once_in_ten_minutes(run: Run, folder: Path) -> None:
    """The log on the disk has what led to the warning, and what comes later does not wear the disk out."""
    run("record-fault")
    [(name, text)] = files(folder).items()
    assert name == "log"
    assert re.fullmatch(r"\d+\.\d{3} - fapws4 a fault\n", text)


def test_a_cut_is_told_at_the_next_start(run: Run, folder: Path) -> None:
    """What a device that was cut off left is shown and kept, with the log of that run; the one before is kept too."""
    for _ in range(2):
        write(folder, {"running": "", "log": "the last line\n"})
        assert run("record") == [
            STORE,
            "mkdir /data/.fapws4/reset 0700",
            "fapws4: the last run did not end in an orderly way: power cut or reset",
            "fapws4: its last lines are in /data/.fapws4/reset/last",
            "fapws4: after the fault",
        ]
    reset = "power cut or reset\nthe last line\n"
    assert files(folder) == {"log": "the last line\n", "reset/before": reset, "reset/last": reset}


def test_the_watchdog_is_named(run: Run, folder: Path) -> None:
    """A reset by the watchdog is told from a power cut where the hardware can say so."""
    assert "fapws4: the last run did not end in an orderly way: the watchdog has reset the machine" in run("record-watchdog")
    assert files(folder) == {"reset/last": "the watchdog has reset the machine\n"}


def test_the_kernels_last_words_are_kept_and_the_store_emptied(run: Run, tmp_path: Path, folder: Path) -> None:
    """The pieces of a record are put in order, the last of them shown, and UEFI's store is free for the next."""
    store = tmp_path / "sys/fs/pstore"
    write(store, {"dmesg-efi_pstore-17001": "Panic#1 Part1\nKernel panic - not syncing\n",
                  "dmesg-efi_pstore-17002": "Panic#1 Part2\nwhat came before\n"})
    lines = run("record")
    assert lines[-4:] == ["fapws4: | Panic#1 Part1", "fapws4: | Kernel panic - not syncing",
                          "fapws4: its last lines are in /data/.fapws4/reset/last", "fapws4: after the fault"]
    assert files(folder)["reset/last"].splitlines() == [
        "the kernel has died", "Panic#1 Part2", "what came before", "Panic#1 Part1", "Kernel panic - not syncing"]
    assert list(store.iterdir()) == []


def test_without_data_the_store_keeps_what_it_has(run: Run, tmp_path: Path) -> None:
    """What cannot be kept elsewhere is shown and stays where it is."""
    store = tmp_path / "sys/fs/pstore"
    write(store, {"dmesg-efi_pstore-1": "Kernel panic\n"})
    assert "fapws4: | Kernel panic" in run("record-memory")
    assert len(list(store.iterdir())) == 1
    assert not (tmp_path / "data").exists()


STATE = next(partition for partition in PARTITIONS if partition.name == "state")
WORDS = "console=ttyS0 fapws4.slot={} fapws4.state={}"


@pytest.mark.parametrize(("copies", "cmdline", "said", "after"), [
    ((SlotState(4, "a"), SlotState(3, "a")), WORDS.format("a", "4.a..0"), "running a, on trial 0, back 0, substitute 0",
     ["4.a..0", "3.a..0"]),
    ((SlotState(5, "a", "b", 0), SlotState(5, "a", "b", 1)), WORDS.format("b", "5.a.b.0"),
     "running b, on trial 1, back 0, substitute 0", ["5.a.b.0", "6.b..0"]),
    ((SlotState(5, "a", "b", 0), SlotState(5, "a", "b", 1)), WORDS.format("a", "5.a.b.0"),
     "running a, on trial 0, back 1, substitute 0", ["5.a.b.0", "6.a..0"]),
    ((SlotState(4, "b"), SlotState(3, "b")), WORDS.format("a", "4.b..0"), "running a, on trial 0, back 0, substitute 1",
     ["4.b..0", "5.a..0"]),
    ((SlotState(4, "b"), SlotState(3, "b")), "console=ttyS0", "running -, on trial 0, back 0, substitute 0",
     ["4.b..0", "3.b..0"]),
    ((SlotState(4, "b"), SlotState(3, "b")), WORDS.format("c", "4.b..0"), "running -, on trial 0, back 0, substitute 0",
     ["4.b..0", "3.b..0"]),
])
def test_what_a_slot_makes_of_its_state(
    run: Run, tmp_path: Path, copies: tuple[SlotState, SlotState], cmdline: str, said: str, after: list[str]
) -> None:
    """A slot on trial confirms itself, one that is back gives the other up, a substitute takes over; others write nothing."""
    add_disk(tmp_path, "vda")
    state = tmp_path / "dev/vda3"
    with state.open("wb") as file:
        file.truncate(STATE.sectors * 512)
        for at, copy in zip(STATE_COPIES_AT, copies, strict=True):
            file.seek(at)
            file.write(copy.block())
    assert run("slot", cmdline=cmdline) == [said]
    data = state.read_bytes()
    blocks = [data[at : at + STATE_SIZE].decode().splitlines() for at in STATE_COPIES_AT]
    assert [next(line.removeprefix("end=") for line in block if line.startswith("end=")) for block in blocks] == after


@pytest.mark.parametrize(("duty", "after"), [("fall-back", "b"), ("fall-back-memory", "-")])
def test_a_version_is_given_up_once_its_settings_are_put_back(run: Run, tmp_path: Path, duty: str, after: str) -> None:
    """Without /data, on which they lie, at a later start: the copy of them would be thrown away else. What has no /data has
    nothing to wait for."""
    add_disk(tmp_path, "vda")
    with (tmp_path / "dev/vda3").open("wb") as file:
        file.truncate(STATE.sectors * 512)
    assert f"on trial {after}" == run(duty)[0]


def test_a_trial_without_its_disk_cannot_be_confirmed(run: Run) -> None:
    """A new version that does not find the disk knows that it is on trial, and that it cannot pass."""
    lines = run("slot", cmdline=WORDS.format("b", "5.a.b.0"))
    assert lines == ["running b, on trial 1, back 0, substitute 0", "fapws4: cannot confirm: No such device"]


SILENT = "fapws4: hello has not answered in 5 s"
ANEW = "fapws4: hello has not answered for 5 min; it is started anew"


@pytest.mark.parametrize(("script", "said"), [
    ("200@60 200@60 500@60 404@60", ["runs after 240 s"]),
    ("200@60 0@60 0@10 200@10 0@60", ["runs after 200 s", SILENT, "fapws4: hello answers again", SILENT]),
    ("0@60 0@299 0@1", ["ended after 360 s", SILENT, ANEW]),
    ("0@60 0@299 200@1 0@60 0@299 200@1", ["runs after 720 s"] + 2 * [SILENT, "fapws4: hello answers again"]),
    ("held 0@60 0@600 0@600", ["runs after 1260 s", SILENT]),
    ("trial 0@2 0@600 confirmed 200@2", ["runs after 604 s", SILENT, "fapws4: hello answers again"]),
    ("deaf 0@60 0@1739", ["runs after 1799 s"]),
    ("deaf 0@60 0@1740", ["ended after 1800 s", "fapws4: hello has not come to listen for 30 min; it is started anew"]),
    ("deaf held 0@3600", ["runs after 3600 s"]),
    ("deaf 0@1799 hears 0@60 0@10", ["runs after 1869 s", SILENT]),
])
def test_a_silent_app_is_started_anew(run: Run, script: str, said: list[str]) -> None:
    """Five minutes without any answer, or half an hour before it listens, are too long; a trial and an update hold it."""
    assert run("supervision", script=script) == said


def test_a_device_without_a_disk_keeps_nothing(run: Run, folder: Path) -> None:
    """What is in memory only is gone with it: nothing is written, and a cut is not known of."""
    assert run("record-memory") == [STORE, "fapws4: a fault", "fapws4: after the fault"]
    assert files(folder) == {}


def test_a_failed_trial_leaves_its_word(run: Run, folder: Path) -> None:
    """The reason and the last lines, under the number of the trial; nothing is nothing."""
    said = "version 2.0 has not passed its trial: the app has a headache"
    assert run("no-failure") == ["no word"]
    assert run("failure") == ["trial 5", f"fapws4: {said}", "fapws4: | its last line"]
    assert files(folder) == {"failed": f"trial 5, {said}\nits last line\n"}


@pytest.mark.parametrize("text", ["", "\n", "trial", "trial x, y\n", "trial 5,\n\n\n", "trial 5, " + "x" * 300 + "\n"])
def test_a_word_that_is_none_does_not_count(run: Run, folder: Path, text: str) -> None:
    """What another program has put there is not taken for a trial's."""
    write(folder, {"failed": text})
    assert run("no-failure") == ["no word"]


def facts_of(lines: list[str]) -> dict[str, str | None]:
    """Lines `key value`."""
    return {line.partition(" ")[0]: line.partition(" ")[2] for line in lines}


WELL = ["product shop", "version 2.0", "board pc", "counter 17", "slot b", "state confirmed", "data ok",
        "storage 4096000 1024000", "name shop.local",
        "network connected", "interface eth0 52:54:00:01:02:03 connected", "address 10.0.2.15", "gateway 10.0.2.2",
        "address6 fe80::5054:ff:fe01:203", "dns 10.0.2.3", "dns 9.9.9.9",
        "network-settings v4=dhcp v6=auto ntp=10.0.2.5", "ntp 10.0.2.5", "clock trusted sntp 10.0.2.5",
        "timezone Europe/Vienna CET-1CEST,M3.5.0,M10.5.0/3", "uptime 1", "app listening 80"]
IF_INET6 = """\
00000000000000000000000000000001 01 80 10 80       lo
fe80000000000000505400fffe010203 02 40 20 80     eth0
fd000000000000000000000000000001 02 40 00 40     eth0
"""


@pytest.fixture
def kernel_list(tmp_path: Path) -> None:
    """Addresses of IPv6: the loopback's, a usable one, and one that is still asked for."""
    write(tmp_path, {"proc/net/if_inet6": IF_INET6})


@pytest.fixture
def worn_disk(tmp_path: Path) -> None:
    """What the kernel says of an eMMC that has been written to for years."""
    write(tmp_path, {"sys/fs/ext4/mmcblk0p6/errors_count": "7\n", "sys/block/mmcblk0/device/life_time": "0x02 0x03\n",
                     "sys/block/mmcblk0/device/pre_eol_info": "0x02\n"})


@pytest.mark.usefixtures("kernel_list")
def test_the_status_of_a_machine_that_is_well(run: Run) -> None:
    """One line for each fact, and none for what there is not."""
    assert run("status", script="well") == ["0 bytes", *WELL]


STATES: dict[str, dict[str, str | None]] = {
    "trial": {"state": "trial 512 paused", "missing": "the cable is out"},
    "trouble": {"state": "recovery shop has failed 3 times; it ended after 0 s (exit code 3)", "data": "memory",
                "rescue": "/run/data", "network": "no-cable", "address": None, "gateway": None, "dns": None, "app": "ended",
                "interface": "eth0 52:54:00:01:02:03 no-cable",
                "failed": "version 3.0 has not passed its trial: the app has a headache", "reset": "power cut or reset"},
    "worn": {"data": "read-only", "storage-errors": "7", "storage-life": "30", "storage-reserve": "low"},
    "change": {"network-trial": "90"},
    "young": {"slot": None, "data": None, "storage": None, "clock": "untrusted build", "timezone": None,
              "name": None, "network": "none", "interface": None, "address": None, "gateway": None,
              "dns": None, "ntp": None, "network-settings": "v4=dhcp v6=auto", "app": "starting"},
}


@pytest.mark.usefixtures("kernel_list", "worn_disk")
@pytest.mark.parametrize("state", STATES)
def test_the_status_of_a_machine_in_trouble(run: Run, state: str) -> None:
    """Every state has its words, and what is not known is not said."""
    expected = {**facts_of(WELL), **STATES[state]}
    assert facts_of(run("status", script=state)[1:]) == {key: value for key, value in expected.items() if value}


def test_the_longest_status_is_whole(run: Run) -> None:
    """As many addresses as there can be, and the longest failure."""
    lines = run("status", script="long")
    assert lines.count("address 255.255.255.255") == 8
    assert f"failed {'x' * 255}" in lines


RULE = "-" * 60
CODE, PAGES, CERTIFICATE = "claim code AB12", "status and updates: https://10.0.2.15:8443/", "certificate 12:34"
ANSWERS = [f"shop answers at http://{host}/" for host in ("10.0.2.15", "169.254.7.7", "[fd00::1]", "shop.local")]
DIRECT = "on a direct cable, too: fe80::5054:ff:fe01:203"


@pytest.mark.parametrize(("script", "shown"), [
    ("code", [[CODE]]),
    ("code pages address", [[CODE, PAGES, CERTIFICATE]]),
    ("code, pages, address", [[CODE], [CODE, CERTIFICATE], [CODE, PAGES, CERTIFICATE]]),
    ("address app", [[ANSWERS[0]]]),
    ("name app", []),
    ("address name app, address, app", [[ANSWERS[0], ANSWERS[3]]]),
    ("address app, ended, app, ended, app", [[ANSWERS[0]]]),
    ("address app, ended name, app", [[ANSWERS[0]], [ANSWERS[0], ANSWERS[3]]]),
    ("address app, ended code, app", [[ANSWERS[0]], [CODE]]),
    ("alone address code pages app", [[CODE, PAGES, CERTIFICATE, ANSWERS[1], ANSWERS[0]]]),
    ("name code pages", [[CODE, PAGES.replace("10.0.2.15", "shop.local"), CERTIFICATE]]),
    ("six name app", [[DIRECT, ANSWERS[2], ANSWERS[3]]]),
    ("elsewhere address six app", [["shop answers at http://10.9.9.9:8000/"]]),
    ("code address, owner app", [[CODE], [ANSWERS[0]]]),
    ("code, owner", [[CODE]]),
])
def test_the_way_to_the_device_is_shown_once_and_whole(run: Run, tmp_path: Path, script: str, shown: list[list[str]]) -> None:
    """What comes within a second is one block; a block is shown anew when one of its lines has changed, and not because the
    app was started again. Who owns the device needs no claim code any more."""
    (tmp_path / "data/.fapws4").mkdir(parents=True)
    write(tmp_path, {"proc/net/if_inet6": IF_INET6.replace(" 40     eth0", " 80     eth0")} if "six" in script else {})
    said = [line.removeprefix("fapws4: ") for line in run("welcome", script=script)]
    blocks = "\n".join(said).split(RULE)[1::2]
    assert shown == [block.strip().splitlines() for block in blocks]


def test_no_time_is_too_far_away_to_be_refused(run: Run) -> None:
    """Neither the last nor the first that a number can be."""
    assert ["0"] == run("clock")
