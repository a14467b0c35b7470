"""An app that says TLS = "device": with a device's certificate, and on machines that have none."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.http.certificates import Pair, make_pair
from tests.http.conftest import Command, Server, Start
from tests.http.wire import TIMEOUT

APP = """
import os

TLS = "device"


def scheme(environ, start_response):
    return environ["wsgi.url_scheme"]


def child(environ, start_response):
    with os.popen("ls -l /proc/self/fd") as said:
        return said.read()


PATHS = [("/scheme", scheme), ("/child", child)]
"""


@dataclass
class Kept:
    """What PID 1 hands to an app: a file in memory that holds a certificate and its key."""

    descriptor: int

    def hold(self, pair: Pair) -> None:
        """The content is that pair from now on."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, pair.certificate.read_bytes() + pair.key.read_bytes(), 0)


@pytest.fixture
def kept(pair: Pair) -> Iterator[Kept]:
    """Such a file with one certificate in it."""
    made = Kept(os.memfd_create("certificate"))
    made.hold(pair)
    yield made
    os.close(made.descriptor)


@pytest.fixture
def device(server: Start, kept: Kept) -> Start:
    """Starts the app as PID 1 does, with more words."""

    def start(*words: str) -> Server:
        reading = os.open(f"/proc/self/fd/{kept.descriptor}", os.O_RDONLY)
        try:
            return server(APP, *words, pass_fds=[reading], environment={"FAPWS_TLS_FD": str(reading)})
        finally:
            os.close(reading)

    return start


@pytest.mark.parametrize(("words", "reloaded"), [((), "read anew: the certificate"), (("--workers", "2"), "reloaded: ")])
def test_the_certificate_that_is_handed_over(
    device: Start, kept: Kept, pair: Pair, tmp_path: Path, words: tuple[str, ...], reloaded: str
) -> None:
    """It is spoken with, without a file; when it is another one and SIGHUP says so, new clients are shown that."""
    running = device(*words)
    running.context = pair.context()
    with running.client() as client:
        assert b"https" == client.ask("/scheme").body
    other = make_pair(tmp_path, "other", "rsa")
    kept.hold(other)
    running.process.send_signal(signal.SIGHUP)
    running.await_log(reloaded)
    running.context = other.context()
    with running.client() as client:
        assert b"https" == client.ask("/scheme").body


def test_a_damaged_one_changes_nothing(device: Start, kept: Kept, pair: Pair) -> None:
    """What cannot be read as a certificate leaves the old one in force."""
    running = device()
    os.ftruncate(kept.descriptor, 100)
    running.process.send_signal(signal.SIGHUP)
    running.await_log("TLS: the device's certificate: holds no certificate in PEM form that can be used")
    running.context = pair.context()
    with running.client() as client:
        assert b"https" == client.ask("/scheme").body


def test_programs_of_the_app_do_not_see_it(device: Start, pair: Pair) -> None:
    """It is closed where the app starts another program."""
    running = device()
    running.context = pair.context()
    with running.client() as client:
        body = client.ask("/child").body
    assert b"/proc" in body
    assert b"memfd:certificate" not in body


def test_without_a_device(server: Start) -> None:
    """To develop the app: in the clear, said on the terminal."""
    running = server(APP)
    with running.client() as client:
        assert b"http" == client.ask("/scheme").body
    assert 'fapws4: TLS = "device": there is no device here: plain http, for this machine only\n' in running.logged()


def test_no_host_means_this_machine(server: Start) -> None:
    """Whoever says only a port, or nothing, is not heard by the network."""
    running = server(APP, "--server", ":0")
    assert "127.0.0.1" == running.address[0]


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"])
def test_others_are_not_served_in_the_clear(command: Command, tmp_path: Path, address: str) -> None:
    """An address that others reach is refused before it is bound, with both ways out."""
    app = tmp_path / "app.py"
    app.write_text(APP)
    process = command(app, "--server", address)
    said = process.communicate(timeout=TIMEOUT)[1].decode()
    assert (1, 1) == (process.returncode, said.count("\n"))
    assert "--server 127.0.0.1:8888, or --cert FILE --key FILE" in said


def test_files_go_before_the_device(server: Start, pair: Pair) -> None:
    """--cert and --key make it https anywhere, without a device."""
    running = server(APP, *pair.words, "--server", "0.0.0.0:0")
    assert "listening on https://0.0.0.0:" in running.logged()
