"""Backups: what is in them, what a restore changes, and that a cut leaves the old or the new."""

from __future__ import annotations

import json
import os
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fapws4.device import Client, Refused
from tests.build import secrets_module
from tests.fapws4.device_side import NAME, PASSWORD, DeviceSide, device_side, manager

PASSPHRASE = "twelve monkeys"
SECRETS = ("argon2id", "reader", "digest", "CERTIFICATE", "PRIVATE KEY")


@pytest.fixture(scope="session")
def backup() -> Iterator[ModuleType]:
    """The module of the format, with its C module beside it."""
    sys.path.insert(0, str(secrets_module()))
    from fapws4.manager import backup

    yield backup
    sys.path.remove(str(secrets_module()))


@pytest.fixture
def device() -> Iterator[DeviceSide]:
    """One with an owner, users, a token, a certificate and settings of its app."""
    with device_side() as side:
        admin = Client(side.claim())
        side.session = admin.session  # type: ignore[attr-defined]
        admin.users_add("vera", "viewer", "view from a hill", PASSWORD)
        admin.tokens_add("reader", "viewer", PASSWORD)
        for name, word, body in (("certificate.pem", "CERTIFICATE", "AAAA"), ("key.pem", "PRIVATE KEY", "BBBB")):
            (side.data / ".fapws4" / name).write_text(f"-----BEGIN {word}-----\n{body}\n-----END {word}-----\n")
        write(side, "colours", "blue")
        write(side, "deep/er/one", "1")
        yield side


def admin_of(side: DeviceSide) -> Client:
    """Ada, logged in."""
    return Client(side.session)  # type: ignore[attr-defined]


def settings(side: DeviceSide) -> Path:
    """The folder that the app has declared."""
    return side.data / "app" / "my" / "settings"


def write(side: DeviceSide, name: str, text: str) -> None:
    """One of the app's settings."""
    file = settings(side) / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def texts(side: DeviceSide) -> dict[str, str]:
    """All of the app's settings."""
    base = settings(side)
    return {str(file.relative_to(base)): file.read_text() for file in base.rglob("*")
            if file.is_file() and not file.is_symlink()}


def made(client: Client, passphrase: str | None = None) -> bytes:
    """A backup."""
    with os.fdopen(client.backup_make(passphrase), "rb") as file:
        return file.read()


def restore(client: Client, data: bytes, folder: Path, dry_run: bool = False, passphrase: str | None = None) -> Any:
    """What a restore says."""
    file = folder / "backup"
    file.write_bytes(data)
    with file.open("rb") as opened:
        return client.backup_restore(opened.fileno(), PASSWORD, passphrase, dry_run)


def refusal(client: Client, data: bytes, folder: Path, passphrase: str | None = None) -> str:
    """The sentence by which a restore is refused."""
    with pytest.raises(Refused) as caught:
        restore(client, data, folder, passphrase=passphrase)
    assert caught.value.code in ("invalid", "conflict")
    return caught.value.text


def test_there_and_back(device: DeviceSide, tmp_path: Path) -> None:
    """What has changed since is told by a dry run, which changes nothing, and then is as it was."""
    admin = admin_of(device)
    before = texts(device)
    data = made(admin)
    assert [] == restore(admin, data, tmp_path)["changes"]
    device.orders.clear()
    write(device, "colours", "red")
    write(device, "more/files", "x")
    (settings(device) / "deep" / "er" / "one").unlink()
    device.network, device.zone = "v4=10.0.0.9/24 v6=off dns=10.0.0.1", "Europe/Vienna CET"
    admin.users_set_role("vera", "operator", PASSWORD)
    admin.users_add("otto", "viewer", "operation nautilus", PASSWORD)
    changed = texts(device)
    told = restore(admin, data, tmp_path, dry_run=True)
    assert (1, "meter", "1.0") == (told["schema"], told["product"], told["version"])
    assert {("network", "dns", "10.0.0.1", ""), ("network", "name", "", "meter"), ("network", "v4", "10.0.0.9/24", "dhcp"),
            ("network", "v6", "off", "auto"), ("zone", "zone", "Europe/Vienna", "Europe/Paris"),
            ("users", "otto", "viewer", None), ("users", "vera", "operator", "viewer"),
            ("settings", "colours", "3 bytes", "4 bytes"), ("settings", "deep/er/one", None, "1 bytes"),
            ("settings", "more/files", "1 bytes", None)} == {tuple(change.values()) for change in told["changes"]}
    assert ([], changed) == (device.orders, texts(device))
    assert told == restore(admin, data, tmp_path)
    assert before == texts(device)
    assert [{"name": NAME, "role": "admin"}, {"name": "vera", "role": "viewer"}] == admin.users_list()
    assert ["network-now name=meter v4=dhcp v6=auto", "timezone Europe/Paris CET-1CEST,M3.5.0,M10.5.0/3", "restart-app",
            ] == device.orders
    assert [] == restore(admin, data, tmp_path)["changes"]
    assert "vera" == Client().login("vera", "view from a hill")["name"]


def test_secrets_only_with_a_passphrase(device: DeviceSide, tmp_path: Path) -> None:
    """Sealed they come back: passwords of others, tokens and the certificate; one's own password stays."""
    admin = admin_of(device)
    assert not any(secret.encode() in made(admin) for secret in SECRETS)
    data = made(admin, PASSPHRASE)
    assert data.startswith(b"fapws4-backup 1 sealed ")
    assert not any(secret.encode() in data for secret in (*SECRETS, "vera", "colours"))
    admin.users_set_password("vera", "another view altogether", PASSWORD)
    admin.tokens_remove("reader")
    (device.data / ".fapws4" / "certificate.pem").write_text("another\n")
    for passphrase, why in ((None, "takes its passphrase"), ("wrong" * 3, "the passphrase is wrong")):
        assert why in refusal(admin, data, tmp_path, passphrase)
    told = restore(admin, data, tmp_path, passphrase=PASSPHRASE)
    assert {("password", "vera", "set", "set"), ("token", "reader", None, "viewer"),
            ("certificate", "certificate", "this device's", "that of the backup"),
            } == {tuple(change.values()) for change in told["changes"]}
    assert "vera" == Client().login("vera", "view from a hill")["name"]
    assert ["reader"] == [token["name"] for token in admin.tokens_list()]
    pems = [f"-----BEGIN_{word}-----|{body}|-----END_{word}-----" for word, body in (("CERTIFICATE", "AAAA"),
                                                                                    ("PRIVATE_KEY", "BBBB"))]
    assert " ".join(["certificate", *pems]) in device.orders


def test_users_of_a_plain_backup_have_no_password(device: DeviceSide, tmp_path: Path) -> None:
    """One who was removed comes back without one, and cannot log in before an administrator has set it."""
    admin = admin_of(device)
    data = made(admin)
    admin.users_remove("vera", PASSWORD)
    restore(admin, data, tmp_path)
    for password in ("view from a hill", "none", ""):
        with pytest.raises(Refused, match="wrong"):
            Client(source=password).login("vera", password)
    admin.users_set_password("vera", "another view altogether", PASSWORD)
    assert "viewer" == Client(source="new").login("vera", "another view altogether")["role"]


def test_what_cannot_be_restored_changes_nothing(device: DeviceSide, tmp_path: Path) -> None:
    """Each for its reason; of another product, of a newer version, damaged, or with paths that lead elsewhere."""
    admin = admin_of(device)
    head, _, body = made(admin).partition(b"\n")
    table = json.loads(body)
    before = texts(device)
    cases: list[tuple[bytes, str]] = [
        (b"", "no backup"), (b"PK\3\4", "no backup"), (b"fapws4-backup 1 zip\n", "that this version"),
        (head + b"\n{", "damaged"), (head + b"\n[]", "damaged"), (head + b"\n" + b"[" * 9999, "damaged"),
        (b"fapws4-backup 1 sealed 00\n", "passphrase"), (b"x" * (16 << 20) + b"x", "too large")]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"schema": 2}, "newer version (schema 2; this one knows 1): update first"), ({"product": "other"}, "backup of other"),
        ({"more": 1}, "has no 'more'"), ({"users": [{"name": "A b", "role": "admin"}]}, "small letters"),
        ({"users": [{"name": "eve", "role": "root"}]}, "must be one of"),
        ({"users": [{"name": "eve", "role": "viewer"}] * 2}, "twice"), ({"zone": "Nowhere"}, "no time zone"),
        ({"network": {**table["network"], "v4": "10.0.0.1"}}, "v4 must be"),
        ({"secrets": {"hashes": [{"name": "eve", "hash": "$argon2id$v=19$m=9999999,t=3,p=1$AAAA$AAAA"}], "tokens": [],
                      "certificate": "", "key": ""}}, "none that this version knows"),
        *(({"settings": [{"path": path, "mode": 384, "data": ""}]}, "no path")
          for path in ("../x", "/etc/x", "a//b", "a/../../b", ".", "a/")),
        ({"settings": [{"path": "x", "mode": 0o4755, "data": ""}]}, "must be from 0 to 511"),
        ({"settings": [{"path": "data_version", "mode": 384, "data": b64encode(b"3\n").decode()}]},
         "are of data version 3, and this version of the app knows 2: update first"),
        ({"settings": [{"path": "x", "mode": 384, "data": "?"}]}, "damaged")]
    cases += [(head + b"\n" + json.dumps({**table, **change}).encode(), why) for change, why in wrong]
    for data, why in cases:
        assert why in refusal(admin, data, tmp_path), data[-160:]
    device.refuses["network-now"] = "this address is taken"
    changed = {**table, "network": {**table["network"], "name": "other"}, "settings": []}
    with pytest.raises(Refused, match="this address is taken"):
        restore(admin, head + b"\n" + json.dumps(changed).encode(), tmp_path)
    assert before == texts(device)
    assert not (device.data / ".fapws4" / "restore").exists()
    assert 2 == len(admin.users_list())


def test_links_lead_nowhere(device: DeviceSide, tmp_path: Path) -> None:
    """Whatever the app puts into its folder: nothing outside is read into a backup, or written by a restore."""
    admin = admin_of(device)
    data = made(admin)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("secret")
    write(device, "kept", "1")
    base = settings(device)
    (base / "link").symlink_to(outside / "file")
    (base / "folder").symlink_to(outside)
    os.mkfifo(base / "pipe")
    assert b64encode(b"secret") not in made(admin)
    (base / "colours").unlink()
    (base / "colours").symlink_to(outside / "file")
    (base / "deep" / "er" / "one").unlink()
    (base / "deep" / "er").rmdir()
    (base / "deep" / "er").symlink_to(outside)
    restore(admin, data, tmp_path)
    assert {"file": "secret"} == {file.name: file.read_text() for file in outside.iterdir()}
    assert {"colours": "blue", "deep/er/one": "1"} == texts(device)


def test_files_and_folders_that_have_changed_places(device: DeviceSide, tmp_path: Path) -> None:
    """As when another version of the app keeps its settings in another way: what is in the way of a file or folder goes."""
    admin = admin_of(device)
    before, data = texts(device), made(admin)
    base = settings(device)
    (base / "colours").unlink()
    write(device, "colours/dark/red", "1")
    (base / "colours" / "link").symlink_to(tmp_path)
    (base / "colours.restored").mkdir()
    (base / "deep" / "er" / "one").unlink()
    (base / "deep" / "er").rmdir()
    (base / "deep").rmdir()
    write(device, "deep", "2")
    restore(admin, data, tmp_path)
    assert before == texts(device)
    assert [tmp_path] == list(tmp_path.parent.glob(tmp_path.name))
    assert not (device.data / ".fapws4" / "restore").exists()


@pytest.mark.parametrize("name", ["two\nlines", "/".join(letter * 200 for letter in "xyz"), "\udcff"],
                         ids=["two lines", "too long", "no UTF-8"])
def test_what_no_backup_can_hold_is_named(device: DeviceSide, tmp_path: Path, name: str) -> None:
    """It is said when a backup is made, and not when one is needed; older ones can be restored all the same."""
    admin = admin_of(device)
    data = made(admin)
    write(device, name, "1")
    for passphrase in (None, PASSPHRASE):
        with pytest.raises(Refused) as caught:
            made(admin, passphrase)
        assert caught.value.text.startswith(f"no backup can be made: the app's file {name!a}")
    restore(admin, data, tmp_path)
    assert name not in texts(device)


def test_folders_without_end(device: DeviceSide) -> None:
    """They are refused, and not left out."""
    write(device, "a/" * 33 + "file", "1")
    with pytest.raises(Refused, match="more than 32 deep"):
        made(admin_of(device))


def test_settings_that_cannot_be_read(device: DeviceSide, tmp_path: Path) -> None:
    """It is a refusal with the system's reason, and no fault of the manager."""
    (device.data / "app").rename(tmp_path / "app")
    (device.data / "app").write_text("")
    with pytest.raises(Refused, match=r"^the app's settings cannot be read \(Not a directory\)$"):
        made(admin_of(device))


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.usefixtures("backup")
def test_the_data_version_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, numbered: bool) -> None:
    """An app that starts in the midst of a restore must not migrate a half of the settings; afterwards it migrates all."""
    from fapws4.manager import app_settings

    monkeypatch.setenv("FAPWS_DATA", str(tmp_path / ".fapws4"))
    monkeypatch.setenv("FAPWS_ETC", str(tmp_path))
    (tmp_path / "appliance.conf").write_text("settings=settings\ndata_version=2\n")
    folder, journal = tmp_path / "app" / "settings", list[str]()
    folder.mkdir(parents=True)
    for name in ("data_version", "zeal"):
        (folder / name).write_text("2")
    change, take = os.rename, os.unlink

    def rename(old: str, new: str, **folders: int) -> None:
        journal.append(f"write {new}")
        change(old, new, **folders)

    def unlink(name: str, **folders: int) -> None:
        journal.append(f"remove {name}")
        take(name, **folders)

    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(os, "unlink", unlink)
    app_settings.put_back([{"path": name, "mode": 0o600, "data": ""}
                           for name in ("colours", *(["data_version"] if numbered else []), "word")])
    assert ["write colours", "write word", "remove zeal", f"{'write' if numbered else 'remove'} data_version"] == journal


@pytest.mark.parametrize("refused", ["timezone", "restart-app"])
def test_a_cut_restore_is_finished_by_the_next_process(device: DeviceSide, tmp_path: Path, refused: str) -> None:
    """Wherever it was cut: what was noted is done."""
    admin = admin_of(device)
    before, data = texts(device), made(admin)
    write(device, "colours", "red")
    admin.users_remove("vera", PASSWORD)
    device.zone = "UTC UTC0"
    journal = device.data / ".fapws4" / "restore"
    table = json.loads(data.partition(b"\n")[2])
    journal.write_text(json.dumps({"who": NAME, "then": table}))
    device.refuses[refused] = "cut"  # the process stops here
    with manager(device):
        Client().status_public()
    device.refuses.clear()
    assert journal.exists()
    assert (refused != "timezone") == (before == texts(device))
    with manager(device):
        assert ["ada", "vera"] == [user["name"] for user in admin.users_list()]
    assert (before, False) == (texts(device), journal.exists())


@pytest.mark.parametrize("change", [
    None, {"schema": 2}, {"network": {}}, {"zone": "Nowhere"}, {"product": "other"}, {"secrets": {}}, {"schema": "1"}])
def test_what_is_no_journal_goes(device: DeviceSide, change: dict[str, Any] | None) -> None:
    """A half-written one is never there, but a damaged one, or that of another version, must not stop the device."""
    table = json.loads(made(admin_of(device)).partition(b"\n")[2])
    journal = device.data / ".fapws4" / "restore"
    journal.write_text("{" if change is None else json.dumps({"who": NAME, "then": {**table, **change}}))
    with manager(device):
        assert "meter" == Client().status_public()["product"]
    assert not journal.exists()
    assert "a restore that was cut is given up: " in (device.folder / "manager.log").read_text()


def test_who_was_removed_comes_back_without_tokens(device: DeviceSide, tmp_path: Path) -> None:
    """Also when the restore was cut: tokens go before the user does."""
    admin = admin_of(device)
    data = made(admin)
    admin.users_add("otto", "admin", "operation nautilus", PASSWORD)
    token = Client(Client().login("otto", "operation nautilus")["session"]).tokens_add("robot", "viewer", "operation nautilus")
    users = device.data / ".fapws4" / "users"
    users.chmod(0o600)
    (device.data / ".fapws4" / "users.new").mkdir()  # users cannot be written: the restore ends there
    with pytest.raises(Refused, match="users cannot be written"):
        restore(admin, data, tmp_path)
    assert [] == [row["name"] for row in admin.tokens_list() if row["owner"] == "otto"]
    assert token


def test_older_schemas_are_brought_up_to_date(backup: ModuleType) -> None:
    """Step by step; one that no step leads from is refused."""
    table = {"schema": 1, "product": "meter", "version": "1.0", "network": {"name": "old", "v4": "dhcp"}, "users": [],
             "settings": [], "secrets": None, "timezone": "UTC"}
    steps = {1: lambda old: {**{key: value for key, value in old.items() if key != "timezone"}, "zone": old["timezone"]},
             2: lambda old: {**old, "version": old["version"] + " converted"}}
    data = backup.written(table, None)
    found = backup.read(data, None, 3, steps)
    assert (3, "UTC", "1.0 converted", "old") == (found["schema"], found["zone"], found["version"], found["network"]["name"])
    with pytest.raises(Refused, match="too old"):
        backup.read(data, None, 3, {2: steps[2]})


def test_every_byte_of_a_sealed_backup_counts(backup: ModuleType) -> None:
    """One that was changed, its first line too, is refused."""
    table = {"schema": 1, "product": "m", "version": "1", "network": {"name": "", "v4": "dhcp"}, "zone": "", "users": [],
             "settings": [], "secrets": None}
    data = backup.written(table, PASSPHRASE)
    assert "m" == backup.read(data, PASSPHRASE)["product"]
    for at in (*range(16, 105, 8), 110, len(data) // 2, len(data) - 1):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(Refused):
            backup.read(bytes(changed), PASSPHRASE)
    for length in (0, 20, 105, len(data) - 1):
        with pytest.raises(Refused):
            backup.read(data[:length], PASSPHRASE)
