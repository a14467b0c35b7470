"""A device's own pages on an emulated machine, and an update over the network from the command line."""

from __future__ import annotations

import http.client
import os
import re
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.build import build, make_plan
from appliance.common.places import REPOSITORY
from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board
from appliance.imaging.bootloader import SlotState
from appliance.imaging.keys import PrivateKey
from appliance.updating.bundle import make_bundle, write_bundle
from appliance.updating.device import PORT, Address, Device
from tests.machine.disk import Disk

KEY = PrivateKey(b"k" * 32)
APP = '''"""Says its version."""

VERSION = "{0}.0"
PATHS = [("/", lambda environ, start_response: "version {0}")]
'''


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Images of an app with the counters 1 and 2, and a bundle beside the second."""
    folder = tmp_path_factory.mktemp("releases")
    trusted = folder / "trusted.pub"
    trusted.write_text(f"threshold 1\nkey {KEY.public.hex()}\n")
    images = []
    for counter in (1, 2):
        (folder / "meter.py").write_text(APP.format(counter))
        app, output = folder / "meter.py", folder / str(counter)
        plan = make_plan(str(app), "pc", str(output), 0, False, keys=str(trusted), counter=counter)
        build(plan)
        images.append(plan.image)
    write_bundle(make_bundle(images[1], [KEY]), folder / "meter.update")
    return images


def invoke(home: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """`invoke update` as a person runs it, with a configuration of its own; nobody sits at the terminal."""
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"} | {"XDG_CONFIG_HOME": str(home)}
    return subprocess.run([sys.executable, "-m", "invoke", "update", *words], cwd=REPOSITORY, env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)


def test_an_update_over_the_network(releases: list[Path], pc: Board, tmp_path: Path) -> None:
    """Refused for each reason that a person can give, then sent, tried, confirmed, and said so; only what differs travels."""
    bundle = releases[0].parents[1] / "meter.update"
    disk = Disk(releases[0], tmp_path / "disk.img", pc)
    with Machine(disk.path, pc, echo=print, firmware="bios", keep=True) as machine:
        code = machine.wait_for(r"claim code (\S+)")[1]
        machine.wait_for(r"status and updates: https://10\.0\.2\.15:8443/")
        fingerprint = machine.wait_for(r"certificate (\S+)")[1]
        target = f"https://127.0.0.1:{machine.forward(PORT)}"
        unknown = invoke(tmp_path, target, bundle, "--code", code)
        assert (1, True) == (unknown.returncode, fingerprint in unknown.stdout), unknown.stdout
        other = invoke(tmp_path, target, bundle, "--code", code, "--fingerprint", "00" * 32)
        assert (1, True) == (other.returncode, "nothing was sent" in other.stdout), other.stdout
        wrong = invoke(tmp_path, target, bundle, "--code", "WRONG-CODE", "--fingerprint", fingerprint)
        assert (1, True) == (wrong.returncode, "is refused" in wrong.stdout), wrong.stdout
        fine = invoke(tmp_path, target, bundle, "--code", code, "--verify-only")
        assert (0, True) == (fine.returncode, "would accept" in fine.stdout), fine.stdout
        done = invoke(tmp_path, target, bundle, "--code", code, "--wait")
        assert 0 == done.returncode, done.stdout
        sent, whole = re.findall(r"proved itself; ([0-9.]+) MB of ([0-9.]+) MB were sent", done.stdout)[0]
        assert float(sent) < float(whole) / 3
        machine.wait_for("meter 2.0 on pc, slot b")
        machine.wait_for("version 2.0 is confirmed")
        told = dict(Device(Address("127.0.0.1", int(target.rpartition(":")[2])), fingerprint).status())
        assert ("2.0", "confirmed", "b") == (told["version"], told["state"], told["slot"])


def test_the_pages_of_an_app_that_cannot_start(moody_image: Path, pc: Board, tmp_path: Path) -> None:
    """They say that the device has given up, and the log says why."""
    disk = Disk(moody_image, tmp_path / "disk.img", pc)
    disk.fill_slot_b("console=ttyS0 mood=exit")
    disk.write_state(SlotState(4, "a"), SlotState(5, "b"))
    with Machine(disk.path, disk.board, echo=print, firmware="bios", keep=True) as machine:
        machine.wait_for(r"status: http://10\.0\.2\.15:8080/")
        machine.wait_for("recovery: moody has failed 3 times")
        port = machine.forward(8080)
        assert "The app has failed too often" in page(port, "/")
        assert "I cannot go on" in page(port, "/log")


def test_a_factory_reset(releases: list[Path], pc: Board, tmp_path: Path) -> None:
    """Ordered with the claim code, done at the next start: what was in /data is gone, code and certificate are new ones."""
    disk = Disk(releases[0], tmp_path / "disk.img", pc)
    with Machine(disk.path, pc, echo=print, firmware="bios", keep=True) as machine:
        code = machine.wait_for(r"claim code (\S+)")[1]
        fingerprint = machine.wait_for(r"certificate (\S+)")[1]
        device = Device(Address("127.0.0.1", machine.forward(PORT)), fingerprint)
        form = f"sure=on&code={code}".encode()
        assert 200 == device.ask("POST", "/reset", [form], len(form), kind="application/x-www-form-urlencoded").status
        machine.wait_for("a factory reset was ordered")
        machine.wait_for("all data was erased, as was ordered")
        machine.wait_for("/data is /dev/vda6")
        assert code != machine.wait_for(r"claim code (\S+)")[1]
        assert fingerprint != machine.wait_for(r"certificate (\S+)")[1]
        machine.press_power_button()
        assert 0 == machine.wait_for_end()


def page(port: int, path: str) -> str:
    """A page by http."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


@pytest.mark.long
def test_a_certificate_of_its_own(releases: list[Path], pc: Board) -> None:
    """It names the device and its address, and no two devices have the same."""
    fingerprints = set()
    for _ in range(2):
        with Machine(releases[0], pc, echo=print, firmware="bios") as machine:
            fingerprints.add(machine.wait_for(r"certificate (\S+)")[1])
            certificate = ssl.get_server_certificate(("127.0.0.1", machine.forward(PORT)))
    assert 2 == len(fingerprints)
    shown = subprocess.run(["openssl", "x509", "-noout", "-ext", "subjectAltName", "-dates", "-subject"], input=certificate,
                           capture_output=True, text=True, check=True).stdout
    assert "DNS:meter.local, DNS:meter, IP Address:10.0.2.15" in shown
    assert "notBefore=Jan  1 00:00:00 1970 GMT\nnotAfter=Dec 31 23:59:59 9999 GMT" in shown
