"""Archives become trees, and nothing lands outside of them."""

from __future__ import annotations

import io
import random
import tarfile
from pathlib import Path

import pytest

from appliance.fetching.unpacking import top_folder, unpack_archive
from tests.appliance.cases import problem


def tar(*entries: tarfile.TarInfo, mode: str = "w:gz") -> bytes:
    """An archive of these entries; files hold their own names."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for entry in entries:
            entry.size = len(entry.name) if entry.isfile() else 0
            archive.addfile(entry, io.BytesIO(entry.name.encode()))
    return out.getvalue()


def deb(data: bytes) -> bytes:
    """A Debian package whose data tarball this is (an ar archive)."""
    members = {"debian-binary": b"2.0\n", "control.tar.xz": b"odd", "data.tar.xz": data}
    parts = [f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(body):<10}`\n".encode() + body + b"\n" * (len(body) % 2)
             for name, body in members.items()]
    return b"!<arch>\n" + b"".join(parts)


def link(name: str, target: str) -> tarfile.TarInfo:
    """A symbolic link."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    return entry


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2", "w"])
def test_every_compression(tmp_path: Path, mode: str) -> None:
    """tar in all its compressions; the one top folder is found."""
    (tmp_path / "a.tar").write_bytes(tar(tarfile.TarInfo("top/file"), mode=mode))
    unpack_archive(tmp_path / "a.tar", tmp_path / "to")
    assert "top/file" == (top_folder(tmp_path / "to") / "file").read_text()


def test_a_debian_package(tmp_path: Path) -> None:
    """The data of a .deb, of it only what is wanted."""
    data = tar(tarfile.TarInfo("./usr/lib/wanted"), tarfile.TarInfo("./usr/share/other"), mode="w:xz")
    (tmp_path / "a.deb").write_bytes(deb(data))
    unpack_archive(tmp_path / "a.deb", tmp_path / "to", ("usr/lib",))
    made = [path for path in (tmp_path / "to").rglob("*") if path.is_file()]
    assert [tmp_path / "to" / "usr" / "lib" / "wanted"] == made


OUTSIDE = [tarfile.TarInfo("../outside"), tarfile.TarInfo("top/../../outside"), link("top/link", "../../outside")]


@pytest.mark.parametrize("entry", OUTSIDE, ids=lambda entry: str(entry.name))
def test_nothing_lands_outside(tmp_path: Path, entry: tarfile.TarInfo) -> None:
    """A path or a link that leads out of the folder is refused."""
    (tmp_path / "a.tar.gz").write_bytes(tar(entry))
    assert problem(lambda: unpack_archive(tmp_path / "a.tar.gz", tmp_path / "to")).startswith("a.tar.gz cannot be unpacked (")
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("mode", ["w:xz", "w:bz2"])
def test_an_archive_that_is_damaged_inside(tmp_path: Path, mode: str) -> None:
    """Wherever that shows: in the middle of a file, too."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        entry = tarfile.TarInfo("file")
        entry.size = 1 << 20
        archive.addfile(entry, io.BytesIO(random.Random(1).randbytes(1 << 20)))
    data = bytearray(out.getvalue())
    for at in range(300_000, len(data) - 300_000, 1000):
        data[at] ^= 0xFF
    (tmp_path / "a.tar").write_bytes(data)
    assert problem(lambda: unpack_archive(tmp_path / "a.tar", tmp_path / "to")).startswith("a.tar cannot be unpacked (")


@pytest.mark.parametrize(("name", "data"), [("a.tar.gz", b"no archive"), ("a.deb", b"no package"), ("b.deb", b"!<arch>\n"),
                                            ("b.tar.gz", tar(tarfile.TarInfo("top/file"))[:30])])
def test_what_is_no_archive(tmp_path: Path, name: str, data: bytes) -> None:
    """A broken file is named with the way out."""
    (tmp_path / name).write_bytes(data)
    said = problem(lambda: unpack_archive(tmp_path / name, tmp_path / "to"))
    assert said.startswith(f"{name} cannot be unpacked (")
    assert said.endswith("): remove it and fetch it again")
