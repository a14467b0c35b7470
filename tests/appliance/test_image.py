"""The finished image, looked at with the tools of others."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from appliance.common.errors import Problem
from appliance.fetching.recipes import Board, Partition
from appliance.formats import gpt
from appliance.imaging.image import app_member, compose, layout

Extract = Callable[[str], Path]


@pytest.fixture
def extract(hello_image: Path, pc: Board, tmp_path: Path) -> Extract:
    """A partition of hello's image as a file of its own."""
    places = {part.name: part for part in layout(pc, "hello")}

    def copy(name: str) -> Path:
        part = tmp_path / name
        with hello_image.open("rb") as image, part.open("wb") as file:
            image.seek(places[name].first * gpt.SECTOR)
            file.write(image.read(places[name].sectors * gpt.SECTOR))
        return part

    return copy


def output(*command: str | Path) -> str:
    """What a program says; it must end well."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_partition_table_is_sound(hello_image: Path, pc: Board) -> None:
    """sgdisk finds no problem and the partitions of the recipe, in its order."""
    assert "No problems found" in output("sgdisk", "-v", hello_image)
    rows = [line.split() for line in output("sgdisk", "-p", hello_image).splitlines() if line[:4].strip().isdigit()]
    assert [row[-1] for row in rows] == [part.name for part in pc.partitions]


@pytest.mark.parametrize(("name", "files"), [
    ("esp", ["::/EFI/BOOT/BOOTX64.EFI"]),
    ("state", ["::/0.env", "::/1.env", "::/PRESEED", "::/RESET"]),
    ("slota", ["::/linux.cfg", "::/linux.efi"]),
])
def test_boot_partitions_are_sound_and_hold_their_files(extract: Extract, name: str, files: list[str]) -> None:
    """Every boot partition passes fsck.fat and has the files that firmware and boot loader look for."""
    part = extract(name)
    output("fsck.fat", "-n", part)
    listed = output("mdir", "-/", "-b", "-i", part, "::").split()
    assert [entry for entry in listed if not entry.endswith("/")] == files


def test_the_second_slot_of_a_fresh_image_is_empty(extract: Extract) -> None:
    """Slot B is a sound file system without a single file, ready for the first update."""
    part = extract("slotb")
    assert ", 0/" in output("fsck.fat", "-n", part)


def test_the_data_partition_is_sound_and_can_grow(extract: Extract) -> None:
    """e2fsck has nothing to mend; errors make it read-only; it has a journal and room to grow to 2 TiB."""
    part = extract("data")
    output("e2fsck", "-f", "-n", part)
    facts = dict(line.split(":", 1) for line in output("dumpe2fs", "-h", part).splitlines() if ":" in line)
    assert facts["Filesystem volume name"].strip() == "data"
    assert facts["Errors behavior"].strip() == "Remount read-only"
    assert {"has_journal", "metadata_csum", "extent", "64bit"} <= set(facts["Filesystem features"].split())
    assert int(facts["Reserved GDT blocks"]) == (2 << 40) // (128 << 20) * 64 // 4096 - 1
    assert facts["Reserved block count"].strip() == "0"


def test_the_initramfs_holds_the_binary_and_a_console(extract: Extract, hello_binary: Path, tmp_path: Path) -> None:
    """The kernel finds modules, /dev/console and, compressed, the very binary that stands next to the image."""
    efi, initramfs = tmp_path / "linux.efi", tmp_path / "initramfs"
    output("mcopy", "-i", extract("slota"), "::linux.efi", efi)
    output("objcopy", "--dump-section", f".initrd={initramfs}", efi, tmp_path / "rewritten.efi")
    data = initramfs.read_bytes()
    # The first one: inside compressed data the same four bytes may stand again.
    compressed = data[next(at for at in range(0, len(data), 4) if data.startswith(b"\x28\xb5\x2f\xfd", at)) :]
    (tmp_path / "root").mkdir()
    subprocess.run(["cpio", "--extract", "--quiet"], input=zstandard.decompress(compressed), cwd=tmp_path / "root", check=True)
    assert (tmp_path / "root/init").read_bytes() == hello_binary.read_bytes()
    assert (tmp_path / "root/init").stat().st_mode == 0o100755
    assert b"dev/console\0" in data
    assert b"name=hello\n" in data


def test_it_takes_no_more_room_than_it_must(hello_image: Path) -> None:
    """The file is sparse: what it takes on the builder's disk stays below 24 MB."""
    assert hello_image.stat().st_blocks * 512 <= 24_000_000
    assert hello_image.stat().st_size > 300_000_000


def test_the_same_binary_gives_the_same_image(hello_image: Path, hello_binary: Path, pc: Board, tmp_path: Path) -> None:
    """Composed again, in another folder, the image is the same to the last byte."""
    again = compose(hello_binary, "hello", "0", pc, tmp_path / "elsewhere" / "x.img").path
    subprocess.run(["cmp", hello_image, again], check=True)


def test_two_apps_have_disks_of_their_own(pc: Board) -> None:
    """Identifiers differ between apps, so that two devices' disks in one machine are told apart."""
    mine, yours = layout(pc, "mine"), layout(pc, "yours")
    assert not {part.identity for part in mine} & {part.identity for part in yours}
    assert [part.first for part in mine] == [part.first for part in yours]


def test_a_binary_too_large_for_its_slot_is_refused(hello_binary: Path, pc: Board, tmp_path: Path) -> None:
    """What does not fit names the partition and its recipe, and leaves no file."""
    small = [part if part.kind != "slot" else Partition(part.name, part.kind, 12) for part in pc.partitions]
    board = Board(**{**vars(pc), "partitions": small})
    with pytest.raises(Problem, match=r"the partition slota of recipes/boards/pc\.toml \(12 MiB\).*: make it larger"):
        compose(hello_binary, "hello", "0", board, tmp_path / "x.img")
    assert list(tmp_path.iterdir()) == []


def test_compression_does_not_depend_on_the_run() -> None:
    """The compressed member is the same every time."""
    assert app_member(b"binary" * 1000) == app_member(b"binary" * 1000)
