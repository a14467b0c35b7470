"""What is found in a static program by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.common.shell import run
from appliance.compiling.interpreter import Interpreter
from appliance.compiling.toolchain import toolchain_for
from appliance.fetching.recipes import load_target
from appliance.freezing.exports import _libc_names, exportable, exports_table


def test_what_the_libc_and_python_have(interpreter: Interpreter) -> None:
    """Other names are no reason to link anything; neither are macros of Python's, nor what is in one file of it only."""
    names = ["time", "getpid", "clock_gettime", "restype", "PyLong_FromLong", "append", "PyMODINIT_FUNC"]
    assert ("PyLong_FromLong", "clock_gettime", "getpid", "time") == exportable(names, interpreter.library)


def test_a_table() -> None:
    """A row for each; without any, the libc's own empty table stays."""
    table = exports_table(("getpid", "labs"))
    assert 'exported_1[] __asm__("labs");' in table
    assert '    {"getpid", exported_0},\n    {"labs", exported_1},\n    {NULL, NULL},\n' in table
    assert "" == exports_table(())


@pytest.mark.parametrize("target", ["x86_64", "aarch64", "armv7", "riscv64"])
def test_every_name_can_be_linked(target: str, tmp_path: Path) -> None:
    """Whatever an app names, the libc of each processor has it, in a static program."""
    tools = toolchain_for(load_target(target))
    main = "int main(void) { return program_exports[0].name == NULL; }\n"
    (tmp_path / "all.c").write_text("#include <stddef.h>\n" + exports_table(sorted(_libc_names())) + main)
    run([tools.cc, "-static", "-w", "-fno-builtin", "-o", tmp_path / "all", tmp_path / "all.c"], env=tools.environment)
    assert len(_libc_names()) > 1000
