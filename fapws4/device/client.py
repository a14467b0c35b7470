"""The client: one connection for each call. Every method is a row of the table (`calls`)."""

from __future__ import annotations

import os
from _socket import AF_UNIX, SOCK_CLOEXEC, SOCK_STREAM, socket

from fapws4.device import wire
from fapws4.device.errors import Absent, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fapws4.device import records

_PATIENCE = 90.0  # seconds: after wrong passwords an answer takes up to 60
_NO_DEVICE = ("there is no manager to ask: this machine is no device of fapws4, or its program was built without one "
              "(an app that imports fapws4.device has one in its image)")


class Client:
    """Calls for one session or token; `source` is where the person behind it is, as an address.

    A method raises Refused, or Absent where there is no device. What it gives as a number is an open descriptor, and the
    caller's to close.
    """

    def __init__(self, session: str = "", source: str = "") -> None:
        self.session, self.source = session, source

    def call(self, name: str, /, **arguments: Any) -> Any:
        """The answer to any call of the table, as plain data."""
        answer, descriptor = self.exchange(name, arguments)
        if descriptor is not None:
            os.close(descriptor)
        return answer

    def exchange(self, name: str, arguments: dict[str, Any], given: int | None = None) -> tuple[Any, int | None]:
        """The same, with a descriptor given along, and the one that comes back, if one does."""
        request = wire.written({"fapws4": wire.VERSION, "call": name, "session": self.session, "source": self.source,
                                "arguments": arguments})
        if len(request) > wire.MOST_REQUEST:
            raise Refused("invalid", f"this is too much for one call: it may have {wire.MOST_REQUEST} bytes")
        with _connection() as door:
            try:
                wire.send(door, request, given)
                found = wire.Incoming(door, wire.MOST_ANSWER).line()
                line, descriptor = found or (b"", None)
                answer = wire.parse(line)
            except (OSError, wire.Malformed) as error:
                raise Refused("unavailable", "the device's manager has ended without an answer; try again") from error
        if "error" in answer:
            raise Refused(str(answer["error"]), str(answer.get("text", "")))
        return answer["result"], descriptor

    def _file(self, name: str, **arguments: Any) -> int:
        _, descriptor = self.exchange(name, arguments)
        if descriptor is None:
            raise Refused("unavailable", "the device's manager gave no file; see its log")
        return descriptor

    # ---- who asks ----

    def status_public(self) -> records.PublicStatus:
        """Which device this is, and whether it has an owner yet."""
        found: records.PublicStatus = self.call("status.public")
        return found

    def claim(self, code: str, name: str, password: str, agent: str = "") -> records.Session:
        """Make the first administrator and log in."""
        found: records.Session = self.call("claim", code=code, name=name, password=password, agent=agent)
        return found

    def login(self, name: str, password: str, agent: str = "") -> records.Session:
        """Log in. After wrong passwords this takes up to a minute."""
        found: records.Session = self.call("login", name=name, password=password, agent=agent)
        return found

    def logout(self) -> None:
        """End this session."""
        self.call("logout")

    def whoami(self) -> records.Person:
        """Who is logged in."""
        found: records.Person = self.call("whoami")
        return found

    def sessions_list(self) -> list[records.OpenSession]:
        """One's own sessions, and for administrators all."""
        found: list[records.OpenSession] = self.call("sessions.list")
        return found

    def sessions_revoke(self, id: str) -> None:  # noqa: A002
        """End a session."""
        self.call("sessions.revoke", id=id)

    # ---- users and tokens ----

    def users_list(self) -> list[records.User]:
        """All users."""
        found: list[records.User] = self.call("users.list")
        return found

    def users_add(self, name: str, role: str, new_password: str, password: str) -> None:
        """Add a user; `password` is one's own."""
        self.call("users.add", name=name, role=role, new_password=new_password, password=password)

    def users_remove(self, name: str, password: str) -> None:
        """Remove a user."""
        self.call("users.remove", name=name, password=password)

    def users_set_role(self, name: str, role: str, password: str) -> None:
        """Give a user another role."""
        self.call("users.set_role", name=name, role=role, password=password)

    def users_set_password(self, name: str, new_password: str, password: str) -> None:
        """Change a password; `password` is the present one of who asks."""
        self.call("users.set_password", name=name, new_password=new_password, password=password)

    def tokens_list(self) -> list[records.Token]:
        """The tokens of programs."""
        found: list[records.Token] = self.call("tokens.list")
        return found

    def tokens_add(self, name: str, role: str, password: str, expires: int | None = None) -> records.NewToken:
        """Make a token, which is told this once."""
        found: records.NewToken = self.call("tokens.add", name=name, role=role, password=password, expires=expires)
        return found

    def tokens_remove(self, name: str) -> None:
        """Take a token back."""
        self.call("tokens.remove", name=name)

    # ---- the device ----

    def status(self) -> records.Status:
        """How the device is."""
        found: records.Status = self.call("status")
        return found

    def network_get(self) -> records.Network:
        """How it is connected."""
        found: records.Network = self.call("network.get")
        return found

    def network_apply(self, settings: records.NetworkSettings, confirm: bool = True) -> records.Trial:
        """Apply settings of the network; with `confirm` they are taken back unless they are kept in time."""
        found: records.Trial = self.call("network.apply", settings=settings, confirm=confirm)
        return found

    def network_keep(self) -> None:
        """Keep what is being tried."""
        self.call("network.keep")

    def network_revert(self) -> None:
        """Take back what is being tried."""
        self.call("network.revert")

    def clock_get(self) -> records.Clock:
        """What time it is."""
        found: records.Clock = self.call("clock.get")
        return found

    def clock_set(self, seconds: int) -> None:
        """Set the clock."""
        self.call("clock.set", seconds=seconds)

    def clock_set_zone(self, zone: str) -> None:
        """Set the time zone."""
        self.call("clock.set_zone", zone=zone)

    def clock_zones(self) -> list[str]:
        """The names of the time zones."""
        found: list[str] = self.call("clock.zones")
        return found

    def logs_read(self, since: int = 0, contains: str = "") -> records.LogLines:
        """Lines of the log."""
        found: records.LogLines = self.call("logs.read", since=since, contains=contains)
        return found

    def logs_follow(self, since: int | None = None) -> int:
        """A pipe with the log as it goes on: behind a position (`next` of logs_read), or from now on."""
        return self._file("logs.follow", since=since)

    def logs_bundle(self) -> int:
        """A file with all that helps to find a fault."""
        return self._file("logs.bundle")

    def update_begin(self, mode: str = "parts") -> int:
        """A connection to the updater, greeted already; what follows is the head of a bundle (core/update/session.h)."""
        return self._file("update.begin", mode=mode)

    def update_stick(self) -> None:
        """Install the update on the USB stick."""
        self.call("update.stick")

    def update_registry(self) -> None:
        """Look into the registry now."""
        self.call("update.registry")

    def backup_make(self, passphrase: str | None = None) -> int:
        """A file with the settings."""
        return self._file("backup.make", passphrase=passphrase)

    def backup_restore(
        self, descriptor: int, password: str, passphrase: str | None = None, dry_run: bool = True
    ) -> records.Restoration:
        """Put the settings of a file back, which stays the caller's, or only tell what would change."""
        arguments = {"password": password, "passphrase": passphrase, "dry_run": dry_run}
        found: records.Restoration = self.exchange("backup.restore", arguments, descriptor)[0]
        return found

    def storage_get(self) -> records.Storage:
        """How full the storage is."""
        found: records.Storage = self.call("storage.get")
        return found

    def certificate_get(self) -> records.Certificate:
        """The certificate that browsers see."""
        found: records.Certificate = self.call("certificate.get")
        return found

    def certificate_set(self, certificate: str, key: str, password: str) -> None:
        """Another certificate."""
        self.call("certificate.set", certificate=certificate, key=key, password=password)

    def licences(self) -> int:
        """A file with the licences of everything in the device."""
        return self._file("licences")

    def bill(self) -> int:
        """A file with the bill of materials of the device: CycloneDX, as JSON."""
        return self._file("bill")

    def device_restart(self) -> None:
        """Restart."""
        self.call("device.restart")

    def device_power_off(self) -> None:
        """Switch off."""
        self.call("device.power_off")

    def device_factory_reset(self, password: str) -> None:
        """Restart and erase everything."""
        self.call("device.factory_reset", password=password)


class _connection:  # noqa: N801
    """A connection to the manager, for a `with` statement."""

    def __init__(self) -> None:
        self._door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC)

    def __enter__(self) -> socket:
        self._door.settimeout(_PATIENCE)
        try:
            self._door.connect(f"{os.environ.get('FAPWS_RUN', '/run/fapws4')}/device")
        except (BlockingIOError, TimeoutError) as error:
            self._door.close()
            raise Refused("busy", "too many ask the device's manager at once; try again") from error
        except OSError as error:
            self._door.close()
            raise Absent(_NO_DEVICE) from error
        return self._door

    def __exit__(self, *_: object) -> None:
        self._door.close()
