"""What the device says of itself in keys and words of its own (core/init/owner/status.h), as people read it."""

from __future__ import annotations

from fapws4.console.language import later
from fapws4.console.patterns import places_in
from fapws4.console.units import amount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fapws4.console.visit import Visit

# How the keys are called.
_NAMES = {
    "product": later("Product"), "version": later("Version"), "board": later("Board"), "counter": later("Counter"),
    "slot": later("Slot"), "state": later("State"), "missing": later("Still lacks"), "data": later("Data"),
    "rescue": later("What could be saved"), "network": later("Network"), "address": later("Address"),
    "address6": later("Address"), "rival": later("Another host with this address"), "app": later("App"),
    "failed": later("Last version that failed"), "lost": later("Its settings"), "reset": later("Last unplanned end"),
    "update": later("Update"), "usb": later("USB"), "fetch": later("Registry"), "name": later("Name"),
    "clock": later("Clock"), "gateway": later("Gateway"), "dns": later("DNS servers"), "ntp": later("Time servers"),
    "certificate": later("Certificate"), "interface": later("Network interface"), "timezone": later("Time zone"),
    "storage-errors": later("Errors of the storage"),
    "storage-life": later("Life of the storage that is used up, %"), "storage-reserve": later("Reserve of the storage")}

# Their values: patterns of what the device says, and what is shown for it.
_VALUES: dict[str, tuple[tuple[str, str], ...]] = {
    "state": (("confirmed", later("has proved itself")),
              ("trial {seconds} paused", later("on trial, which waits for the network cable; {seconds} s left")),
              ("trial {seconds}", later("on trial; {seconds} s left")),
              ("recovery {why}", later("the app has failed too often: {why}"))),
    "data": (("ok", later("in order")), ("memory", later("in memory only")), ("read-only", later("can only be read"))),
    "network": (("connected", later("connected")), ("no-cable", later("no cable")),
                ("none", later("no network interface"))),
    "interface": (("{name} {mac} connected", later("{name}, {mac}: cable is in")),
                  ("{name} {mac} no-cable", later("{name}, {mac}: no cable"))),
    "app": (("listening {port}", later("listens on port {port}")), ("starting", later("starts")),
            ("ended", later("has ended"))),
    "update": (("idle", later("none is under way")), ("running {done} {total}", later("{done} of {total} have arrived")),
               ("installed {version}", later("version {version} is installed")), ("refused {why}", later("refused: {why}"))),
    "usb": (("looks", later("is being looked at")), ("offers {version} {file}", later("version {version} is there: {file}")),
            ("installs {version} {file}", later("version {version} is being installed: {file}"))),
    "storage-reserve": (("normal", later("enough")), ("low", later("little")), ("urgent", later("nearly none"))),
    "timezone": (("- {rule}", "{rule}"), ("{name} {rule}", "{name}"))}
_VALUES["fetch"] = (*_VALUES["usb"], ("{place} has not been asked yet", later("{place} has not been asked yet")))

# Where the time is from.
_SOURCES = (("build", later("the build of this version")), ("saved", later("the end of the last run")),
            ("rtc", later("the clock on the board")), ("operator", later("a person")),
            ("sntp {server}", later("the time server {server}")))


def name_of(visit: Visit, key: str) -> str:
    """How a key is called; one that has no name is shown as it is."""
    return visit.text(_NAMES[key]) if key in _NAMES else key


def value_of(visit: Visit, key: str, value: str) -> str:
    """A value of that key in words; what has none is shown as it is."""
    return _clock(visit, value) if key == "clock" else _said(visit, _VALUES.get(key, ()), value)


def source_of(visit: Visit, source: str) -> str:
    """Where the time is from."""
    return _said(visit, _SOURCES, source)


def _clock(visit: Visit, value: str) -> str:
    _ = visit.text
    trust, _space, source = value.partition(" ")
    where = source_of(visit, source)
    return _("certain, from: {source}", source=where) if trust == "trusted" else _("not certain, from: {source}", source=where)


def _said(visit: Visit, patterns: tuple[tuple[str, str], ...], value: str) -> str:
    for pattern, text in patterns:
        found = places_in(pattern, value)
        if found is not None:
            sizes = {key: amount(visit, int(found[key])) for key in ("done", "total") if found.get(key, "").isdecimal()}
            return visit.text(text, **{**found, **sizes})
    return value
