"""A device whose battery is empty: time servers, one of which lies, somebody who knows better, and the next start."""

from __future__ import annotations

import json
import re
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from appliance.build import build, make_plan
from appliance.emulating.emulate import Machine
from appliance.emulating.surroundings import Surroundings
from appliance.emulating.wire import wire_end
from appliance.fetching.recipes import Board
from tests.machine.disk import Disk
from tests.machine.status import status
from tests.machine.time_server import TimeServer, TimeServers

CLERK = Path(__file__).parent / "apps" / "clerk.py"
CODE = "7HRT-22KX-PQ4M"
NOW = datetime(2031, 5, 4, 12, tzinfo=timezone.utc).timestamp()
BACK = datetime(2029, 2, 3, 12, tzinfo=timezone.utc).timestamp()
HOUR, DAY = 3_600, 86_400
RULE = "CET-1CEST,M3.5.0,M10.5.0/3"
NETWORK = {"interface": "eth1", "v4": "10.9.0.20/24", "ntp": "10.9.0.1,10.9.0.2,10.9.0.3"}
_PATIENCE = 120


def entries(settings: dict[str, str]) -> str:
    """As PID 1 keeps them (core/init/settings.h)."""
    return "".join(f"{key} {len(value)}\n{value}\n" for key, value in settings.items())


@contextmanager
def served(**servers: TimeServer) -> Iterator[TimeServers]:
    """Time servers at 10.9.0.1 and so on, at the other end of a cable."""
    with wire_end("cable") as end, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.bind(str(end.own))
        yield TimeServers(wire, end, {f"10.9.0.{number}": server for number, server in enumerate(servers.values(), 1)})
        wire.shutdown(socket.SHUT_RD)


class Clerk:
    """The app of a machine, as somebody who has claimed it."""

    def __init__(self, machine: Machine) -> None:
        self._url = machine.url()
        self._session = ""
        self._session = self.call("claim", code=CODE, name="ada", password="correct horse battery")["session"]

    def call(self, what: str, /, **arguments: Any) -> Any:
        """The answer of the manager."""
        body = json.dumps({"call": what, "session": self._session, "arguments": arguments}).encode()
        with urllib.request.urlopen(f"{self._url}call", body, timeout=_PATIENCE) as answer:
            return json.loads(answer.read())


def is_about(machine: Machine, moment: float) -> bool:
    """Whether the app takes it to be that time, or some minutes later."""
    code, said = machine.get("/now")
    return code == 200 and 0 <= int(said) - int(moment) < HOUR


def rtc_year(machine: Machine) -> int:
    """What the clock shows that goes on without power."""
    return 1900 + int(machine.ask("qom-get", path="/machine", property="rtc-time")["tm_year"])


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory, pc: Board) -> Disk:
    """Of a device that was told its address, its time servers and its claim code."""
    folder = tmp_path_factory.mktemp("clerk")
    plan = make_plan(str(CLERK), "pc", str(folder), 0, False)
    build(plan)
    disk = Disk(plan.image, folder / "disk.img", pc)
    disk.keep("network.conf", entries(NETWORK))
    disk.keep("claim", CODE)
    return disk


def test_time_comes_from_servers_or_a_person_and_is_kept(
    disk: Disk, pc: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It starts when it was built, believes two servers and not the third, and what it has said until then is dated by them;
    somebody sets it back, and the zone; the next start, in 1970 and without a cable, goes on from there."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    around = Surroundings(clock="1970-01-01T00:00:00", wire="cable")
    with (served(good=TimeServer(NOW), liar=TimeServer(NOW + 400 * DAY), better=TimeServer(NOW)) as servers,
          Machine(disk.path, pc, firmware="bios", keep=True, around=around, echo=print) as machine):
        machine.wait_for(r"clock: 2023-11-14 22:13:2\d UTC, untrusted build")
        server = machine.wait_for(r"clock: 2031-05-04 12:\d\d:\d\d UTC, trusted sntp (10\.9\.0\.[13])")[1]
        assert is_about(machine, NOW)
        assert 2031 == rtc_year(machine)
        assert f"trusted sntp {server}" == status(machine)["clock"]
        assert {b"\x23" + bytes(39)} == {question[:40] for question in servers.questions}, "nothing tells who asks"
        assert len(servers.questions) == len({question[40:] for question in servers.questions}) >= 3

        clerk = Clerk(machine)
        log = clerk.call("logs.read", since=0, contains=" on pc,")
        assert re.fullmatch(r"\d\.\d{3} 2031-05-04T1[12]:\d\d:\d\dZ fapws4 clerk 1\.0 on pc, slot a", log["lines"][0])
        clerk.call("clock.set", seconds=int(BACK))
        assert is_about(machine, BACK)
        assert 2029 == rtc_year(machine)
        clerk.call("clock.set_zone", zone="Europe/Vienna")
        clock = clerk.call("clock.get")
        assert (True, "operator", "Europe/Vienna") == (clock["trusted"], clock["source"], clock["zone"])
        news = clerk.call("logs.read", since=log["next"], contains="")["lines"]
        assert any("fapws4 clock: 2029-02-03 12:" in line and line.split()[1].startswith("2029-02-03T12:") for line in news)
        machine.press_power_button()
        assert 0 == machine.wait_for_end()
    saved, trust = disk.kept("clock").split()
    assert 0 <= int(saved) - int(BACK) < HOUR
    assert "trusted" == trust

    around = Surroundings(clock="1970-01-01T00:00:00", cable=False)
    with Machine(disk.path, pc, firmware="bios", keep=True, around=around, echo=print) as machine:
        machine.wait_for(r"clock: 2029-02-03 12:\d\d:\d\d UTC, untrusted saved")
        machine.wait_for("listening on port 80")
        machine.plug_cable(True)
        assert (200, f"{RULE} 01:00 CET".encode()) == machine.get("/zone")
