"""The file that says what one device is told: read strictly, and written as PID 1 reads it."""

from __future__ import annotations

import subprocess
import zlib
from pathlib import Path

import pytest

from appliance.common.errors import Problem
from appliance.imaging.device_config import read_preseed
from appliance.imaging.preseed import PRESEED_SIZE

WHOLE = """# the device at the south gate
name = "south-gate"
address = "192.168.7.20/24"
gateway = "192.168.7.1"
dns = ["192.168.7.1", "9.9.9.9"]
timezone = "Europe/Vienna"
claim = "7HRT-22KX-PQ4M"
certificate = "keys/device.pem"
key = "keys/device.key"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two certificates and their keys, one of which is encrypted."""
    (tmp_path / "keys").mkdir()
    for name, options in (("device", ["-nodes"]), ("other", ["-nodes"]), ("locked", ["-passout", "pass:secret"])):
        files = ["-keyout", f"{tmp_path}/keys/{name}.key", "-out", f"{tmp_path}/keys/{name}.pem"]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", *options,
                        "-subj", f"/CN={name}", *files], check=True, capture_output=True)
    return tmp_path


def entries(folder: Path, text: str) -> dict[str, bytes]:
    """What a file of this text comes to."""
    file = folder / "device.toml"
    file.write_text(text)
    return read_preseed(file).entries


def test_everything_that_can_be_said(folder: Path) -> None:
    """Entries in the order that PID 1 expects; the time zone also as a rule, because a device has no list of zones."""
    found = entries(folder, WHOLE)
    assert list(found) == ["name", "address", "gateway", "dns", "timezone", "tz", "claim", "certificate", "key"]
    assert found["dns"] == b"192.168.7.1 9.9.9.9"
    assert found["tz"] == b"CET-1CEST,M3.5.0,M10.5.0/3"
    assert found["certificate"] == (folder / "keys/device.pem").read_bytes()


@pytest.mark.parametrize(("text", "found"), [
    ('name = "a"', {"name": b"a"}),
    ('address = "dhcp"', {"address": b"dhcp"}),
    ('address = "10.0.0.1/31"', {"address": b"10.0.0.1/31"}),
    ('address = "dhcp"\ndns = ["10.0.0.1"]', {"address": b"dhcp", "dns": b"10.0.0.1"}),
    ('ntp = ["10.0.0.1", "10.0.0.2"]', {"ntp": b"10.0.0.1 10.0.0.2"}),
    ('ntp = ["2001:DB8::123"]\ndns = ["fd00:7::1", "9.9.9.9"]', {"ntp": b"2001:db8::123", "dns": b"fd00:7::1 9.9.9.9"}),
    ('address6 = "off"', {"v6": b"off"}),
    ('address6 = "fd00:7::20/64"\ngateway6 = "fe80::1"', {"v6": b"fd00:7::20/64", "gateway6": b"fe80::1"}),
    ('timezone = "Asia/Kolkata"', {"timezone": b"Asia/Kolkata", "tz": b"IST-5:30"}),
    ('timezone = "America/Sao_Paulo"', {"timezone": b"America/Sao_Paulo", "tz": b"<-03>3"}),
])
def test_what_is_left_out_is_not_there(folder: Path, text: str, found: dict[str, bytes]) -> None:
    """Each key may stand alone."""
    assert entries(folder, text) == found


def test_the_block_is_as_long_as_its_place(folder: Path) -> None:
    """A head with length and checksum, the entries, zeros."""
    (folder / "device.toml").write_text('name = "a"\nclaim = "12345678"')
    block = read_preseed(folder / "device.toml").block()
    body = b"name 1\na\nclaim 8\n12345678\n"
    assert block.rstrip(b"\0") == b"fapws4-preseed 1 26 %08x\n" % zlib.crc32(body) + body
    assert len(block) == PRESEED_SIZE


FAULTS = [
    ('name = "South Gate"', "line 1: name is 'South Gate': use letters a to z"),
    ('\n\nname = "-a"', "line 3: name is '-a': use letters a to z"),
    (f'name = "{"a" * 64}"', "use letters a to z, digits and, inside, hyphens; 63 characters at most"),
    ("name = 5", "the key name must be a text: it is int"),
    ('nmae = "a"', "unknown key nmae: the nearest valid key is name"),
    ("name = ", "is not TOML: "),
    ("", "says nothing: give at least one of: name, address, gateway, address6, gateway6, dns, ntp, timezone"),
    ('address = "192.168.7.20"', "line 1: address is '192.168.7.20', which is no host's"),
    ('address = "192.168.7.0/24"', "which is no host's"),
    ('address = "192.168.7.255/24"', "which is no host's"),
    ('address = "127.0.0.1/8"', "which is no host's"),
    ('address = "224.0.0.1/8"', "which is no host's"),
    ('address = "10.0.0.1/4"', "which is no host's"),
    ('address = "fe80::1/64"', "address is 'fe80::1/64': say \"dhcp\""),
    ('address = "10.0.0.300/24"', "address is '10.0.0.300/24'"),
    ('gateway = "10.0.0.1"', "gateway needs an address that is not dhcp"),
    ('address6 = "fd00:7::20"', "line 1: address6 is 'fd00:7::20', which is no host's"),
    ('address6 = "fe80::1/64"', "which is no host's"),
    ('address6 = "ff02::1/64"', "which is no host's"),
    ('address6 = "::1/128"', "which is no host's"),
    ('address6 = "10.0.0.1/24"', "address6 is '10.0.0.1/24': say \"auto\""),
    ('gateway6 = "fe80::1"', "gateway6 needs an address6"),
    ('address6 = "off"\ngateway6 = "fe80::1"', "line 2: gateway6 needs an address6"),
    ('address6 = "fd00::2/64"\ngateway6 = "fd00:1::1"', "line 2: gateway6 is fd00:1::1, which is no other host of fd00::/64"),
    ('address6 = "fd00::2/64"\ngateway6 = "router"', "gateway6 is 'router': say it like fe80::1"),
    ('ntp = ["pool.example"]', "ntp is 'pool.example': say it like 192.168.7.1, or like fd00:7::1"),
    *((f'ntp = ["{address}"]', f"ntp names {address}, which is no host") for address in (
        "fe80::1", "fd00:7::1%eth0", "ff02::1", "::1", "::ffff:10.0.0.1")),
    ('address = "10.0.0.2/24"\ngateway = "10.0.1.1"', "line 2: gateway is 10.0.1.1, which is no other host of 10.0.0.0/24"),
    ('address = "10.0.0.2/24"\ngateway = "10.0.0.2"', "which is no other host"),
    ('address = "10.0.0.2/24"\ngateway = "router"', "gateway is 'router': say it like 192.168.7.1"),
    ('address = "10.0.0.2/24"\ndns = ["1.1.1.1","1.1.1.2","1.1.1.3","1.1.1.4"]', "dns names 4 servers: name 3 at most"),
    ('address = "10.0.0.2/24"\ndns = ["255.1.1.1"]', "dns names 255.1.1.1, which is no host"),
    ('timezone = "Europe/Wien"', "timezone is 'Europe/Wien': did you mean Europe/"),
    ('timezone = "../passwd"', "timezone is '../passwd'"),
    ('claim = "1234567"', "claim is not of 8 to 64 letters, digits and hyphens"),
    ('claim = "1234 5678"', "claim is not of 8 to 64 letters"),
    ('certificate = "keys/device.pem"', "line 1: certificate needs a key beside it"),
    ('key = "keys/device.key"', "line 1: key needs a certificate beside it"),
    ('certificate = "absent.pem"\nkey = "keys/device.key"', "absent.pem, which is not there"),
    ('certificate = "keys/other.pem"\nkey = "keys/device.key"', "line 2: key does not go with the certificate"),
    ('certificate = "keys/device.key"\nkey = "keys/device.pem"', "key does not go with the certificate"),
    ('certificate = "keys/locked.pem"\nkey = "keys/locked.key"', "an encrypted key is of no use to a device"),
]


@pytest.mark.parametrize(("text", "said"), FAULTS, ids=[text or "empty" for text, _ in FAULTS])
def test_a_fault_is_named_with_its_line_and_key(folder: Path, text: str, said: str) -> None:
    """Nothing is guessed and nothing is passed over."""
    with pytest.raises(Problem) as problem:
        entries(folder, text)
    assert said in str(problem.value)
    assert str(folder / "device.toml") in str(problem.value)


def test_files_that_are_too_long_are_refused(folder: Path) -> None:
    """The place has 64 KiB."""
    (folder / "keys/device.pem").write_bytes((folder / "keys/device.pem").read_bytes() * 64)
    with pytest.raises(Problem, match=r"device\.pem, which has more than 24 KiB"):
        entries(folder, WHOLE)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The file itself."""
    with pytest.raises(Problem, match=r"there is no file .*/device.toml"):
        read_preseed(tmp_path / "device.toml")
