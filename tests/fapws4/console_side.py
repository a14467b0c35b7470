"""The console of samples/console on this machine, its manager behind it, and people with a browser that is none."""

from __future__ import annotations

import contextlib
import http.client
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from fapws4.console.table import PAGES
from fapws4.device import Client
from fapws4.device.calls import ROLES
from tests.fapws4.conftest import Answer, place_of
from tests.fapws4.device_side import NAME, PASSWORD, DeviceSide, device_side
from tests.http.certificates import make_pair
from tests.http.conftest import Command, Server, end_server, start_server
from tests.http.wire import TIMEOUT
from tests.samples import app_of

ROOT = "/device"
NAMES = dict(zip(ROLES, ("vera", "otto", NAME)))
BOUNDARY = "part-of-a-form"

# What a person may look at who has logged in: no files, and nothing without an end.
SHOWN = [route.path for route in PAGES if route.method == "GET" and "." not in route.path
         and route.path not in ("/claim", "/login", "/logs/stream", "/logs/bundle")]


class Caller(ABC):
    """Somebody with a session, or nobody; `session` is what the cookie holds."""

    def __init__(self, session: str = "", headers: dict[str, str] | None = None) -> None:
        self.session, self.headers = session, headers or {}

    @abstractmethod
    def connection(self) -> http.client.HTTPConnection:
        """A new one with the device."""

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """One request below the console's place; names of headers with _ for -."""
        connection = self.connection()
        name = "__Host-console" if isinstance(connection, http.client.HTTPSConnection) else "console"
        cookie = {"Cookie": f"{name}={self.session}"} if self.session else {}
        try:
            sent = {**cookie, **self.headers, **{key.replace("_", "-"): value for key, value in headers.items()}}
            connection.request(method, ROOT + path, body, sent)
            response = connection.getresponse()
            return Answer(response.status, {key.lower(): value for key, value in response.getheaders()}, response.read())
        finally:
            connection.close()

    def page(self, path: str, **headers: str) -> str:
        """A page that must be there."""
        answer = self.ask(path, "GET", None, **headers)
        assert 200 == answer.status, answer.body
        return answer.body.decode()

    def csrf(self) -> str:
        """What forms of this session bring along."""
        found = re.search(r'name="csrf" value="(\w+)"', self.page("/account"))
        return found[1] if found else ""

    def send(self, path: str, fields: dict[str, str] | None = None, **headers: str) -> Answer:
        """A form, with its token."""
        token = {"csrf": self.csrf()} if self.session else {}
        return self.ask(path, "POST", urlencode({**token, **(fields or {})}).encode(), **headers)

    def upload(self, path: str, name: str, data: bytes, fields: dict[str, str] | None = None) -> Answer:
        """A form with a file behind its fields."""
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return self.ask(path, "POST", multipart({"csrf": self.csrf(), **(fields or {})}, name, data), Content_Type=kind)


class Person(Caller):
    """One who is at this machine, where the console is served."""

    def __init__(self, server: Server, session: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(session, headers)
        self.server = server

    def connection(self) -> http.client.HTTPConnection:
        host, port = place_of(self.server)
        if self.server.context:
            return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=self.server.context)
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT)


def multipart(fields: dict[str, str], name: str, data: bytes) -> bytes:
    """A form as browsers send it."""
    head = "".join(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
                   for key, value in fields.items())
    disposition = f'Content-Disposition: form-data; name="{name}"; filename="a.bin"\r\nContent-Type: application/octet-stream'
    return f"{head}--{BOUNDARY}\r\n{disposition}\r\n\r\n".encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()


@dataclass(frozen=True)
class House:
    """A device with an owner, and with one person and one program of each role."""

    side: DeviceSide
    server: Server
    sessions: dict[str, str]
    tokens: dict[str, str]

    def person(self, role: str) -> Person:
        """Somebody of that role; "": nobody."""
        return Person(self.server, self.sessions.get(role, ""))

    def program(self, role: str) -> Person:
        """One that sends a token."""
        return Person(self.server, headers={"Authorization": f"Bearer {self.tokens[role]}"} if role else {})


@contextlib.contextmanager
def new_device(command: Command, folder: Path, *words: str | Path) -> Iterator[tuple[DeviceSide, Server]]:
    """A device that nobody owns yet, and its console."""
    with device_side() as side:
        server = start_server(command, folder, app_of("console"), *words, environment=side.environment)
        try:
            yield side, server
        finally:
            end_server(server)


@contextlib.contextmanager
def house(command: Command, folder: Path) -> Iterator[House]:
    """A device that is lived with."""
    with new_device(command, folder) as (side, server):
        (side.data / ".fapws4" / "certificate.pem").write_text(make_pair(folder, "device").certificate.read_text())
        admin = Client(side.claim())
        sessions = {"admin": admin.session}
        for role in ROLES[:-1]:
            admin.users_add(NAMES[role], role, PASSWORD, PASSWORD)
            sessions[role] = Client().login(NAMES[role], PASSWORD)["session"]
        tokens = {role: admin.tokens_add(f"{role}s", role, PASSWORD)["token"] for role in ROLES}
        yield House(side, server, sessions, tokens)
