"""What `invoke check` and `invoke test` run: the linters, the C compiler as a critic, and pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import CORE, REPOSITORY
from appliance.common.progress import step
from appliance.common.shell import run
from appliance.fetching.preflight import require
from appliance.freezing.link import C_WARNINGS
from appliance.host import include_flags, require_programs
from appliance.updating.update import update_flags

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
    """All tests. Those of C files run under ASan and UBSan in a process of their own, since the sanitizer must come first."""
    require(PROGRAMS, "testing")
    require_programs()
    chosen = Path(only or "tests")
    marks = [] if long else ["-m", "not long"]
    in_core = chosen == Path("tests") or Path("tests/core") in (chosen, *chosen.parents)
    if in_core:
        _pytest(["tests/core" if chosen == Path("tests") else only, *marks], _sanitized())
    if chosen == Path("tests") or not in_core:
        _pytest([str(chosen), "--ignore=tests/core", *marks], {})


def take_pictures() -> None:
    """The pictures of the README, by the test that boots a device and looks at its console."""
    require(PROGRAMS, "testing")
    _pytest(["tests/machine/test_console.py"], {"FAPWS_PICTURES": "1"})


def _pytest(arguments: list[str], environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "pytest", *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, env={**os.environ, **environment}, check=False)
    if done.returncode:
        raise Problem(f"pytest {arguments[0]} failed", "see above", code=done.returncode)


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
