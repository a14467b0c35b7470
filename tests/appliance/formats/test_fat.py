"""FAT file systems, checked by fsck.fat and read by mtools."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from appliance.formats import fat

MIB = 1 << 20
EPOCH = 1_700_000_000


def written(path: Path, tree: fat.Tree, size: int, cluster: int) -> Path:
    """The volume as a file."""
    pieces = fat.volume(tree, size, label="test", serial=0x1234ABCD, cluster=cluster, epoch=EPOCH, hidden=2048)
    with path.open("wb") as file:
        file.truncate(size)
        for offset, data in pieces:
            file.seek(offset)
            file.write(data)
    return path


def output(*command: str | Path) -> str:
    """What a program says; it must end well."""
    environment = {**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


@pytest.mark.parametrize(("bits", "size", "cluster"), [
    (12, 1 * MIB, 512), (12, 16 * MIB, 8192),
    (16, 16 * MIB, 2048), (16, 160 * MIB, 32768),
    (32, 36 * MIB, 512), (32, 300 * MIB, 4096),
])
def test_every_kind_of_fat_is_sound(tmp_path: Path, bits: int, size: int, cluster: int) -> None:
    """fsck.fat finds nothing to mend and the kind of table that the size asks for."""
    folders: fat.Tree = {"BOOT": {"BOOTX64.EFI": b"loader"}, "empty": {}}
    tree: fat.Tree = {"linux.efi": b"kernel" * 50_000, "EFI": folders, "nothing": b""}
    said = output("fsck.fat", "-n", "-v", written(tmp_path / "volume", tree, size, cluster))
    assert f"2 FATs, {bits} bit entries" in said


def test_files_are_read_back_by_mtools(tmp_path: Path) -> None:
    """Contents of all sizes around a cluster, in folders that need more than one cluster, come back unchanged."""
    sizes = [0, 1, 511, 512, 513, 5000]
    files: dict[str, bytes] = {f"a file of {size} bytes.bin": bytes([size % 251]) * size for size in sizes}
    tree: fat.Tree = {"folder": {**files, **{f"N{number}": b"x" for number in range(60)}}}
    volume = written(tmp_path / "volume", tree, MIB, 512)
    for name, content in files.items():
        output("mcopy", "-i", volume, f"::folder/{name}", tmp_path / name)
        assert (tmp_path / name).read_bytes() == content


def test_names_long_short_and_alike_are_kept(tmp_path: Path) -> None:
    """Names in lower case, long ones, ones with several dots and ones that differ late are all listed as given."""
    names = ["0.env", "UPPER.TXT", "linux.efi", "thirteen.chrs", "a long name.tar.gz", "a long name.tar.xz", "ünïcode",
             ".hidden", "x" * 200]
    volume = written(tmp_path / "volume", dict.fromkeys(names, b""), MIB, 512)
    assert output("mdir", "-b", "-i", volume, "::").splitlines() == [f"::/{name}" for name in names]
    output("fsck.fat", "-n", volume)


def test_label_serial_and_times_are_the_given_ones(tmp_path: Path) -> None:
    """Nothing about a volume depends on the moment it was made."""
    volume = written(tmp_path / "volume", {"X": b"x"}, MIB, 512)
    said = output("mdir", "-i", volume, "::")
    assert "Volume in drive : is TEST" in said
    assert "1234-ABCD" in said
    assert "2023-11-14  22:13" in said


def test_a_placed_file_begins_where_it_was_told_to(tmp_path: Path) -> None:
    """A boot loader finds a file's first sector at a known place, and the volume is still sound."""
    tree: fat.Tree = {"early": b"e", "0.env": fat.Placed(b"zero", 4 * MIB), "1.env": fat.Placed(b"one", 8 * MIB), "late": b"l"}
    volume = written(tmp_path / "volume", tree, 16 * MIB, 8192)
    data = volume.read_bytes()
    assert (data[4 * MIB :][:4], data[8 * MIB :][:3], data[8 * MIB + 8192 :][:1]) == (b"zero", b"one", b"l")
    output("fsck.fat", "-n", volume)


@pytest.mark.parametrize(("tree", "message"), [
    ({"big": bytes(2 * MIB)}, "do not fit"),
    ({"late": b"x" * 5000, "early": fat.Placed(b"x", 20480)}, "cannot be placed"),
    ({"odd": fat.Placed(b"x", 4 * 8192 + 1)}, "cannot be placed"),
    ({f"FILE{number}": b"" for number in range(600)}, "too many files"),
])
def test_what_does_not_fit_is_refused(tree: fat.Tree, message: str) -> None:
    """A volume that is too small is an error and not a damaged volume."""
    with pytest.raises(ValueError, match=message):
        fat.volume(tree, MIB, label="test", serial=1, cluster=512, epoch=EPOCH)


def test_the_tables_are_among_the_pieces() -> None:
    """A writer that leaves old bytes between the pieces still makes a sound volume."""
    pieces = fat.volume({}, 36 * MIB, label="test", serial=1, cluster=512, epoch=EPOCH)
    covered = sum(len(data) for _, data in pieces)
    assert pieces[0][0] == 0
    assert covered >= 2 * 72_000 * 4


def test_files_are_found_where_they_lie(tmp_path: Path) -> None:
    """By short and by long names, behind one another; what is not there is told."""
    tree: fat.Tree = {"linux.cfg": b"c" * 5000, "folder": {"inner": b"i"}, "A long name.text": b"l" * 700, "SHORT.TXT": b"s"}
    volume = written(tmp_path / "volume", tree, 16 * MIB, 2048).read_bytes()
    for name, data in tree.items():
        if isinstance(data, bytes):
            at, size = fat.find_file(volume, name)
            assert data == volume[at : at + size]
    for name in ("inner", "linux.cf", "A long name.tex"):
        with pytest.raises(ValueError, match="no file"):
            fat.find_file(volume, name)
    with pytest.raises(ValueError, match="no file system"):
        fat.find_file(bytes(512), "linux.cfg")
