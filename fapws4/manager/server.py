"""Who connects is looked at, and gets a thread; when nobody has come for a while the process ends."""

from __future__ import annotations

import os
import select
import sys
from _socket import SO_PEERCRED, SOL_SOCKET, socket
from sys import byteorder
from threading import BoundedSemaphore, Lock, Thread

from fapws4.device import wire
from fapws4.device.errors import Refused
from fapws4.manager import log_calls, restoration, service
from fapws4.manager.caller import Household, note
from fapws4.manager.clocks import uptime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

MOST_CONNECTIONS = 32
_SILENCE = 10.0  # seconds in which a line has to come, and an answer has to be taken
_CREDENTIALS = 12  # bytes: process, user, group


class Server:
    """Answers whoever connects to ``listener``, if it is one of ``users``; `run` returns after so many idle seconds."""

    def __init__(self, listener: socket, users: Collection[int], idle: float) -> None:
        self._listener, self._users, self._idle = listener, users, idle
        self._household = Household()
        self._places = BoundedSemaphore(MOST_CONNECTIONS)
        self._lock, self._open, self._since = Lock(), 0, uptime()

    def run(self) -> None:
        """Until nobody has been there for a while. Who comes at the end finds the next process."""
        _finish(self._household)
        poll = select.poll()
        poll.register(self._listener.fileno(), select.POLLIN)
        while True:
            self._places.acquire()
            ready = poll.poll(int(min(15.0, self._idle) * 1000))
            door = self._accept() if ready else None
            if door is not None:
                with self._lock:
                    self._open += 1
                Thread(target=self._attend, args=(door,), daemon=True).start()
                continue
            self._places.release()
            with self._lock:
                idle = not ready and not self._open and uptime() - self._since >= self._idle
            if idle and not log_calls.is_followed() and self._household.throttle.is_calm():
                return

    def _accept(self) -> socket | None:
        try:
            descriptor, _ = self._listener._accept()  # type: ignore[attr-defined]
        except OSError:  # it has left already
            return None
        door = socket(fileno=descriptor)
        credentials = door.getsockopt(SOL_SOCKET, SO_PEERCRED, _CREDENTIALS)
        if int.from_bytes(credentials[4:8], byteorder) not in self._users:
            door.close()
            return None
        return door

    def _attend(self, door: socket) -> None:
        try:
            door.settimeout(_SILENCE)
            self._answer_all(door)
        except (OSError, wire.Malformed):  # it has left, is silent, or talks without end
            pass
        finally:
            door.close()
            with self._lock:
                self._open -= 1
                self._since = uptime()
            self._places.release()

    def _answer_all(self, door: socket) -> None:
        incoming = wire.Incoming(door, wire.MOST_REQUEST)
        while found := incoming.line():
            line, given = found
            back = None
            try:
                answer, back = service.serve(self._household, line, given, lambda seconds: _has_gone(door, seconds))
                wire.send(door, wire.written(answer), back)
            finally:
                for descriptor in (given, back):
                    if descriptor is not None:
                        os.close(descriptor)


def _finish(household: Household) -> None:
    """Ends a restore that was cut, before anybody is answered."""
    try:
        if restoration.finish(household):
            note("a restore that was cut has been finished")
    except (Refused, OSError) as error:
        note(f"a restore that was cut cannot be finished: {error}")


def _has_gone(door: socket, seconds: float) -> bool:
    """Waits so long for the other end to be closed."""
    poll = select.poll()
    poll.register(door.fileno(), select.POLLRDHUP)
    return bool(poll.poll(int(seconds * 1000)))


def main() -> None:
    """`python -m fapws4.manager.server DESCRIPTOR IDLE USER...`: a listening unix socket, seconds, and who may connect."""
    from fapws4.manager import table  # noqa: F401 - all handlers are there, or nothing begins

    descriptor, idle, *users = sys.argv[1:]
    Server(socket(fileno=int(descriptor)), {int(user) for user in users}, float(idle)).run()


if __name__ == "__main__":
    main()
