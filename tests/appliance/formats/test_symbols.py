"""Whose bytes a program has."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.common.shell import run
from appliance.compiling.libraries import compile_files, make_archive
from appliance.compiling.toolchain import toolchain_for
from appliance.fetching.recipes import load_target
from appliance.formats.symbols import member, members_of, owned, symbols_of

SHELF = ("static const char store[3000] = {1}; char empty[5000];\n"
         "const char *parcel(int at) { return store + at + empty[at]; }\n")
UNUSED = "const char unused[4000] = {1};\n"
OTHER = "const char other[700] = {1};\n"
MAIN = ("const char *parcel(int at); extern const char other[]; static const char store[90] = {2};\n"
        "int main(int count, char **words) { return parcel(count)[0] + store[count] + other[count] + words[0][0]; }\n")


@pytest.mark.parametrize("target", ["x86_64", "armv7"])  # 64 and 32 bits
def test_bytes_are_led_back_to_members(tmp_path: Path, target: str) -> None:
    """Each member has what is its own, also under a name that two sources have for themselves; the bss counts nothing."""
    tools = toolchain_for(load_target(target))
    for name, text in {"a_longer_name_of_a_shelf": SHELF, "unused": UNUSED, "other": OTHER, "main": MAIN}.items():
        (tmp_path / f"{name}.c").write_text(text)
    files = [tmp_path / f"{name}.c" for name in ("a_longer_name_of_a_shelf", "unused", "other", "main")]
    shelf, unused, other, main = compile_files(files, tmp_path, tmp_path, ["-O1", "-fdata-sections"], tools, 2)
    make_archive(tmp_path / "libshelf.a", [shelf, unused], tools)
    make_archive(tmp_path / "libother.a", [other], tools)
    program = tmp_path / "program"
    run([tools.cc, "-r", "-o", program, main, tmp_path / "libshelf.a", tmp_path / "libother.a"], env=tools.environment)
    members = [member("own", main.name, main.read_bytes()),
               *members_of("shelf", (tmp_path / "libshelf.a").read_bytes()),
               *members_of("other", (tmp_path / "libother.a").read_bytes())]
    found = {(each.library, each.name): size for each, size in owned(program.read_bytes(), members).items()}
    code = {each.name: each.stored for each in symbols_of(program.read_bytes())}
    assert {("shelf", shelf.name): 3000 + code["parcel"], ("other", other.name): 700, ("own", main.name): 90 + code["main"]} \
        == found
