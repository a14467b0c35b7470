"""What a device that runs makes of updates that it must not take, over its network; a good one is taken afterwards."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from appliance.build import build, make_plan
from appliance.common.errors import Problem
from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board
from appliance.imaging.bootloader import SlotState
from appliance.imaging.image import compose
from appliance.imaging.keys import PrivateKey
from appliance.imaging.release import Release
from appliance.updating.bundle import make_bundle, write_bundle
from appliance.updating.device import PORT, Address, Device, blocks
from appliance.updating.device_update import update_device
from tests.appliance.versions import KEY, TRUSTED, Versions
from tests.machine.disk import Disk

MOODY = Path(__file__).parent / "apps" / "moody.py"


@pytest.fixture(scope="module")
def versions(pc: Board, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """Of apps/moody.py, for devices that take updates."""
    folder = tmp_path_factory.mktemp("versions")
    (folder / "trusted").write_text(f"threshold 1\nkey {KEY.public.hex()}\n")
    plan = make_plan(str(MOODY), "pc", str(folder / "built"), 0, False, keys=str(folder / "trusted"), counter=1)
    build(plan)
    return Versions(plan.binary, pc, folder)


def known(machine: Machine) -> tuple[Device, str]:
    """The device and its claim code, as its console shows them."""
    code = machine.wait_for(r"claim code (\S+)")[1]
    fingerprint = machine.wait_for(r"certificate (\S+)")[1]
    machine.wait_for("answers at")
    return Device(Address("127.0.0.1", machine.forward(PORT)), fingerprint), code


def begin_to_send(device: Device, code: str, bundle: Path) -> http.client.HTTPSConnection:
    """All but the last hundredth of a whole bundle, on a connection that stays open."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(device.address.host, device.address.port, timeout=120, context=context)
    data = bundle.read_bytes()
    connection.putrequest("POST", "/update?mode=whole")
    connection.putheader("Content-Length", str(len(data)))
    connection.putheader("Authorization", f"Bearer {code}")
    connection.endheaders(data[: len(data) * 99 // 100])
    return connection


def test_a_running_device(versions: Versions, pc: Board, tmp_path: Path) -> None:
    """Each refusal in its words, and two at once; nothing is armed by any of it, and the next update is taken."""
    disk = Disk(versions.image(7, "moody"), tmp_path / "disk.img", pc)
    good = versions.bundle(8, name="moody")
    refused = [
        (versions.bundle(8, PrivateKey(b"x" * 32), PrivateKey(b"y" * 32), name="moody"), "not signed by enough keys"),
        (versions.bundle(6, name="moody"), "older than the version that runs"),
        (versions.bundle(7, name="moody"), "runs already"),
        (versions.bundle(8, name="other"), "for another product"),
    ]
    with Machine(disk.path, pc, echo=print, firmware="bios", keep=True) as machine:
        device, code = known(machine)
        for bundle, words in refused:
            with pytest.raises(Problem, match=words):
                update_device(device, bundle, code)
        data = bytearray(good.read_bytes())
        data[-1000] ^= 1
        reply = device.ask("POST", "/update?mode=whole", blocks(bytes(data)), len(data), code)
        assert reply.text == "refused the bundle is damaged: copy it again\n"
        machine.wait_for("an update was refused: the bundle is damaged")
        connection = begin_to_send(device, code, good)
        machine.wait_for("an update is being written")
        with pytest.raises(Problem, match="another update is under way"):
            update_device(device, good, code)
        connection.close()
        machine.wait_for("an update was refused: the bundle is cut short")
        assert [copy["end"] for copy in disk.state()] == ["1.a..0", "0.a..0"]
        assert update_device(device, good, code).version == "8.0"
        machine.wait_for("starting slot b ")
        machine.wait_for(r"version 8\.0 is confirmed: slot b is the good one")
    assert "3.b..0" in [copy["end"] for copy in disk.state()]


@pytest.mark.long
def test_settings_through_a_whole_update(versions: Versions, pc: Board, tmp_path: Path) -> None:
    """A version that converts them and is ill is installed over the network; the device has them back, and says so."""
    images = []
    for counter, line in ((7, pc.command_line), (8, "console=ttyS0 mood=convert fapws4.trial=20")):
        release = Release(counter, keys=TRUSTED, settings="settings")
        image = tmp_path / f"{counter}.img"
        images.append(compose(versions.binary, "moody", f"{counter}.0", replace(pc, command_line=line), image, release).path)
    write_bundle(make_bundle(images[1], [KEY]), tmp_path / "ill.update")
    with Machine(images[0], pc, echo=print, firmware="bios", keep=True) as machine:
        device, code = known(machine)
        assert request(machine, "/note?as-it-was") == "kept"
        assert update_device(device, tmp_path / "ill.update", code).version == "8.0"
        machine.wait_for(r"version 8\.0 is on trial")
        machine.wait_for(r"the trial of version 8\.0 has failed: the app answers with an error of the server")
        machine.wait_for("what version 8.0 has made of them is in /data/lost/settings-8.0")
        device, code = known(machine)
        assert request(machine, "/word") == "as-it-was"
        assert ("lost", "/data/lost/settings-8.0") in device.status()
        assert request(machine, "/fill")
        with pytest.raises(Problem, match="/data has no room to keep the app's settings"):
            update_device(device, tmp_path / "ill.update", code)
        assert request(machine, "/word") == "as-it-was"


def request(machine: Machine, path: str) -> str:
    """What the app answers."""
    with urlopen(f"http://127.0.0.1:{machine.forward(80)}{path}", timeout=120) as answer:
        return str(answer.read().decode())


@pytest.mark.long
def test_a_version_on_trial(versions: Versions, pc: Board, tmp_path: Path) -> None:
    """No update is taken before it is confirmed; how long that may last is said."""
    disk = Disk(versions.image(7, "moody"), tmp_path / "disk.img", pc)
    disk.fill_slot_b("console=ttyS0 mood=500 fapws4.trial=300")
    disk.write_state(SlotState(4, "a"), SlotState(5, "a", "b", 1))
    with Machine(disk.path, pc, echo=print, firmware="bios", keep=True) as machine:
        device, code = known(machine)
        with pytest.raises(Problem, match=r"on trial: try again when it is confirmed, \d+ s are left"):
            update_device(device, versions.bundle(8, name="moody"), code)
