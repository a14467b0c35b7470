"""`invoke powercut` with real machines: what they write is recorded, replayed, and booted again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.build import build_binary, make_plan
from appliance.common.places import cache_folder
from appliance.fetching.recipes import Board
from appliance.imaging.image import compose
from appliance.imaging.keys import KeySet, PrivateKey
from appliance.imaging.release import Release
from appliance.powercuts.powercut import Report, powercut
from appliance.powercuts.recordings import parse_request
from appliance.powercuts.workbench import Wishes
from appliance.updating.bundle import make_bundle, write_bundle

KEY = PrivateKey(b"k" * 32)
CHANGE = parse_request("POST /settings value=new")

Cut = Callable[[Wishes], Report]


@pytest.fixture(scope="module")
def cut(pc: Board, tmp_path_factory: pytest.TempPathFactory) -> Cut:
    """Cuts the power of devices with apps/keeper.py."""
    folder = tmp_path_factory.mktemp("keeper")
    trusted = folder / "trusted.pub"
    trusted.write_text(f"threshold 1\nkey {KEY.public.hex()}\n")
    app = Path(__file__).parent / "apps" / "keeper.py"
    plan = make_plan(str(app), "pc", str(folder / "dist"), 0, False, keys=str(trusted), counter=1)
    build_binary(plan)
    for counter in (1, 2):
        release = Release(counter, keys=KeySet(1, (KEY.public,)))
        compose(plan.binary, "keeper", f"{counter}.0", pc, folder / f"{counter}.img", release)
    write_bundle(make_bundle(folder / "2.img", [KEY]), folder / "keeper.update")
    return lambda wishes: powercut(folder / "1.img", folder / "keeper.update", pc, wishes, 2)


def test_a_sample(cut: Cut, tmp_path: Path) -> None:
    """An update, and the boot that tries and confirms it: some cuts, one of them booted; a machine killed in that boot."""
    report = cut(Wishes(only=("update", "trial"), samples=4, boots=1, kills=1, work=tmp_path))
    assert ([], 0, 1) == (report.faults, report.failed, report.booted)
    assert {"old", "new"} == {outcome.version for outcome in report.judged[1].outcomes}
    assert ["trial"] == [killed.stage for killed in report.killed]


@pytest.mark.long
def test_all(cut: Cut) -> None:
    """Everything that is recorded, every cut; some disks of each outcome booted. What is interrupted goes on there."""
    report = cut(Wishes(change=CHANGE, boots=12, work=cache_folder("tests", "powercut")))
    assert ([], 0, 12) == (report.faults, report.failed, report.booted)
    assert ["update", "start", "install", "trial", "settings", "reset"] == [each.recording.name for each in report.judged]
    assert all({"old", "new"} <= {outcome.settings for outcome in each.outcomes} for each in report.judged[-2:])
    assert 60_000 < sum(each.cuts for each in report.judged)


@pytest.mark.long
def test_kills(cut: Cut) -> None:
    """A machine that runs is killed at 200 moments of an update, from its first write to the end of the trial, and each comes
    up. What is interrupted goes on there."""
    report = cut(Wishes(only=("install", "trial"), samples=4, kills=200, work=cache_folder("tests", "powercut")))
    assert ([], 0, 200) == (report.faults, report.failed, len(report.killed))
    assert {("install", "old"), ("install", "new"), ("trial", "old"), ("trial", "new")} == {
        (killed.stage, killed.outcome.partition(",")[0]) for killed in report.killed}


@pytest.mark.long
def test_an_app_that_does_not_wait_for_its_disk_is_found(cut: Cut, tmp_path: Path) -> None:
    """Settings that are written over the old ones are lost by some cuts, and the report says which."""
    report = cut(Wishes(only=("settings",), change=parse_request("POST /careless value=new"), work=tmp_path))
    assert report.failed
    assert "/data/app/value has neither its old nor its new content" in {reason for _, reason in report.judged[0].failures}
