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


@pytest.mark.parametrize("flags", [["-m64"], ["-m32"]])
def test_two_objects_with_the_same_names_in_one_program(tmp_path: Path, flags: list[str]) -> None:
    """Each keeps to its own functions and data once their names have a suffix; what is called elsewhere keeps its name."""
    for name, value in (("one", 1), ("two", 2)):
        code = f"int outside(int); int data = {value}; int helper(void) {{ return data; }} __attribute__((weak)) int soft = 4;"
        (tmp_path / f"{name}.c").write_text(f"{code} int make(void) {{ return outside(helper()) + soft; }}\n")
        subprocess.run(["gcc", *flags, "-fno-pic", "-c", f"{name}.c", "-o", f"{name}.o"], cwd=tmp_path, check=True)
        data, symbols = elf.with_suffix((tmp_path / f"{name}.o").read_bytes(), f"_of_{name}")
        assert {"data", "helper", "make", "soft"} == set(symbols)
        (tmp_path / f"{name}.o").write_bytes(data)
    (tmp_path / "start.c").write_text("int make_of_one(void), make_of_two(void); int outside(int n) { return 10 * n; }\n"
                                      "int main(void) { return make_of_one() + make_of_two(); }\n")
    subprocess.run(["gcc", *flags, "-c", "start.c"], cwd=tmp_path, check=True)
    subprocess.run(["ld", "-m", "elf_x86_64" if flags == ["-m64"] else "elf_i386", "-e", "main", "-o", "all", "start.o",
                    "one.o", "two.o"], cwd=tmp_path, check=True)
    names = subprocess.run(["nm", "all"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert {"make_of_one", "helper_of_two", "soft_of_one", "outside"} <= set(names.split())


@pytest.mark.parametrize(("flags", "kind"), [(["-c"], elf.RELOCATABLE), (["-shared", "-nostdlib"], elf.SHARED)])
def test_kinds(tmp_path: Path, flags: list[str], kind: int) -> None:
    """Objects and shared libraries are told apart, and only an object's symbols can be renamed."""
    (tmp_path / "x.c").write_text(SOURCE)
    subprocess.run(["gcc", *flags, "x.c", "-o", "x.o"], cwd=tmp_path, check=True)
    data = (tmp_path / "x.o").read_bytes()
    assert (kind, 0) == (elf.kind(data), elf.kind(b"#!/bin/sh\n"))
    if kind != elf.RELOCATABLE:
        with pytest.raises(ValueError, match="not a relocatable object"):
            elf.with_suffix(data, "_x")


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
