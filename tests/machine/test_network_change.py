"""Other settings of the network, as the owner orders them: tried, taken back, kept, and what a cut leaves of them."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Any

import pytest

from appliance.build import build, make_plan
from appliance.emulating.emulate import Machine
from appliance.emulating.surroundings import Surroundings
from appliance.emulating.wire import wire_end
from appliance.fetching.recipes import Board
from tests.machine.disk import Disk
from tests.machine.laptop import CARD, MAC, PATIENCE, Laptop, laptop_at
from tests.machine.servers import Lease, Timekeeper, honest, packed, serving
from tests.machine.time_server import TimeServer

RELAY = Path(__file__).parent / "apps" / "relay.py"
LENT, FIXED, FIXED6, BY_ITSELF = "10.1.0.20", "10.9.0.20", "fd00:9::20", "fe80::5054:ff:fe12:3501"
PASSWORD = "analytical engine"
NOTHING = {"name": "", "interface": "", "v4": "dhcp", "gateway": "", "v6": "auto", "gateway6": "", "dns": [], "ntp": []}
GATE = {"name": "gate", "interface": "", "v4": f"{FIXED}/24", "gateway": "10.9.0.1", "v6": f"{FIXED6}/64",
        "gateway6": "fe80::1", "dns": ["9.9.9.9", "fd00:9::1"], "ntp": ["fd00:9::1"]}
KEPT = "".join(f"{key} {len(value)}\n{value}\n" for key, value in (
    ("name", "gate"), ("v4", "10.9.0.20/24"), ("gateway", "10.9.0.1"), ("v6", "fd00:9::20/64"), ("gateway6", "fe80::1"),
    ("dns", "9.9.9.9,fd00:9::1"), ("ntp", "fd00:9::1")))


class Owner:
    """Who sits at the laptop."""

    def __init__(self, laptop: Laptop) -> None:
        self.laptop, self.host, self.session = laptop, LENT, ""

    def call(self, name: str, /, **arguments: Any) -> Any:
        """The result of a call, or why it was refused."""
        asked = {"call": name, "session": self.session, "source": "laptop", "arguments": arguments}
        answer = json.loads(self.laptop.get(self.host, 80, "/call", json.dumps(asked)))
        return answer.get("text") or answer.get("result")

    def network_with(self, address: str) -> Any:
        """The network, as soon as it has this address: the kernel makes sure first that nobody else does."""
        return next(told for _ in range(200) if address in (told := self.call("network.get"))["addresses"])

    def wait_for_time(self, server: str) -> None:
        """Until the device has the time from there; it asks again after a quarter of a minute who has not answered."""
        deadline = time.monotonic() + PATIENCE
        while self.call("clock.get")["source"] != f"sntp {server}":
            assert time.monotonic() < deadline


def test_settings_are_tried_before_they_are_kept(
    pc: Board, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device is at its new addresses and has its new name at once; taken back, and after a cut, the old ones are there. An
    address that another has is not taken, and said; what is kept is on the disk. A time server is asked by IPv6."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    plan = make_plan(str(RELAY), "pc", str(tmp_path_factory.mktemp("relay")), 0, False)
    build(plan)
    disk = Disk(plan.image, tmp_path / "disk.img", pc)
    around = Surroundings(cable=False, wire="cable")
    with wire_end("cable") as end, laptop_at(end) as laptop:
        owner = Owner(laptop)
        laptop.have("10.1.0.1/24", "10.9.0.1/24")
        laptop.ip("address", "add", "fd00:9::1/64", "dev", CARD, "nodad")
        with (serving(laptop, honest(Lease()), "fd00:1::"),
              contextlib.closing(Timekeeper(laptop, "fd00:9::1", TimeServer(time.time())))):
            with Machine(disk.path, pc, firmware="bios", keep=True, around=around, echo=print) as machine:
                tried_and_taken_back(machine, owner)
                machine.cut_power()
            assert disk.kept("network.conf") == ""
            with Machine(disk.path, pc, firmware="bios", keep=True, around=around, echo=print) as machine:
                contested_and_kept(machine, owner)
                machine.cut_power()
    assert disk.kept("network.conf") == KEPT


def tried_and_taken_back(machine: Machine, owner: Owner) -> None:
    """From the first order to one that a cut will meet."""
    code = machine.wait_for(r"claim code (\S+)")[1]
    machine.wait_for(rf"relay answers at http://{LENT}/")
    owner.session = owner.call("claim", code=code, name="ada", password=PASSWORD)["session"]
    assert owner.call("network.apply", settings={**GATE, "gateway": "10.8.0.1"}) == (
        "gateway is no other host of the network of v4")
    assert owner.call("network.apply", settings=GATE) == {"seconds": 120}
    machine.wait_for(rf"address {FIXED} \(eth1\)")
    machine.wait_for("answers at http://gate.local/")
    owner.host = FIXED6
    told = owner.network_with(BY_ITSELF)
    assert (told["settings"], told["gateways"]) == (GATE, ["10.9.0.1"])
    assert (told["dns"], told["ntp"]) == (GATE["dns"], GATE["ntp"])
    assert sorted(told["addresses"]) == [FIXED, FIXED6, BY_ITSELF]
    assert 60 < told["trial"] <= 120
    assert owner.laptop.resolve("gate.local", 1, False) == packed(FIXED)
    owner.host = FIXED
    assert owner.call("network.revert") is None
    machine.wait_for("network: the old settings are back")
    machine.wait_for(rf"address {LENT} \(eth1\)")
    owner.host = LENT
    told = owner.call("network.get")
    assert (told["settings"], told["trial"]) == (NOTHING, None)
    assert FIXED6 not in told["addresses"]
    assert owner.call("network.keep") == "there are no new settings of the network on trial"
    assert owner.call("network.apply", settings=GATE) == {"seconds": 120}
    machine.wait_for(rf"address {FIXED} \(eth1\)")


def contested_and_kept(machine: Machine, owner: Owner) -> None:
    """After the cut, and with the address taken by the laptop."""
    machine.wait_for(rf"relay answers at http://{LENT}/")
    owner.host = LENT
    owner.session = owner.call("login", name="ada", password=PASSWORD)["session"]
    owner.laptop.have("10.1.0.1/24", f"{FIXED}/24")
    assert owner.call("network.apply", settings=GATE) == {"seconds": 120}
    machine.wait_for(rf"eth1: {FIXED} is the address of {MAC}, too; it is not taken as long as that one has it")
    machine.wait_for(r"address 169\.254\.\S+ \(eth1\)")
    owner.laptop.have("10.1.0.1/24", "10.9.0.1/24")
    owner.host = BY_ITSELF
    assert owner.call("network.apply", settings=GATE) == {"seconds": 120}
    machine.wait_for(rf"address {FIXED} \(eth1\)")
    owner.host = FIXED
    assert owner.call("network.keep") is None
    machine.wait_for("network: the new settings are kept")
    assert owner.call("network.get")["trial"] is None
    owner.wait_for_time("fd00:9::1")
