"""The C programs of the benchmarks: compiled by this machine's gcc as the server itself is, kept in the cache."""

from __future__ import annotations

from pathlib import Path

from appliance.build import cores
from appliance.host import LIBRARIES, OPTIMISED, compile_libraries
from appliance.link import C_WARNINGS
from appliance.places import cache_folder, digest_of, whole_folder
from appliance.progress import step
from appliance.shell import run
from appliance.sources import unpacked

_HERE = Path(__file__).parent


def bare_program() -> Path:
    """bare.c: the limit, libuv and picohttpparser answering a constant."""
    trees = {name: unpacked(name) for name in LIBRARIES}
    objects = compile_libraries(trees, OPTIMISED, cores())
    places = [trees["libuv"] / "include", trees["picohttpparser"]]
    return _program("bare.c", [word for place in places for word in ("-isystem", place)], [*objects, "-lpthread", "-ldl"])


def load_program() -> Path:
    """load.c: the load generator."""
    return _program("load.c", [], [])


def _program(name: str, include: list[str | Path], link: list[str | Path]) -> Path:
    source = _HERE / name
    digest = digest_of(source, *OPTIMISED, *(str(word) for word in (*include, *link)))
    folder = cache_folder("bench") / f"{source.stem}-{digest[:16]}"
    if not folder.exists():
        with step(f"compile {name}"), whole_folder(folder) as work:
            run(["gcc", *C_WARNINGS, "-Wshadow", *OPTIMISED, *include, source, *link, "-o", work / source.stem],
                what=f"compiling {name}")
    return folder / source.stem
