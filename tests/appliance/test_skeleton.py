"""`invoke new`: what it writes builds, runs and passes its own test; what is there already is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.build import build_binary, cores, make_plan
from appliance.common.places import REPOSITORY
from appliance.host import install
from appliance.skeleton import new_app
from tests.appliance.cases import left_over, problem, written
from tests.appliance.running import TIMEOUT, errors, invoke, running


def test_by_the_command(tmp_path: Path) -> None:
    """A folder with the app, its test, pyproject.toml and README.md, all under the name that was given."""
    done = invoke("new", tmp_path / "gadget")
    assert (0, []) == (done.returncode, errors(done))
    names = ["README.md", "gadget.py", "pyproject.toml", "test_gadget.py"]
    assert names == sorted(path.name for path in (tmp_path / "gadget").iterdir())
    assert [] == [name for name in names if "newapp" in (tmp_path / "gadget" / name).read_text()]
    assert [] == left_over(tmp_path)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A folder that is there, be it empty, stays as it is."""
    file = written(tmp_path, "mine", "gadget/gadget.py")
    said = f"{file.parent} is there already: choose another name; nothing was changed"
    assert said == problem(lambda: new_app(file.parent))
    assert ([file], "mine") == (list(file.parent.iterdir()), file.read_text())


@pytest.mark.parametrize("name", ["my-app", "1st", "json", "fapws4"])
def test_names_that_cannot_be_imported(tmp_path: Path, name: str) -> None:
    """They are refused as the builder would refuse them, before anything is written."""
    assert problem(lambda: new_app(tmp_path / name)).startswith(f"{name}.py ")
    assert [] == list(tmp_path.iterdir())


def test_it_builds_at_once(tmp_path: Path) -> None:
    """Frozen as it is, it answers."""
    new_app(tmp_path / "gadget")
    plan = make_plan(str(tmp_path / "gadget" / "gadget.py"), "pc", str(tmp_path / "dist"), 0, False)
    build_binary(plan)
    with running([plan.binary, "--server", "127.0.0.1:0"], tmp_path / "log") as program:
        assert (200, "Hello Ada!\n") == program.get("/?name=Ada")
        assert {"name": "gadget", "version": "0.1.0"} == program.told("/about")


def test_its_test_passes(tmp_path: Path) -> None:
    """With the server as `invoke install` installs it, and nothing of this repository on the path."""
    new_app(tmp_path / "gadget")
    prefix = tmp_path / ".local"
    install(prefix, cores())
    path = os.pathsep.join([str(prefix / "bin"), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path / "gadget",
        env={**os.environ, "HOME": str(tmp_path), "PATH": path, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "3 passed" in done.stdout
    assert str(REPOSITORY) not in done.stdout
