"""The courier (core/init/updates/courier_state.h) that looks into a registry: an unprivileged process of PID 1.

    python -c "from fapws4.fetch.courier import main; main()" REGISTRY/REPOSITORY:TAG CERTIFICATES PRODUCT BOARD COUNTER SEEN

CERTIFICATES is a file, or "-" for plain http; SEEN the digest of the manifest that was looked at last in vain, or "-".
Descriptor 3 leads to PID 1. What it reads of a bundle's manifest here only saves the way: the updater verifies all of it.
"""

from __future__ import annotations

import json
import socket
import sys

from fapws4.fetch.registry import Registry, Trouble, trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ARTIFACT = "application/vnd.fapws4.update.v1"
_MAGIC = b"fapws4-bundle 1\n"
_PACKETS = 3
_NOTHING = "nothing there is no newer version"
_MOST_PACKET = 500  # bytes


class Head:
    """The beginning of a bundle, and what its manifest says."""

    def __init__(self, data: bytes) -> None:
        length = int.from_bytes(data[len(_MAGIC) : len(_MAGIC) + 4], "little")
        lines = data[len(_MAGIC) + 4 :][:length].decode("ascii").splitlines()
        pairs = [line.partition(" ")[::2] for line in lines]
        self.data, self.says = data, dict(pairs)
        self.parts = {name: (f"sha256:{digest}", int(size))
                      for name, _, size, digest in (rest.split() for word, rest in pairs if word == "part")}


def main() -> None:
    """Looks once, and hands over what there is when it is told to."""
    packets = socket.socket(fileno=_PACKETS)
    reference, certificates, product, board, counter, seen = sys.argv[1:]
    host, _, rest = reference.partition("/")
    repository, _, tag = rest.rpartition(":")
    try:
        registry = Registry(host, repository, None if certificates == "-" else trust(certificates))
        digest = registry.digest(tag)
        head = None if digest == seen else _head(registry, digest)
        if head is None:
            _say(packets, _NOTHING)
        elif head.says["product"] != product or head.says["board"] != board or int(head.says["counter"]) <= int(counter):
            _say(packets, f"seen {digest}")
            _say(packets, _NOTHING)
        else:
            _say(packets, f"offer {head.says['counter']} {head.says['version']} {reference}")
            _hand_over(packets, registry, head)
    except (Trouble, OSError) as error:
        _say(packets, f"nothing {error}")
    except (ValueError, KeyError, TypeError, RecursionError):
        _say(packets, f"nothing {reference} is not an update of this kind")


def _head(registry: Registry, digest: str) -> Head:
    table = json.loads(registry.manifest(digest))
    if not isinstance(table, dict) or table.get("artifactType") != _ARTIFACT:
        raise ValueError(table)
    return Head(registry.blob(table["config"]["digest"]))


def _hand_over(packets: socket.socket, registry: Registry, head: Head) -> None:
    """Waits until PID 1 gives the connection to the updater, and is its client (core/update/session.h)."""
    _, descriptors, _, _ = socket.recv_fds(packets, 1, 1)
    if not descriptors:
        return
    with socket.socket(fileno=descriptors[0]) as session:
        try:
            answer = _send(session, registry, head)
        except Trouble as trouble:
            answer = f"refused {trouble}; what is missing is asked for at the next look"
        _say(packets, answer)


def _send(session: socket.socket, registry: Registry, head: Head) -> str:
    """The updater's last line."""
    lines = session.makefile("rb")
    _give(session, [b"fapws4-update 1 parts -\n", head.data])
    first = _line(lines)
    if first.startswith("want "):
        for name in first.split()[1:]:
            if not _give(session, registry.pieces(*head.parts[name])):
                break
        first = _line(lines)
    return first or "refused the updater of this device has ended"


def _give(session: socket.socket, pieces: Iterable[bytes]) -> bool:
    """False when the updater takes no more: it has said why."""
    try:
        for piece in pieces:
            session.sendall(piece)
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True


def _line(lines: Iterable[bytes]) -> str:
    """The next line that is none about progress; "" at the end."""
    said = (line.decode("ascii", "replace").rstrip("\n") for line in lines)
    return next((line for line in said if not line.startswith("progress ")), "")


def _say(packets: socket.socket, text: str) -> None:
    packets.send(text.encode("ascii", "replace")[:_MOST_PACKET])


__all__: Sequence[str] = ["main"]
