"""Partition tables, checked by sgdisk."""

from __future__ import annotations

import subprocess
import uuid
from pathlib import Path

import pytest

from appliance.formats import gpt

DISK = uuid.UUID("11111111-2222-3333-4444-555555555555")
TOTAL = 8 * 2048


def partition(name: str, first: int, sectors: int, kind: uuid.UUID = gpt.LINUX_DATA) -> gpt.Partition:
    return gpt.Partition(name, kind, uuid.uuid5(DISK, name), first, sectors)


PARTITIONS = [
    partition("esp", 2048, 2048, gpt.EFI_SYSTEM), partition("bios", 4096, 2048, gpt.BIOS_BOOT), partition("dätä", 6144, 4096),
]


def written(path: Path, boot_code: bytes = b"") -> Path:
    with path.open("wb") as file:
        file.truncate(TOTAL * gpt.SECTOR)
        for offset, data in gpt.table(PARTITIONS, DISK, TOTAL, boot_code):
            file.seek(offset)
            file.write(data)
    return path


def sgdisk(*arguments: str | Path) -> str:
    return subprocess.run(["sgdisk", *arguments], capture_output=True, text=True, check=True).stdout


def test_sgdisk_finds_no_problem(tmp_path: Path) -> None:
    """Both headers, both tables and the protective MBR agree with each other and with the disk."""
    assert "No problems found" in sgdisk("-v", written(tmp_path / "disk"))


def test_partitions_have_the_given_place_name_and_identity(tmp_path: Path) -> None:
    """What a partition is called, where it lies and who it is are read back."""
    disk = written(tmp_path / "disk")
    said = sgdisk("-i", "3", disk)
    assert "First sector: 6144 " in said
    assert "Last sector: 10239 " in said
    assert "Partition name: 'dätä'" in said
    assert str(uuid.uuid5(DISK, "dätä")).upper() in said
    assert "EFI system partition" in sgdisk("-i", "1", disk)
    assert "BIOS boot partition" in sgdisk("-i", "2", disk)


def test_the_second_table_is_enough(tmp_path: Path) -> None:
    """When the beginning of a disk is lost, the copy at its end is whole."""
    disk = written(tmp_path / "disk")
    with disk.open("r+b") as file:
        file.write(bytes(34 * gpt.SECTOR))
    done = subprocess.run(["sgdisk", "-p", disk], capture_output=True, text=True, check=False)
    assert "Backup header: OK" in done.stderr + done.stdout
    assert "Backup partition table: OK" in done.stderr + done.stdout


def test_boot_code_does_not_touch_the_table(tmp_path: Path) -> None:
    """A BIOS finds the code it starts, and the partitions are as before."""
    disk = written(tmp_path / "disk", b"\xeb" * 440)
    assert disk.read_bytes()[:440] == b"\xeb" * 440
    assert "No problems found" in sgdisk("-v", disk)


@pytest.mark.parametrize(("partitions", "code", "message"), [
    ([partition("a", 2048, 10), partition("b", 2057, 10)], b"", "b begins before sector 2058"),
    ([partition("a", 33, 10)], b"", "begins before sector 34"),
    ([partition("a", 2048, TOTAL)], b"", "the disk's space"),
    ([partition("x" * 37, 2048, 1)], b"", "longer than 36"),
    ([], bytes(441), "at most 440"),
])
def test_impossible_tables_are_refused(partitions: list[gpt.Partition], code: bytes, message: str) -> None:
    """Partitions that overlap or leave the disk are an error and not a damaged disk."""
    with pytest.raises(ValueError, match=message):
        gpt.table(partitions, DISK, TOTAL, code)
