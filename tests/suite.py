"""What `invoke check` and `invoke test` run: the linters, the C compiler as a critic, and pytest."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from appliance.build import build, make_plan
from appliance.common.errors import Problem
from appliance.common.places import CORE, REPOSITORY
from appliance.common.progress import step
from appliance.common.shell import run
from appliance.fetching.preflight import require
from appliance.freezing.link import C_WARNINGS
from appliance.host import include_flags, require_programs
from appliance.updating.update import update_flags

# The tests that wait for emulated machines and for a browser.
WAITING = ("tests/machine", "tests/browser")

# Programs that tests start, and the Debian packages they come in; checked before the first test.
PROGRAMS = {
    "gcc": "gcc", "make": "make", "patch": "patch", "file": "file", "curl": "curl", "unshare": "util-linux", "ip": "iproute2",
    "qemu-system-x86_64": "qemu-system-x86", "/usr/share/OVMF/OVMF_CODE_4M.fd": "ovmf", "mdir": "mtools",
    "fsck.fat": "dosfstools", "sgdisk": "gdisk", "e2fsck": "e2fsprogs", "objdump": "binutils", "readelf": "binutils",
    "cpio": "cpio", "openssl": "openssl", "sslscan": "sslscan", "chromium": "chromium", "chromedriver": "chromium-driver",
    "setpriv": "util-linux", "skopeo": "skopeo", "umoci": "umoci", "crun": "crun", "losetup": "mount",
    "docker-registry": "docker-registry", "htpasswd": "apache2-utils", "bmaptool": "bmap-tools", "clang": "clang",
    "qemu-aarch64-static": "qemu-user-static", "valgrind": "valgrind", "strace": "strace",
    "/usr/lib/llvm-*/lib/clang/*/lib/*/libclang_rt.fuzzer-x86_64.a": "libclang-rt-dev",
}


def check(fix: bool = False) -> None:
    """ruff, mypy in strict mode, and gcc with all warnings as errors over every C file."""
    require_programs()
    with step("ruff"):
        _tool(["ruff", "check", *(["--fix"] if fix else []), "."])
    with step("mypy"):
        _tool(["mypy"])
    with step("gcc"):
        _check_c()


def run_all(long: bool = False, only: str = "") -> None:
    """All tests. Those of C files run under ASan and UBSan in a process of their own, since the sanitizer must come first.

    Those that mostly wait, for machines and browsers, run beside the others.
    """
    require(PROGRAMS, "testing")
    require_programs()
    marks = [] if long else ["-m", "not long"]
    chosen = Path(only or "tests")
    if chosen != Path("tests"):
        in_core = Path("tests/core") in (chosen, *chosen.parents)
        _judge({only: _pytest([only, *marks], _sanitized() if in_core else {})})
        return
    _build_hello()
    with _Behind([*WAITING, *marks]) as waiting:
        codes = {"tests/core": _pytest(["tests/core", *marks], _sanitized())}
        others = [f"--ignore={folder}" for folder in ("tests/core", *WAITING)]
        codes["the others"] = _pytest(["tests", *others, *marks], {})
        codes[" ".join(WAITING)] = waiting.show()
    _judge(codes)


def _build_hello() -> None:
    """What nearly all tests need is in the cache afterwards, so that two processes do not make it at the same time."""
    with tempfile.TemporaryDirectory() as folder:
        build(make_plan(str(REPOSITORY / "samples" / "hello" / "hello.py"), "pc", folder, 0, False))


class _Behind:
    """A pytest whose output is kept until it is asked for. At the end of the block it has ended."""

    def __init__(self, arguments: list[str]) -> None:
        self._process = subprocess.Popen(_command(arguments), cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._kept, self._shown = queue.SimpleQueue[bytes](), False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> _Behind:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._shown:  # interrupted: so is it, since it has the same terminal
            self._process.terminate()
        self._reader.join()
        self._process.wait()

    def show(self) -> int:
        """What it has said, and what it goes on to say, to its end; its exit code."""
        self._shown = True
        while block := self._kept.get():
            sys.stdout.buffer.write(block)
            sys.stdout.buffer.flush()
        return self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout
        with self._process.stdout as pipe:
            while block := os.read(pipe.fileno(), 65536):
                self._kept.put(block)
        self._kept.put(b"")


def take_pictures() -> None:
    """The pictures of the README, by the test that boots a device and looks at its console."""
    require(PROGRAMS, "testing")
    test = "tests/machine/test_console.py"
    _judge({test: _pytest([test, "-m", "not long"], {"FAPWS_PICTURES": "1"})})


def _command(arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]


def _pytest(arguments: list[str], environment: dict[str, str]) -> int:
    """Its exit code."""
    return subprocess.run(_command(arguments), cwd=REPOSITORY, env={**os.environ, **environment}, check=False).returncode


def _judge(codes: dict[str, int]) -> None:
    failed = [name for name, code in codes.items() if code]
    if failed:
        raise Problem(f"pytest {' and '.join(failed)} failed", "see above", code=max(codes.values()))


def _sanitized() -> dict[str, str]:
    library = run(["gcc", "-print-file-name=libasan.so"]).strip()
    return {"LD_PRELOAD": library, "ASAN_OPTIONS": "detect_leaks=0"}


def _tool(command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=REPOSITORY, check=False)
    if done.returncode:
        raise Problem(f"{command[0]} found something", "see above; `invoke check --fix` mends what it can")


def _check_c() -> None:
    """A second compiler's opinion: zig's clang builds them with the same flags."""
    flags = [*C_WARNINGS, "-Wshadow", "-O2", "-fsyntax-only", *include_flags(), *update_flags()]
    for file in sorted(CORE.rglob("*.c")):
        if "libc" not in file.parts:  # written against musl's headers
            run(["gcc", *flags, file], what=f"gcc {file.name}")
