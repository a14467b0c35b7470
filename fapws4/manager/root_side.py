"""Questions and orders to PID 1, as root: one line there, its answer back (core/init/owner/control.h)."""

from __future__ import annotations

from _socket import AF_UNIX, SOCK_CLOEXEC, SOCK_STREAM, socket
from threading import BoundedSemaphore

from fapws4.device.errors import Refused
from fapws4.manager import store

_PATIENCE = 90.0  # seconds: a wrong claim code takes up to 60
_AT_ONCE = BoundedSemaphore(4)  # of the eight callers that PID 1 hears: the others are the recovery pages'


def ask(*words: str) -> str:
    """What PID 1 answers to a line of these words. Refused with its sentence when it refuses."""
    line = " ".join(words)
    if not line.isprintable():  # a second line would be a second order
        raise Refused("invalid", "there are characters in this that no setting has")
    with _AT_ONCE:
        text = _exchange(line)
    if text.startswith("refused"):
        raise Refused("refused", text.removeprefix("refused").strip() or "the device gives no reason")
    return text


def order(*words: str) -> str:
    """As `ask`, for what is to be done: the words behind the `ok` of the answer."""
    answer = ask(*words)
    first, _, rest = answer.strip().partition(" ")
    if first != "ok":
        raise Refused("unavailable", "the device gave no answer; try again")
    return rest


def facts() -> list[tuple[str, str]]:
    """What PID 1 says of the device (core/init/owner/status.h); a key may be there more than once."""
    pairs = (line.partition(" ") for line in ask("status").splitlines())
    return [(key, value) for key, _, value in pairs]


def first(pairs: list[tuple[str, str]], key: str) -> str:
    """The first value of a key; empty without one."""
    return next((value for name, value in pairs if name == key), "")


def every(pairs: list[tuple[str, str]], key: str) -> list[str]:
    """All values of a key."""
    return [value for name, value in pairs if name == key]


def _exchange(line: str) -> str:
    answer = bytearray()
    door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC)
    try:
        door.settimeout(_PATIENCE)
        door.connect(f"{store.run_folder()}/control")
        door.sendall(line.encode() + b"\n")
        while block := door.recv(65536):
            answer += block
    except OSError as error:
        raise Refused("unavailable", f"the device does not answer ({error.strerror or error}); try again") from error
    finally:
        door.close()
    return answer.decode("utf-8", "replace")
