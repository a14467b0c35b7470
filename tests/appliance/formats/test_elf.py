"""Sections and segments of ELF files, compared with what binutils make of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from appliance.formats import elf

SOURCE = 'const char facts[] __attribute__((section(".modinfo"), used)) = "depends=b,c";\n'


@pytest.mark.parametrize("flags", [["-m64"], ["-m32"]])
def test_a_section_is_what_the_compiler_put_there(tmp_path: Path, flags: list[str]) -> None:
    """What a C file places in a section is read back, from 32 and 64 bit files."""
    (tmp_path / "x.c").write_text(SOURCE)
    subprocess.run(["gcc", *flags, "-c", "x.c", "-o", "x.o"], cwd=tmp_path, check=True)
    assert elf.section((tmp_path / "x.o").read_bytes(), ".modinfo") == b"depends=b,c\0"


def test_an_absent_section_is_empty(tmp_path: Path) -> None:
    """A kernel module without a section of that name simply says nothing."""
    (tmp_path / "x.c").write_text(SOURCE)
    subprocess.run(["gcc", "-c", "x.c", "-o", "x.o"], cwd=tmp_path, check=True)
    assert elf.section((tmp_path / "x.o").read_bytes(), ".absent") == b""


def test_other_files_are_refused() -> None:
    """Something that is no ELF file is not read as one."""
    with pytest.raises(ValueError, match="not a little-endian ELF file"):
        elf.section(b"#!/bin/sh\n", ".modinfo")


PROGRAM = """
__attribute__((section(".note.place"), used, aligned(4))) static const struct { int name, length, type; char text[8]; }
    note = {8, 0, 1, "place"};
int data = 1;
void _start(void) { data++; }
"""


@pytest.mark.parametrize("flags", [["-m64"], ["-m32"]])
def test_a_segment_is_added(tmp_path: Path, flags: list[str]) -> None:
    """readelf sees it last among those that are loaded: read-only, all of it in the file, congruent, with its mark."""
    (tmp_path / "x.c").write_text(PROGRAM)
    link = ["gcc", *flags, "-static", "-no-pie", "-nostdlib", "-Wl,--build-id=none", "x.c", "-o", "x"]
    subprocess.run(link, cwd=tmp_path, check=True)
    added = elf.add_segment((tmp_path / "x").read_bytes(), b"content" * 1000, 0x1234)
    (tmp_path / "y").write_bytes(added)
    done = subprocess.run(["readelf", "-lW", "y"], cwd=tmp_path, check=True, capture_output=True, text=True)
    loads = [line.split() for line in done.stdout.splitlines() if line.strip().startswith("LOAD")]
    offset, address, mark, stored, size = (int(word, 16) for word in loads[-1][1:6])
    assert ("", "R", 0x1234, 7000, 7000) == (done.stderr, loads[-1][6], mark, stored, size)
    assert b"content" * 1000 == added[offset:]
    assert offset % elf.LARGEST_PAGE == address % elf.LARGEST_PAGE
    assert address > max(int(line[2], 16) + int(line[5], 16) for line in loads[:-1])
    assert " NOTE " not in done.stdout


def test_a_program_without_a_note_is_refused(tmp_path: Path) -> None:
    """There is no place for the header of a segment then."""
    (tmp_path / "x.c").write_text("void _start(void) { }\n")
    link = ["gcc", "-static", "-no-pie", "-nostdlib", "-Wl,--build-id=none", "-Wa,-mx86-used-note=no", "-fcf-protection=none"]
    subprocess.run([*link, "x.c", "-o", "x"], cwd=tmp_path, check=True)
    with pytest.raises(ValueError, match="no note whose program header"):
        elf.add_segment((tmp_path / "x").read_bytes(), b"content", 1)
    with pytest.raises(ValueError, match="not a little-endian ELF file"):
        elf.add_segment(b"#!/bin/sh\n", b"content", 1)
