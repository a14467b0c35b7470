"""The device's manager: who may make which call, and what each of them does. PID 1 and the updater are played by the test."""

from __future__ import annotations

import concurrent.futures
import json
import os
import random
import socket
import stat
import threading
import typing
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, get_type_hints

import pytest

from fapws4.device import Absent, Client, Refused, errors, wire
from fapws4.device.calls import CALLS, ROLES
from fapws4.device.client import Client as ClientClass
from fapws4.device.errors import CODES
from fapws4.device.schema import Invalid, checked, fields, integer, listed, nullable, text
from tests.fapws4.device_side import NAME, PASSWORD, DeviceSide, device_side, manager
from tests.fapws4.root_side import CODE, bundle
from tests.http.wire import TIMEOUT

if TYPE_CHECKING:
    from fapws4.device.records import NetworkSettings

USERS = {"viewer": "vera", "operator": "otto", "admin": NAME}
WORDS = {"vera": "view from a hill", "otto": "operation nautilus", NAME: PASSWORD}


@pytest.fixture
def device() -> Iterator[DeviceSide]:
    """One that nobody owns yet."""
    with device_side() as side:
        yield side


@pytest.fixture(scope="module")
def house() -> Iterator[dict[str, str]]:
    """Sessions by their roles, and tokens by `token ROLE`, of one device."""
    with device_side() as side:
        admin = Client(side.claim())
        found = {"admin": admin.session}
        for role in ("viewer", "operator"):
            admin.users_add(USERS[role], role, WORDS[USERS[role]], PASSWORD)
            found[role] = Client(source=role).login(USERS[role], WORDS[USERS[role]])["session"]
        for role in ROLES:
            found[f"token {role}"] = admin.tokens_add(f"{role}s", role, PASSWORD)["token"]
        yield found


def refused(why: str, client: Client, call: str, /, **arguments: Any) -> str:
    """That a call is refused by this code; the sentence."""
    with pytest.raises(Refused) as caught:
        client.call(call, **arguments)
    assert why == caught.value.code
    assert why in CODES
    return caught.value.text


def content(descriptor: int) -> bytes:
    """All of a file that was given, which is closed."""
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


@pytest.fixture(scope="module")
def types() -> ModuleType:
    """records.pyi as a module."""
    file = Path(errors.__file__).with_name("records.pyi")
    module = ModuleType("records")
    exec(compile(file.read_text(), str(file), "exec", dont_inherit=True), vars(module))
    return module


# ---- the table, the client and the records say the same ----


def test_every_call_has_its_method() -> None:
    """With the arguments of the table, those that may be left out with the table's value."""
    methods = {name: method for name, method in vars(ClientClass).items()
               if not name.startswith("_") and name not in ("call", "exchange")}
    assert {name.replace(".", "_") for name in CALLS} == set(methods)
    for name, call in CALLS.items():
        code = methods[name.replace(".", "_")].__code__
        given = set(code.co_varnames[1 : code.co_argcount]) - ({"descriptor"} if call.takes else set())
        assert set(call.arguments["properties"]) == given, name


@pytest.mark.parametrize("name", sorted(name for name, call in CALLS.items() if not call.gives))
def test_records_have_the_forms_of_the_table(types: ModuleType, name: str) -> None:
    """What types say of an answer is what the table says of it."""
    method = getattr(ClientClass, name.replace(".", "_"))
    hints = get_type_hints(method, {"records": types}, {})
    assert form(hints["return"]) == simple(CALLS[name].answer)


def form(hint: Any) -> Any:
    """A type, as plainly as `simple` says a form."""
    if hint is type(None):
        return "null"
    if typing.get_origin(hint) is list:
        return [form(typing.get_args(hint)[0])]
    if typing.is_typeddict(hint):
        return {name: form(part) for name, part in get_type_hints(hint).items()}
    if typing.get_args(hint):
        return sorted(form(part) for part in typing.get_args(hint))
    return {str: "string", int: "integer", float: "number", bool: "boolean"}[hint]


def simple(schema: Any) -> Any:
    """A form without its limits."""
    if schema["type"] == "array":
        return [simple(schema["items"])]
    if schema["type"] == "object":
        return {name: simple(part) for name, part in schema["properties"].items()}
    return sorted(schema["type"]) if isinstance(schema["type"], list) else schema["type"]


# ---- who may what ----


@pytest.mark.parametrize("who", ["", "nonsense", "token-nonsense", *ROLES, *(f"token {role}" for role in ROLES)])
@pytest.mark.parametrize("name", CALLS)
def test_each_call_by_each_role(house: dict[str, str], name: str, who: str) -> None:
    """Refused to those below its role before anything of it is looked at; to the others it is what is wrong in it."""
    role = who.removeprefix("token ") if who in house else ""
    least = CALLS[name].role
    may = not least or (role != "" and ROLES.index(role) >= ROLES.index(least))
    expected = "invalid" if may else "forbidden" if role else "no-session"
    refused(expected, Client(house.get(who, who)), name, nonsense=1)


def test_what_takes_the_password_takes_no_token(house: dict[str, str]) -> None:
    """And no wrong password: of who is logged in, not of anybody else."""
    for call, arguments in (
        ("users.add", {"name": "eve", "role": "admin", "new_password": "x" * 10}), ("users.remove", {"name": "vera"}),
        ("users.set_role", {"name": "vera", "role": "admin"}), ("tokens.add", {"name": "more", "role": "admin"}),
        ("users.set_password", {"name": NAME, "new_password": "x" * 10}), ("device.factory_reset", {}),
        ("certificate.set", {"certificate": "x", "key": "y"}),
    ):
        refused("forbidden", Client(house["token admin"]), call, **arguments, password=PASSWORD)
        refused("password", Client(house["admin"], call), call, **arguments, password="operation nautilus")
    assert ["ada", "vera", "otto"] == [user["name"] for user in Client(house["admin"]).users_list()]


# ---- the first one ----


def test_the_first_one_needs_the_code(device: DeviceSide) -> None:
    """There is no password before, and no second first one."""
    stranger = Client(source="192.168.7.5")
    assert stranger.status_public()["claimed"] is False
    refused("password", stranger, "login", name=NAME, password="")
    refused("claim-code", stranger, "claim", code="wrong", name=NAME, password=PASSWORD)
    refused("invalid", stranger, "claim", code=CODE, name=NAME, password="short")
    refused("invalid", stranger, "claim", code=CODE, name="Ada L", password=PASSWORD)
    refused("invalid", stranger, "claim", code=f"{CODE}\nreset", name=NAME, password=PASSWORD)
    session = stranger.claim(CODE, NAME, PASSWORD, "a browser")
    assert {"name": NAME, "role": "admin", "token": None, "expires": None} == Client(session["session"]).whoami()
    assert stranger.status_public()["claimed"] is True
    refused("conflict", stranger, "claim", code=CODE, name="eve", password=PASSWORD)
    assert [] == device.orders


def test_what_is_kept(device: DeviceSide) -> None:
    """For root's eyes only, and nothing in it with which somebody could log in."""
    session = device.claim()
    token = Client(session).tokens_add("meter reader", "viewer", PASSWORD)["token"]
    files = [device.data / ".fapws4" / "users", device.data / ".fapws4" / "tokens", device.folder / "sessions"]
    for file in files:
        assert 0o600 == stat.S_IMODE(file.stat().st_mode)
        for secret in (PASSWORD, session, token, token.removeprefix("token-")):
            assert secret not in file.read_text()
    assert json.loads(files[0].read_text())["rows"][0]["hash"].startswith("$argon2id$v=19$m=8192,t=3,p=1$")
    log = (device.folder / "manager.log").read_text()
    assert "ada has made this device theirs" in log
    assert not any(secret in log for secret in (PASSWORD, session, token, CODE))


@pytest.mark.parametrize("damage", [b"", b"[]", b"{}", b'{"schema": 2, "rows": []}', b'{"schema": 1, "rows": [1]}'])
def test_damaged_users_are_no_unclaimed_device(device: DeviceSide, damage: bytes) -> None:
    """Who can make a file unreadable does not become the owner by that."""
    device.claim()
    (device.data / ".fapws4" / "users").write_bytes(damage)
    stranger = Client()
    for call, arguments in (("status.public", {}), ("claim", {"code": CODE, "name": "eve", "password": PASSWORD}),
                            ("login", {"name": NAME, "password": PASSWORD})):
        assert "is damaged" in refused("damaged", stranger, call, **arguments)


# ---- sessions, users and tokens ----


def test_sessions_outlive_the_manager_and_not_a_restart(device: DeviceSide) -> None:
    """They are in /run, which a restart empties."""
    session = device.claim()
    with manager(device) as process:
        assert NAME == Client(session).whoami()["name"]
        process.kill()
        process.wait()
    with manager(device):
        assert NAME == Client(session).whoami()["name"]
    (device.folder / "sessions").unlink()
    with manager(device):
        refused("no-session", Client(session), "whoami")


def test_sessions_are_listed_and_ended(device: DeviceSide) -> None:
    """One's own; an administrator sees and ends all."""
    admin = Client(device.claim(), "a")
    admin.users_add("vera", "viewer", WORDS["vera"], PASSWORD)
    first, second = (Client(Client(source="b").login("vera", WORDS["vera"], agent)["session"]) for agent in ("one", "two"))
    listed_ones = first.sessions_list()
    assert {("one", True), ("two", False)} == {(one["agent"], one["current"]) for one in listed_ones}
    assert 3 == len(admin.sessions_list())
    assert not any(one["id"] in (first.session, second.session) for one in listed_ones)
    own = next(one["id"] for one in admin.sessions_list() if one["name"] == NAME)
    refused("absent", first, "sessions.revoke", id=own)
    first.sessions_revoke(next(one["id"] for one in listed_ones if not one["current"]))
    refused("no-session", second, "whoami")
    first.logout()
    refused("no-session", first, "whoami")
    assert NAME == admin.whoami()["name"]


def test_users_change(device: DeviceSide) -> None:
    """A role counts at once, a new password ends what was opened by the old one, and one administrator remains."""
    admin = Client(device.claim())
    for call, more in (("users.remove", {}), ("users.set_role", {"role": "viewer"})):
        assert "last administrator" in refused("conflict", admin, call, name=NAME, password=PASSWORD, **more)
        refused("absent", admin, call, name="nobody", password=PASSWORD, **more)
    admin.users_add("vera", "viewer", WORDS["vera"], PASSWORD)
    refused("conflict", admin, "users.add", name="vera", role="viewer", new_password=WORDS["vera"], password=PASSWORD)
    vera = Client(Client().login("vera", WORDS["vera"])["session"])
    refused("forbidden", vera, "users.set_password", name=NAME, new_password="x" * 10, password=WORDS["vera"])
    other = Client(Client().login("vera", WORDS["vera"])["session"])
    vera.users_set_password("vera", "another view altogether", WORDS["vera"])
    assert "vera" == vera.whoami()["name"]
    refused("no-session", other, "whoami")
    refused("password", Client(), "login", name="vera", password=WORDS["vera"])
    admin.users_set_role("vera", "admin", PASSWORD)
    assert 2 == len(vera.users_list())
    token = vera.tokens_add("veras", "admin", "another view altogether")["token"]
    admin.users_remove("vera", PASSWORD)
    for session in (vera.session, token):
        refused("no-session", Client(session), "whoami")


def test_tokens(device: DeviceSide) -> None:
    """Told once, with their own role, gone when they are taken back or expire, and not believed without a clock."""
    admin = Client(device.claim())
    token = Client(admin.tokens_add("reader", "viewer", PASSWORD)["token"])
    assert {"name": NAME, "role": "viewer", "token": "reader", "expires": None} == token.whoami()
    refused("conflict", token, "logout")
    refused("conflict", admin, "tokens.add", name="reader", role="viewer", password=PASSWORD)
    past = Client(admin.tokens_add("past", "viewer", PASSWORD, 1)["token"])
    refused("no-session", past, "whoami")
    later = Client(admin.tokens_add("later", "viewer", PASSWORD, 1 << 33)["token"])
    assert 1 << 33 == later.whoami()["expires"]
    device.clock = "untrusted build"
    assert "clock" in refused("no-session", later, "whoami")
    assert "clock" in refused("conflict", admin, "tokens.add", name="week", role="viewer", password=PASSWORD, expires=1 << 33)
    assert "reader" == token.whoami()["token"]
    admin.tokens_remove("reader")
    refused("no-session", token, "whoami")
    assert ["past", "later"] == [one["name"] for one in admin.tokens_list()]


# ---- the device ----


def test_orders_reach_pid_1(device: DeviceSide) -> None:
    """As one line each; what it refuses is its own sentence."""
    admin = Client(device.claim())
    settings: NetworkSettings = {
        "name": "meter", "interface": "", "v4": "10.0.0.2/24", "gateway": "10.0.0.1", "v6": "auto", "gateway6": "",
        "dns": ["10.0.0.1", "fd00:7::1"], "ntp": ["10.0.0.4"]}
    assert 120 == admin.network_apply(settings)["seconds"]
    assert (settings, 120) == (admin.network_get()["settings"], admin.network_get()["trial"])
    admin.network_keep()
    assert admin.network_get()["trial"] is None
    admin.network_revert()
    admin.clock_set(0)
    admin.clock_set_zone("UTC")
    clock = admin.clock_get()
    assert (True, "operator", "UTC") == (clock["trusted"], clock["source"], clock["zone"])
    assert {"Europe/Paris", "UTC"} < set(admin.clock_zones())
    admin.update_stick()
    admin.update_registry()
    admin.device_restart()
    admin.device_power_off()
    admin.device_factory_reset(PASSWORD)
    assert ["network name=meter v4=10.0.0.2/24 gateway=10.0.0.1 v6=auto dns=10.0.0.1,fd00:7::1 ntp=10.0.0.4", "network-keep",
            "network-revert", "clock 0", "timezone UTC UTC0", "usb-install", "fetch", "restart", "power-off", "reset",
            ] == device.orders
    device.refuses["restart"] = "a new version is on trial"
    assert "a new version is on trial" == refused("refused", admin, "device.restart")


@pytest.mark.parametrize("wrong", [
    {"v4": "10.0.0.2"}, {"v4": "10.0.0.2/33"}, {"v4": "10.0.0.2/24 v6=off"}, {"v4": "fe80::1/64"}, {"v6": "fe80::1"},
    {"gateway": "10.0.0.1/24"}, {"gateway": "x"}, {"dns": ["10.0.0.1,10.0.0.2"]}, {"dns": ["x"]}, {"dns": ["10.0.0.1"] * 4},
    {"name": "a b"}, {"name": "x" * 64}, {"name": "a\nreset"}, {"interface": "eth0=1"}, {"ntp": ["pool.example"]},
    {"ntp": ["a,b"]}, {"more": 1}, {"name": 1}, {"v4": None}])
def test_wrong_settings_reach_nobody(house: dict[str, str], wrong: dict[str, Any]) -> None:
    """Nothing of them is an order."""
    settings = {"name": "meter", "v4": "dhcp", **wrong}
    refused("invalid", Client(house["admin"]), "network.apply", settings=settings)


def test_the_log(device: DeviceSide) -> None:
    """From a position on, filtered, followed, and with all else in one file."""
    admin = Client(device.claim())
    found = admin.logs_read()
    assert ["fapws4: one line", "<b>another</b>"] == found["lines"]
    assert ["<b>another</b>"] == admin.logs_read(contains="ANOTHER")["lines"]
    device.say("app: \x1b[31mred\x1b[0m")
    assert ["app: \N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}[0m"] == admin.logs_read(found["next"])["lines"]
    with os.fdopen(admin.logs_follow(), "rb") as pipe, os.fdopen(admin.logs_follow(), "rb") as other:
        device.say("app: news")
        assert [b"app: news\n"] * 2 == [pipe.readline(), other.readline()]
        seen = admin.logs_read()["next"]
        device.say("app: meanwhile")
        with os.fdopen(admin.logs_follow(seen), "rb") as late:
            device.say("app: more")
            assert [b"app: meanwhile\n", b"app: more\n"] == [late.readline(), late.readline()]
        assert [b"app: meanwhile\n", b"app: more\n"] == [pipe.readline(), pipe.readline()]
    everything = content(admin.logs_bundle())
    for piece in (b"==== status ====\nproduct meter\n", b"app: news\n", b"==== /proc/meminfo ====\nMemTotal"):
        assert piece in everything


def test_a_log_that_is_followed_from_too_far_back(device: DeviceSide) -> None:
    """What a pipe does not hold at once is not lost silently."""
    admin = Client(device.claim())
    for _ in range(70):
        device.say("x" * 1023)
    assert "read it first" in refused("conflict", admin, "logs.follow", since=0)
    with os.fdopen(admin.logs_follow(len(device.log) - 1024), "rb") as pipe:
        assert 1024 == len(pipe.readline())


def test_who_tries_claim_codes_keeps_nobody_from_looking(device: DeviceSide, monkeypatch: pytest.MonkeyPatch) -> None:
    """PID 1 takes its time for each wrong one; the status is told meanwhile."""
    arrived, ended, reply = threading.Semaphore(0), threading.Event(), device.reply

    def slow(line: str) -> str:
        if line.startswith("claim-check"):
            arrived.release()
            ended.wait()
        return reply(line)

    monkeypatch.setattr(device, "reply", slow)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        tries = [pool.submit(Client(source=f"{number}").call, "claim", code="WRONG", name="eve", password=PASSWORD)
                 for number in range(6)]
        try:
            for _ in range(3):
                assert arrived.acquire(timeout=TIMEOUT)
            for _ in range(20):  # the others come meanwhile
                assert "meter" == Client().status_public()["product"]
        finally:
            ended.set()
        assert ["claim-code"] * 6 == [getattr(each.exception(TIMEOUT), "code", None) for each in tries]


def test_who_has_left_follows_the_log_no_more(device: DeviceSide) -> None:
    """And has no place among the eight, though nothing has been said since."""
    admin = Client(device.claim())
    device.waits = TIMEOUT
    for _ in range(40):
        os.close(admin.logs_follow())
    pipes: list[int] = []
    with pytest.raises(Refused, match="8 times already"):
        pipes.extend(admin.logs_follow() for _ in range(9))
    assert pipes  # eight, or less where the manager is just about to let go of one of those before
    for pipe in pipes:
        os.close(pipe)
    device.say("app: the end")


def test_updates_go_through_a_connection(device: DeviceSide) -> None:
    """The manager greets the updater as root; the caller sends the rest."""
    admin = Client(device.claim())
    data = bundle()
    with socket.socket(fileno=admin.update_begin("whole")) as session:
        session.settimeout(TIMEOUT)
        session.sendall(data)
        session.shutdown(socket.SHUT_WR)
        answer = b""
        while block := session.recv(65536):
            answer += block
    assert answer.startswith(b"want ")
    assert answer.endswith(b"installed 2.0 8\n")
    assert ["whole"] == device.modes


# ---- the wire ----


def raw(device: DeviceSide, data: bytes) -> bytes:
    """What comes back for these bytes when nothing follows them."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.settimeout(TIMEOUT)
        door.connect(str(device.folder / "device"))
        answer = b""
        try:
            door.sendall(data)
            door.shutdown(socket.SHUT_WR)
            while block := door.recv(65536):
                answer += block
        except (BrokenPipeError, ConnectionResetError):
            pass
        return answer


@pytest.mark.parametrize(("line", "code"), [
    (b"", "invalid"), (b"x", "invalid"), (b"[]", "invalid"), (b"\xff", "invalid"), (b"{}", "version"),
    (b'{"fapws4": 2, "call": "whoami"}', "version"), (b'{"fapws4": true, "call": "whoami"}', "version"),
    (b'{"fapws4": "1", "call": "whoami"}', "version"), (b'{"fapws4": 1}', "invalid"),
    (b'{"fapws4": 1, "call": "whoami", "more": 1}', "invalid"), (b'{"fapws4": 1, "call": 1}', "invalid"),
    (b'{"fapws4": 1, "call": "whoami", "call": "status.public"}', "invalid"), (b'{"fapws4": 1, "call": ""}', "unknown"),
    (b'{"fapws4": 1, "call": "status.public", "arguments": []}', "invalid"),
    (b'{"fapws4": 1, "call": "status.public", "arguments": null}', "invalid"),
    (b'{"fapws4": 1, "call": "__init__"}', "unknown"), (b'{"fapws4": 1, "call": "whoami", "session": null}', "invalid"),
    (b'{"fapws4": 1, "call": "login", "arguments": {"name": "\\ud800", "password": "x"}}', "invalid"),
    (b'{"fapws4": 1, "call": "logs.read", "arguments": {"since": NaN}}', "invalid"),
    (b"[" * 60000, "invalid"), (b'{"fapws4": ' + b"1" * 60000 + b"}", "invalid")])
def test_what_is_no_call(device: DeviceSide, line: bytes, code: str) -> None:
    """Each is answered by a code, and the next line is heard."""
    answers = raw(device, line + b'\n{"fapws4": 1, "call": "status.public"}\n').splitlines()
    assert [code, None] == [json.loads(answer).get("error") for answer in answers]


def test_lines_without_end_and_noise(device: DeviceSide) -> None:
    """A line that is too long ends the connection; whatever else comes, the manager goes on and has no fault."""
    assert b"" == raw(device, b"x" * (wire.MOST_REQUEST + 1))
    chance = random.Random(1)
    noise = (b'"', b"{", b"}", b"[", b",", b"\\u", b"\0", b"\n", b"1e999", b"-")
    good = json.dumps({"fapws4": 1, "call": "login", "source": "x", "arguments": {"name": "a", "password": "b", "agent": "c"}})
    for _ in range(400):
        data = bytearray(good.encode() + b"\n")
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(data))
            data[at : at + chance.randrange(3)] = chance.choice(noise)
        for answer in raw(device, bytes(data)).splitlines():
            assert json.loads(answer)["error"] in ("invalid", "version", "unknown", "password", "busy")
    assert Client().status_public()["claimed"] is False


def test_more_than_one_call_holds(house: dict[str, str]) -> None:
    """It is said before it is sent."""
    long = {"certificate": "\n" * 32000, "key": "\n" * 16000, "password": "x"}
    assert "too much for one call" in refused("invalid", Client(house["admin"]), "certificate.set", **long)


def test_descriptors_that_nobody_asked_for(device: DeviceSide) -> None:
    """They are refused and closed, also when they are many."""
    admin = Client(device.claim())
    with Path(os.devnull).open("rb") as file:
        with pytest.raises(Refused, match="takes no descriptor"):
            admin.exchange("whoami", {}, file.fileno())
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.connect(str(device.folder / "device"))
            line = json.dumps({"fapws4": 1, "call": "status.public"}).encode() + b"\n"
            socket.send_fds(door, [line], [file.fileno()] * 9)
            assert b"result" in door.recv(65536)


def test_others_are_not_heard(device: DeviceSide) -> None:
    """By the user that the kernel says, whatever a file's rights are."""
    device.claim()
    with manager(device, users=(os.getuid() + 1,)):
        assert b"" == raw(device, b'{"fapws4": 1, "call": "status.public"}\n')


def test_without_a_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, and not as a fault of the device."""
    monkeypatch.setenv("FAPWS_RUN", str(tmp_path))
    with pytest.raises(Absent, match="no device of fapws4"):
        Client().status_public()


def test_it_ends_when_nobody_comes(device: DeviceSide) -> None:
    """With success, so that PID 1 starts it for the next one."""
    with manager(device, idle=0.05) as process:
        assert 0 == process.wait(TIMEOUT)


# ---- forms ----


@pytest.mark.parametrize(("schema", "value", "why"), [
    (text(3), "abcd", "at most 3"), (text(9, 2), "a", "from 2 to 9"), (text(9), "a\nb", "cannot be shown"),
    (text(9), 1, "a text"),
    (integer(0, 9), 10, "from 0 to 9"), (integer(0, 9), True, "a whole number"), (integer(0, 9), 1.0, "a whole number"),
    (listed(text(1), 1), ["a", "b"], "at most 1"), (listed(text(1), 9), ["a", 2], r"x\[1\] must be a text"),
    (nullable(text(1)), 1, "a text or null"), (fields(a=text(1)), {}, "lacks a"), (fields(), {"b": 1}, "has no 'b'"),
    (fields(a=fields(b=integer(0, 1))), {"a": {"b": 2}}, "x.a.b must be")])
def test_values_that_have_not_the_form(schema: Any, value: Any, why: str) -> None:
    """It is said where and why."""
    with pytest.raises(Invalid, match=why):
        checked(schema, value, "x")


def test_what_is_left_out_is_put_in() -> None:
    """By its default."""
    assert {"a": "x", "b": None} == checked(fields(a=text(1), b=nullable(text(1)) | {"default": None}), {"a": "x"}, "x")
