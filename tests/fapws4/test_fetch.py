"""A device that looks into a registry: Debian's docker-registry, a line that is cut, and an updater that the test plays."""

from __future__ import annotations

import hashlib
import http.server
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.common.places import REPOSITORY
from appliance.imaging.keys import PrivateKey
from appliance.imaging.reference import parse_reference
from appliance.updating import artifact
from appliance.updating.bundle import Bundle, parse
from appliance.updating.container_registry import Place, publish
from fapws4.fetch import courier
from fapws4.fetch import registry as registries
from tests.appliance.registry import Registry, authority, registry
from tests.core_update import Slot, manifest_of, packed

TIMEOUT = 60  # seconds until a test is given up
KEY = PrivateKey(bytes(range(32)))
SLOT = Slot([("volume0", 0, b"V" * 512), ("device", 8192, b"D" * 100), ("kernel", 140_000, bytes(range(256)) * 4000)], 2 << 20)
PARTS = {name: content for name, _, content in SLOT.parts}
NOTHING = "nothing there is no newer version"


def bundle(**changed: str) -> Bundle:
    """One that differs in these lines."""
    return parse(packed(SLOT, manifest_of(SLOT, [KEY], 1, **changed), [KEY]))


class Device:
    """The courier as PID 1 has it: descriptor 3 are packets."""

    def __init__(self, reference: str, certificates: str = "-", counter: str = "7", seen: str = "-") -> None:
        self.packets, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.packets.settimeout(TIMEOUT)
        program = ("import os, sys; os.dup2(int(sys.argv.pop(1)), 3); "
                   "from fapws4.fetch.courier import main; main()")
        with theirs:
            words = [str(theirs.fileno()), reference, certificates, "meter", "pc", counter, seen]
            self.process = subprocess.Popen([sys.executable, "-c", program, *words], cwd=REPOSITORY,
                                            pass_fds=[theirs.fileno()])

    def hear(self) -> str:
        """The next packet."""
        return self.packets.recv(600).decode()

    def install(self, play: Callable[[Any], None]) -> str:
        """PID 1 gives a connection to the updater, which `play` is; what the courier says in the end."""
        ours, theirs = socket.socketpair()
        with ours, ours.makefile("rwb") as stream:
            with theirs:
                socket.send_fds(self.packets, [b"\n"], [theirs.fileno()])
            ours.settimeout(TIMEOUT)
            play(stream)
            stream.flush()
            ours.shutdown(socket.SHUT_WR)
            return self.hear()

    def end(self) -> None:
        """The process is over, and well."""
        assert 0 == self.process.wait(TIMEOUT)
        self.packets.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Registry]:
    """An empty registry, by plain http."""
    with registry(tmp_path) as running:
        yield running


def put(store: Registry, made: Bundle, port: int = 0) -> str:
    """Publishes it; the reference, at another port if one is said."""
    publish(made, Place(parse_reference(f"{store.name}/meter:stable"), plain=True))
    return f"127.0.0.1:{port or store.port}/meter:stable"


def taking(made: Bundle, wanted: list[str], got: dict[str, bytes], answer: bytes) -> Callable[[Any], None]:
    """An updater that wants these parts, keeps what it gets in `got`, and answers so."""

    def play(stream: Any) -> None:
        assert stream.readline() == b"fapws4-update 1 parts -\n"
        got["head"] = stream.read(len(made.head))
        stream.write(f"want {' '.join(wanted)}\n".encode())
        stream.flush()
        got.update({name: stream.read(len(PARTS[name])) for name in wanted})
        stream.write(answer)

    return play


def test_what_is_new_is_offered_and_handed_over(store: Registry) -> None:
    """Nothing but the manifest and the head is fetched before; then only the parts that are wanted."""
    made, got = bundle(), dict[str, bytes]()
    device = Device(reference := put(store, made))
    assert f"offer 8 2.0 {reference}" == device.hear()
    asked = len(store.requests)
    answer = device.install(taking(made, ["volume0", "kernel"], got, b"progress 1 2\ninstalled 2.0 8\n"))
    device.end()
    assert "installed 2.0 8" == answer
    assert {"head": made.head, "volume0": PARTS["volume0"], "kernel": PARTS["kernel"]} == got
    assert ["GET", "GET"] == [line.split()[0] for line in store.requests[asked:]]


def test_nothing_newer(store: Registry) -> None:
    """The version that runs, an older one, another product or board; the second time one HEAD is all that is asked."""
    for changed in ({"counter": "7"}, {"counter": "6"}, {"product": "scale"}, {"board": "other"}):
        device = Device(reference := put(store, bundle(**changed)))
        seen = device.hear()
        assert ("seen sha256:", NOTHING) == (seen[:12], device.hear())
        device.end()
        asked = len(store.requests)
        again = Device(reference, seen=seen.removeprefix("seen "))
        assert NOTHING == again.hear()
        again.end()
        assert ["HEAD"] == [line.split()[0] for line in store.requests[asked:]]


def test_a_refusal_is_passed_on(store: Registry) -> None:
    """Whether it comes at once or in the midst of a part."""
    made = bundle()

    def at_once(stream: Any) -> None:
        stream.readline()
        stream.write(b"refused the last update waits for its trial\n")

    device = Device(put(store, made))
    device.hear()
    assert "refused the last update waits for its trial" == device.install(at_once)
    device.end()


def test_the_reason_of_an_updater_that_has_gone_already() -> None:
    """It is read, though nothing can be sent any more."""
    ours, theirs = socket.socketpair()
    with ours:
        theirs.sendall(b"refused the last update waits for its trial\n")
        theirs.close()
        nobody = registries.Registry("127.0.0.1:1", "meter", None)
        assert "refused the last update waits for its trial" == courier._send(ours, nobody, courier.Head(bundle().head))


class CutLine:
    """A line to the registry that is cut again and again: each connection carries so many bytes of an answer, and no more."""

    def __init__(self, port: int, carried: int) -> None:
        self.port, self.carried, self.cuts = port, carried, 0
        self.door = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                ours, _ = self.door.accept()
            except OSError:  # closed by the test
                return
            threading.Thread(target=self._carry, args=(ours,), daemon=True).start()

    def _carry(self, ours: socket.socket) -> None:
        with ours, socket.create_connection(("127.0.0.1", self.port)) as theirs:
            ours.settimeout(TIMEOUT)
            theirs.settimeout(TIMEOUT)
            request = b""
            while b"\r\n\r\n" not in request:
                request += ours.recv(65536)
            theirs.sendall(request)
            left = self.carried
            while left and (block := theirs.recv(min(left, 65536))):
                ours.sendall(block)
                left -= len(block)
            if not left:
                self.cuts += 1
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # as when nobody answers


def test_a_cut_line_is_taken_up_again(store: Registry) -> None:
    """By ranges: no byte twice, none left out."""
    made, got = bundle(), dict[str, bytes]()
    line = CutLine(store.port, 400_000)
    try:
        device = Device(put(store, made, line.door.getsockname()[1]))
        device.hear()
        assert "installed 2.0 8" == device.install(taking(made, list(PARTS), got, b"installed 2.0 8\n"))
        device.end()
    finally:
        line.door.close()
    assert {"head": made.head, **PARTS} == got
    assert line.cuts >= 2


def test_what_is_no_update(store: Registry) -> None:
    """An absent tag, an artifact of another kind, nobody there: one sentence each."""
    device = Device(f"{store.name}/meter:none")
    assert f"nothing {store.name} has no none there" == device.hear()
    device.end()
    nobody = Device("127.0.0.1:1/meter:stable")
    assert nobody.hear().startswith("nothing 127.0.0.1:1 cannot be reached (")
    nobody.end()


def test_another_artifact(store: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """As somebody else would have put it there."""
    monkeypatch.setattr(artifact, "TYPE", "application/vnd.other.v1")
    device = Device(reference := put(store, bundle()))
    assert f"nothing {reference} is not an update of this kind" == device.hear()
    device.end()


@pytest.mark.parametrize("manifest", [b"[]", b"null", b"x", b"[" * 100_000], ids=["a list", "nothing", "no JSON", "too deep"])
def test_a_manifest_that_is_none(manifest: bytes) -> None:
    """Whatever a registry says, it is a sentence in the device's log, and no traceback."""
    digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"

    class Answering(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.send_header("Docker-Content-Digest", digest)
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(manifest)

    with http.server.HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            device = Device(reference := f"127.0.0.1:{server.server_port}/meter:stable")
            assert f"nothing {reference} is not an update of this kind" == device.hear()
            device.end()
        finally:
            server.shutdown()
            thread.join()


def test_https(tmp_path: Path) -> None:
    """An authority that is trusted, though by the device's clock its certificate is not valid; and one that is not."""
    ours, other = authority(tmp_path, "ours"), authority(tmp_path, "other")
    with registry(tmp_path, ours) as store:
        device = Device(f"{store.name}/meter:none", str(ours[0]))
        assert f"nothing {store.name} has no none there" == device.hear()
        device.end()
        stranger = Device(f"{store.name}/meter:none", str(other[0]))
        assert "certificate verify failed" in stranger.hear()
        stranger.end()


def test_a_login_is_wanted(tmp_path: Path) -> None:
    """A device has none, and says so."""
    with registry(tmp_path, login=True) as store:
        device = Device(f"{store.name}/meter:stable")
        assert f"nothing {store.name} wants a login, and a device has none" == device.hear()
        device.end()
