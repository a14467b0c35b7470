"""Calls about network and clock: PID 1 does what is asked, and looks itself at what it is given."""

from __future__ import annotations

import time
from _socket import AF_INET, AF_INET6, inet_pton

from fapws4.device import zones
from fapws4.device.errors import Refused
from fapws4.manager import root_side
from fapws4.manager.caller import Caller, answers, note
from fapws4.manager.clocks import uptime
from fapws4.manager.root_side import every, first

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fapws4.device import records


@answers("network.get")
def tell_network(caller: Caller) -> records.Network:
    """As it is now; while settings are being tried, these."""
    facts = root_side.facts()
    trial = first(facts, "network-trial")
    rows = [[*value.split(" "), "", ""][:3] for value in every(facts, "interface")]
    return {"settings": settings(facts), "addresses": every(facts, "address") + every(facts, "address6"),
            "gateways": every(facts, "gateway"), "dns": every(facts, "dns"), "ntp": every(facts, "ntp"),
            "interfaces": [{"name": name, "mac": mac, "carrier": carrier == "connected"} for name, mac, carrier in rows],
            "trial": int(trial) if trial.isdecimal() else None}


@answers("network.apply")
def apply(caller: Caller, settings: records.NetworkSettings, confirm: bool) -> records.Trial:
    """All settings at once; what PID 1 finds wrong in them changes nothing."""
    words = words_of(settings)
    rest = root_side.order("network" if confirm else "network-now", *words)
    note(f"{caller.name} has applied settings of the network")
    seconds = rest.split(" ")[0]
    return {"seconds": int(seconds) if seconds.isdecimal() else 0}


@answers("network.keep")
def keep(caller: Caller) -> None:
    """Only somebody who is logged in can say so: that a page was reached is no proof that its owner did it."""
    root_side.order("network-keep")
    note(f"{caller.name} keeps the settings of the network")


@answers("network.revert")
def revert(caller: Caller) -> None:
    """At once."""
    root_side.order("network-revert")


@answers("clock.get")
def tell_clock(caller: Caller) -> records.Clock:
    """Where the time is from, too."""
    facts = root_side.facts()
    trust, _, source = first(facts, "clock").partition(" ")
    return {"seconds": max(0, int(time.time())), "trusted": trust == "trusted", "source": source,
            "zone": first(facts, "timezone").split(" ")[0], "uptime": int(uptime())}


@answers("clock.set")
def set_clock(caller: Caller, seconds: int) -> None:
    """Also back: the operator knows best. Sessions and delays count otherwise."""
    root_side.order("clock", str(seconds))
    note(f"{caller.name} has set the clock")


@answers("clock.set_zone")
def set_zone(caller: Caller, zone: str) -> None:
    """By its name; PID 1 is told the rule as well."""
    if not zones.rule(zone):
        raise Refused("invalid", f"there is no time zone {zone}")
    root_side.order("timezone", zone, zones.rule(zone))
    note(f"{caller.name} has set the time zone to {zone}")


@answers("clock.zones")
def list_zones(caller: Caller) -> list[str]:
    """The names that `clock.set_zone` takes."""
    return zones.names()


def settings(facts: list[tuple[str, str]]) -> records.NetworkSettings:
    """What is set, in the words of the order (core/init/network/network_settings.h)."""
    words = dict(word.partition("=")[::2] for word in first(facts, "network-settings").split())
    texts = {key: words.get(key, "") for key in ("name", "interface", "gateway", "gateway6")}
    lists = {key: words[key].split(",") if words.get(key) else [] for key in ("dns", "ntp")}
    return {**texts, **lists, "v4": words.get("v4") or "dhcp", "v6": words.get("v6") or "auto"}  # type: ignore[typeddict-item]


def words_of(settings: records.NetworkSettings) -> list[str]:
    """The words of PID 1's order `network`. Refused when an address is none."""
    _check_address(AF_INET, "v4", settings["v4"], ("dhcp",), 32)
    _check_address(AF_INET6, "v6", settings["v6"], ("auto", "off"), 128)
    _check_address(AF_INET, "gateway", settings["gateway"], ("",))
    _check_address(AF_INET6, "gateway6", settings["gateway6"], ("",))
    for key in ("dns", "ntp"):
        for address in settings[key]:
            _check_address(AF_INET6 if ":" in address else AF_INET, key, address, ())
    words = {key: _word(str(settings[key]), key)
             for key in ("name", "interface", "v4", "gateway", "v6", "gateway6")}
    return [*(f"{key}={value}" for key, value in words.items() if value),
            *(f"{key}={','.join(_word(value, key) for value in settings[key])}"
              for key in ("dns", "ntp") if settings[key])]


def _check_address(family: int, key: str, text: str, words: tuple[str, ...], longest: int | None = None) -> None:
    if text in words:
        return
    address, slash, length = text.partition("/")
    try:
        inet_pton(family, address)
    except OSError:
        raise Refused("invalid", f"{key}: {text!r} is no address") from None
    if bool(slash) != (longest is not None) or (longest and not (length.isdecimal() and 1 <= int(length) <= longest)):
        form = f"an address with its prefix, like {address}/{longest // 2}" if longest else "an address alone"
        raise Refused("invalid", f"{key} must be {form}")


def _word(text: str, what: str) -> str:
    if " " in text or "," in text or "=" in text:
        raise Refused("invalid", f"{what} has no blanks, commas or '=' in it")
    return text
