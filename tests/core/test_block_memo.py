"""block_memo.c and request_line.c: a head that came before is read from memory, and is read the same."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.core.test_request import BAD, GOOD, Feeder, Outcome, head


def headers(feeder: Feeder) -> list[tuple[bytes, bytes]]:
    """All fields of the last request."""
    found = [feeder.request.headers[i] for i in range(feeder.request.header_count)]
    return [(bytes(feeder.ffi.buffer(h.name, h.name_len)), bytes(feeder.ffi.buffer(h.value, h.value_len))) for h in found]


def is_known(feeder: Feeder) -> bool:
    """Whether the last block stands in the memo."""
    return bool(feeder.request.block != feeder.ffi.NULL)


@pytest.mark.parametrize("name", GOOD)
def test_a_request_that_comes_again_means_the_same(core: ModuleType, name: str) -> None:
    """Five times the same bytes."""
    data, expected = GOOD[name]
    whole = data[: len(data) - len(expected.rest)]
    expected = Outcome(**{**expected.__dict__, "rest": b""})
    feeder = Feeder(core)
    assert [expected] * 5 == [feeder.feed(whole) for _ in range(5)]


def test_only_a_block_that_comes_again_is_kept(core: ModuleType) -> None:
    """The second time it is put down; the request line does not matter."""
    feeder = Feeder(core)
    known = []
    for turn in range(4):
        assert b"/%d" % turn == feeder.feed(head("X: y", line=f"GET /{turn} HTTP/1.1")).path
        known.append(is_known(feeder))
    assert [False, True, True, True] == known
    assert [(b"Host", b"a"), (b"X", b"y")] == headers(feeder)


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_behind_known_ones_is_refused(core: ModuleType, name: str, step: int) -> None:
    """What is known of a connection does not excuse what comes next."""
    data, status = BAD[name]
    feeder = Feeder(core)
    for _ in range(4):
        feeder.feed(head())
    for start in range(0, len(data), step or len(data)):
        outcome = feeder.feed(data[start : start + (step or len(data))])
        if outcome.progress != "waiting":
            break
    else:
        feeder.ended = True
        outcome = feeder.feed(b"")
    assert Outcome("refused", status) == outcome


@pytest.mark.parametrize(
    "fields",
    [
        ["Host: b", "Cookie: c=1", "X: 2"],
        ["Host: a", "Cookie: c=2", "X: 2"],
        ["Host: a", "cookie: c=1", "X: 2"],
        ["Host: a", "X: 2", "Cookie: c=1"],
        ["Host: a", "Cookie: c=1", "X: 2", "X: 2"],
        ["Host: a", "Cookie: c=1"],
        ["Host: a", "Cookie: c=1", "X: 2 "],
        ["Host: a", "Cookie: c=1", "X: 23"],
        ["Host: a", "Connection: close"],
        ["Host: a", "Cookie: c=1", "X: 2", "Connection: close"],
    ],
)
def test_a_block_that_is_almost_known_is_read_as_it_is(core: ModuleType, fields: list[str]) -> None:
    """One byte, the case of a name, the order or the number of fields: everything counts."""
    line, known = "GET / HTTP/1.1", ["Host: a", "Cookie: c=1", "X: 2"]
    fresh, warm = Feeder(core), Feeder(core)
    data = "\r\n".join([line, *fields, "", ""]).encode()
    usual = "\r\n".join([line, *known, "", ""]).encode()
    for _ in range(3):
        warm.feed(usual)
    assert is_known(warm)
    assert fresh.feed(data) == warm.feed(data)
    for feeder in (fresh, warm):
        feeder.feed(data)
        feeder.feed(data)
        assert is_known(feeder)
    assert headers(fresh) == headers(warm)
    assert [tuple(part.strip() for part in field.encode().split(b":")) for field in fields] == headers(warm)


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_known_block_may_come_in_pieces(core: ModuleType, cut: int) -> None:
    """A part of a known block is not yet a request."""
    feeder, data = Feeder(core), head("Cookie: c=1")
    for _ in range(3):
        feeder.feed(data)
    assert 40 == len(data)
    assert Outcome("waiting") == feeder.feed(data[:cut])
    assert b"a" == feeder.feed(data[cut:] + data).host
    assert b"a" == feeder.feed(b"").host


def test_a_known_block_is_no_block_of_1_0(core: ModuleType) -> None:
    """The same fields mean another thing in HTTP/1.0: the connection ends."""
    feeder = Feeder(core)
    kept = [feeder.feed(head(line=f"GET / HTTP/1.{version}")).keep_alive for version in (1, 1, 1, 0, 0, 0, 1)]
    assert [True, True, True, False, False, False, True] == kept


def test_more_blocks_than_there_is_room(core: ModuleType) -> None:
    """Hundreds of blocks on one connection: each is itself, whether it was forgotten or not."""
    feeder = Feeder(core)
    hosts = [f"h{i}".encode() for i in range(300) for _ in range(3)] * 2
    assert hosts == [feeder.feed(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n").host for host in hosts]


def test_who_is_used_is_not_driven_out_at_once(core: ModuleType) -> None:
    """Blocks that come once each do not cost a busy client its place."""
    feeder, usual = Feeder(core), head("Cookie: c=1")
    for turn in range(500):
        feeder.feed(usual)
        feeder.feed(head(f"X-Id: {turn}"))
    feeder.feed(usual)
    assert is_known(feeder)


def test_a_large_block_is_read_each_time(core: ModuleType) -> None:
    """What would cost much memory is not kept, and is read as ever."""
    feeder, data = Feeder(core), head("X: " + "y" * 5000)
    for _ in range(4):
        assert b"a" == feeder.feed(data).host
        assert not is_known(feeder)
