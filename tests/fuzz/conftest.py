"""The two programs of this folder, kept in the cache by the digest of all that they are made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.build import cores
from appliance.common.places import CORE, cache_folder, digest_of, tree_digest, whole_folder
from appliance.common.shell import run
from appliance.fetching.sources import unpacked
from appliance.freezing.link import C_WARNINGS
from appliance.host import SANITIZED, compile_here, include_flags
from appliance.updating.update import update_flags
from tests.build import of_pid_1
from tests.fuzz.inputs import write_seeds

HERE = Path(__file__).parent

HARNESS = "input loop session stub".split()


def program(name: str, compiler: str, sanitizers: tuple[str, ...], link: tuple[str, ...] = ()) -> Path:
    """The executable of NAME.c with the core's path and the harness."""
    parser = next(iter(unpacked("picohttpparser").rglob("picohttpparser.c")))
    digest = digest_of(compiler, *sanitizers, tree_digest(CORE, "*.[ch]"), tree_digest(HERE, "*.[ch]"),
                       parser, Path(__file__))
    folder = cache_folder("tests") / f"fuzz-{digest[:16]}"
    if not folder.exists():
        flags = [*C_WARNINGS, "-Wshadow", *sanitizers, *include_flags()]
        core = [file for file in sorted(CORE.glob("*.c")) if "<Python.h>" not in file.read_text()]
        own = [HERE / f"{file}.c" for file in (*HARNESS, name)]
        with whole_folder(folder) as work:
            members = compile_here(core, CORE, work / "core", flags, cores(), compiler)
            run(["ar", "rcs", work / "core.a", *members])  # of which the linker takes what the harness does not replace
            objects = compile_here(own, HERE, work / "harness", flags, cores(), compiler)
            objects += compile_here([parser], parser.parent, work / "harness", [*flags, "-w"], 1, compiler)
            run([compiler, *sanitizers, *link, *objects, work / "core.a", "-o", work / name, "-lpthread"],
                what=f"linking {name}")
    return folder / name


@pytest.fixture(scope="session")
def fuzzer() -> Path:
    """The program that libFuzzer drives; its runtime is clang's."""
    instrumented = ("-fsanitize=fuzzer-no-link", *SANITIZED)
    return program("target", "clang", instrumented, ("-fsanitize=fuzzer",))


def alone(name: str, own: list[Path], foreign: list[Path], more: tuple[str, ...] = ()) -> Path:
    """The program that libFuzzer drives made of NAME_target.c, files of the core and files of others."""
    flags = [*C_WARNINGS, "-Wshadow", "-fsanitize=fuzzer-no-link", *SANITIZED, *more]
    target = HERE / f"{name}_target.c"
    headers = sorted({header for file in own for header in file.parent.glob("*.h")})
    digest = digest_of(*flags, *own, *headers, *foreign, target, Path(__file__))
    folder = cache_folder("tests") / f"fuzz-{name}-{digest[:16]}"
    if not folder.exists():
        with whole_folder(folder) as work:
            objects = compile_here(own, CORE, work / "core", flags, cores(), "clang")
            objects += compile_here([target], HERE, work / "harness", flags, 1, "clang")
            for file in foreign:
                objects += compile_here([file], file.parent, work / "harness", [*flags, "-w"], 1, "clang")
            run(["clang", *SANITIZED, "-fsanitize=fuzzer", *objects, "-o", work / name], what="linking the fuzzer")
    return folder / name


@pytest.fixture(scope="session")
def bundle_fuzzer() -> Path:
    """The program that feeds bundles to the updater's reader."""
    own = [CORE / "update" / f"{name}.c" for name in ("bundle", "digest", "manifest", "text")]
    return alone("bundle", [*own, CORE / "init" / "span.c"], [unpacked("hacl-sha2") / "Hacl_Hash_SHA2.c"],
                 tuple(map(str, update_flags())))


@pytest.fixture(scope="session")
def session_fuzzer() -> Path:
    """The program that feeds what a client sends to a session."""
    own = [CORE / "update" / f"{name}.c" for name in "bundle digest install manifest refusal session text".split()]
    return alone("session", [*own, CORE / "init" / "span.c"], [unpacked("hacl-sha2") / "Hacl_Hash_SHA2.c"],
                 tuple(map(str, update_flags())))


@pytest.fixture(scope="session")
def network_fuzzer() -> Path:
    """The program that says to a device what a local network might say."""
    names = "acd arp crc32 datagram dhcp dhcp_client dns file host_address inet6 lease link_local mdns span".split()
    names += ["sntp", "sntp_client"]
    return alone("network", [of_pid_1(f"{name}.c") for name in names], [])


@pytest.fixture(scope="session")
def replay() -> Path:
    """The program that runs inputs from files, built by the compiler that everything else is built by."""
    return program("replay", "cc", SANITIZED)


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of inputs made from all cases of tests/http."""
    folder = tmp_path_factory.mktemp("fuzz") / "seeds"
    write_seeds(folder)
    return folder
