"""An emulated device that takes an update from a registry, when somebody asks it to on its pages."""

from __future__ import annotations

import ssl
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from appliance.build import build_binary, make_plan
from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board
from appliance.imaging.image import compose
from appliance.imaging.reference import parse_reference
from appliance.imaging.release import Release
from appliance.imaging.update_source import UpdateSource
from appliance.updating.bundle import make_bundle
from appliance.updating.container_registry import Place, publish
from tests.appliance.registry import GUESTS, authority, registry
from tests.appliance.versions import KEY, TRUSTED

APP = '''PATHS = [("/", lambda environ, start_response: "Hello World!!")]
'''
PROJECT = f'''[tool.fapws4]
keys = "keys.txt"
counter = 7
update_from = "{GUESTS}/meter:stable"
update_ca = "ours.pem"
'''
PAGES = 8443


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    """A program whose project names a registry."""
    authority(tmp_path, "ours")
    for name, text in (("meter.py", APP), ("pyproject.toml", PROJECT), ("keys.txt", TRUSTED.text)):
        (tmp_path / name).write_text(text)
    plan = make_plan(str(tmp_path / "meter.py"), "pc", str(tmp_path / "out"), 0, False, for_device=True)
    build_binary(plan)
    return plan.binary


def order(machine: Machine, path: str, code: str) -> str:
    """What the device's pages answer to a form."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    url = f"https://127.0.0.1:{machine.forward(PAGES)}{path}"
    with urllib.request.urlopen(url, urllib.parse.urlencode({"code": code}).encode(), context=trusting) as answer:
        return str(answer.read().decode())


def test_what_is_new_is_installed(binary: Path, pc: Board, tmp_path: Path) -> None:
    """By https, from an authority that the image knows: fetched in parts, tried, confirmed; then there is nothing new."""
    with registry(tmp_path, (tmp_path / "ours.pem", tmp_path / "ours.key")) as store:
        source = UpdateSource(f"{GUESTS}:{store.port}/meter:stable", 0, (tmp_path / "ours.pem").read_text())
        old, new = (compose(binary, "meter", f"{counter}.0", pc, tmp_path / f"{counter}.img",
                            Release(counter, keys=TRUSTED, source=source)) for counter in (7, 8))
        publish(make_bundle(new.path, [KEY]), Place(parse_reference(f"{store.name}/meter:stable"), plain=True))
        with Machine(old.path, pc, firmware="bios", keep=True, echo=print) as machine:
            code = machine.wait_for(r"claim code (\S+)")[1]
            machine.wait_for(r"status and updates: https://")
            assert "The device looks into its registry" in order(machine, "/registry", code)
            machine.wait_for(r"registry: version 8\.0 is being installed")
            machine.wait_for(r"meter 8\.0 on pc, slot b")
            machine.wait_for(r"status and updates: https://")
            machine.wait_for(r"version 8\.0 is confirmed: slot b is the good one")
            order(machine, "/registry", code)
            machine.wait_for(r"registry: there is no newer version")
