"""Other programs: what they say, and what is said when they fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.common.shell import Failed, follow, run
from tests.appliance.cases import problem


def test_output_and_environment(tmp_path: Path) -> None:
    """stdout is returned; variables are added to those that are there; stdin is what was given."""
    assert "x y\n" == run(["sh", "-c", "read word; echo $word $MORE"], env={"MORE": "y"}, stdin=b"x\n", cwd=tmp_path)


def test_a_program_that_fails() -> None:
    """The Problem names the work, the exit code and the last line; the whole tail is kept."""
    with pytest.raises(Failed) as caught:
        run(["sh", "-c", "echo first; echo last >&2; exit 3"], what="counting")
    assert "counting failed (exit code 3): last" == str(caught.value)
    assert "first\nlast" == caught.value.tail


def test_a_program_that_is_killed() -> None:
    """A signal is named."""
    assert "sh was ended by signal 9" == problem(lambda: run(["sh", "-c", "kill -9 $$"]))


def test_a_program_that_is_not_there() -> None:
    """It is named."""
    assert "drawing needs the program no-such-program, which is not there: install it" == problem(
        lambda: run(["no-such-program"], what="drawing")
    )


def test_a_program_that_finds_the_disk_full(tmp_path: Path) -> None:
    """Its own message about the disk becomes ours, also when its output goes to a file."""
    command = ["sh", "-c", "echo 'write error: No space left on device' >&2; exit 1"]
    said = "the disk is full (compiling): free some space and run the same command again, it goes on where it stopped"
    assert said == problem(lambda: run(command, what="compiling"))
    assert said == problem(lambda: run(command, what="compiling", log=tmp_path / "log"))


def test_a_program_that_takes_too_long(tmp_path: Path) -> None:
    """It is ended when its time is over."""
    command = ["sh", "-c", f"mkfifo {tmp_path}/fifo; read nothing < {tmp_path}/fifo"]
    assert "waiting is not over after 0 s: the program was ended" == problem(
        lambda: run(command, limit=0.1, what="waiting")
    )


def test_a_program_that_is_followed(tmp_path: Path) -> None:
    """Each line of either output is told when it is written; who listens may end it."""
    told: list[str] = []
    follow(["sh", "-c", "echo one; echo two >&2; echo $MORE"], told.append, env={"MORE": "three"}, cwd=tmp_path)
    assert ["one", "two", "three"] == told
    with pytest.raises(Failed) as caught:
        follow(["sh", "-c", "seq 100; exit 3"], told.append, what="counting")
    assert "counting failed (exit code 3): 100" == str(caught.value)
    assert "76" == caught.value.tail.splitlines()[0]

    def stop(line: str) -> None:
        raise KeyboardInterrupt(line)

    with pytest.raises(KeyboardInterrupt, match="begun"):
        follow(["sh", "-c", f"mkfifo {tmp_path}/fifo; echo begun; read nothing < {tmp_path}/fifo"], stop)
