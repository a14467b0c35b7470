"""The finished program is tried: what is wrong with the app is said when it is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.fetching.recipes import Target, load_target
from appliance.freezing.trial import command_for, try_program
from appliance.imaging.release import Release
from tests.appliance.cases import problem, written


@pytest.fixture
def target() -> Target:
    """The processor of this machine."""
    return load_target("x86_64")


def program(folder: Path, says: str, code: int) -> Path:
    """A program that says this on stderr and ends with that exit code."""
    file = written(
        folder, f"#!/bin/sh\n[ \"$1\" = --check ] || exit 99\ncat >&2 <<'END'\n{says}\nEND\nexit {code}\n", "program"
    )
    file.chmod(0o755)
    return file


TRACEBACK = """Traceback (most recent call last):
  File "/appliance/app/page.py", line 3, in <module>
  File "/appliance/app/shop/tax.py", line 12, in rate
  File "/appliance/lib/decimal.py", line 4, in <module>
"""


def test_a_program_that_is_well(tmp_path: Path, target: Target, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing is said about an app that can be imported and has good PATHS."""
    try_program(program(tmp_path, "", 0), tmp_path / "page.py", target)
    assert "" == capfd.readouterr().err


def test_what_the_project_declares(tmp_path: Path, target: Target) -> None:
    """The app finds it in its environment, as on a device."""
    file = written(tmp_path, "#!/bin/sh\necho \"$FAPWS_SETTINGS, $FAPWS_DATA_VERSION\" >&2\nexit 1\n", "program")
    file.chmod(0o755)
    told = Release(data_version=2, settings="my/settings").told
    said = problem(lambda: try_program(file, tmp_path / "page.py", target, told))
    assert f"{tmp_path}/page.py: my/settings, 2: page.py must be importable; mend it" == said


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("fapws4: PATHS: must be a list of tuples", "page.py: PATHS: must be a list of tuples: mend the app"),
        (TRACEBACK + "NameError: no x", "shop/tax.py:12: NameError: no x: page.py must be importable; mend it"),
        (
            TRACEBACK + "ModuleNotFoundError: no y",
            "shop/tax.py:12: ModuleNotFoundError: no y: page.py must be importable; mend it",
        ),
        ("the app's own last words", "page.py: the app's own last words: page.py must be importable; mend it"),
    ],
)
def test_what_the_app_must_mend(tmp_path: Path, target: Target, says: str, expected: str) -> None:
    """The line of the app's own file, and what went wrong there."""
    app = tmp_path / "page.py"
    assert f"{tmp_path}/{expected}" == problem(lambda: try_program(program(tmp_path, says, 1), app, target))


def test_data_that_was_left_behind(tmp_path: Path, target: Target) -> None:
    """A file that stands beside the app and is not in the program: how to add it. One that is nowhere is the app's fault."""
    app = written(tmp_path, "")
    written(tmp_path, "", "site/index.html")
    lacks = TRACEBACK + "FileNotFoundError: [Errno 2] No such file or directory: '/appliance/app/site/{}.html'"
    said = problem(lambda: try_program(program(tmp_path, lacks.format("index"), 1), app, target))
    assert (
        f"{tmp_path}/shop/tax.py:12: site/index.html is beside the app, but not in the program: --add-data site/index.html,"
        ' or in pyproject.toml beside the app: [tool.fapws4] data = ["site/index.html"]'
    ) == said
    said = problem(lambda: try_program(program(tmp_path, lacks.format("other"), 1), app, target))
    assert said.endswith("'/appliance/app/site/other.html': page.py must be importable; mend it")


@pytest.mark.parametrize(
    "error",
    [
        "FileNotFoundError: [Errno 2] No such file or directory: '/dev/i2c-1'",
        "socket.gaierror: [Errno -2] x",
        "PermissionError: [Errno 13] Permission denied: '/dev/ttyS0'",
    ],
)
def test_what_only_this_machine_lacks(
    tmp_path: Path, target: Target, capfd: pytest.CaptureFixture[str], error: str
) -> None:
    """A sensor that is not on this machine does not stop the build; that the app was not tried is said."""
    try_program(program(tmp_path, TRACEBACK + error, 1), tmp_path / "page.py", target)
    assert (
        f"note: page.py was not tried, this machine lacks something ({tmp_path}/shop/tax.py:12: {error})\n"
        == capfd.readouterr().err
    )


def test_an_app_that_does_not_come_to_an_end(
    tmp_path: Path, target: Target, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import that goes on and on does not hold up the build for ever."""
    monkeypatch.setattr("appliance.freezing.trial._LIMIT", 0.1)
    file = written(tmp_path, f"#!/bin/sh\nmkfifo {tmp_path}/fifo\nread nothing < {tmp_path}/fifo\n", "program")
    file.chmod(0o755)
    try_program(file, tmp_path / "page.py", target)
    assert "note: page.py was not tried: importing it did not end within 0 s\n" == capfd.readouterr().err


def test_a_program_for_another_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """QEMU's emulator of that processor runs it, and what the app does wrong is said as ever."""
    said = "fapws4: PATHS: is missing"
    emulator = program(tmp_path, said, 1).rename(tmp_path / "qemu-arm-static")
    emulator.write_text(emulator.read_text().replace("$1", "$2"))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    foreign, app = tmp_path / "page-armv7", tmp_path / "page.py"
    assert f"{app}: PATHS: is missing: mend the app" == problem(lambda: try_program(foreign, app, load_target("armv7")))
    assert [emulator, foreign] == [Path(word) for word in command_for(foreign, load_target("armv7"))]
    assert "" == capfd.readouterr().err


def test_a_program_for_another_processor_without_an_emulator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """That it goes untried is said, with what is missing."""
    monkeypatch.setenv("PATH", str(tmp_path))
    try_program(tmp_path / "page-riscv64", tmp_path / "page.py", load_target("riscv64"))
    assert (
        "note: page.py was not tried: page-riscv64 is for another processor, and qemu-riscv64-static "
        "(package qemu-user-static) is not here\n"
    ) == capfd.readouterr().err
