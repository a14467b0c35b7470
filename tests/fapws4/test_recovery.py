"""The device's own pages, asked as programs ask; the root side is played by the test."""

from __future__ import annotations

import http.client
import io
import os
import re
import socket
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from appliance.common.places import REPOSITORY
from fapws4.recovery import intake
from fapws4.web.update import Refused, Session
from tests.fapws4.conftest import Answer, place_of
from tests.fapws4.root_side import CODE, RootSide, bundle, root_side
from tests.http.certificates import Pair, make_pair
from tests.http.conftest import Command, Server, end_server, start_server
from tests.http.wire import TIMEOUT

MODULE = ("-m", "fapws4.recovery.pages")
REFUSED = "Refused: the claim code is wrong"


@pytest.fixture(scope="module")
def side() -> Iterator[RootSide]:
    """One root side for all tests; `device` makes it as new."""
    with root_side() as running:
        yield running


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """The device's certificate."""
    return make_pair(tmp_path_factory.mktemp("certificate"), "device")


@dataclass(frozen=True)
class Device:
    """The recovery process, and the root side behind it."""

    server: Server
    side: RootSide

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """One request; names of headers with _ for -."""
        host, port = place_of(self.server)
        connection = (http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=self.server.context)
                      if self.server.context else http.client.HTTPConnection(host, port, timeout=TIMEOUT))
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, fields, response.read())
        finally:
            connection.close()

    def form(self, path: str, body: str, **headers: str) -> Answer:
        """A form as browsers send it."""
        return self.ask(path, "POST", body.encode(), Content_Type="application/x-www-form-urlencoded", **headers)


def started(command: Command, folder: Path, side: RootSide, *words: str | Path, **more: str) -> Server:
    """The recovery process under this machine's Python."""
    told = {"FAPWS_RUN": str(side.folder), "FAPWS_NAMES": "gate.example.org *.gates.example ", **more}
    return start_server(command, folder, None, *MODULE, *words, environment=told)


@pytest.fixture(scope="module")
def secure(command: Command, side: RootSide, pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """By https, as with an image that has keys."""
    server = started(command, tmp_path_factory.mktemp("secure"), side, *pair.words)
    server.context = pair.context()
    server.context.check_hostname = False
    yield server
    end_server(server)


@pytest.fixture(scope="module")
def plain(command: Command, side: RootSide, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """By http, as with an image that accepts no update."""
    server = started(command, tmp_path_factory.mktemp("plain"), side)
    yield server
    end_server(server)


@pytest.fixture
def device(secure: Server, side: RootSide) -> Device:
    """The pages by https."""
    side.__init__(side.folder)  # type: ignore[misc]
    return Device(secure, side)


@pytest.fixture
def shown(plain: Server, side: RootSide) -> Device:
    """The pages by http."""
    side.__init__(side.folder)  # type: ignore[misc]
    return Device(plain, side)


def multipart(fields: dict[str, str], file: bytes | None) -> tuple[bytes, str]:
    """A form with a file; the body and its type."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
             for name, value in fields.items()]
    if file is not None:
        head = '--x\r\nContent-Disposition: form-data; name="bundle"; filename="meter.update"\r\n\r\n'
        parts.append(head.encode() + file + b"\r\n")
    return b"".join(parts) + b"--x--\r\n", "multipart/form-data; boundary=x"


def upload(device: Device, file: bytes | None, **fields: str) -> Answer:
    """A bundle as a browser sends it."""
    body, kind = multipart(fields, file)
    return device.ask("/update", "POST", body, Content_Type=kind)


def parts_of(data: bytes, *names: str) -> bytes:
    """The head of a bundle and some of its parts."""
    from fapws4.web.update import part_sizes

    length = int.from_bytes(data[16:20], "little")
    start = 20 + length + 1 + 96 * data[20 + length]
    found, at = data[:start], start
    for name, size in part_sizes(data[:start]).items():
        found += data[at : at + size] if name in names else b""
        at += size
    return found


# ---- pages ----


def test_the_status_says_what_the_device_says(device: Device) -> None:
    """The page for people and the text for programs; what needs to be seen stands above the rest."""
    page = device.ask("/").body.decode()
    assert "<dt>Version<dd>1.0" in page
    assert "<dt>Address<dd>192.168.7.20" in page
    assert "note" not in page
    assert "refresh" not in page
    assert device.side.status == device.ask("/status").body.decode()


def test_keys_that_are_for_programs_are_on_no_page(device: Device) -> None:
    """All others have a name there."""
    source = (REPOSITORY / "core/init/owner/status.c").read_text()
    keys = set(re.findall(r'add\w*\(&?page, "([a-z0-9-]+)"', source))
    device.side.status = "".join(f"{key} 12582912 3145728\n" for key in sorted(keys))
    page = device.ask("/").body.decode()
    assert keys >= {"uptime", "network-settings", "network-trial", "storage", "address6"}
    assert len(keys) - 3 == page.count("<dt>")
    assert [] == [key for key in keys if f"<dt>{key}<" in page]
    assert "<dt>Free storage<dd>3.0 of 12.0 MiB" in page


@pytest.mark.parametrize(("lines", "sentence", "busy"), [
    ("state trial 599\nmissing an address\n", "the old one comes back. It still lacks: an address.", True),
    ("state recovery the app has failed\n", "The app has failed too often", False),
    ("data memory\n", "is lost at power-off", False),
    ("data read-only\n", "nothing is saved", False),
    ("failed version 2.0: the app &lt;b&gt;\n", "A new version has failed: version 2.0: the app &amp;lt;b", False),
    ("update running 10 20\n", "<dt>Update<dd>running 10 20", True),
])
def test_what_a_person_must_see(device: Device, lines: str, sentence: str, busy: bool) -> None:
    """A banner for each, and a page that reloads itself while something is under way."""
    device.side.status = "version 1.0\n" + lines
    page = device.ask("/").body.decode()
    assert sentence in page
    assert busy == ('http-equiv="refresh" content="5"' in page)


def test_the_log_is_text(device: Device) -> None:
    """The last lines, and those of the version that has failed, if one has."""
    page = device.ask("/log").body.decode()
    assert "fapws4: one line\n&lt;b&gt;another&lt;/b&gt;\n</pre>" in page
    assert "has failed" not in page
    device.side.failed_log = "trial 5, version 2.0: no answer\nTraceback\n"
    assert "version 2.0: no answer\nTraceback\n</pre>" in device.ask("/log").body.decode()


def test_every_answer_is_locked_up(device: Device) -> None:
    """Nothing is loaded from elsewhere, nothing is run, nothing is kept, nobody frames it: errors too."""
    for path in ("/", "/log", "/update", "/device", "/style.css", "/status", "/absent"):
        headers = device.ask(path).headers
        assert "default-src 'none'; style-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert ("nosniff", "no-store") == (headers["x-content-type-options"], headers["cache-control"])
        assert "script" not in device.ask(path).body.decode()


@pytest.mark.parametrize(("path", "method", "status"), [
    ("/absent", "GET", 404), ("/update/x", "POST", 404), ("/", "POST", 405), ("/reset", "GET", 405), ("/restart", "PUT", 405),
    ("/update", "DELETE", 405), ("/style.css", "GET", 200), ("/log", "HEAD", 200), ("/device?x=1", "GET", 200)])
def test_paths_and_methods(device: Device, path: str, method: str, status: int) -> None:
    """What is not there, and what cannot be done there."""
    answer = device.ask(path, method)
    assert status == answer.status
    assert (status == 405) == ("allow" in answer.headers)


@pytest.mark.parametrize(("host", "status"), [
    ("127.0.0.1", 200), ("192.168.7.20:8443", 200), ("[fe80::1]:8443", 200), ("[::1]", 200), ("localhost:8443", 200),
    (os.uname().nodename, 200), (f"{os.uname().nodename.upper()}.local:8443", 200),
    ("gate.example.org:8443", 200), ("a.gates.example", 200), ("a.b.gates.example", 421), ("gates.example", 421),
    ("evil.example", 421), ("evil.example:8443", 421), ("[evil.example]", 421), ("127.0.0.1.evil.example", 421),
    (f"{os.uname().nodename}.evil.example", 421), ("1.2.3", 421)])
def test_only_its_own_names_are_answered(device: Device, host: str, status: int) -> None:
    """Those of its certificate too; a name that was made to lead here (DNS rebinding) shows nothing."""
    answer = device.ask("/log", Host=host)
    assert status == answer.status
    assert (status == 200) == (b"one line" in answer.body)


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1"}, {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"}])
def test_forms_of_other_sites_do_nothing(device: Device, headers: dict[str, str]) -> None:
    """Also with the right code."""
    assert 403 == device.form("/restart", f"code={CODE}", **headers).status
    assert [] == device.side.orders


# ---- restart and reset ----


def test_restart_and_reset_take_the_code(device: Device) -> None:
    """The wrong one is answered with PID 1's own words, none at all without asking."""
    for path, more in (("/restart", ""), ("/reset", "&sure=on")):
        for body, said in ((f"code=wrong{more}", REFUSED), (f"code={more}", "Refused: no claim code was given"),
                           (f"code=a%0Arestart {CODE}{more}", REFUSED)):
            answer = device.form(path, body)
            assert 403 == answer.status
            assert said in answer.body.decode()
    assert [] == device.side.orders
    assert 400 == device.form("/reset", f"code={CODE}").status
    host, port = place_of(device.server)
    assert b"The device restarts." in device.form("/restart", f"code=+{CODE}+", Origin=f"https://{host}:{port}").body
    assert b"erases all data" in device.form("/reset", f"code={CODE}&sure=on").body
    assert ["restart", "reset"] == device.side.orders


def test_sticks_and_registries_take_the_code(device: Device) -> None:
    """Each has a form where the device has one, and none otherwise."""
    page = device.ask("/update").body
    assert [False, False] == [b"USB stick" in page, b"Registry" in page]
    device.side.status += "usb offers 2.0 meter.update\nfetch there is no newer version\n"
    page = device.ask("/update").body
    assert [True, True] == [text in page for text in (b"offers 2.0 meter.update", b"there is no newer version")]
    for path in ("/stick", "/registry"):
        assert 403 == device.form(path, "code=wrong").status
        assert 200 == device.form(path, f"code={CODE}").status
    assert ["usb-install", "fetch"] == device.side.orders


def test_without_keys_it_is_only_looked_at(shown: Device) -> None:
    """By http no code is asked for and none is taken."""
    assert 200 == shown.ask("/").status
    for path in ("/update", "/device"):
        page = shown.ask(path).body
        assert b"built without keys" in page
        assert b"<form" not in page
    assert 403 == shown.form("/restart", f"code={CODE}").status
    assert 403 == upload(shown, bundle(), code=CODE).status
    assert 403 == shown.ask("/update/want", "POST", b"", Authorization=f"Bearer {CODE}").status
    assert ([], []) == (shown.side.orders, shown.side.taken)


def test_who_has_forgotten_all_is_told_of_the_stick(device: Device, shown: Device) -> None:
    """With the device's own name, by https and by http."""
    for pages in (device, shown):
        pages.side.status = "product meter\n"
        assert "fapws4-factory-reset.txt whose first line is meter:" in pages.ask("/device").body.decode()


def test_a_root_side_that_is_gone(command: Command, side: RootSide, tmp_path: Path) -> None:
    """The pages say that they cannot be filled, and what to do."""
    absent = RootSide(tmp_path / "absent")
    server = started(command, tmp_path, absent)
    answer = Device(server, absent).ask("/")
    end_server(server)
    assert 503 == answer.status
    assert b"the device does not answer (No such file or directory); try again, or restart it" in answer.body


# ---- updates ----


def test_a_browser_sends_a_whole_file(device: Device) -> None:
    """Only what the device lacks goes to the updater."""
    data = bundle()
    answer = upload(device, data, code=CODE)
    assert (200, True) == (answer.status, b"Version 2.0 is installed" in answer.body)
    head = parts_of(data)
    assert [parts_of(data, "volume0", "device", "binary")[len(head):]] == device.side.taken
    assert ["parts"] == device.side.modes


def test_a_browser_only_verifies(device: Device) -> None:
    """Then everything goes there, and nothing is installed."""
    answer = upload(device, bundle(), code=CODE, verify="on")
    assert b"This device would accept version 2.0. Nothing was written." in answer.body
    assert ["verify"] == device.side.modes


@pytest.mark.parametrize(("moment", "sentence"), [
    ("head", "it is for another product"), ("middle", "the part <binary> is damaged"), ("end", "it cannot be read back")])
def test_a_refusal_is_shown_in_its_own_words(device: Device, moment: str, sentence: str) -> None:
    """At whatever moment it comes, to people and to programs."""
    device.side.refusals = {moment: sentence}
    answer = upload(device, bundle(), code=CODE)
    assert 422 == answer.status
    assert f"Refused: {sentence.replace('<', '&lt;').replace('>', '&gt;')}" in answer.body.decode()
    told = device.ask("/update", "POST", bundle(), Authorization=f"Bearer {CODE}")
    assert (422, f"refused {sentence}\n") == (told.status, told.body.decode())
    assert [] == device.side.taken


WHOLE = bundle()
DAMAGED: dict[str, tuple[bytes, int, str]] = {
    "no bundle": (b"GIF89a" * 100, 422, "this file is no update: it does not begin like one"),
    "empty": (b"", 400, "the update is cut short: it ends before it is whole"),
    "cut in the head": (WHOLE[:300], 400, "the update is cut short: it ends before it is whole"),
    "cut at the end": (WHOLE[:-1], 400, "the update is cut short: it ends before it is whole"),
    "extended": (WHOLE + b"x", 422, "there is more in this file than its manifest says"),
    "a manifest without end": (WHOLE[:16] + b"\xff\xff\xff\x7f", 422, "this file is no update: its manifest is too large"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_file_installs_nothing(device: Device, what: str) -> None:
    """The updater never gets the last bytes of it."""
    data, status, sentence = DAMAGED[what]
    told = device.ask("/update", "POST", data, Authorization=f"Bearer {CODE}")
    assert (status, f"refused {sentence}\n") == (told.status, told.body.decode())
    assert sentence in upload(device, data, code=CODE).body.decode()
    assert [] == device.side.taken


def test_codes_and_files_that_are_not_there(device: Device) -> None:
    """Without a code nothing is asked; a wrong one is refused by the updater."""
    assert "Refused: no claim code was given" in upload(device, WHOLE).body.decode()
    assert "Refused: no file was chosen" in upload(device, None, code=CODE).body.decode()
    assert REFUSED in upload(device, WHOLE, code="wrong").body.decode()
    assert b"refused no claim code was given\n" == device.ask("/update", "POST", WHOLE).body
    assert b"refused the claim code is wrong\n" == device.ask("/update", "POST", WHOLE, Authorization="Bearer wrong").body
    assert [] == device.side.taken


def test_a_program_sends_only_what_is_wanted(device: Device) -> None:
    """It asks by the head, and sends the head with these parts."""
    said = device.ask("/update/want", "POST", parts_of(WHOLE), Authorization=f"Bearer {CODE}")
    assert (200, b"want volume0 device binary\n") == (said.status, said.body)
    sent = parts_of(WHOLE, "volume0", "device", "binary")
    told = device.ask("/update?parts=volume0,device,binary", "POST", sent, Authorization=f"Bearer {CODE}")
    assert (200, b"installed 2.0 8\n") == (told.status, told.body)
    assert [sent[len(parts_of(WHOLE)):]] == device.side.taken


@pytest.mark.parametrize("names", ["binary", "volume0,device,binary,absent", "volume0,device"])
def test_other_parts_than_the_device_lacks_are_refused(device: Device, names: str) -> None:
    """It may lack others than when it was asked."""
    told = device.ask(f"/update?parts={names}", "POST", parts_of(WHOLE, *names.split(",")), Authorization=f"Bearer {CODE}")
    expected = b"refused these are not the parts that this device lacks; ask it again which it wants\n"
    assert (422, expected) == (told.status, told.body)
    assert [] == device.side.taken


def test_fields_without_end_take_no_memory(side: RootSide, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends them has shown no code yet."""
    monkeypatch.setenv("FAPWS_RUN", str(side.folder))
    head = b'--x\r\nContent-Disposition: form-data; name="code"\r\n\r\n'
    others = [b"\r\n" + head.replace(b"code", b"%d" % number + b"y" * 8000) for number in range(2048)]
    blocks = iter([head, *[b"x" * 65536] * 512, *others, b"\r\n--x--\r\n"])
    source = io.BufferedReader(_Pieces(blocks))
    tracemalloc.start()
    try:
        answer = intake.from_form({"wsgi.input": source, "CONTENT_TYPE": "multipart/form-data; boundary=x"})
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (422, "refused no file was chosen\n") == answer
    assert most < 4 << 20


class _Pieces(io.RawIOBase):
    """A file that is made while it is read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._kept = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes."""
        self._kept = self._kept or next(self._pieces, b"")
        size = min(len(buffer), len(self._kept))
        buffer[:size], self._kept = self._kept[:size], self._kept[size:]
        return size


def test_an_updater_that_has_ended_without_a_word() -> None:
    """As when it has crashed: its end says more than the socket does."""
    ours, theirs = socket.socketpair()
    with Session(ours, b"") as session:
        ours.sendall(b"what it has not read")
        theirs.close()
        session._look()
        with pytest.raises(Refused, match="has ended the update without saying why"):
            session.give(lambda count: b"x" * count, 200_000)


def test_an_unknown_mode(device: Device) -> None:
    """It is named."""
    told = device.ask("/update?mode=force", "POST", WHOLE, Authorization=f"Bearer {CODE}")
    assert (400, b"refused there is no mode force\n") == (told.status, told.body)


def test_an_upload_that_is_cut_off(device: Device) -> None:
    """The session ends with the connection, so that nothing is installed and the next one can begin."""
    host, port = place_of(device.server)
    assert device.server.context is not None
    with device.server.context.wrap_socket(socket.create_connection((host, port), TIMEOUT)) as door:
        door.sendall(f"POST /update HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {CODE}\r\n"
                     f"Content-Length: {len(WHOLE)}\r\n\r\n".encode() + WHOLE[:-1000])
        door.shutdown(socket.SHUT_RDWR)
    assert device.side.ended_early.wait(TIMEOUT)
    assert [] == device.side.taken
    assert 200 == upload(device, WHOLE, code=CODE).status


# ---- the process ----


def test_it_ends_when_nobody_looks(command: Command, side: RootSide, tmp_path: Path) -> None:
    """By itself, in an orderly way."""
    server = started(command, tmp_path, side, FAPWS_IDLE="0.2")
    assert 0 == server.process.wait(TIMEOUT)
    end_server(server)


LAUNCHER = """import os, sys
os.dup2(int(sys.argv[1]), 3)
os.execve(sys.argv[2], sys.argv[2:], {**os.environ, "LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())})
"""


def test_it_takes_the_socket_of_who_started_it(program: Path, side: RootSide) -> None:
    """By systemd's protocol: the client that made it start is answered, on the port that it had asked for."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "FAPWS_RUN": str(side.folder),
                   "ASAN_OPTIONS": "detect_leaks=0", "PYTHONDONTWRITEBYTECODE": "1"}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname(), TIMEOUT)
        words = [sys.executable, "-c", LAUNCHER, str(listener.fileno()), str(program), *MODULE]
        with client, subprocess.Popen(words, env=environment, pass_fds=[listener.fileno()], stderr=subprocess.PIPE) as process:
            client.sendall(b"GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            received = b"".join(iter(lambda: client.recv(65536), b""))
            process.terminate()
            assert process.stderr is not None
            said = process.stderr.read().decode()
        port = listener.getsockname()[1]
    assert side.status.encode() in received
    assert (0, f"fapws4: listening on http://127.0.0.1:{port}/") == (process.returncode, said.splitlines()[0])


def test_a_descriptor_that_is_no_listening_socket(program: Path, side: RootSide, tmp_path: Path) -> None:
    """It is named."""
    with (tmp_path / "file").open("w") as file:
        words = [sys.executable, "-c", LAUNCHER, str(file.fileno()), str(program), *MODULE]
        environment = {"PYTHONPATH": str(REPOSITORY), "FAPWS_RUN": str(side.folder), "ASAN_OPTIONS": "detect_leaks=0"}
        ended = subprocess.run(words, env=environment, pass_fds=[file.fileno()], capture_output=True, text=True, check=False)
    assert (1, "fapws4: descriptor 3 (LISTEN_FDS): must be a listening TCP socket\n") == (ended.returncode, ended.stderr)
