"""What an emulated machine finds around it: sizes, times, sticks and wires, without any machine."""

from __future__ import annotations

import os
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from appliance.common.errors import Problem
from appliance.emulating.stick import stick_image
from appliance.emulating.surroundings import Surroundings, parse_clock, parse_size
from appliance.emulating.wire import wire_end


@pytest.mark.parametrize(("text", "size"), [("", 0), ("512M", 512 << 20), ("64G", 64 << 30), ("64g", 64 << 30),
                                            ("1T", 1 << 40), ("16T", 16 << 40), ("1048576", 1 << 20)])
def test_sizes_are_read_in_powers_of_1024(text: str, size: int) -> None:
    """A size is a number with one letter."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["0", "-1", "1.5G", "64GB", "G", "17T", "64 G", "9" * 30])
def test_what_is_no_size_is_refused(text: str) -> None:
    """Anything else is refused with an example."""
    with pytest.raises(Problem, match=r"is no size of a disk: say it like 64G"):
        parse_size(text)


@pytest.mark.parametrize(("text", "moment"), [("", ""), ("1970", "1970-01-01T00:00:00"), ("2031-05-04", "2031-05-04T00:00:00"),
                                          ("2031-05-04T12:30:01", "2031-05-04T12:30:01")])
def test_times_are_years_or_dates(text: str, moment: str) -> None:
    """A year is its first second."""
    assert parse_clock(text) == moment


def test_what_is_no_time_is_refused() -> None:
    """Anything else is refused with an example."""
    with pytest.raises(Problem, match="tomorrow is no time: say it like 1970"):
        parse_clock("tomorrow")


def sparse_image(file: Path) -> Path:
    """8 MiB with one byte in the middle and one at the end."""
    with file.open("wb") as stream:
        stream.truncate(8 << 20)
        stream.seek(4 << 20)
        stream.write(b"m")
        stream.seek((8 << 20) - 1)
        stream.write(b"e")
    return file


def test_a_larger_disk_is_a_copy_that_takes_no_space(tmp_path: Path) -> None:
    """A disk of 1 TiB has the image's bytes at its beginning and takes no more room than they do; the image stays."""
    image = sparse_image(tmp_path / "x.img")
    disk = Surroundings(disk_size=1 << 40).disk(image, False, tmp_path)
    assert disk != image
    assert image.stat().st_size == 8 << 20
    assert disk.stat().st_size == 1 << 40
    assert disk.stat().st_blocks <= image.stat().st_blocks
    with disk.open("rb") as grown:
        assert grown.read(8 << 20) == image.read_bytes()


def test_with_keep_it_is_the_image_that_grows(tmp_path: Path) -> None:
    """The next run goes on with the disk as this one leaves it."""
    image = sparse_image(tmp_path / "x.img")
    assert Surroundings(disk_size=64 << 20).disk(image, True, tmp_path) == image
    assert image.stat().st_size == 64 << 20


def test_a_disk_smaller_than_the_image_is_refused(tmp_path: Path) -> None:
    """A disk that would cut the image short is not made."""
    with pytest.raises(Problem, match=r"a disk of 1048576 bytes is smaller than x.img, which has 8388608"):
        Surroundings(disk_size=1 << 20).disk(sparse_image(tmp_path / "x.img"), True, tmp_path)
    assert (tmp_path / "x.img").stat().st_size == 8 << 20


def test_a_stick_holds_a_folder_or_a_file(tmp_path: Path) -> None:
    """mtools reads what was put on the stick, which has a partition table and FAT32."""
    folder = tmp_path / "on it"
    (folder / "below").mkdir(parents=True)
    (folder / "Update of May.fapws4").write_bytes(bytes(range(256)) * 5000)
    (folder / "below" / "a.txt").write_bytes(b"a")
    for content, place in ((folder, "Update of May.fapws4"), (folder / "Update of May.fapws4", "Update of May.fapws4"),
                           (folder, "below/a.txt")):
        stick = stick_image(content, tmp_path)
        read = subprocess.run(["mtype", "-i", f"{stick}@@1M", f"::{place}"], capture_output=True, check=True).stdout
        assert read == (folder / place).read_bytes()
    assert subprocess.run(["sgdisk", "-v", stick], capture_output=True, check=True).stdout.count(b"No problems found") == 1
    assert stick.stat().st_blocks * 512 < 8 << 20


def test_a_disk_image_is_the_stick_itself(tmp_path: Path) -> None:
    """A file that is a disk is not put into a file system."""
    content = tmp_path / "folder"
    content.mkdir()
    image = stick_image(content, tmp_path).rename(tmp_path / "other.img")
    assert stick_image(image, tmp_path) == image


def test_a_stick_with_what_is_not_there_is_refused(tmp_path: Path) -> None:
    """The missing file is named."""
    with pytest.raises(Problem, match=r"there is no .*/absent to put on the USB stick"):
        stick_image(tmp_path / "absent", tmp_path)


def test_a_stick_and_a_serial_adapter_share_the_sockets(tmp_path: Path) -> None:
    """One controller for both, none for neither; QEMU takes the words and says which terminal is the other end."""
    (tmp_path / "notes.txt").write_text("x")
    with ExitStack() as stack:
        assert Surroundings().arguments(tmp_path, stack) == []
        both = Surroundings(stick=tmp_path / "notes.txt", serial=True).arguments(tmp_path, stack)
    assert both.count("qemu-xhci,id=usb") == 1
    command = ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-machine", "q35", "-monitor", "stdio", *both]
    said = subprocess.run(command, input="info usb\nquit\n", capture_output=True, text=True, check=True).stdout
    assert "char device redirected to /dev/pts/" in said
    assert "QEMU USB Serial" in said
    assert "QEMU USB MSD" in said


@pytest.fixture
def wires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wires of this test only."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


@pytest.mark.usefixtures("wires")
def test_a_wire_has_two_ends() -> None:
    """What one end sends the other one receives, the addresses differ, and a third machine is refused."""
    with ExitStack() as stack:
        first, second = (stack.enter_context(wire_end("lab")) for _ in range(2))
        assert first.mac != second.mac
        ours, theirs = (stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) for _ in range(2))
        ours.bind(str(first.own))
        theirs.bind(str(second.own))
        ours.sendto(b"frame", str(first.other))
        assert theirs.recv(16) == b"frame"
        with pytest.raises(Problem, match="both ends of the wire lab are taken"), wire_end("lab"):
            pass
    with wire_end("lab") as again:
        assert again.number == 0
        assert not again.own.exists()


@pytest.mark.usefixtures("wires")
@pytest.mark.parametrize("name", ["", "../x", "a b", "a" * 33])
def test_a_wire_has_a_plain_name(name: str) -> None:
    """A name that is a path is refused."""
    with pytest.raises(Problem, match="a wire cannot be called"), wire_end(name):
        pass


def test_a_wire_in_another_users_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has made the folder before could read along."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    base = tmp_path / f"fapws4-wires-{os.getuid()}"
    base.mkdir()
    os.chown(base, 1234, 1234)
    with pytest.raises(Problem, match="belongs to another user"), wire_end("lab"):
        pass
