"""make.sh: from nothing to `invoke`, or one line that says what is missing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.common.places import REPOSITORY

SHELL_PROGRAMS = ("sh", "dirname", "cmp", "id", "rm", "cp", "mkdir", "cat", "make", "patch")


@pytest.mark.parametrize("shell", [["sh"], ["dash"], ["bash", "--posix"]], ids=lambda shell: shell[0])
def test_any_shell_reads_it(shell: list[str]) -> None:
    """The syntax is that of a POSIX shell."""
    subprocess.run([*shell, "-n", REPOSITORY / "make.sh"], check=True)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """make.sh and the pins in a folder with a space in its name."""
    folder = tmp_path / "a b"
    (folder / "recipes").mkdir(parents=True)
    shutil.copy(REPOSITORY / "make.sh", folder)
    (folder / "recipes" / "requirements.txt").write_text("")
    return folder


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH with a few programs and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in SHELL_PROGRAMS:
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


def program(folder: Path, name: str, text: str) -> None:
    """A made-up program."""
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def made(clone: Path, programs: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What make.sh does with only these programs."""
    return subprocess.run(
        ["sh", clone / "make.sh", *words],
        env={"PATH": str(programs), "HOME": str(clone)},
        cwd=programs,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_python(clone: Path, programs: Path) -> None:
    """One line names what to install, and nothing is made."""
    done = made(clone, programs)
    said = (
        "make.sh: Python 3.10 or newer is not there: install it (on Debian: apt-get install python3 python3-venv)\n"
    )
    assert (1, said) == (done.returncode, done.stderr)
    assert ["make.sh", "recipes"] == sorted(path.name for path in clone.iterdir())


def test_with_an_old_python(clone: Path, programs: Path) -> None:
    """A Python that is too old is passed over."""
    program(programs, "python3", "exit 1")
    assert "Python 3.10 or newer is not there" in made(clone, programs).stderr


def test_without_venv_a_user_gets_one_command(clone: Path, programs: Path) -> None:
    """Debian's missing python3-venv: the command to type, and nothing is made."""
    (programs / "id").unlink()
    program(programs, "id", "echo 1000")
    program(programs, "python3", 'case "$2" in *ensurepip*) exit 1;; *print*) echo 3.13;; esac')
    done = made(clone, programs)
    said = "make.sh: something is missing; type: sudo apt-get install python3.13-venv\n"
    assert (1, said) == (done.returncode, done.stderr)
    assert ["make.sh", "recipes"] == sorted(path.name for path in clone.iterdir())


def test_without_programs_a_user_gets_one_command(clone: Path, programs: Path) -> None:
    """What every build starts is looked for before anything is made."""
    for name in ("id", "make", "patch"):
        (programs / name).unlink()
    program(programs, "id", "echo 1000")
    program(programs, "python3", PYTHON)
    done = made(clone, programs)
    assert (1, "make.sh: something is missing; type: sudo apt-get install make patch\n") == (done.returncode, done.stderr)
    assert ["make.sh", "recipes"] == sorted(path.name for path in clone.iterdir())


PYTHON = """[ "$1" = -c ] && exit 0
mkdir -p "$3/bin"
cat > "$3/bin/python" <<'END'
#!/bin/sh
[ "$2" = pip ] && { echo "pip: $*"; exit "${PIP_CODE:-0}"; }
echo "in: $PWD"
for word in "$@"; do echo "word: $word"; done
END
/bin/chmod +x "$3/bin/python"
"""


def test_it_hands_over_to_invoke(clone: Path, programs: Path) -> None:
    """From any folder, with spaces in the path of the clone and in a word; the second time nothing is installed."""
    program(programs, "python3", PYTHON)
    begin = [f"in: {programs}", "word: -m", "word: invoke", "word: --search-root", f"word: {clone}"]
    expected = [*begin, "word: freeze", "word: my app.py"]
    first, second = made(clone, programs, "freeze", "my app.py"), made(clone, programs, "freeze", "my app.py")
    assert (0, expected) == (first.returncode, first.stdout.splitlines())
    assert "--require-hashes" in first.stderr
    assert (expected, "") == (second.stdout.splitlines(), second.stderr)
    assert [*begin, "word: --list"] == made(clone, programs).stdout.splitlines()


def test_packages_that_cannot_be_installed(clone: Path, programs: Path) -> None:
    """No half-made .venv is left, and the way out is said."""
    program(programs, "python3", PYTHON.replace("${PIP_CODE:-0}", "7"))
    done = made(clone, programs)
    assert 1 == done.returncode
    assert (
        "make.sh: the packages could not be installed: is there a network? Offline, set FAPWS_SOURCES" in done.stderr
    )
    assert not (clone / ".venv").exists()
