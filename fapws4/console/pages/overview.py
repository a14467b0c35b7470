"""The first page: how the device is."""

from __future__ import annotations

from fapws4.console.frame import facts, note, page, table
from fapws4.console.graph import curve
from fapws4.console.markup import h
from fapws4.console.units import amount, decimal, duration, share
from fapws4.console.words import name_of, value_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from fapws4.console.markup import Child, Markup
    from fapws4.console.visit import Reply, Visit
    from fapws4.device.records import Sample, Status

# What the page has in other words, or what is for programs.
_SAID_ABOVE = ("uptime", "storage", "network-settings", "network-trial")


def status(visit: Visit) -> Reply:
    """What the device says of itself; asked for anew as long as something is under way."""
    _ = visit.text
    found = visit.device.status()
    told = {fact["key"]: fact["value"] for fact in found["facts"]}
    busy = found["state"].startswith("trial") or told.get("update", "").startswith("running")
    return page(visit, _("Status"), *_warnings(visit, found, told), _now(visit, found), h.h2(_("The last hour")),
                *_graphs(visit, found), h.h2(_("Device")), facts(_facts(visit, found)), again="5" if busy else "")


def _warnings(visit: Visit, found: Status, told: dict[str, str]) -> Iterator[Markup]:
    _ = visit.text
    if found["trial"] is not None:
        yield note(_("Version {version} is on trial: it has {seconds} s to prove itself, or the old one comes back.",
                     version=found["version"], seconds=found["trial"]))
        if told.get("missing"):
            yield note(_("It still lacks: {what}.", what=told["missing"]))
    if found["state"].startswith("recovery"):
        yield note(_("The app has failed too often; it is started once a minute. The log says why."), "bad")
    if told.get("data") == "memory":
        yield note(_("The data partition is not in use: what is saved is lost at power-off."), "bad")
    if told.get("data") == "read-only":
        yield note(_("The data partition has errors: what is there can be read, and nothing is saved."), "bad")
    if told.get("failed"):
        yield note(_("A new version has failed, and the old one is back: {why}", why=told["failed"]), "bad")
    if told.get("clock", "").startswith("untrusted"):
        yield note(_("The clock may be wrong: no time server has answered yet."))


def _now(visit: Visit, found: Status) -> Markup:
    _ = visit.text
    memory, storage = found["memory"], found["storage"]
    rows: list[tuple[str, Child]] = [
        (_("Running for"), duration(visit, found["uptime"])),
        (_("Load"), " ".join(decimal(visit, load, 2) for load in found["load"])),
        (_("Memory"), _used(visit, memory["total"], memory["free"])),
        (_("Storage"), _used(visit, storage["total"], storage["free"])),
        *((_("Temperature ({place})", place=each["name"]), f"{decimal(visit, each['celsius'], 1)} °C")
          for each in found["temperatures"])]
    return facts(rows)


def _used(visit: Visit, total: int, free: int) -> Child:
    said = visit.text("{used} of {total} in use", used=amount(visit, total - free), total=amount(visit, total))
    return [h.meter(min="0", max="100", value=share(total - free, total), aria_hidden="true"), " ", said]


def _graphs(visit: Visit, found: Status) -> Iterator[Markup]:
    """What PID 1 has noted each minute, and now."""
    _ = visit.text
    total = found["memory"]["total"]
    now: Sample = {"uptime": found["uptime"], "load": found["load"][0], "memory_free": found["memory"]["free"]}
    samples = [*found["samples"], now]
    minutes = [(sample["uptime"] - found["uptime"]) / 60 for sample in samples]
    loads = [sample["load"] for sample in samples]
    used = [total - sample["memory_free"] for sample in samples]
    highest = max(1.0, *loads)
    span = _("an hour ago"), _("now")
    yield h.div(
        curve(_("Load: {load}", load=decimal(visit, loads[-1], 2)), list(zip(minutes, loads)), highest,
              (decimal(visit, highest, 1), *span)),
        curve(_("Memory in use: {size}", size=amount(visit, used[-1])), list(zip(minutes, used)), total or 1,
              (amount(visit, total), *span)), class_="graphs")
    rows = [(f"{round(minute)}", decimal(visit, load, 2), amount(visit, size))
            for minute, load, size in zip(minutes, loads, used)]
    yield h.details(h.summary(_("As a table")),
                    table(_("The last hour"), [_("Minute"), _("Load"), _("Memory in use")], rows[::-1]))


def _facts(visit: Visit, found: Status) -> Iterator[tuple[str, Child]]:
    for fact in found["facts"]:
        if fact["value"] and fact["key"] not in _SAID_ABOVE:
            yield name_of(visit, fact["key"]), value_of(visit, fact["key"], fact["value"])
