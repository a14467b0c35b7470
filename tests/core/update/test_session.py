"""An update over a socket: what each side says, what is refused and in which words, and what of it reaches the disk."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.imaging.keys import PrivateKey
from tests.core_update import Slot, manifest_of, packed

ROOM = 262_144
OLD = Slot([("volume0", 0, b"v" * 512), ("modules", 1536, b"M" * 5000), ("device", 8192, b"d" * 100),
            ("binary", 8292, b"b" * 60_000), ("kernel", 120_000, b"K" * 70_000)], 196_608)
BEFORE = OLD.data.ljust(ROOM, b"\0") + b"\xaa" * ROOM
SECTOR = 512


class Device:
    """A file with a running slot (OLD) and another one behind it, and the sessions that clients have with it."""

    def __init__(self, updater: Any, path: Path, key: PrivateKey) -> None:
        self.updater, self.lib, self.ffi = updater, updater.lib, updater.ffi
        path.write_bytes(BEFORE)
        self.path, self.file = path, os.open(path, os.O_RDWR)
        self.lib.faults.cut_before = self.lib.faults.lost = -1
        self.lib.faults.unreadable = False
        self.identity = self.ffi.new("struct identity *", {"product": b"meter", "board": b"pc", "counter": 7})
        self.identity.keys = updater.key_set(1, [key])[0]
        span, _block = updater.span(OLD.lines.encode())
        assert self.lib.layout_parse(span[0], self.ffi.addressof(self.identity, "slot"))
        self.host = self.ffi.new("struct session_host *", {
            "identity": self.identity, "unable": 0, "from": (self.file, 0, ROOM), "to": (self.file, ROOM, ROOM),
            "patience_ms": 60_000, "may_begin": self.lib.asked, "progress": self.lib.went_on,
            "installed": self.lib.was_installed})
        self.objection = b""  # what PID 1 has against a beginning
        self.failure = b""  # ... and against arming
        self.shown: list[tuple[int, int]] = []
        self.armed: list[tuple[bytes, int]] = []
        self.session = self.ffi.new("struct session *")
        self._answer_as_pid_1()

    def _answer_as_pid_1(self) -> None:
        def asked(_owner: Any, why: Any) -> bool:
            self.ffi.memmove(why, self.objection + b"\0", len(self.objection) + 1)
            return not self.objection

        def went_on(_owner: Any, done: int, total: int) -> None:
            self.shown.append((done, total))

        def was_installed(_owner: Any, manifest: Any, why: Any) -> bool:
            self.ffi.memmove(why, self.failure + b"\0", len(self.failure) + 1)
            self.armed.append((self.ffi.string(manifest.version), manifest.counter))
            return not self.failure

        for function in (asked, went_on, was_installed):
            self.ffi.def_extern(name=function.__name__)(function)

    @property
    def other(self) -> bytes:
        """The bytes of the slot that does not run. The running one must be as it was."""
        data = self.path.read_bytes()
        assert data[:ROOM] == BEFORE[:ROOM]
        return data[ROOM:]

    def untouched(self) -> bool:
        """Whether not one byte was written, and nothing armed."""
        return self.other == BEFORE[ROOM:] and not self.armed

    def connect(self, mode: str = "PARTS", early: bytes = b"") -> Client:
        """A client, and a session for it."""
        return Client(self, mode, early)


class Client:
    """One end of a socket; at the other one a session runs."""

    def __init__(self, device: Device, mode: str, early: bytes) -> None:
        self.socket, served = socket.socketpair()
        self.socket.settimeout(60)
        self.lines = self.socket.makefile("rb")
        self.end = ""
        number = ["PARTS", "WHOLE", "VERIFY"].index(mode)

        def serve() -> None:
            span, _block = device.updater.span(early)
            end = device.lib.session_run(device.session, device.host, served.fileno(), number, span[0])
            self.end = ["INSTALLED", "VERIFIED", "REFUSED", "LEFT"][end]
            served.close()

        self.thread = threading.Thread(target=serve)
        self.thread.start()

    def send(self, data: bytes) -> None:
        """All of it, unless the session has ended."""
        self.socket.sendall(data)

    def line(self) -> str:
        """The next line; "" at the end."""
        return self.lines.readline().decode()

    def answer(self) -> str:
        """The last line, and how it ended; progress is passed over."""
        while (line := self.line()).startswith("progress "):
            pass
        self.close()
        return line.rstrip("\n")

    def close(self) -> None:
        """Hangs up, and waits for the session's end."""
        self.socket.shutdown(socket.SHUT_RDWR)
        self.lines.close()
        self.socket.close()
        self.thread.join()


@pytest.fixture
def device(updater: Any, tmp_path: Path, key: PrivateKey) -> Iterator[Device]:
    """A device on which OLD runs, with the counter 7."""
    made = Device(updater, tmp_path / "disk", key)
    yield made
    os.close(made.file)


def head_of(bundle: bytes, slot: Slot) -> bytes:
    """All before the parts."""
    return bundle[: len(bundle) - sum(len(data) for _, _, data in slot.parts)]


def wanted(slot: Slot, line: str) -> bytes:
    """The bytes of the parts that the line `want` names."""
    names = line.split()[1:]
    return b"".join(data for name, _, data in slot.parts if name in names)


def test_only_what_is_missing_is_sent(device: Device, bundle: bytes, slot: Slot) -> None:
    """Modules and kernel are copied from the running slot; the slot is then byte for byte the new version's."""
    client = device.connect()
    client.send(head_of(bundle, slot))
    line = client.line()
    assert "want volume0 device binary\n" == line
    client.send(wanted(slot, line))
    assert ("installed 2.0 8", "INSTALLED") == (client.answer(), client.end)
    assert slot.data == device.other[: slot.length]
    assert [(b"2.0", 8)] == device.armed


def test_a_whole_bundle(device: Device, bundle: bytes) -> None:
    """Who cannot choose sends the file as it is, without waiting for an answer."""
    client = device.connect("WHOLE")
    client.send(bundle)
    assert "want volume0 modules device binary kernel\n" == client.line()
    assert ("installed 2.0 8", "INSTALLED") == (client.answer(), client.end)


def test_a_greeting_with_more_behind_it(device: Device, bundle: bytes, slot: Slot) -> None:
    """What came in one piece with the greeting is the beginning of the bundle."""
    for cut in (1, 30, len(bundle) - len(slot.data) // 2, len(bundle)):
        client = device.connect("WHOLE", bundle[:cut])
        client.send(bundle[cut:])
        client.line()
        assert "installed 2.0 8" == client.answer(), cut


def test_byte_by_byte(device: Device, bundle: bytes, slot: Slot) -> None:
    """However the stream is cut, it is the same."""
    client = device.connect()
    for at in range(len(head_of(bundle, slot))):
        client.send(bundle[at : at + 1])
    data = wanted(slot, client.line())
    for at in range(0, len(data), 997):
        client.send(data[at : at + 997])
    assert "installed 2.0 8" == client.answer()
    assert slot.data == device.other[: slot.length]


def test_verifying_writes_nothing(device: Device, bundle: bytes) -> None:
    """Every byte is looked at, PID 1 is not asked, and the disk stays as it is."""
    device.objection = b"this is the wrong moment"
    client = device.connect("VERIFY")
    client.send(bundle)
    assert "want volume0 modules device binary kernel\n" == client.line()
    assert ("verified 2.0 8", "VERIFIED") == (client.answer(), client.end)
    assert device.untouched()


def test_progress(device: Device, bundle: bytes) -> None:
    """It grows, ends with all, and is said to PID 1 too."""
    client = device.connect("WHOLE")
    client.send(bundle)
    client.line()
    told = [tuple(int(word) for word in line.split()[1:]) for line in iter(client.line, "installed 2.0 8\n")]
    client.close()
    assert told == device.shown
    assert told == sorted(set(told))
    assert 1 <= len(told) <= device.lib.SESSION_STEPS
    assert {150_612} == {total for _, total in told}
    assert 150_612 == told[-1][0]


def test_asking_what_is_missing_changes_nothing(device: Device, bundle: bytes, slot: Slot) -> None:
    """Who closes after `want` has asked a question; the slot may still be started."""
    client = device.connect()
    client.send(head_of(bundle, slot))
    assert client.line().startswith("want ")
    client.close()
    assert "LEFT" == client.end
    assert device.untouched()


def test_something_is_always_wanted(device: Device, key: PrivateKey) -> None:
    """Of a version whose parts are all there, the last one is sent all the same."""
    bundle = packed(OLD, manifest_of(OLD, [key]), [key])
    client = device.connect()
    client.send(head_of(bundle, OLD))
    line = client.line()
    assert "want kernel\n" == line
    assert device.untouched()
    client.send(wanted(OLD, line))
    assert "installed 2.0 8" == client.answer()
    assert OLD.data == device.other[: OLD.length]


REFUSED: dict[str, tuple[dict[str, str], list[PrivateKey] | None, str]] = {
    "wrong key": ({}, [PrivateKey(b"x" * 32)], "the bundle is not signed by enough keys"),
    "no signature": ({}, [], "the bundle is not signed by enough keys"),
    "another product": ({"product": "clock"}, None, "the bundle is for another product"),
    "another board": ({"board": "pi"}, None, "the bundle is for another board"),
    "older": ({"counter": "6"}, None, "the bundle is older than the version that runs"),
    "the same": ({"counter": "7"}, None, "the version of this bundle runs already"),
    "a manifest of later times": ({"data": "9 9"}, None, "the bundle is properly signed and of a kind that this version"),
}


@pytest.mark.parametrize("mode", ["PARTS", "WHOLE", "VERIFY"])
@pytest.mark.parametrize("what", REFUSED)
def test_refused_by_its_head(device: Device, slot: Slot, key: PrivateKey, what: str, mode: str) -> None:
    """Each in its words, before a part is asked for and with the whole bundle on its way; nothing is written."""
    changed, signers, words = REFUSED[what]
    data = packed(slot, manifest_of(slot, [key], 1, **changed), [key] if signers is None else signers)
    client = device.connect(mode)
    client.send(data)
    assert client.answer().startswith(f"refused {words}")
    assert "REFUSED" == client.end
    assert device.untouched()


def test_keys_of_others_need_their_signature(device: Device, slot: Slot, key: PrivateKey) -> None:
    """A version that trusts another key is signed by both, or refused."""
    other = PrivateKey(b"o" * 32)
    manifest = manifest_of(slot, [other])
    for signers, words in (([key], "refused the bundle brings other keys"), ([key, other], "installed 2.0 8")):
        client = device.connect("WHOLE")
        client.send(packed(slot, manifest, signers))
        if len(signers) == 2:
            client.line()
        assert client.answer().startswith(words)


def test_no_room(device: Device, bundle: bytes) -> None:
    """A version that is larger than the slot."""
    device.host.to.size = 200_000
    client = device.connect()
    client.send(bundle)
    assert client.answer().startswith("refused the version is too large")
    assert device.untouched()


def test_not_a_bundle(device: Device) -> None:
    """Some other file."""
    client = device.connect()
    client.send(b"\x7fELF" + bytes(100_000))
    assert client.answer().startswith("refused this is not an update bundle")
    assert device.untouched()


@pytest.mark.parametrize(("name", "words"), [("REFUSED_NO_KEYS", "this device accepts no updates"),
                                             ("REFUSED_UNKNOWN_DEVICE", "this device does not know what it is")])
def test_a_device_that_takes_none(device: Device, bundle: bytes, name: str, words: str) -> None:
    """It says so at once, and hears the client out."""
    device.host.unable = device.updater.refusals.index(name)
    client = device.connect()
    client.send(bundle)
    assert client.answer().startswith(f"refused {words}")
    assert device.untouched()


def test_pid_1_objects(device: Device, bundle: bytes, slot: Slot) -> None:
    """What PID 1 has against it is what the client hears, before it sends a part."""
    device.objection = b"the version that runs is on trial: 312 s are left"
    client = device.connect()
    client.send(head_of(bundle, slot))
    assert "refused the version that runs is on trial: 312 s are left" == client.answer()
    assert device.untouched()


def test_pid_1_cannot_arm(device: Device, bundle: bytes) -> None:
    """Then it is not installed."""
    device.failure = b"the slot state cannot be written"
    client = device.connect("WHOLE")
    client.send(bundle)
    client.line()
    assert ("refused the slot state cannot be written", "REFUSED") == (client.answer(), client.end)


@pytest.mark.parametrize("mode", ["PARTS", "WHOLE", "VERIFY"])
def test_a_damaged_head(device: Device, bundle: bytes, slot: Slot, mode: str) -> None:
    """A bit changed anywhere before the parts: refused, and nothing is written."""
    head = len(head_of(bundle, slot))
    for at in (*range(22), 30, head - 200, head - 97, head - 96, head - 65, head - 64, head - 1):
        client = device.connect(mode)
        client.send(bundle[:at] + bytes([bundle[at] ^ 1]) + bundle[at + 1 : head])
        client.socket.shutdown(socket.SHUT_WR)
        assert client.answer().startswith("refused "), at
    assert device.untouched()


@pytest.mark.parametrize("mode", ["PARTS", "WHOLE", "VERIFY"])
def test_damaged_parts(device: Device, bundle: bytes, slot: Slot, mode: str) -> None:
    """A bit changed anywhere in what is sent, or parts in another order: refused, and the slot cannot be started."""
    client = device.connect(mode)
    client.send(head_of(bundle, slot))
    data = wanted(slot, client.line())
    client.close()
    changed = [data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in (0, 511, 512, 700, len(data) // 2, len(data) - 1)]
    for each in (*changed, data[512:] + data[:512], bytes(len(data))):
        device.path.write_bytes(BEFORE)
        client = device.connect(mode)
        client.send(head_of(bundle, slot))
        client.line()
        client.send(each)
        assert "refused the bundle is damaged: copy it again" == client.answer()
        assert device.other[:SECTOR] in (bytes(SECTOR), BEFORE[ROOM : ROOM + SECTOR])
    assert not device.armed


@pytest.mark.parametrize("mode", ["PARTS", "WHOLE", "VERIFY"])
def test_cut_short(device: Device, bundle: bytes, slot: Slot, mode: str) -> None:
    """Wherever the client ends, nothing is armed; from the first byte of a part on the slot cannot be started."""
    head = head_of(bundle, slot)
    for count in (1, 1000, 60_000, 75_000):
        client = device.connect(mode)
        client.send(head)
        line = client.line()
        client.send(wanted(slot, line)[:count])
        client.socket.shutdown(socket.SHUT_WR)
        assert "refused the bundle is cut short: copy it again" == client.answer()
        assert (BEFORE[ROOM : ROOM + SECTOR] if mode == "VERIFY" else bytes(SECTOR)) == device.other[:SECTOR]
    for count in (0, 5, 18, len(head) - 1):
        client = device.connect(mode)
        client.send(head[:count])
        client.socket.shutdown(socket.SHUT_WR)
        assert "refused the bundle is cut short: copy it again" == client.answer()
    assert not device.armed


def test_extended(device: Device, bundle: bytes) -> None:
    """A byte more than the manifest says is too much."""
    for mode in ("WHOLE", "VERIFY"):
        client = device.connect(mode)
        client.send(bundle[:-1])
        client.line()
        client.send(bundle[-1:] + b"\0")
        assert "refused the bundle is longer than it says: copy it again" == client.answer()
    assert not device.armed


def test_a_client_that_is_silent(device: Device, bundle: bytes) -> None:
    """It is not waited for for ever: others may want to update too."""
    device.host.patience_ms = 100
    client = device.connect("WHOLE", bundle[:-1])
    client.line()
    assert client.answer().startswith("refused nothing more has come for 0 s")
    assert not device.armed


def test_a_client_that_never_reads(device: Device, bundle: bytes) -> None:
    """Its answers are lost; the update it has sent whole is installed."""
    device.host.patience_ms = 100
    client = device.connect("WHOLE", bundle)
    client.thread.join()
    assert "INSTALLED" == client.end
    client.close()


def test_a_client_that_is_gone(device: Device, bundle: bytes) -> None:
    """Who has sent all and does not wait for the answer has updated the device."""
    client = device.connect("WHOLE")
    client.send(bundle)
    client.socket.shutdown(socket.SHUT_WR)
    client.thread.join()
    client.close()
    assert "INSTALLED" == client.end


def test_a_disk_that_fails(device: Device, bundle: bytes) -> None:
    """The client hears it in the words of the system."""
    device.lib.faults.writes, device.lib.faults.cut_before = 0, 3
    client = device.connect("WHOLE")
    client.send(bundle)
    client.line()
    assert client.answer().startswith("refused the disk cannot be written: ")
    device.lib.faults.cut_before, device.lib.faults.writes, device.lib.faults.lost = -1, 0, 5
    client = device.connect("WHOLE")
    client.send(bundle)
    client.line()
    assert client.answer().startswith("refused what was written does not read back")
    assert bytes(SECTOR) == device.other[:SECTOR]
    assert not device.armed


def test_a_running_slot_that_changes_is_noticed(device: Device, bundle: bytes, slot: Slot) -> None:
    """What could be copied when the client asked, and cannot when it sends, refuses the update."""
    client = device.connect()
    client.send(head_of(bundle, slot))
    line = client.line()
    os.pwrite(device.file, b"\0", 120_000)
    client.send(wanted(slot, line))
    assert client.answer().startswith("refused the disk cannot be read")
    assert not device.armed


GREETINGS = {
    b"fapws4-update 1 parts -": ("PARTS", b"-"), b"fapws4-update 1 whole 7HRT-22KX-PQ4M": ("WHOLE", b"7HRT-22KX-PQ4M"),
    b"fapws4-update 1 verify 7hrt 22kx": ("VERIFY", b"7hrt 22kx"), b"fapws4-update 1 parts": None, b"": None,
    b"fapws4-update 1 parts ": None, b"fapws4-update 2 parts -": None, b"fapws4-update 1 Parts -": None,
    b"fapws4-update 1  parts -": None, b"fapws4-update 1 all -": None, b"fapws4-update": None, b"GET / HTTP/1.1": None,
}


@pytest.mark.parametrize("line", GREETINGS)
def test_greetings(updater: Any, line: bytes) -> None:
    """One way to say it."""
    greeting = updater.ffi.new("struct greeting *")
    span, _block = updater.span(line)
    found = updater.lib.greeting_parse(span[0], greeting)
    expected = GREETINGS[line]
    assert found == (expected is not None)
    if expected:
        said = bytes(updater.ffi.buffer(greeting.code.start, greeting.code.length))
        assert expected == (["PARTS", "WHOLE", "VERIFY"][greeting.mode], said)
