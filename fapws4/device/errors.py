"""How a call fails."""

from __future__ import annotations

# Every code that a refusal may have, with what it stands for.
CODES = {
    "no-session": "nobody is logged in by this session or token: there is none, or it has ended",
    "forbidden": "the role does not allow this",
    "password": "the name or the password is wrong",
    "claim-code": "the claim code is wrong",
    "invalid": "an argument is none that the call takes",
    "unknown": "there is no such call",
    "version": "the other side speaks another version",
    "conflict": "what is there already, or is going on, does not allow it",
    "absent": "what is named is not there",
    "busy": "too much is going on; it can be tried again",
    "refused": "the device refuses; the text says why",
    "unavailable": "the part of the device that would do it does not answer",
    "damaged": "a file of the device cannot be read",
    "internal": "a fault of the manager; its log says which",
}


class Refused(Exception):
    """A call was not done. `code` is for programs, `text` a sentence for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


class Absent(Exception):
    """There is no manager to ask: this machine is no device of fapws4, or its program was built without one."""
