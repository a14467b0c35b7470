"""PE executables with appended sections, checked by objdump and objcopy."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import pytest

from appliance.fetching.sources import unpacked
from appliance.formats import pe

CONTENTS = {".osrel": b"ID=x\n", ".cmdline": b"quiet", ".initrd": b"i" * 5001, ".linux": b"k" * 512}


@pytest.fixture(scope="module")
def stub() -> bytes:
    """systemd's stub, as Debian ships it."""
    return (unpacked("systemd-boot-efi") / "usr/lib/systemd/boot/efi/linuxx64.efi.stub").read_bytes()


def test_objdump_sees_all_sections_with_their_sizes(stub: bytes, tmp_path: Path) -> None:
    """The executable lists the stub's own sections and ours, none overlapping another in memory."""
    (tmp_path / "x.efi").write_bytes(pe.append_sections(stub, CONTENTS)[0])
    said = subprocess.run(["objdump", "-h", tmp_path / "x.efi"], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in said.splitlines() if line.strip()[:1].isdigit()]
    sizes = {row[1]: int(row[2], 16) for row in rows}
    assert {name: sizes[name] for name in CONTENTS} == {name: len(data) for name, data in CONTENTS.items()}
    spans = sorted((int(row[3], 16), int(row[2], 16)) for row in rows)
    assert all(start + size <= following for (start, size), (following, _) in itertools.pairwise(spans))


def test_sections_lie_where_the_report_says(stub: bytes) -> None:
    """A boot loader that knows only sectors finds kernel and initramfs in the file."""
    data, sections = pe.append_sections(stub, CONTENTS)
    for section in sections:
        start, count = (int(number) for number in section.blocklist.split("+"))
        assert data[start * 512 : (start + count) * 512].rstrip(b"\0") == CONTENTS[section.name]
        assert data[section.offset :][: section.size] == CONTENTS[section.name]


def test_more_sections_than_the_header_holds_are_refused(stub: bytes) -> None:
    """What does not fit is an error and not a damaged executable."""
    with pytest.raises(ValueError, match="no room for 100 more section headers"):
        pe.append_sections(stub, {f".s{number}": b"" for number in range(100)})


@pytest.mark.parametrize(("change", "message"), [
    (lambda stub: b"ELF" + stub, "not a PE executable"),
    (lambda stub: stub + b"more", "bytes after the last section"),
])
def test_other_files_are_refused(stub: bytes, change: object, message: str) -> None:
    """Something that is no such executable is not taken for one."""
    assert callable(change)
    with pytest.raises(ValueError, match=message):
        pe.append_sections(change(stub), CONTENTS)


def test_sections_are_read_as_they_were_written(stub: bytes) -> None:
    """Whoever has only the file finds the sections again, behind its headers."""
    data, sections = pe.append_sections(stub, CONTENTS)
    assert sections == pe.sections(data)[-len(sections) :]
    assert pe.sections(stub)[0].name == ".text"
    assert pe.headers_size(data) == min(section.offset for section in pe.sections(data) if section.size)
