"""One update, told to the updater over its socket (core/update/session.h): the only process that writes a slot."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Iterator
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

    `door` leads to the updater and is closed here; `greeting` is the first line, where nobody has said it yet.
    """

    def __init__(self, door: socket, greeting: bytes) -> None:
        self._first = greeting
        self._lines = bytearray()  # what has come and is not read yet
        self._held = b""  # the last block, which goes on when another one follows, or by give_rest
        self._door = door
        self._door.settimeout(_PATIENCE)

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
        except OSError:  # nothing has been said, or it has ended: the next block finds that
            return
        finally:
            self._door.settimeout(_PATIENCE)
        self._lines += block
        if b"refused " in self._lines:
            self._answer()


def install(read: Read, begin: Callable[[], Session], sent: list[str] | None = None) -> str:
    """The outcome of an update whose head and parts come from `read`; of the parts only those that are named in `sent`, in
    order.

    The whole of what is sent is looked at before the last bytes go on, so that nothing is installed of a file that has more
    in it than it says.
    """
    head = read_head(read)
    with begin() as session:
        wanted = session.wants(head)
        sizes = part_sizes(head)
        names = list(sizes) if sent is None else sent
        if not set(wanted) <= set(names) <= set(sizes):
            raise Refused("these are not the parts that this device lacks; ask it again which it wants")
        for name in names:
            if name in wanted:
                session.give(read, sizes[name])
            else:
                _skip(read, sizes[name])
        if read(1):
            raise Refused("there is more in this file than its manifest says")
        session.give_rest()
        return session.outcome()


def reader_of(pieces: Iterator[bytes]) -> Read:
    """Bytes that come in pieces of their own sizes, to be read in others."""
    kept = b""

    def read(count: int) -> bytes:
        nonlocal kept
        while not kept and (piece := next(pieces, None)) is not None:
            kept = piece
        taken, kept = kept[:count], kept[count:]
        return taken

    return read


def _skip(read: Read, count: int) -> None:
    while count:
        count -= len(exactly(read, min(_BLOCK, count)))
