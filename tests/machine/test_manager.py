"""The device's manager on an emulated machine whose clock stands in 1970: from the claim code to the power-off.

A part of it is done by the console's pages in every run: test_console.py.
"""

from __future__ import annotations

import http.client
import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from appliance.build import build, make_plan
from appliance.emulating.emulate import Machine
from appliance.emulating.surroundings import Surroundings
from appliance.fetching.recipes import Board
from tests.machine.disk import Disk

APPS = Path(__file__).parent / "apps"
CODE = r"claim code (\S+)"
READY = r"relay answers at http://\d"
ADA, VERA = "analytical engine", "view from a hill"
PATIENCE = 120.0  # seconds
FEW = 24  # MiB of free memory
AGAIN = {"passphrase": "twelve monkeys", "password": ADA}
CHANGES = [("users", "operator", "viewer"), ("settings", "3 bytes", "4 bytes")]  # by a restore


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image of apps/relay.py, which has declared settings."""
    folder = tmp_path_factory.mktemp("relay")
    for name in ("relay.py", "hunger.py"):
        shutil.copy(APPS / name, folder)
    (folder / "pyproject.toml").write_text('[tool.fapws4]\nsettings = "settings"\n')
    plan = make_plan(str(folder / "relay.py"), "pc", str(folder / "out"), 0, False)
    build(plan)
    return plan.image


class Device:
    """The machine as the persons see it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.port = machine.forward(80)

    def post(self, path: str, body: str) -> str:
        """What the app says."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=240)
        try:
            connection.request("POST", path, body.encode())
            response = connection.getresponse()
            text = response.read().decode()
            assert response.status == 200, text
            return text
        finally:
            connection.close()

    def call(self, name: str, session: str = "", /, **arguments: Any) -> Any:
        """The result of a call, or the code of its refusal."""
        answer = json.loads(self.post("/call", json.dumps({
            "call": name, "session": session, "source": "10.0.2.2", "arguments": arguments})))
        return answer.get("error") or answer["result"]

    def again(self, name: str, session: str = "", /, **arguments: Any) -> Any:
        """The same for what may be asked twice, until there is an answer: a restore starts the app anew."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.call(name, session, **arguments)
            except (OSError, http.client.HTTPException):  # noqa: PERF203
                if time.monotonic() > deadline:
                    raise


@pytest.mark.long
def test_a_device_from_its_claim_to_its_end(image: Path, pc: Board, tmp_path: Path) -> None:
    """Claimed by the console's code; users by their roles; little memory; a restore that a power cut stops, and one that none
    does. The restart ends sessions and nothing else."""
    disk = Disk(image, tmp_path / "disk.img", pc)
    around = Surroundings(clock="1970-01-01T00:00:00")
    with Machine(disk.path, pc, echo=print, firmware="bios", keep=True, around=around) as machine:
        code = machine.wait_for(CODE)[1]
        machine.wait_for(READY)
        device = Device(machine)
        ada = claim(device, code)
        vera = users_have_roles(device, ada)
        with_little_memory(device)
        a_backup(device, ada, vera)
        cut_in_a_restore(device, ada)
    with Machine(disk.path, pc, echo=print, firmware="bios", keep=True, around=around) as machine:
        machine.wait_for(READY)
        device = Device(machine)
        after_the_cut(device, ada, code)
        the_end(device)
        machine.wait_for("power-off was ordered")
        assert machine.wait_for_end() == 0


def claim(device: Device, code: str) -> str:
    """Nobody has a password before; the clock of 1970 hinders nobody."""
    assert device.call("status.public")["claimed"] is False
    assert device.call("claim", code="WRONG", name="ada", password=ADA) == "claim-code"
    session: str = device.call("claim", code=code.lower(), name="ada", password=ADA)["session"]
    assert device.call("clock.get", session)["trusted"] is False
    assert device.call("claim", code=code, name="eve", password=ADA) == "conflict"
    return session


def users_have_roles(device: Device, ada: str) -> str:
    """A viewer sees and does nothing; a wrong password is none; what PID 1 says reaches who may see it."""
    assert device.call("users.add", ada, name="vera", role="viewer", new_password=VERA, password=ADA) is None
    assert device.call("login", name="vera", password=ADA) == "password"
    vera: str = device.call("login", name="vera", password=VERA)["session"]
    assert device.call("device.restart", vera) == "forbidden"
    assert device.call("device.factory_reset", ada, password=VERA) == "password"
    status = device.call("status", vera)
    assert ("relay", "confirmed", ["10.0.2.15"]) == (status["product"], status["state"], status["addresses"][:1])
    assert status["samples"]
    assert device.call("network.get", vera)["settings"]["v4"] == "dhcp"
    assert all(device.call(paper, vera)["size"] > 10_000 for paper in ("licences", "bill"))
    assert any("has made this device theirs" in line for line in device.call("logs.read", vera)["lines"])
    return vera


def with_little_memory(device: Device) -> None:
    """What the app has taken leaves enough for a log-in."""
    assert int(device.machine.get(f"/leave/{FEW}")[1]) <= FEW * 1024
    session = device.call("login", name="vera", password=VERA)["session"]
    assert device.call("logout", session) is None


def a_backup(device: Device, ada: str, vera: str) -> None:
    """What has changed since is told; a restore is for administrators."""
    device.post("/settings", "blue")
    assert device.call("backup.make", ada, passphrase=AGAIN["passphrase"])["size"] > 0
    change(device, ada)
    assert device.call("backup.restore", vera, **AGAIN) == "forbidden"
    assert CHANGES == changes(device.call("backup.restore", ada, **AGAIN))


def change(device: Device, ada: str) -> None:
    """Settings of the app and the role of a user."""
    device.post("/settings", "red")
    assert device.call("users.set_role", ada, name="vera", role="operator", password=ADA) is None


def changes(told: Any) -> list[tuple[str, str, str]]:
    """Of a restore."""
    return [(change["part"], change["before"], change["after"]) for change in told["changes"]]


def cut_in_a_restore(device: Device, ada: str) -> None:
    """As soon as the manager says that it begins."""
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(device.call, "backup.restore", ada, **AGAIN, dry_run=False)
        device.machine.wait_for("ada restores a backup")
        device.machine.cut_power()
        assert answer.exception() is None or isinstance(answer.exception(), http.client.HTTPException | OSError)


def after_the_cut(device: Device, ada: str, code: str) -> None:
    """All is as before the restore, or all as after it; then the same is done to its end."""
    assert device.again("whoami", ada) == "no-session"
    assert device.again("claim", code=code, name="eve", password=ADA) == "conflict"
    session = device.call("login", name="ada", password=ADA)["session"]
    told = changes(device.call("backup.restore", session, **AGAIN))
    assert told in ([], CHANGES)
    if told == []:
        change(device, session)
    assert CHANGES == changes(device.call("backup.restore", session, **AGAIN, dry_run=False))


def the_end(device: Device) -> None:
    """Users, roles and settings are those of the backup."""
    assert device.again("whoami") == "no-session"
    session = device.again("login", name="ada", password=ADA)["session"]
    assert device.post("/settings", "") == "blue"
    assert [("ada", "admin"), ("vera", "viewer")] == [
        (user["name"], user["role"]) for user in device.call("users.list", session)]
    assert device.call("device.power_off", session) is None
