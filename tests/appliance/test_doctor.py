"""`invoke doctor`: what is missing is named with its package and its task, and nothing is done about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import doctor
from appliance.common.errors import Problem
from appliance.doctor import Finding, Need, chosen, examine, needs, remedy
from tests.appliance.cases import problem
from tests.appliance.running import errors, invoke
from tests.suite import PROGRAMS


def broken() -> None:
    """A check that fails."""
    raise Problem("no mirror", "set one")


def test_programs_and_faults_are_found() -> None:
    """What is there is not mentioned; a check's Problem is told with its remedy."""
    need = Need("brew", {"sh": "dash", "no-such-program": "kettle", "/no/such/file": "tea"}, (broken, lambda: None))
    [finding] = examine([need])
    assert Finding("brew", {"no-such-program": "kettle", "/no/such/file": "tea"}, ("no mirror: set one",)) == finding
    assert not finding.healthy
    assert Finding("rest").healthy


def test_one_command_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every package once; with sudo for who is not root."""
    findings = [Finding("a", {"x": "one", "y": "two"}), Finding("b", {"z": "one"}), Finding("c", {}, ("odd",))]
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "sudo apt-get install one two" == remedy(findings)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert "apt-get install one two" == remedy(findings)
    assert "" == remedy(findings[2:])


def test_a_task_that_is_unknown() -> None:
    """Those that there are are named."""
    assert problem(lambda: chosen("brew", needs("pc", PROGRAMS))).endswith(
        "known: build-appliance, https, sqlite3, kernel, emulate, powercut, build, publish, licences, test"
    )


def test_a_part_of_a_build() -> None:
    """Needs what the build needs."""
    every = needs("pc", PROGRAMS)
    for part in ("compile", "freeze", "image", "sources"):
        assert chosen("build-appliance", every) == chosen(part, every)


def test_another_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be installed is a fault with a way out."""
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    [finding] = examine(chosen("build-appliance", needs("pc", {})))
    assert "this machine is aarch64: build on x86_64" in finding.faults


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Before the first build there must be room for it; later builds need little."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(doctor, "_ROOM", 1 << 60)
    assert "free some space" in problem(doctor._room)
    (tmp_path / "fapws4" / "libraries").mkdir()
    doctor._room()


def test_this_machine_is_healthy() -> None:
    """Where the tests run, every task can run: exit code 0."""
    done = invoke("doctor")
    assert (0, []) == (done.returncode, errors(done)), done.stderr
    assert {"build-appliance: ready", "emulate: ready", "test: ready"} <= set(done.stderr.splitlines())


def test_a_machine_that_lacks_something(tmp_path: Path) -> None:
    """Without any program on the path: exit code 1, each one named for its task, and the command that installs them."""
    done = invoke("doctor", "--task", "emulate", env={"PATH": str(tmp_path)})
    assert 1 == done.returncode
    assert "emulate: lacks qemu-system-x86_64 (package qemu-system-x86)" in done.stderr.splitlines()
    assert "next: apt-get install qemu-system-x86" in done.stderr.splitlines()
