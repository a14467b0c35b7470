"""What the manager and PID 1 say when they refuse, in the visitor's language: by the refusal's code, or by the sentence.

Both speak English. What is in none of the tables is shown in their words: reasons that a file or the kernel gives.
"""

from __future__ import annotations

from fapws4.console.language import later
from fapws4.console.patterns import places_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fapws4 import device
    from fapws4.console.visit import Visit

_BY_CODE = {"password": later("The name or the password is wrong."), "claim-code": later("The claim code is wrong."),
            "busy": later("Too much is going on just now; try again.")}

# As they stand in fapws4/manager; `{name}` is anything.
SENTENCES = (
    later("this device has an owner already; log in, or reset it"),
    later("this is the last administrator; make another one first"),
    later("a name has small letters, digits, '.', '_' and '-', and begins with a letter"),
    later("there is a user {name} already"),
    later("there is no user {name}"),
    later("there is a token {name} already"),
    later("there is no token {name}"),
    later("the clock of the device is not set: set it first, or make a token without an end"),
    later("there is no such session"),
    later("this file is no backup of a device"),
    later("this file is no backup that this version knows"),
    later("this backup is sealed; it takes its passphrase"),
    later("the passphrase is wrong, or the file was changed"),
    later("this backup is damaged"),
    later("this device has no certificate: its image was built without keys"),
    later("this image was built without its papers; they lie beside it"),
    later("this device takes no updates: its image was built without keys"),
    later("there is no time zone {name}"),
    later("the device gave no answer; try again"),
)

# As they stand in core/init, where PID 1 refuses an order.
OF_PID_1 = (
    later("the settings cannot be kept: {why}"),
    later("there are no new settings of the network on trial"),
    later("the new settings are not in force yet; keep them in a moment"),
    later("that is before this version was built, or more than 20 years after"),
    later("the clock cannot be set; see the log"),
    later("the time zone cannot be kept; see the log"),
    later("nothing here is served by https"),
    later("a certificate and its key are wanted"),
    later("another certificate is being looked at just now"),
    later("it is still being looked at; see the status for what comes of it"),
    later("no stick with an update is there"),
    later("there is no registry to look into, or it was just looked into"),
    later("a new version is on trial; wait for its end"),
    later("this device has no data partition"),
    later("the order cannot be written; see the log"),
    later("the device is ending"),
    later("too much is going on just now"),
)

# Settings of the network, as PID 1 calls them (core/init/network/network_settings.c).
OF_THE_NETWORK = (
    ("{field} must be one label of a-z, 0-9 and, inside, hyphens", later("{field}: letters a-z, digits and, inside, hyphens")),
    ("{field} must be that of an interface, such as {example}", later("{field}: that of an interface, such as {example}")),
    ("{field} must be dhcp, or the address of a host such as {example}",
     later("{field}: the address of a host, such as {example}")),
    ("{field} must be auto, off, or the address of a host such as {example}",
     later("{field}: the address of a host, such as {example}")),
    ("{field} must be an address such as {example}", later("{field}: an address such as {example}")),
    ("{field} must be up to three addresses of servers, with commas between them",
     later("{field}: up to three addresses of servers")),
    ("{field} goes with a fixed v4 only: the DHCP server says it",
     later("{field}: only with a fixed address; otherwise the DHCP server says it")),
    ("{field} goes with a fixed v6 only: the router says it",
     later("{field}: only with a fixed address; otherwise the router says it")),
    ("{field} is no other host of the network of {which}",
     later("{field}: no other host of the network of the fixed address")),
)

# Of arguments, which the manager calls by their names and people by what stands beside the field.
ARGUMENTS = (
    ("arguments.{field} must have from {least} to {most} characters", later("{field}: from {least} to {most} characters")),
    ("arguments.{field} must have at most {most} characters", later("{field}: at most {most} characters")),
    ("arguments.{field} must have no characters that cannot be shown", later("{field}: no characters that cannot be shown")),
    ("arguments.{field} must have at most {most} entries", later("{field}: at most {most}")),
    ("arguments.{field} must be from {least} to {most}", later("{field}: from {least} to {most}")),
    ("{field}: '{text}' is no address", later("{field}: {text} is no address")),
    ("{field} must be an address with its prefix, like {example}",
     later("{field}: with the length of the network, like {example}")),
    ("{field} must be an address alone", later("{field}: an address alone")),
    ("{field} has no blanks, commas or '=' in it", later("{field}: no blanks, commas or '=' in it")),
)

_FIELDS = {"name": later("Name"), "interface": later("Network interface"), "new_password": later("New password"),
           "password": later("Password"),
           "passphrase": later("Passphrase"), "days": later("Days that it is good for"), "zone": later("Name of the zone"),
           "contains": later("Only lines with"), "v4": later("Fixed address (IPv4)"), "v6": later("Fixed address (IPv6)"),
           "gateway": later("Gateway (IPv4)"), "gateway6": later("Gateway (IPv6)"), "dns": later("DNS servers"),
           "ntp": later("Time servers")}


def said(visit: Visit, refused: device.Refused) -> str:
    """Why the manager refuses."""
    if refused.code in _BY_CODE:
        return visit.text(_BY_CODE[refused.code])
    for pattern, sentence in (*((each, each) for each in (*SENTENCES, *OF_PID_1)), *ARGUMENTS, *OF_THE_NETWORK):
        found = places_in(pattern, refused.text)
        if found is not None:
            field = found.get("field", "").rpartition(".")[2].partition("[")[0]
            return visit.text(sentence, **{**found, "field": visit.text(_FIELDS[field]) if field in _FIELDS else field})
    return refused.text
