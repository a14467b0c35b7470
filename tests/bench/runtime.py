"""`invoke bench runtime`: the interpreter against the same sources built by gcc -O2 on this machine.

What was tried for it and is not in, for who tries again. mimalloc's options (purge delay, eager commit of segments and
arenas, by MIMALLOC_...): 4 kB of 6.22 MB resident. A profile for CPython, counted by this machine's clang (zig has no runtime
for it): these programs take 1.2 in 100 instructions less (348.0 -> 343.8 million, by valgrind; gcc -O2: 383.3; its model of a
processor sees no branch less mispredicted), Flask's smallest request 275,600 -> 272,100, and 2 to 4 in 100 of the time on a
busy machine; for samples/hello 3.91 -> 4.19 MB, 0.3 to 0.4 MB in the repository and a compiler more. An x0.980 -> x0.880 of
gcc's time, measured before, did not come again. The branch `profile` has it whole, with `invoke profile`.
Link-time optimisation: appliance/freezing/link.py.
"""

from __future__ import annotations

import json
import math
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from appliance.build import compile_libraries, cores, require_programs
from appliance.common.places import cache_folder, digest_of, whole_folder
from appliance.common.progress import step
from appliance.common.shell import run
from appliance.fetching.preflight import require
from appliance.fetching.sources import unpacked
from tests.bench.tables import Outcome, Table

_PROGRAMS = Path(__file__).with_name("programs.py")


def programs(rounds: int) -> Outcome:
    """CPU time of small programs, the least of all rounds; both interpreters take turns."""
    require_programs(False)
    _, interpreter = compile_libraries("x86_64", cores(), False)
    gcc = _gcc_python()
    ours: dict[str, float] = {}
    peer: dict[str, float] = {}
    for _ in range(rounds):
        for python, best in ((interpreter.python, ours), (gcc, peer)):
            said = json.loads(run([python, "-I", "-S", _PROGRAMS, "5"]))
            for name, seconds in said.items():
                best[name] = min(seconds, best.get(name, math.inf))
    ratios = {name: ours[name] / peer[name] for name in ours}
    mean = statistics.geometric_mean(ratios.values())
    rows = [[name, f"{ours[name] * 1e3:.2f}", f"{peer[name] * 1e3:.2f}", f"x{ratio:.2f}"] for name, ratio in ratios.items()]
    rows.append(["geometric mean", "", "", f"x{mean:.3f}"])
    table = Table("CPU time of Python programs, in ms", ["program", "of a frozen app", "same CPython, gcc -O2", "ratio"], rows)
    return Outcome([table], {"geometric_mean": mean, "ratios": ratios})


def _gcc_python() -> Path:
    """CPython of the same patched sources, built as usual by this machine's gcc at -O2; kept in the cache."""
    require({"gcc": "gcc", "make": "make"}, "building the peer")
    tree = unpacked("cpython")
    gcc = subprocess.run(["gcc", "--version"], capture_output=True, check=True).stdout
    folder = cache_folder("bench") / f"cpython-gcc-{digest_of(str(tree), gcc)[:16]}"
    if not folder.exists():
        with step("compile cpython with gcc -O2"), whole_folder(folder) as work, \
                tempfile.TemporaryDirectory() as scratch:
            commands: list[list[str | Path]] = [
                [tree / "configure", f"--prefix={folder}", "--without-ensurepip", "--disable-test-modules"],
                ["make", f"-j{cores()}", "OPT=-O2 -DNDEBUG -Wall"], ["make", "install", f"DESTDIR={scratch}/root"]]
            for command in commands:
                run(command, cwd=Path(scratch), log=Path(scratch, "log"), what="building the peer")
            shutil.copytree(f"{scratch}/root{folder}", work, dirs_exist_ok=True)
    return folder / "bin" / "python3"
