"""What the manager says when it refuses, in the visitor's language: by the code of the refusal, or by the sentence.

The manager speaks English. What is in neither table is shown in its words: reasons of PID 1, of files and of addresses.
"""

from __future__ import annotations

from fapws4.console.language import later

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


def said(visit: Visit, refused: device.Refused) -> str:
    """Why the manager refuses."""
    if refused.code in _BY_CODE:
        return visit.text(_BY_CODE[refused.code])
    for sentence in SENTENCES:
        head, place, tail = sentence.partition("{name}")
        name = refused.text.removeprefix(head).removesuffix(tail)
        if refused.text == head + name + tail and bool(name) == bool(place):
            return visit.text(sentence, name=name)
    return refused.text
