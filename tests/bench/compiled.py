"""The C programs of the benchmarks: compiled by this machine's gcc as the server itself is, kept in the cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from appliance.build import cores
from appliance.common.places import cache_folder, digest_of, whole_folder
from appliance.common.progress import step
from appliance.common.shell import run
from appliance.fetching.preflight import require
from appliance.fetching.sources import unpacked
from appliance.freezing.link import C_WARNINGS
from appliance.host import LIBRARIES, OPTIMISED, compile_libraries

_HERE = Path(__file__).parent


def bare_program() -> Path:
    """bare.c: the limit, libuv and picohttpparser answering a constant."""
    trees = {name: unpacked(name) for name in LIBRARIES}
    objects = compile_libraries(trees, OPTIMISED, cores())
    places = [trees["libuv"] / "include", trees["picohttpparser"]]
    include = [word for place in places for word in ("-isystem", place)]
    return _program("bare", ["bare.c"], include, [*objects, "-lpthread", "-ldl"])


def load_program(tls: bool = False) -> Path:
    """load.c: the load generator. The one that speaks TLS needs the headers of this machine's OpenSSL."""
    if not tls:
        return _program("load", ["load.c", "transport_plain.c"])
    require({"gcc": "gcc", "/usr/include/openssl/ssl.h": "libssl-dev"}, "the load generator for TLS")
    return _program("load", ["load.c", "transport_tls.c"], [], ["-lssl", "-lcrypto"])


def _program(name: str, files: Sequence[str], include: Sequence[str | Path] = (), link: Sequence[str | Path] = ()) -> Path:
    sources = [_HERE / file for file in files]
    digest = digest_of(*sources, _HERE / "transport.h", *OPTIMISED, *(str(word) for word in (*include, *link)))
    folder = cache_folder("bench") / f"{name}-{digest[:16]}"
    if not folder.exists():
        with step(f"compile {name}"), whole_folder(folder) as work:
            flags = [*C_WARNINGS, "-Wshadow", *OPTIMISED, *include]
            run(["gcc", *flags, *sources, *link, "-o", work / name], what=f"compiling {name}")
    return folder / name
