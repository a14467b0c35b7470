"""The table of calls: what may be asked of the manager, who may ask it, and the forms of arguments and answers.

What is not in it does not exist. Plain data without side effects: client, manager, the console's API and its description are
all made from it.
"""

from __future__ import annotations

from fapws4.device.schema import boolean, checked, choice, fields, integer, lines, listed, nullable, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fapws4.device.schema import Schema

# From the least to the most; each may what those before it may.
ROLES = ("viewer", "operator", "admin")
NOBODY = ""  # the least role of calls that take no session

PASSWORD_LEAST = 10  # characters
_MOST_TIME = 1 << 34  # seconds since 1970: the year 2514


class Call:
    """One call. `role` is the least that may make it, `reads` whether it changes nothing.

    `gives` and `takes` say that a descriptor goes with the answer or with the call.
    """

    __slots__ = ("answer", "arguments", "gives", "name", "reads", "role", "takes", "text")

    def __init__(
        self, name: str, role: str, about: str, arguments: Schema, answer: Schema, *, reads: bool = False,
        gives: bool = False, takes: bool = False,
    ) -> None:
        self.name, self.role, self.text, self.arguments, self.answer = name, role, about, arguments, answer
        self.reads, self.gives, self.takes = reads, gives, takes


# ---- forms ----

NOTHING = {"type": "null"}
USER_NAME = text(32, 1)
NEW_PASSWORD = text(256, PASSWORD_LEAST)
# Once more, of who is logged in: a session that was left open is not enough for what cannot be undone.
PASSWORD = text(256)
ROLE = choice(*ROLES)
SESSION = fields(session=text(64), name=USER_NAME, role=ROLE)
ADDRESS = text(64)
SECONDS = integer(0, _MOST_TIME)
LABEL = text(64, 1)  # of sessions and tokens

NETWORK = fields(
    name=text(63), interface=text(15, default=""),
    v4=ADDRESS, gateway=text(64, default=""),  # dhcp, or address/prefix
    v6=text(64, default="auto"), gateway6=text(64, default=""),  # auto, off, or address/prefix
    dns=listed(ADDRESS, 3, default=[]), ntp=listed(ADDRESS, 3, default=[]))  # none: those of the DHCP server

_STATE = {"product": text(256), "version": text(256), "name": text(64),
          "state": text(512),  # confirmed, trial or recovery, and what there is to say about it
          "trial": nullable(integer(0, 86400))}  # seconds left
_AMOUNT = fields(total=integer(0, 1 << 62), free=integer(0, 1 << 62))
_SAMPLE = fields(uptime=SECONDS, load={"type": "number"}, memory_free=integer(0, 1 << 62))
_STATUS = fields(
    **_STATE,
    board=text(256), counter=text(32), slot=text(8),
    facts=listed(fields(key=text(32), value=text(512)), 256),  # all that PID 1 says, in its order (core/init/owner/status.h)
    addresses=listed(ADDRESS, 64), uptime=SECONDS,
    load=listed({"type": "number"}, 3), memory=_AMOUNT, storage=_AMOUNT,
    temperatures=listed(fields(name=text(64), celsius={"type": "number"}), 32),
    samples=listed(_SAMPLE, 120))
_INTERFACE = fields(name=text(16), mac=text(32), carrier=boolean())
_POSITION = integer(0, 1 << 62)  # in the log: bytes since the device has started
_CHANGE = fields(part=text(64), name=text(256), before=nullable(lines(4096)), after=nullable(lines(4096)))

# ---- the table ----

_TABLE = (
    Call("status.public", NOBODY, "Which device this is, and whether it has an owner yet", fields(),
         fields(**_STATE, claimed=boolean()), reads=True),
    Call("claim", NOBODY, "Make the first administrator, by the claim code, and log in",
         fields(code=text(128), name=USER_NAME, password=NEW_PASSWORD, agent=text(256, default="")), SESSION),
    Call("login", NOBODY, "Log in; after wrong passwords the answer takes up to a minute",
         fields(name=text(256), password=PASSWORD, agent=text(256, default="")), SESSION),
    Call("logout", "viewer", "End this session", fields(), NOTHING),
    Call("whoami", "viewer", "Who is logged in",
         fields(), fields(name=USER_NAME, role=ROLE, token=nullable(LABEL), expires=nullable(SECONDS)), reads=True),

    Call("sessions.list", "viewer", "Who is logged in from where: one's own, and for administrators all", fields(),
         listed(fields(id=text(64), name=USER_NAME, source=text(256), agent=text(256), age=SECONDS, idle=SECONDS,
                       current=boolean()), 1000), reads=True),
    Call("sessions.revoke", "viewer", "End a session: one of one's own, and for administrators any",
         fields(id=text(64)), NOTHING),

    Call("users.list", "admin", "All users", fields(), listed(fields(name=USER_NAME, role=ROLE), 1000), reads=True),
    Call("users.add", "admin", "Add a user",
         fields(name=USER_NAME, role=ROLE, new_password=NEW_PASSWORD, password=PASSWORD), NOTHING),
    Call("users.remove", "admin", "Remove a user, and end what is logged in as that one",
         fields(name=USER_NAME, password=PASSWORD), NOTHING),
    Call("users.set_role", "admin", "Give a user another role", fields(name=USER_NAME, role=ROLE, password=PASSWORD), NOTHING),
    Call("users.set_password", "viewer", "Change one's own password, or as administrator anybody's; all other sessions end",
         fields(name=USER_NAME, new_password=NEW_PASSWORD, password=PASSWORD), NOTHING),

    Call("tokens.list", "admin", "The tokens of programs", fields(),
         listed(fields(name=LABEL, role=ROLE, owner=USER_NAME, expires=nullable(SECONDS)), 1000), reads=True),
    Call("tokens.add", "admin", "Make a token for a program; it is told this once",
         fields(name=LABEL, role=ROLE, expires=nullable(SECONDS) | {"default": None}, password=PASSWORD),
         fields(token=text(128))),
    Call("tokens.remove", "admin", "Take a token back", fields(name=LABEL), NOTHING),

    Call("status", "viewer", "How the device is", fields(), _STATUS, reads=True),
    Call("network.get", "viewer", "How it is connected", fields(),
         fields(settings=NETWORK, addresses=listed(ADDRESS, 64), gateways=listed(ADDRESS, 16), dns=listed(ADDRESS, 16),
                ntp=listed(ADDRESS, 16), interfaces=listed(_INTERFACE, 16),
                trial=nullable(integer(0, 86400))), reads=True),
    Call("network.apply", "admin", "Other settings of the network; without confirm=false they are taken back after a while",
         fields(settings=NETWORK, confirm=boolean(default=True)), fields(seconds=integer(0, 86400))),
    Call("network.keep", "admin", "Keep the settings that are being tried", fields(), NOTHING),
    Call("network.revert", "admin", "Take the settings that are being tried back now", fields(), NOTHING),

    Call("clock.get", "viewer", "What time it is, and how sure that is", fields(),
         fields(seconds=SECONDS, trusted=boolean(), source=text(256), zone=text(64), uptime=SECONDS), reads=True),
    Call("clock.set", "operator", "Set the clock, forwards or back", fields(seconds=SECONDS), NOTHING),
    Call("clock.set_zone", "operator", "Set the time zone by its name", fields(zone=text(64)), NOTHING),
    Call("clock.zones", "viewer", "The names of the time zones", fields(), listed(text(64), 1000), reads=True),

    Call("logs.read", "viewer", "Lines of the log from a position on, only those that contain a text if one is given",
         fields(since=_POSITION | {"default": 0}, contains=text(256, default="")),
         fields(next=_POSITION, lines=listed(text(4096), 65536)), reads=True),
    Call("logs.follow", "viewer", "A pipe with the log as it goes on, behind a position (next of logs.read) or from now on",
         fields(since=nullable(_POSITION) | {"default": None}), NOTHING, reads=True, gives=True),
    Call("logs.bundle", "operator", "A file with all that helps to find a fault", fields(), fields(size=integer(0, 1 << 40)),
         reads=True, gives=True),

    Call("update.begin", "operator", "A connection to the updater, on which the head and the parts of a bundle are sent",
         fields(mode=choice("parts", "whole", "verify")), NOTHING, gives=True),
    Call("update.stick", "operator", "Install the update on the USB stick", fields(), NOTHING),
    Call("update.registry", "operator", "Look into the registry now", fields(), NOTHING),

    Call("backup.make", "admin", "A file with the settings; with a passphrase the secrets too, all of it encrypted",
         fields(passphrase=nullable(text(256, PASSWORD_LEAST)) | {"default": None}), fields(size=integer(0, 1 << 40)),
         reads=True, gives=True),
    Call("backup.restore", "admin", "Put the settings of such a file back, or only tell what would change",
         fields(passphrase=nullable(text(256)) | {"default": None}, dry_run=boolean(default=True),
                password=PASSWORD),
         fields(schema=integer(1, 1000), product=text(256), version=text(256), changes=listed(_CHANGE, 10000)), takes=True),

    Call("storage.get", "viewer", "How full the storage is, and how well", fields(),
         fields(state=text(64), total=integer(0, 1 << 62), free=integer(0, 1 << 62), app=integer(0, 1 << 62),
                health=listed(fields(key=text(32), value=text(512)), 64)), reads=True),
    Call("certificate.get", "viewer", "The certificate that browsers see", fields(),
         fields(certificate=lines(65536), fingerprint=text(128), own=boolean()), reads=True),
    Call("certificate.set", "admin", "Another certificate and its key, as PEM",
         fields(certificate=lines(32768), key=lines(16384), password=PASSWORD), NOTHING),
    Call("licences", "viewer", "A file with the licences of everything in the device", fields(),
         fields(size=integer(0, 1 << 40)), reads=True, gives=True),
    Call("bill", "viewer", "A file with the bill of materials of the device: CycloneDX, as JSON", fields(),
         fields(size=integer(0, 1 << 40)), reads=True, gives=True),

    Call("device.restart", "operator", "Restart", fields(), NOTHING),
    Call("device.power_off", "operator", "Switch off", fields(), NOTHING),
    Call("device.factory_reset", "admin", "Restart, and erase all data, users and settings",
         fields(password=PASSWORD), NOTHING),
)

CALLS: dict[str, Call] = {call.name: call for call in _TABLE}


def arguments_of(call: Call, given: Any) -> Any:
    """What was given as arguments, with what may be left out put in. Raises schema.Invalid."""
    return checked(call.arguments, given, "arguments")
