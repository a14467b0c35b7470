"""What a power cut may leave: which disks are looked at, and what is on them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from appliance.formats.write_log import SECTOR, Event, Flush, Write
from appliance.powercuts.cuts import EXHAUSTIVE, Cut, Kept, all_kept, cuts, lot, parse_cut, torn
from appliance.powercuts.replay import Areas, Replay
from tests.appliance.cases import problem

SIZE = 64 * SECTOR


def written(number: int, at: int = 0, sectors: int = 1) -> Write:
    """A write of bytes that no other one has."""
    return Write(at * SECTOR, bytes([number]) * sectors * SECTOR)


def some_events(count: int, seed: int) -> list[Event]:
    """Writes that overlap, and flushes."""
    chance = lot(seed)
    return [Flush() if chance.random() < 0.2 else written(number + 1, chance.randrange(60), chance.randrange(1, 5))
            for number in range(count)]


@pytest.mark.parametrize("count", [1, 3, EXHAUSTIVE])
def test_every_subset_of_few_writes(count: int) -> None:
    """Each once, over all points; and at each point the last write torn."""
    found = list(cuts([written(number + 1, number) for number in range(count)], seed=1))
    whole = [cut.kept for cut in found if not any(kept.tear for kept in cut.kept)]
    subsets = itertools.chain.from_iterable(itertools.combinations(range(count), size) for size in range(count + 1))
    assert sorted(tuple(map(Kept, subset)) for subset in subsets) == sorted(whole)
    assert {cut.kept[-1].number for cut in found if any(kept.tear for kept in cut.kept)} == set(range(count))


def test_many_writes_are_sampled() -> None:
    """As many as are wanted, all and none but the last among them, torn ones too, and the same ones again."""
    happened = [written(number + 1, number) for number in range(20)]
    found = [cut for cut in cuts(happened, seed=1, samples=50) if cut.point == 20]
    assert 40 < len(found) <= 50
    assert {all_kept(happened, 20), Cut(20, (Kept(19),))} < set(found)
    assert 10 < sum(any(kept.tear for kept in cut.kept) for cut in found)
    assert found == [cut for cut in cuts(happened, seed=1, samples=50) if cut.point == 20]
    assert found != [cut for cut in cuts(happened, seed=2, samples=50) if cut.point == 20]


def test_what_was_flushed_is_never_missing() -> None:
    """Only writes since the last flush are left out."""
    happened: list[Event] = [written(1), written(2), Flush(), written(3), Flush(), written(4)]
    found = list(cuts(happened, seed=1))
    assert {Cut(3), Cut(5)} < set(found)
    assert all(kept.number == 3 for cut in found if cut.point == 4 for kept in cut.kept)
    assert {5} == {kept.number for cut in found if cut.point == 6 for kept in cut.kept}


def test_what_went_before_counts_where_no_flush_has_made_it_safe() -> None:
    """Judging begins later than the record: subsets have the writes before, points do not."""
    happened: list[Event] = [written(1), Flush(), written(2, 1), written(3, 2)]
    found = [cut for cut in cuts(happened, seed=1, begin=3) if not any(kept.tear for kept in cut.kept)]
    assert [Cut(3, (Kept(2),)), Cut(4, (Kept(3),)), Cut(4, (Kept(2), Kept(3)))] == found


def test_a_torn_write_has_old_and_new_sectors_and_one_in_half() -> None:
    """Never anything else, and of every kind over some tears."""
    write, before = written(1, 0, 8), bytes(8 * SECTOR)
    found = [torn(write, tear, before) for tear in range(1, 30)]
    sectors = [data[at : at + SECTOR] for data in found for at in range(0, len(data), SECTOR)]
    halves = [sector for sector in sectors if sector.strip(b"\0") not in (b"", b"\1" * SECTOR)]
    assert all(sector == sector.rstrip(b"\0").ljust(SECTOR, b"\0") for sector in halves)
    assert 29 == len(halves)
    assert {bytes(SECTOR), b"\1" * SECTOR} < set(sectors)
    assert found == [torn(write, tear, before) for tear in range(1, 30)]


def test_a_cut_is_said_and_read() -> None:
    """As a report says it."""
    for cut in (Cut(0), Cut(12, (Kept(9), Kept(11, 3)))):
        assert cut == parse_cut(str(cut))
    assert "12:9,11~3" == str(Cut(12, (Kept(9), Kept(11, 3))))
    assert "nothing is no cut" in problem(lambda: parse_cut(""))
    assert "x:1 is no cut: take it from a report" in problem(lambda: parse_cut("x:1"))


def disk_behind(happened: Sequence[Event], cut: Cut) -> bytes:
    """The slow way: flushed writes, then those that were kept."""
    disk = bytearray(SIZE)
    flushes = [number for number in range(cut.point) if isinstance(happened[number], Flush)]
    order = [Kept(number) for number in range(flushes[-1] if flushes else 0)] + list(cut.kept)
    for kept in order:
        event = happened[kept.number]
        if isinstance(event, Write):
            before = bytes(disk[event.at : event.end])
            disk[event.at : event.end] = torn(event, kept.tear, before) if kept.tear else event.data
    return bytes(disk)


@pytest.mark.parametrize("seed", range(5))
def test_replaying(tmp_path: Path, seed: int) -> None:
    """Every cut leaves the disk that it must; where an area's key is the same, its bytes are."""
    happened = some_events(40, seed)
    (tmp_path / "disk").write_bytes(bytes(SIZE))
    areas = {"front": (0, 10 * SECTOR), "middle": (10 * SECTOR, 30 * SECTOR), "end": (30 * SECTOR, SIZE)}
    told = Areas(areas, happened, "zero")
    known: dict[str, bytes] = {}
    with Replay(tmp_path / "disk", happened) as replay:
        for cut in cuts(happened, seed, samples=20):
            replay.move_to(cut)
            expected = disk_behind(happened, cut)
            assert expected == replay.read(0, SIZE)
            for name, (start, end) in areas.items():
                assert expected[start:end] == known.setdefault(told.key(name, cut), expected[start:end])
                replay.copy(start, end, tmp_path / "copy")
                assert expected[start:end] == (tmp_path / "copy").read_bytes()
    assert 3 * 20 < len(known)
