"""One update, told to the updater over its socket (core/update/session.h): the only process that writes a slot."""

from __future__ import annotations

from _socket import AF_UNIX, SOCK_STREAM, socket

from fapws4.recovery.control import Unreachable, run_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    Read = Callable[[int], bytes]

MAGIC = b"fapws4-bundle 1\n"

_BLOCK = 65536
_MOST_MANIFEST = 65536
_SIGNATURE = 96  # a key and what it signed
_PATIENCE = 600.0  # seconds: a slow card is read back before the last answer


class Refused(Exception):
    """The updater refuses; the text is its sentence."""


class CutShort(Exception):
    """The bundle ends before it is whole."""


def exactly(read: Read, count: int) -> bytes:
    """So many bytes."""
    found = bytearray()
    while len(found) < count:
        block = read(min(_BLOCK, count - len(found)))
        if not block:
            raise CutShort("the update is cut short: it ends before it is whole")
        found += block
    return bytes(found)


def read_head(read: Read) -> bytes:
    """What stands before the parts of a bundle: magic, manifest, signatures. Nothing of it is believed here."""
    head = exactly(read, len(MAGIC))
    if head != MAGIC:
        raise Refused("this file is no update: it does not begin like one")
    size = exactly(read, 4)
    length = int.from_bytes(size, "little")
    if length > _MOST_MANIFEST:
        raise Refused("this file is no update: its manifest is too large")
    manifest = exactly(read, length)
    count = exactly(read, 1)
    return head + size + manifest + count + exactly(read, count[0] * _SIGNATURE)


def part_sizes(head: bytes) -> dict[str, int]:
    """Name and bytes of each part, in order; to be asked only when the updater has verified the head."""
    length = int.from_bytes(head[len(MAGIC) : len(MAGIC) + 4], "little")
    lines = head[len(MAGIC) + 4 : len(MAGIC) + 4 + length].decode().splitlines()
    rows = [line.split() for line in lines if line.startswith("part ")]
    return {name: int(size) for _, name, _, size, _ in rows}


class Session:
    """Use it in a `with` statement: whatever ends the block before the end of the update ends the update.

    `mode` is parts, whole or verify.
    """

    def __init__(self, mode: str, code: str) -> None:
        self._first = f"fapws4-update 1 {mode} {code}\n".encode()
        self._lines = bytearray()  # what has come and is not read yet
        self._held = b""  # the last block, which goes on when another one follows, or by give_rest
        self._door = socket(AF_UNIX, SOCK_STREAM)
        self._door.settimeout(_PATIENCE)
        try:
            self._door.connect(f"{run_folder()}/update")
        except OSError as error:
            self._door.close()
            raise Unreachable(f"this device takes no update just now ({error.strerror}); restart it") from error

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._door.close()

    def wants(self, head: bytes) -> list[str]:
        """Gives the head; the names of the parts that are to follow."""
        self._send(self._first + head)
        return self._answer("want")[1].split()

    def give(self, read: Read, count: int) -> None:
        """Passes so many bytes of a part on; the last ones are held back."""
        while count:
            block = exactly(read, min(_BLOCK, count))
            count -= len(block)
            self.give_rest()
            self._held = block

    def give_rest(self) -> None:
        """What was held back: from here on the updater has all, and may install it."""
        self._send(self._held)
        self._held = b""
        self._look()

    def outcome(self) -> str:
        """The last answer, `installed VERSION COUNTER` or `verified VERSION COUNTER`."""
        return " ".join(self._answer("installed", "verified"))

    def _send(self, data: bytes) -> None:
        try:
            self._door.sendall(data)
        except OSError:  # it has closed, and its reason is here
            self._answer()

    def _answer(self, *expected: str) -> tuple[str, str]:
        """The next line that is none about progress."""
        while True:
            while b"\n" not in self._lines:
                try:
                    block = self._door.recv(4096)
                except OSError:
                    block = b""
                if not block:
                    raise Refused("the device has ended the update without saying why; see its log")
                self._lines += block
            line, _, rest = bytes(self._lines).partition(b"\n")
            self._lines[:] = rest
            word, _, text = line.decode("utf-8", "replace").partition(" ")
            if word == "refused":
                raise Refused(text)
            if word in expected:
                return word, text

    def _look(self) -> None:
        """Takes up what has been said meanwhile, so that the updater never waits for us, and ends early when it refuses."""
        self._door.settimeout(0)
        try:
            block = self._door.recv(4096)
        except BlockingIOError:
            return
        finally:
            self._door.settimeout(_PATIENCE)
        self._lines += block
        if b"refused " in self._lines:
            self._answer()
