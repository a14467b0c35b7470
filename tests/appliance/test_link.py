"""The finished program: one static file that needs nothing around it, and where it listens."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from appliance.build import Plan
from appliance.compiling.toolchain import zig_folder
from appliance.freezing.link import _WRAPPED
from tests.appliance.running import TIMEOUT, Running, running


def shown(*command: str | Path) -> str:
    """What a program writes to stdout."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_the_program_is_static(probe_plan: Plan) -> None:
    """`file` says statically linked."""
    assert "statically linked" in shown("file", "--brief", probe_plan.binary)


def test_the_program_has_no_interpreter_and_no_dynamic_section(probe_plan: Plan) -> None:
    """Neither a loader nor shared libraries are asked for, and the stack is not executable."""
    headers = shown("readelf", "--program-headers", "--wide", probe_plan.binary)
    kinds = [line.split()[0] for line in headers.splitlines() if line.startswith("  ") and line.split()]
    assert [] == [kind for kind in kinds if kind in ("INTERP", "DYNAMIC")]
    assert [] == [line for line in headers.splitlines() if "GNU_STACK" in line and "RWE" in line]


def test_the_archive_is_a_read_only_segment(probe_plan: Plan) -> None:
    """The app stands in a segment of its own that the kernel maps read-only, as long as the file goes on."""
    headers = shown("readelf", "--program-headers", "--wide", probe_plan.binary)
    last = [line.split() for line in headers.splitlines() if line.strip().startswith("LOAD")][-1]
    offset, size, flags = int(last[1], 16), int(last[4], 16), last[6]
    assert ("R", probe_plan.binary.stat().st_size) == (flags, offset + size)


def test_binutils_find_nothing_wrong(probe_plan: Plan) -> None:
    """Foreign tools read the program without a warning."""
    done = subprocess.run(
        ["readelf", "--all", "--wide", probe_plan.binary], check=True, capture_output=True, text=True
    )
    assert "" == done.stderr


def test_no_path_of_this_machine_is_inside(probe_plan: Plan) -> None:
    """The program does not tell where it was built."""
    program = probe_plan.binary.read_bytes()
    home = Path.home()
    assert [] == [str(path) for path in (probe_plan.app.parent, home / ".cache") if str(path).encode() in program]


def test_it_serves_in_an_empty_folder(probe_plan: Plan, tmp_path: Path) -> None:
    """In a chroot with nothing in it, as nobody: no /proc, no /tmp, no libc, no file system to write to."""
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(probe_plan.binary, root / "probe")
    tmp_path.chmod(0o755)
    command: list[str | Path] = ["chroot", "--userspec=65534:65534", root, "/probe", "--server", "127.0.0.1:0"]
    with running(command, tmp_path / "log") as program:
        assert 330 == program.told("/imports")["relative"]
        assert ["probe"] == program.file("list", "/")
        assert 2 == len(program.told("/resources")["texts"])


def test_it_does_not_read_the_python_of_the_machine(probe_plan: Plan, tmp_path: Path) -> None:
    """PYTHONHOME, PYTHONPATH and modules in the working folder change nothing."""
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')\n")
    environment = {"PYTHONHOME": "/nowhere", "PYTHONPATH": str(tmp_path), "PYTHONSTARTUP": str(tmp_path / "json.py")}
    with running(
        [probe_plan.binary, "--server", "127.0.0.1:0"], tmp_path / "log", environment, cwd=tmp_path
    ) as program:
        assert 330 == program.told("/imports")["relative"]


def test_a_port_in_use_is_named(probe: Running, probe_plan: Plan) -> None:
    """A second program on the same port says which one it is and what to do."""
    done = subprocess.run(
        [probe_plan.binary, "--server", f"127.0.0.1:{probe.port}"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    said = f"fapws4: 127.0.0.1:{probe.port} is in use by another program; choose another with --server ADDR:PORT\n"
    assert (1, said) == (done.returncode, done.stderr)


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize(
    "given",
    [
        ("option", "variable", "app"),
        ("variable", "app"),
        ("app",),
    ],
    ids=lambda given: " > ".join(given),
)
def test_who_decides_where_it_listens(probe_plan: Plan, tmp_path: Path, given: tuple[str, ...]) -> None:
    """--server comes before FAPWS_SERVER, and that before SERVER in the app."""
    places = {who: f"127.0.0.1:{free_port()}" for who in given}
    words = ["--server", places["option"]] if "option" in places else []
    environment = {
        name: places[who] for who, name in (("variable", "FAPWS_SERVER"), ("app", "PROBE_SERVER")) if who in places
    }
    with running([probe_plan.binary, *words], tmp_path / "log", environment) as program:
        assert places[given[0]] == f"127.0.0.1:{program.port}"


@pytest.mark.parametrize(("environment", "place"), [({}, "0.0.0.0:8888"), ({"FAPWS_DEFAULT_SERVER": "[::]:80"}, "[::]:80")])
def test_where_it_listens_when_nobody_decides(
    probe_plan: Plan, tmp_path: Path, environment: dict[str, str], place: str
) -> None:
    """The default is port 8888, and for PID 1 port 80, by IPv6 too (seen in a network of its own)."""
    log = tmp_path / "log"
    with running(["unshare", "--net", probe_plan.binary], log, environment) as program:
        assert place.rpartition(":")[2] == str(program.port)
    assert f"fapws4: listening on http://{place}/" == log.read_text().splitlines()[0]


def test_nothing_is_written_when_it_starts(probe_plan: Plan, tmp_path: Path) -> None:
    """Start and stop leave the working folder and the temporary folder as they were."""
    with running(
        [probe_plan.binary, "--server", "127.0.0.1:0"], tmp_path / "log", {"TMPDIR": str(tmp_path)}, cwd=tmp_path
    ):
        assert ["log"] == [path.name for path in tmp_path.iterdir()]
    assert ["log"] == [path.name for path in tmp_path.iterdir()]


def test_what_the_headers_rename_is_redirected_too() -> None:
    """On 32-bit processors calls of stat() are calls of __stat_time64(): the link must send both to the tree."""
    headers = zig_folder() / "lib" / "libc" / "include" / "generic-musl"
    renamed = {name: other for header in headers.rglob("*.h")
               for name, other in re.findall(r"^__REDIR\((\w+), *(\w+)\)", header.read_text(), re.MULTILINE)}
    assert {"stat", "dlsym"} <= renamed.keys()
    assert {"stat", "utimensat"} <= renamed.keys() & set(_WRAPPED)
    assert [] == [other for name, other in renamed.items() if name in _WRAPPED and other not in _WRAPPED]
