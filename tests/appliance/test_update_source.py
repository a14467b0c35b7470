"""Where devices look for updates: what a project says, and what would not work."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.build import FETCH, RECOVERY, make_plan
from appliance.fetching.recipes import Board
from appliance.imaging.image import device_member
from appliance.imaging.keys import KeySet
from appliance.imaging.release import Release, release_of
from appliance.imaging.update_source import UpdateSource
from tests.appliance.cases import problem

AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBcTCCARegAwIBAgIUfNVztq35WYxjifTgUAZ0QFeLMbEwCgYIKoZIzj0EAwIw
DTELMAkGA1UEAwwCY2EwIBcNMjYxMTIzMTMwNzAyWhgPMjEyNjEwMzAxMzA3MDJa
MA0xCzAJBgNVBAMMAmNhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEcuUpxvkA
IAIJqHIJGX7apD9tvR9gqLBaRyZym1NUm/Uw01rZjpjmMGmSVtnlSy3LtbiHT697
hEzuX39A4K8mFKNTMFEwHQYDVR0OBBYEFHVl++atZHBiKY6DgUqsn4fPlb6BMB8G
A1UdIwQYMBaAFHVl++atZHBiKY6DgUqsn4fPlb6BMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDSAAwRQIhAMA+d3hZ+AcuA69wg1X7qaBk6G+OLPJj6nVVWrT3
WkoRAiBqDob4S6MN9djvU+bzM4W2h5p3CbIR7EfAJxr06eAYKw==
-----END CERTIFICATE-----
"""
PLACE = "registry.example.com/meter:stable"


def said(folder: Path, text: str, keys: bool = True) -> UpdateSource | None:
    """What a project with these lines says."""
    (folder / "keys.txt").write_text(f"key {'11' * 32}\n")
    head = 'keys = "keys.txt"\ncounter = 7\n' if keys else ""
    (folder / "pyproject.toml").write_text(f"[tool.fapws4]\n{head}{text}\n")
    return release_of(folder / "meter.py", "1.0").source


def test_nothing_is_said(tmp_path: Path) -> None:
    """Then nobody looks anywhere."""
    assert said(tmp_path, "") is None


def test_by_https_and_by_http(tmp_path: Path, pc: Board) -> None:
    """With the authorities of the registry's certificate, which the device gets; or plainly, when that is said."""
    (tmp_path / "ca.pem").write_text(AUTHORITY)
    secure = said(tmp_path, f'update_from = "{PLACE}"\nupdate_every = 3600\nupdate_ca = "ca.pem"')
    assert UpdateSource(PLACE, 3600, AUTHORITY) == secure
    plain = said(tmp_path, f'update_from = "{PLACE}"\nupdate_plain_http = true')
    assert UpdateSource(PLACE) == plain
    members = [device_member("meter", "1.0", pc, Release(7, keys=KeySet(1, (b"k" * 32,)), source=source), "slot 0\n")
               for source in (secure, plain, None)]
    lines = f"update_from={PLACE}\nupdate_every=3600\n".encode()
    assert [True, False, False] == [lines in member for member in members]
    assert [True, False, False] == [AUTHORITY.encode() in member for member in members]
    assert [True, True, False] == [b"update_from=" in member for member in members]


@pytest.mark.parametrize(("text", "further"), [
    ("", []), (f'update_from = "{PLACE}"\nupdate_plain_http = true', [FETCH]),
    (f'update_from = "{PLACE}"\nupdate_ca = "ca.pem"', [FETCH, "ssl"])])
def test_programs_hold_no_more_than_they_need(tmp_path: Path, text: str, further: list[str]) -> None:
    """What looks into a registry is only where one is named, and TLS for it only where it is asked by https."""
    (tmp_path / "ca.pem").write_text(AUTHORITY)
    (tmp_path / "meter.py").write_text("PATHS = []\n")
    said(tmp_path, text)
    image, program = (make_plan(str(tmp_path / "meter.py"), "pc", str(tmp_path / "out"), 1, False, formats=(),
                                for_device=device) for device in (True, False))
    assert ([RECOVERY, *further], []) == (image.further, program.further)


@pytest.mark.parametrize(("text", "keys", "words"), [
    ("update_every = 60", True, "says how to look for updates and not where"),
    (f'update_from = "{PLACE}"\nupdate_plain_http = true', False, "the image would accept none: build it with --keys FILE"),
    ('update_from = "meter"\nupdate_plain_http = true', True, "meter does not name a place in a registry"),
    (f'update_from = "{PLACE}"', True, 'update_ca = "FILE" with the certificate authority that its certificate is from, or'),
    (f'update_from = "{PLACE}"\nupdate_plain_http = true\nupdate_ca = "a"', True, f"must say how {PLACE} is asked"),
    (f'update_from = "{PLACE}"\nupdate_plain_http = true\nupdate_every = 5', True, "it is from 60 to"),
    (f'update_from = "{PLACE}"\nupdate_ca = "none.pem"', True, "none.pem has no certificates"),
    (f'update_from = "{PLACE}"\nupdate_ca = "keys.txt"', True, "keys.txt has no certificates"),
    (f'update_from = "example.com/{"a" * 200}:x"\nupdate_plain_http = true', True, "it may have 191 characters"),
])
def test_what_would_not_work(tmp_path: Path, text: str, keys: bool, words: str) -> None:
    """Is said at the build, with the way out."""
    assert words in problem(lambda: said(tmp_path, text, keys))

