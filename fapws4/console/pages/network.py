"""How the device is connected. Other settings are tried first: nobody shall lock themselves out by a slip of the pen."""

from __future__ import annotations

import os

from fapws4.console import qr
from fapws4.console.frame import choice, done, facts, field, form, note, page
from fapws4.console.markup import h
from fapws4.console.visit import ADMIN, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from fapws4.console.markup import Child, Markup
    from fapws4.console.visit import Reply, Visit
    from fapws4.device.records import Network, NetworkSettings


def network(visit: Visit) -> Reply:
    """How it is now, and the form to change it; while settings are tried, the buttons to keep them."""
    _ = visit.text
    found = visit.device.network_get()
    if found["trial"] is not None:
        return page(visit, _("Network"), *_trial(visit, found, found["trial"]), again="" if visit.may(ADMIN) else "15")
    return page(visit, _("Network"),
                done(visit, kept=_("These settings are kept."), reverted=_("The settings from before are back.")),
                _now(visit, found), *(_change(visit, found) if visit.may(ADMIN) else ()))


def apply(visit: Visit) -> Reply:
    """Other settings, on trial or for good."""
    _ = visit.text
    settings = _settings_of(visit.fields)
    if not (settings["v4"] and settings["v6"]):
        raise Refused(422, _("Type the fixed address, too."))
    seconds = visit.device.network_apply(settings, confirm="now" not in visit.fields)["seconds"]
    if not seconds:
        return page(visit, _("Network"), note(_("These settings are kept."), "good"), *_new_place(visit, settings))
    return page(
        visit, _("Network"), note([_("The new settings are being tried."), " ", _countdown(visit, seconds)]),
        h.p(_("Open the device at its new address, log in there, and keep the settings. Without that, those from before come "
              "back by themselves.")),
        *_new_place(visit, settings), h.p(h.a(_("On to keeping them"), href=visit.url("/network"))))


def keep(visit: Visit) -> Reply:
    """Keeps what is being tried."""
    visit.device.network_keep()
    return visit.moved("/network?done=kept")


def revert(visit: Visit) -> Reply:
    """Takes back what is being tried."""
    visit.device.network_revert()
    return visit.moved("/network?done=reverted")


def _trial(visit: Visit, found: Network, seconds: int) -> Iterator[Child]:
    _ = visit.text
    yield note([_("The new settings are being tried."), " ", _countdown(visit, seconds)])
    if visit.may(ADMIN):
        yield h.div(form(visit, "/network/keep", _("Keep these settings")),
                    form(visit, "/network/revert", _("Back to those from before"), quiet=True), class_="row")
    yield _now(visit, found)


def _countdown(visit: Visit, seconds: int) -> Markup:
    left = h.span(f"{seconds}", data_countdown=f"{seconds}")
    before, _, after = visit.text("Seconds left: {seconds}", seconds="\0").partition("\0")
    return h.span(before, left, after, role="timer")


def _now(visit: Visit, found: Network) -> Markup:
    _ = visit.text
    rows: list[tuple[str, Child]] = [
        (_("Name"), f"{os.uname().nodename}.local"),
        *((_("Address"), address) for address in found["addresses"]),
        (_("Gateway"), " ".join(found["gateways"]) or "-"), (_("DNS servers"), " ".join(found["dns"]) or "-"),
        (_("Time servers"), " ".join(found["ntp"]) or "-"),
        *((_("Network interface"), _("{name}, {mac}: cable is in", **each) if each["carrier"] else
           _("{name}, {mac}: no cable", **each)) for each in found["interfaces"])]
    return facts(rows)


def _change(visit: Visit, found: Network) -> Iterator[Child]:
    _ = visit.text
    settings = found["settings"]
    v4_fixed, v6_fixed = settings["v4"] != "dhcp", settings["v6"] not in ("auto", "off")
    yield h.h2(_("Change"))
    yield h.p(_("New settings are tried for two minutes. When nobody keeps them from a page of the device by then, those from "
                "before come back."))
    yield form(
        visit, "/network", _("Try these settings"),
        field(_("Name"), "name", value=settings["name"], maxlength="63", spellcheck="false",
              help_=_("Empty: as in a new device.")),
        h.input(type="hidden", name="interface", value=settings["interface"]),
        h.fieldset(h.legend("IPv4"),
                   choice(_("Address"), "v4", [("dhcp", _("from DHCP")), ("static", _("the one below"))],
                          "static" if v4_fixed else "dhcp"),
                   field(_("Fixed address"), "address4", value=settings["v4"] if v4_fixed else "",
                         help_=_("With the length of the network: 192.168.7.20/24")),
                   field(_("Gateway"), "gateway", value=settings["gateway"])),
        h.fieldset(h.legend("IPv6"),
                   choice(_("Address"), "v6", [("auto", _("from the network")), ("off", _("only link-local")),
                                               ("static", _("the one below"))],
                          "static" if v6_fixed else settings["v6"]),
                   field(_("Fixed address"), "address6", value=settings["v6"] if v6_fixed else ""),
                   field(_("Gateway"), "gateway6", value=settings["gateway6"])),
        field(_("DNS servers"), "dns", value=" ".join(settings["dns"]), help_=_("With blanks between; empty: those of DHCP.")),
        field(_("Time servers"), "ntp", value=" ".join(settings["ntp"])),
        second=h.button(_("Apply without the timer"), name="now", value="on", class_="quiet"))


def _settings_of(fields: dict[str, str]) -> NetworkSettings:
    v4, v6 = fields.get("v4", "dhcp"), fields.get("v6", "auto")
    return {"name": fields.get("name", ""), "interface": fields.get("interface", ""),
            "v4": fields.get("address4", "").strip() if v4 == "static" else v4, "gateway": fields.get("gateway", "").strip(),
            "v6": fields.get("address6", "").strip() if v6 == "static" else v6,
            "gateway6": fields.get("gateway6", "").strip(), "dns": fields.get("dns", "").split(),
            "ntp": fields.get("ntp", "").split()}


def _new_place(visit: Visit, settings: NetworkSettings) -> Iterator[Child]:
    """Links to where the device will be, and the first one as a picture for a telephone."""
    _ = visit.text
    port = f":{visit.environ['SERVER_PORT']}" if visit.environ["SERVER_PORT"] not in ("80", "443") else ""
    hosts = [settings["v4"].partition("/")[0]] if settings["v4"] != "dhcp" else []
    hosts += [f"[{settings['v6'].partition('/')[0]}]"] if settings["v6"] not in ("auto", "off") else []
    urls = [f"{visit.environ['wsgi.url_scheme']}://{host}{port}{visit.url('/network')}"
            for host in (*hosts, f"{settings['name'] or os.uname().nodename}.local")]
    yield h.ul(*(h.li(h.a(url, href=url)) for url in urls))
    yield qr.picture(urls[0], _("QR code of {address}", address=urls[0]))
