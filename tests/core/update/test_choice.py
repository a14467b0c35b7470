"""Of what is on a stick, the one bundle that is offered; and how it is handed to the updater."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.imaging.keys import PrivateKey
from tests.core_update import Slot, manifest_of, packed

Sender = Callable[[str, Callable[[Any], None]], str]


def descriptors() -> set[str]:
    """Those that are open."""
    return {path.name for path in Path("/proc/self/fd").iterdir() if path.exists()}


class Stick:
    """A folder, and a device that runs the version with the counter 7."""

    def __init__(self, updater: Any, folder: Path, key: PrivateKey) -> None:
        self.updater, self.folder = updater, folder
        self.identity = updater.ffi.new("struct identity *", {
            "product": b"meter", "board": b"pc", "counter": 7, "keys": updater.key_set(1, [key])[0]})
        self.bundle = updater.ffi.new("struct bundle *")

    def put(self, **files: bytes) -> None:
        """Files that are called so, and .update."""
        for name, data in files.items():
            (self.folder / f"{name}.update").write_bytes(data)

    def choose(self) -> tuple[str, str]:
        """The name of the bundle and its version; or the name of one that is refused, and why."""
        ffi, lib = self.updater.ffi, self.updater.lib
        choice = ffi.new("struct choice *")
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        before = descriptors()
        try:
            lib.choice_make(folder, self.identity, self.bundle, choice)
        finally:
            os.close(folder)
        opened = descriptors() - before - {str(folder)}
        assert opened == ({str(choice.file)} if choice.file >= 0 else set())
        name = ffi.string(choice.name).decode()
        if choice.file < 0:
            return name, self.updater.name(choice.refusal)
        os.close(choice.file)
        return name, ffi.string(choice.version).decode()


@pytest.fixture
def stick(updater: Any, tmp_path: Path, key: PrivateKey) -> Stick:
    """An empty one."""
    return Stick(updater, tmp_path, key)


@pytest.fixture
def made(slot: Slot, key: PrivateKey) -> Callable[..., bytes]:
    """A bundle that differs in these lines."""
    return lambda **changed: packed(slot, manifest_of(slot, [key], **changed), [key])


def test_the_newest_for_this_device(stick: Stick, made: Callable[..., bytes]) -> None:
    """By the counter, not by the name or the version; of the same counter, the first by name."""
    stick.put(z=made(counter="8", version="9.9"), a=made(counter="10", version="1.0"), c=made(counter="11", product="scale"),
              b=made(counter="10", version="1.1"), d=made(counter="12", board="other"), e=made(counter="7"))
    assert ("a.update", "1.0") == stick.choose()


def test_nothing_that_is_called_so(stick: Stick, made: Callable[..., bytes]) -> None:
    """Other files, folders, pipes and hidden files are not updates; what a link leads to is not read."""
    assert ("", "ACCEPTED") == stick.choose()
    stick.put(good=made())
    good = stick.folder / "good.update"
    for name in ("good.updates", "update", ".update", ".hidden.update", "good"):
        (stick.folder / name).write_bytes(good.read_bytes())
    good.unlink()
    assert ("", "ACCEPTED") == stick.choose()
    (stick.folder / "folder.update").mkdir()
    (stick.folder / "link.update").symlink_to(stick.folder / "good")
    os.mkfifo(stick.folder / "pipe.update")
    assert ("folder.update", "REFUSED_READ") == stick.choose()


def test_why_there_is_none(stick: Stick, made: Callable[..., bytes], slot: Slot) -> None:
    """The first by name stands for all."""
    other = PrivateKey(b"o" * 32)
    refused = {"REFUSED_SAME": made(counter="7"), "REFUSED_OLDER": made(counter="6"), "REFUSED_PRODUCT": made(product="scale"),
               "REFUSED_SIGNATURE": packed(slot, manifest_of(slot, [other]), [other]), "REFUSED_CUT_SHORT": made()[:300],
               "REFUSED_NOT_A_BUNDLE": b"PK\3\4" * 50}
    for reason, data in refused.items():
        stick.put(b=data, c=made(board="other"))
        assert ("b.update", reason) == stick.choose()
    stick.put(d=made())
    assert ("d.update", "2.0") == stick.choose()


def test_parts_are_not_looked_at(stick: Stick, made: Callable[..., bytes]) -> None:
    """They are the updater's to judge, who sees all of them."""
    data = made()
    stick.put(damaged=data[:-1])
    assert ("damaged.update", "2.0") == stick.choose()


@pytest.fixture
def send(updater: Any, stick: Stick) -> Sender:
    """Sends a file of the stick to a function that plays the updater; the answer."""

    def send(name: str, play: Callable[[Any], None]) -> str:
        ours, theirs = socket.socketpair()
        length, answer = updater.ffi.new("uint64_t *"), updater.ffi.new("char[]", updater.lib.SENDER_ANSWER)
        file = os.open(stick.folder / name, os.O_RDONLY)
        with ours, theirs, theirs.makefile("rwb") as stream:
            assert "ACCEPTED" == updater.name(updater.lib.head_read(file, stick.identity, stick.bundle, length))

            def run() -> None:
                play(stream)
                stream.flush()
                theirs.shutdown(socket.SHUT_RDWR)

            player = threading.Thread(target=run)
            player.start()
            updater.lib.sender_send(file, stick.bundle, length[0], ours.fileno(), answer)
            player.join()
        os.close(file)
        return str(updater.ffi.string(answer).decode())

    return send


def test_only_what_is_wanted_is_sent(stick: Stick, send: Sender, made: Callable[..., bytes], slot: Slot) -> None:
    """The head as it is, then the parts in their order; progress is passed over, and the last line is the answer."""
    data = made()
    stick.put(good=data)
    parts = {name: content for name, _, content in slot.parts}
    head = data[: len(data) - sum(map(len, parts.values()))]
    got: dict[str, bytes] = {}

    def play(stream: Any) -> None:
        got["greeting"] = stream.readline()
        got["head"] = stream.read(len(head))
        stream.write(b"want device kernel\n")
        stream.flush()
        got["parts"] = stream.read(len(parts["device"]) + len(parts["kernel"]))
        stream.write(b"progress 1 2\nprogress 2 2\ninstalled 2.0 8\n")

    assert "installed 2.0 8" == send("good.update", play)
    assert {"greeting": b"fapws4-update 1 parts -\n", "head": head, "parts": parts["device"] + parts["kernel"]} == got


@pytest.mark.parametrize(("answer", "said"), [
    (b"refused not now\n", "refused not now"),
    (b"", "refused the updater of this device has ended"),
    (b"refused half a li", "refused the updater of this device has ended"),
    (b"x" * 2000, "refused the updater of this device has ended"),
    (b"want kernel\nrefused the disk is full\n", "refused the disk is full"),
])
def test_refusals_and_ends(stick: Stick, send: Sender, made: Callable[..., bytes], answer: bytes, said: str) -> None:
    """What the updater says last is the answer, though it did not take everything; or that it has gone."""
    stick.put(good=made())

    def play(stream: Any) -> None:
        stream.readline()
        stream.write(answer)

    assert said == send("good.update", play)


def test_a_file_that_ends_too_early(stick: Stick, send: Sender, made: Callable[..., bytes], slot: Slot) -> None:
    """As when the stick is pulled: nothing is made up."""
    others = sum(len(content) for name, _, content in slot.parts if name != "kernel")
    short = made()[:-1]
    stick.put(short=short)

    def play(stream: Any) -> None:
        stream.readline()
        stream.write(b"want kernel\n")
        stream.flush()
        stream.read(len(short) - others)  # all of it: with less the sender may find that the updater has gone

    assert "refused the bundle cannot be read to its end: was it taken away?" == send("short.update", play)
