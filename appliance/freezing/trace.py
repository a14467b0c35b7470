"""``--trace``: only what the tests of an app import goes into its program, and what is reached by name.

The tests beside the app (test_*.py, run by pytest), or a given command, are run once with a whole program of the app: they
find it in PATH as ``fapws4``, which takes the app's file for granted. It notes every module that it imports. The names are
kept in APP.trace beside the app: while neither the app's files nor its tests or packages change, builds take them from there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import cache_folder, digest_of, scratch_folder, whole_file
from appliance.common.progress import note, step
from appliance.common.shell import run
from appliance.freezing.analysis import Analysis
from appliance.freezing.archive import FINDER_FILE
from appliance.freezing.link import ALWAYS_LINKED

_UNTRACED = "the app's tests do not import it (--trace); trace it anew with a test that does, or build without --trace"
_HEAD = "# What the tests of this app import; written by --trace, for builds with --trace.\n"


@dataclass(frozen=True)
class Trial:
    """How an app's tests are run: "" is pytest with the tests beside the app."""

    command: str

    def files(self, app: Path) -> list[Path]:
        """What decides the outcome besides the app."""
        return sorted([*app.parent.glob("test_*.py"), *app.parent.glob("conftest.py")])

    def words(self, app: Path) -> list[str | Path]:
        """The command line."""
        if self.command:
            return ["sh", "-c", self.command]
        files = [file for file in self.files(app) if file.name != "conftest.py"]
        if not files:
            raise Problem(f"there are no tests beside {app}, by which it could be traced",
                          f"write {app.with_name(f'test_{app.name}').name} (invoke new shows how), or say --trace=COMMAND")
        return [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]


def recording_finder() -> Path:
    """A finder that notes what is imported, if the environment says where to."""
    text = FINDER_FILE.read_text() + _RECORDER
    file = cache_folder("code") / f"recording-{digest_of(text)[:16]}.py"
    if not file.exists():
        with whole_file(file) as work:
            work.write_text(text)
    return file


def traced(analysis: Analysis, trial: Trial, digest: str, program: Callable[[Path], None]) -> Analysis:
    """The analysis without what the tests do not import; ``program`` writes a whole program with the recording finder.

    ``digest`` is that of all else that the tests may depend on.
    """
    kept = analysis.app.with_suffix(".trace")
    own = [Path(module.file) for module in analysis.modules if module.part == "app" and module.file]
    mark = f"# {digest_of(digest, trial.command, *own, *trial.files(analysis.app))}"
    lines = kept.read_text().splitlines() if kept.exists() else []
    if mark not in lines[:2]:
        lines = [_HEAD.strip(), mark, *sorted(_imported(analysis, trial, program))]
        with whole_file(kept) as work:
            work.write_text("\n".join(lines) + "\n")
    return narrowed(analysis, lines[2:])


def narrowed(analysis: Analysis, imported: Iterable[str]) -> Analysis:
    """With these modules, what the interpreter needs, what any of them names, and what each must be able to import."""
    waiting = [*imported, *analysis.needs.get("", ()), analysis.app.stem]
    wanted: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += [*analysis.needs.get(name, ()), *([name.rpartition(".")[0]] if "." in name else [])]
    modules = tuple(module for module in analysis.modules if module.name in wanted)
    dropped = tuple(module.name for module in analysis.modules if module.name not in wanted)
    builtins = tuple(name for name in analysis.builtins if name in wanted | ALWAYS_LINKED)
    dropped += tuple(name for name in analysis.builtins if name not in builtins)
    if dropped:
        note(f"left out, since no test imports them: {', '.join(dropped)}")
    return replace(analysis, modules=modules, builtins=builtins,
                   left_out={**analysis.left_out, **({_UNTRACED: dropped} if dropped else {})})


def _imported(analysis: Analysis, trial: Trial, program: Callable[[Path], None]) -> set[str]:
    """The names of the program's own modules that the tests import."""
    words = trial.words(analysis.app)
    known = {module.name for module in analysis.modules} | set(analysis.builtins)
    with scratch_folder(cache_folder("work")) as scratch:
        program(scratch / "whole")
        (scratch / "bin").mkdir()
        command = scratch / "bin" / "fapws4"
        command.write_text(_COMMAND.format(app=analysis.app.name, program=scratch / "whole"))
        command.chmod(0o755)
        environment = {"PATH": f"{scratch / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
                       "FAPWS_TRACE": str(scratch / "names"), "PYTHONDONTWRITEBYTECODE": "1"}
        with step(f"trace {analysis.app.name}"):
            run(words, cwd=analysis.app.parent, env=environment, what=f"the tests of {analysis.app.name}")
        if not (scratch / "names").exists():
            raise Problem(f"the tests of {analysis.app.name} never started it", "start it as fapws4, which they find in PATH")
        return known & set((scratch / "names").read_text().split())


# The app is in the program: its file's name among the words is left out.
_COMMAND = """#!/bin/sh
for word do
    shift
    case $word in
    {app} | */{app}) ;;
    *) set -- "$@" "$word" ;;
    esac
done
exec '{program}' "$@"
"""

# At the end of core/frozen/finder.py. Each process opens the file when it starts.
_RECORDER = """

def _record(file):
    import posix

    names = posix.open(file, posix.O_WRONLY | posix.O_APPEND | posix.O_CREAT, 0o600)
    find = ArchiveFinder.find_spec

    def find_spec(name, path=None, target=None):
        posix.write(names, name.encode() + b"\\n")
        return find(name, path, target)

    ArchiveFinder.find_spec = staticmethod(find_spec)


if _recorded := __import__("posix").environ.get(b"FAPWS_TRACE"):
    _record(_recorded)
"""
