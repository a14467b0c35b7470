"""What Python code asks of the system: programs, a shell, libraries, functions by their names."""

from __future__ import annotations

import ast

import pytest

from appliance.freezing.demands import LIBRARY, PROGRAM, SHELL, Demand, called_by_name, demands_of

HEAD = "import asyncio, ctypes, os, pty, shutil, subprocess, sys\nimport subprocess as sp\nfrom subprocess import Popen as P\n"


def asked(text: str) -> list[Demand]:
    """What these lines ask for, numbered from 1."""
    return [demand._replace(line=demand.line - HEAD.count("\n")) for demand in demands_of(ast.parse(HEAD + text))]


@pytest.mark.parametrize(
    "call",
    ["subprocess.run(['git', 'log'])", "subprocess.run(args=('git', 'log'), check=True)", "sp.check_output('git')",
     "P(['git'] + sys.argv)", "os.execvp('git', ['git'])", "os.spawnl(os.P_WAIT, 'git', 'git')", "shutil.which('git')",
     "pty.spawn(['git'])", "asyncio.create_subprocess_exec('git', 'log')", "words = ['git']; sp.run(words)",
     "tool = 'git'; sp.call([tool, 'log'])"],
)
def test_programs(call: str) -> None:
    """By every way of starting or finding one, under the names that the imports give."""
    assert [Demand(PROGRAM, "git", 1, False)] == asked(call)


@pytest.mark.parametrize("call", ["os.system('git log | wc')", "os.popen(text)", "subprocess.getoutput('git')",
                                  "sp.run(words, shell=True)", "asyncio.create_subprocess_shell('git')"])
def test_a_shell(call: str) -> None:
    """Whatever it is to run."""
    assert [Demand(SHELL, "shell", 1, False)] == asked(call)


@pytest.mark.parametrize(
    "call",
    ["subprocess.run([sys.executable, '-m', 'job'])", "subprocess.run(words)", "subprocess.run(*words)", "run(['git'])",
     "sp.run(words, shell=False)", "words = ['git']\nwords = []\nsp.run(words)", "words = words + ['git']\nsp.run(words)",
     "if sys.platform == 'win32':\n    os.system('cls')", "def f(words=('git',)):\n    words = ['git']\n    sp.run(words)",
     "if sys.platform.startswith('win'):\n    sp.run(['git'])"],
)
def test_nothing_that_the_text_shows(call: str) -> None:
    """The program itself, what is not plain, functions of other modules, and what is for another system."""
    assert [] == asked(call)


@pytest.mark.parametrize(
    ("text", "line", "sure"),
    [("ctypes.CDLL('libwater.so.1')", 1, True),
     ("class Water:\n    library = ctypes.cdll.LoadLibrary('libwater.so.1')", 2, True),
     ("ffi.dlopen('libwater.so.1')", 1, True),
     ("def water():\n    return ctypes.CDLL('libwater.so.1')", 2, False),
     ("try:\n    ctypes.CDLL('libwater.so.1')\nexcept OSError:\n    pass", 2, False),
     ("if wet:\n    ctypes.PyDLL('libwater.so.1')", 2, False),
     ("if os.name == 'nt':\n    ctypes.CDLL('water.dll')\nelse:\n    ctypes.CDLL('libwater.so.1')", 4, False)],
)
def test_libraries(text: str, line: int, sure: bool) -> None:
    """It is told whether the module can be imported without."""
    assert [Demand(LIBRARY, "libwater.so.1", line, sure)] == asked(text)


def test_a_library_that_is_searched_for() -> None:
    """By its short name."""
    assert [Demand(LIBRARY, "libwater", 1, False)] == asked("ctypes.util.find_library('water')")


@pytest.mark.parametrize("name", ["None", "'libc.so.6'", "'libm.so.6'", "'/lib/libc.musl-x86_64.so.1'", "'msvcrt'",
                                  "ctypes.util.find_library('c')"])
def test_the_libc_is_there(name: str) -> None:
    """It is in the program."""
    assert [] == asked(f"ctypes.CDLL({name})")


def test_functions_by_name() -> None:
    """Attributes and texts of a module that imports ctypes, and what it declares to cffi; of no other module."""
    text = "libc.strlen(b'')\ngetattr(libc, 'labs')\nffi.cdef('int toupper(int c); double cos (double);')\n'a text'\n"
    assert {"strlen", "labs", "toupper", "cos", "cdef"} == called_by_name(ast.parse(f"from ctypes import CDLL\n{text}"))
    assert set() == called_by_name(ast.parse(text))
