"""An app that says TLS = "device" on an emulated machine: served, tried and asked by https."""

from __future__ import annotations

import hashlib
import http.client
import ssl
import subprocess
from pathlib import Path

import pytest

from appliance.build import build, make_plan
from appliance.emulating.emulate import Machine
from appliance.fetching.recipes import Board
from appliance.imaging.image import compose
from appliance.imaging.keys import KeySet, PrivateKey
from appliance.imaging.release import Release
from appliance.updating.bundle import make_bundle, write_bundle
from appliance.updating.device import PORT
from appliance.updating.update import update_image
from tests.http.certificates import make_pair

APP = Path(__file__).parent / "apps" / "vault.py"
KEY = PrivateKey(b"k" * 32)
FINGERPRINT = r"fapws4: certificate (\S+)"


def certificate_at(port: int) -> bytes:
    """What a server there shows, as DER."""
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port)))


def shown(certificate: bytes) -> str:
    """The fingerprint of a certificate, as devices show it."""
    return ":".join(f"{byte:02X}" for byte in hashlib.sha256(certificate).digest())


def connection(port: int) -> http.client.HTTPSConnection:
    """With whoever answers there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=120, context=context)


def given(port: int, code: str, certificate: Path, key: Path) -> str:
    """What the app says when the device is to take this certificate."""
    asked = connection(port)
    try:
        asked.request("POST", "/give", "\0".join([code, certificate.read_text(), key.read_text()]))
        return asked.getresponse().read().decode()
    finally:
        asked.close()


def status_of(port: int, host: str) -> int:
    """The status of the pages when they are asked by that name."""
    asked = connection(port)
    try:
        asked.request("GET", "/", headers={"Host": host})
        return asked.getresponse().status
    finally:
        asked.close()


@pytest.fixture(scope="module")
def updated(tmp_path_factory: pytest.TempPathFactory, pc: Board) -> Path:
    """An image whose next start tries a new version."""
    folder = tmp_path_factory.mktemp("vault")
    trusted = folder / "trusted.pub"
    trusted.write_text(f"threshold 1\nkey {KEY.public.hex()}\n")
    plan = make_plan(str(APP), "pc", str(folder / "out"), 0, False, keys=str(trusted), counter=1)
    build(plan)
    release = Release(2, keys=KeySet(1, (KEY.public,)), takes_certificate=True)
    new = compose(plan.binary, "vault", "2.0", pc, folder / "new.img", release)
    write_bundle(make_bundle(new.path, [KEY]), folder / "vault.update")
    update_image(plan.image, folder / "vault.update", 2)
    return plan.image


def test_the_app_is_served_with_the_devices_certificate(updated: Path, pc: Board, tmp_path: Path) -> None:
    """Made on the first boot and for the device, the same as of its pages; PID 1 asks by https, so that a trial passes by what
    the app itself answers; and no file of the app's leads to the key. Another one is taken from the manager when it is sound,
    and served with at once.
    """
    pair, other = make_pair(tmp_path, "gate", more="gate.example.org"), make_pair(tmp_path, "other", "rsa")
    brought = shown(ssl.PEM_cert_to_DER_cert(pair.certificate.read_text()))
    with Machine(updated, pc, echo=print, firmware="bios", keep=True) as machine:
        machine.wait_for("version 2.0 is on trial")
        code = machine.wait_for(r"claim code (\S+)")[1]
        machine.wait_for(r"status and updates: https://10\.0\.2\.15:8443/")
        fingerprint = machine.wait_for(FINGERPRINT)[1]
        assert (200, b"https") == machine.get("/")
        seen = machine.get("/look")[1].decode()
        assert ["/run/fapws4/key.pem PermissionError", "/data/.fapws4/key.pem PermissionError",
                "/proc/self/fd/4 PermissionError"] == seen.splitlines()
        port, pages = int(machine.url().rstrip("/").rpartition(":")[2]), machine.forward(PORT)
        certificate = certificate_at(port)
        assert fingerprint == shown(certificate) == shown(certificate_at(pages))
        said = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-ext", "subjectAltName"], input=certificate,
                              capture_output=True, check=True).stdout.decode()
        assert "DNS:vault.local, DNS:vault, IP Address:10.0.2.15" == said.splitlines()[1].strip()
        for line in ("vault answers at https://10.0.2.15/", "asked by https", "version 2.0 is confirmed"):
            assert any(line in said for said in machine.console) or machine.wait_for(line)

        assert "is not the key of the certificate" in given(port, code, pair.certificate, other.key)
        assert fingerprint == shown(certificate_at(port))
        assert "taken" == given(port, "", pair.certificate, pair.key)
        machine.wait_for("SIGHUP: read anew: the certificate")
        machine.wait_for(f"fapws4: certificate {brought}")
        assert brought == shown(certificate_at(port)) == shown(certificate_at(pages))
        asked = {host: status_of(pages, host) for host in ("gate.example.org", "other.example")}
        assert {"gate.example.org": 200, "other.example": 421} == asked
        machine.press_power_button()
        assert 0 == machine.wait_for_end()
