"""What the manager says when it refuses, in the visitor's language: by the code of the refusal, or by the sentence.

The manager speaks English. What is in none of the tables is shown in its words: reasons of PID 1 and of files.
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

_FIELDS = {"name": later("Name"), "new_password": later("New password"), "password": later("Password"),
           "passphrase": later("Passphrase"), "days": later("Days that it is good for"), "zone": later("Name of the zone"),
           "contains": later("Only lines with"), "v4": later("Fixed address (IPv4)"), "v6": later("Fixed address (IPv6)"),
           "gateway": later("Gateway (IPv4)"), "gateway6": later("Gateway (IPv6)"), "dns": later("DNS servers"),
           "ntp": later("Time servers")}


def said(visit: Visit, refused: device.Refused) -> str:
    """Why the manager refuses."""
    if refused.code in _BY_CODE:
        return visit.text(_BY_CODE[refused.code])
    for pattern, sentence in (*((sentence, sentence) for sentence in SENTENCES), *ARGUMENTS):
        found = places_in(pattern, refused.text)
        if found is not None:
            field = found.get("field", "").rpartition(".")[2].partition("[")[0]
            return visit.text(sentence, **{**found, "field": visit.text(_FIELDS[field]) if field in _FIELDS else field})
    return refused.text
