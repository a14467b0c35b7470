"""Sections of ELF files, compared with objcopy's idea of them."""

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
