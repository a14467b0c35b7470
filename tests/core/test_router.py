"""router.c: the first prefix that matches, found among many."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest

Prefix = tuple[bytes, bool]  # its text, and whether it asks for whole segments


@contextmanager
def router_of(core: ModuleType, prefixes: list[Prefix]) -> Iterator[Any]:
    """A router with these prefixes, in this order."""
    router = core.ffi.new("struct router *")
    for text, segments in prefixes:
        memory = core.ffi.new("char[]", text)
        assert core.lib.router_add(router, {"data": memory, "length": len(text)}, segments)
    assert core.lib.router_index(router)
    yield router
    core.lib.router_finish(router)


def find(core: ModuleType, router: object, path: bytes) -> int:
    """The number of the route for a path, whose bytes end where the memory does."""
    memory = core.lib.malloc(max(len(path), 1))
    core.ffi.memmove(memory, path, len(path))
    try:
        return int(core.lib.router_find(router, {"data": core.ffi.cast("char *", memory), "length": len(path)}))
    finally:
        core.lib.free(memory)


def fits(prefix: Prefix, path: bytes) -> bool:
    """What the documentation says of one prefix."""
    text, segments = prefix
    return path.startswith(text) and (not segments or path[len(text) :][:1] in (b"", b"/"))


def expected(prefixes: list[Prefix], path: bytes) -> int:
    """The first one that fits, by asking all."""
    return next((number for number, prefix in enumerate(prefixes) if fits(prefix, path)), -1)


@pytest.mark.parametrize(
    ("path", "route"),
    [(b"/env", 0), (b"/envelope", 0), (b"/static/x", 1), (b"/static", 2), (b"/", 2), (b"*", -1), (b"/ENV", 2)],
)
def test_the_first_prefix_wins(core: ModuleType, path: bytes, route: int) -> None:
    """PATHS are asked in their order, and a uri is a plain prefix."""
    with router_of(core, [(b"/env", False), (b"/static/", False), (b"/", False)]) as router:
        assert route == find(core, router, path)


@pytest.mark.parametrize(
    ("path", "route"),
    [(b"/shop", 0), (b"/shop/", 0), (b"/shop/x", 0), (b"/shopping", 1), (b"/", 1), (b"*", -1)],
)
def test_a_mounted_application_takes_whole_segments(core: ModuleType, path: bytes, route: int) -> None:
    """An application at /shop does not get /shopping."""
    with router_of(core, [(b"/shop", True), (b"", True)]) as router:
        assert route == find(core, router, path)


def test_a_longer_prefix_does_not_go_before_an_earlier_one(core: ModuleType) -> None:
    """Order is what counts, not length; of two equal ones the first is taken."""
    with router_of(core, [(b"/a", False), (b"/a/b", False), (b"/a", True)]) as router:
        assert [0, 0, -1] == [find(core, router, path) for path in (b"/a/b", b"/a", b"/")]
    with router_of(core, [(b"/a", True), (b"/a", False), (b"/a/b", False)]) as router:
        assert [0, 0, 1] == [find(core, router, path) for path in (b"/a/b", b"/a", b"/ab")]


def test_no_routes_answer_nothing(core: ModuleType) -> None:
    """PATHS may be empty."""
    with router_of(core, []) as router:
        assert [-1, -1] == [find(core, router, path) for path in (b"/", b"")]


@pytest.mark.parametrize("seed", range(40))
def test_it_is_the_same_as_asking_all_in_order(core: ModuleType, seed: int) -> None:
    """Many prefixes of few letters, so that they contain each other in every way."""
    chance = random.Random(seed)
    letters = chance.choice(["a/", "ab/", "a\xff/"]).encode("latin-1")

    def text(longest: int) -> bytes:
        return bytes(chance.choice(letters) for _ in range(chance.randrange(longest)))

    prefixes = [(text(9), chance.random() < 0.4) for _ in range(chance.randrange(1, 200))]
    with router_of(core, prefixes) as router:
        for path in [text(14) for _ in range(300)]:
            assert expected(prefixes, path) == find(core, router, path), (prefixes, path)


def test_a_thousand_prefixes_inside_each_other(core: ModuleType) -> None:
    """Each is found by its own path, when the longest is asked first."""
    prefixes = [(b"/" * length, False) for length in range(1000, 0, -1)]
    with router_of(core, prefixes) as router:
        found = [find(core, router, b"/" * length + b"x") for length in range(1, 1002)]
    assert [*range(999, -1, -1), 0] == found


def test_a_route_is_known_by_its_whole_prefix(core: ModuleType) -> None:
    """Neither what it begins with nor what begins with it counts."""
    with router_of(core, [(b"/env", False), (b"/", False)]) as router:
        known = {text: core.lib.router_names(router, {"data": core.ffi.from_buffer("char[]", text), "length": len(text)})
                 for text in (b"/env", b"/", b"/en", b"/envelope", b"x")}
    assert {b"/env": True, b"/": True, b"/en": False, b"/envelope": False, b"x": False} == known
