"""PID 1's door for the recovery pages: what is answered at once, what takes the claim code, and how long a wrong one takes."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator
from typing import Any

import pytest

CODE = b"7HRT-22KX"
MINUTE_MS = 60_000


class Door:
    """A control over a real socket, and a loop that is turned by hand."""

    def __init__(self, pure: Any, listener: socket.socket) -> None:
        self.pure, self.place = pure, listener.getsockname()
        self.words: list[bytes] = []
        ffi = pure.ffi
        self.loop, self.control, self.claim = (ffi.new(f"struct {name} *") for name in ("loop", "control", "claim"))
        self.text = ffi.new("char[]", b"answer\n" * 4000)
        rights = {b"log": pure.lib.VERB_OPEN, b"restart": pure.lib.VERB_CLAIMED, b"power-off": pure.lib.VERB_ROOT,
                  b"claim-check": pure.lib.VERB_CHECK, b"log-wait": pure.lib.VERB_ROOT}
        self.names = [ffi.new("char[]", name) for name in rights]
        self.verbs = ffi.new("struct verb[6]", [
            [name, right, pure.lib.act] for name, right in zip(self.names, rights.values(), strict=True)])
        self.verbs[4].due = pure.lib.due
        self.is_due = False
        ffi.def_extern(name="act")(self._act)
        ffi.def_extern(name="due")(lambda _order: self.is_due)
        pure.lib.loop_init(self.loop)
        code, _block = pure.span(CODE)
        assert pure.lib.claim_read(self.claim, code[0])
        pure.lib.control_open(self.control, self.loop, listener.fileno(), self.verbs, self.claim, ffi.NULL)
        self.are_root(False)

    @property
    def acted(self) -> int:
        """How many orders were obeyed."""
        return len(self.words)

    def are_root(self, root: bool) -> None:
        """Whether who calls from here counts as root."""
        self.control.root = os.getuid() if root else os.getuid() + 1

    def _act(self, order: Any) -> Any:
        self.words.append(self.pure.text(order.words))
        return {"start": self.text, "length": len(self.text) - 1}

    def call(self, line: bytes = b"") -> socket.socket:
        """A caller who has connected and said this."""
        caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        caller.connect(self.place)
        caller.sendall(line)
        return caller

    def turn(self) -> None:
        """One turn of the loop, in which nobody is let go because this machine was slow."""
        for caller in self.control.callers:
            if caller.patience.due_ms and not caller.wrong and caller.held == self.pure.ffi.NULL:
                self.pure.lib.loop_set(self.loop, self.pure.ffi.addressof(caller, "patience"), MINUTE_MS)
        self.pure.lib.loop_turn(self.loop)

    def answer(self, caller: socket.socket, turns: int = 50) -> bytes:
        """What a caller is told, until the door is closed to it."""
        received = b""
        with caller:
            for _ in range(turns):
                if not select.select([caller], [], [], 0)[0]:
                    self.turn()
                    continue
                block = caller.recv(65536)
                if not block:
                    return received
                received += block
        raise AssertionError(f"no end of the answer: {received!r}")

    def hurry(self) -> None:
        """All that is waited for is due now."""
        for caller in self.control.callers:
            if caller.patience.due_ms:
                self.pure.lib.loop_set(self.loop, self.pure.ffi.addressof(caller, "patience"), 0)
        self.pure.lib.loop_turn(self.loop)


@pytest.fixture
def door(pure: Any) -> Iterator[Door]:
    """Nobody has called yet."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind("\0" + "control-test")
        listener.listen()
        listener.setblocking(False)
        yield Door(pure, listener)


def test_an_answer_is_whole_and_the_last(door: Door) -> None:
    """As long as it may be, also when the line comes in pieces."""
    assert b"answer\n" * 4000 == door.answer(door.call(b"log\n"))
    caller = door.call(b"lo")
    door.turn()
    door.turn()
    caller.sendall(b"g\nrestart 7HRT-22KX\n")
    assert b"answer\n" * 4000 == door.answer(caller)
    assert 2 == door.acted


@pytest.mark.parametrize("line", [b"restart 7HRT-22KX\n", b"restart 7hrt22kx\n", b"restart   7HRT 22KX\n"])
def test_the_right_code(door: Door, line: bytes) -> None:
    """As people type it."""
    assert door.answer(door.call(line)).startswith(b"answer")
    assert 1 == door.acted


@pytest.mark.parametrize("line", [b"restart\n", b"restart \n", b"restart 7HRT-22K\n", b"restart 7HRT-22KX1\n"])
def test_a_wrong_code_waits(door: Door, line: bytes) -> None:
    """Longer with each one; others are answered meanwhile, and the right code never waits."""
    for wait in (1000, 2000, 4000):
        caller = door.call(line)
        before = door.pure.lib.loop_now()
        while not any(one.wrong and one.fd >= 0 for one in door.control.callers):
            door.turn()
        [due] = [one.patience.due_ms for one in door.control.callers if one.wrong and one.fd >= 0]
        assert due - door.pure.lib.loop_now() <= wait <= due - before
        assert door.answer(door.call(b"log\n")).startswith(b"answer")
        door.hurry()
        assert b"refused the claim code is wrong\n" == door.answer(caller)
    assert 3 == door.acted
    assert door.answer(door.call(b"restart 7HRT-22KX\n")).startswith(b"answer")


def test_root_needs_no_code(door: Door) -> None:
    """And what it says behind the verb is heard; of others it is not."""
    assert door.answer(door.call(b"log and more\n")).startswith(b"answer")
    door.are_root(True)
    for line in (b"log\n", b"restart\n", b"restart now  please\n", b"power-off " + b"x" * 8000 + b"\n"):
        assert door.answer(door.call(line)).startswith(b"answer")
    assert [b"", b"", b"", b"now  please", b"x" * 8000] == [words.lstrip() for words in door.words]


@pytest.mark.parametrize("line", [b"power-off\n", b"power-off 7HRT-22KX\n", b"claim-check\n", b"claim-check 7HRT-22KX\n"])
def test_what_only_root_may_order(door: Door, line: bytes) -> None:
    """No code helps, and it is no way to find one out: a guess is neither told nor counted."""
    assert b"refused this is not yours to order\n" == door.answer(door.call(line))
    assert (0, 0) == (door.acted, door.claim.wrong)


def test_a_code_can_be_checked(door: Door) -> None:
    """By root: for somebody else, so it takes as long as everywhere when it is wrong."""
    door.are_root(True)
    assert door.answer(door.call(b"claim-check 7hrt 22kx\n")).startswith(b"answer")
    wrong = door.call(b"claim-check 7HRT-22KY\n")
    while not any(one.wrong and one.fd >= 0 for one in door.control.callers):
        door.turn()
    door.hurry()
    assert b"refused the claim code is wrong\n" == door.answer(wrong)
    assert (1, 1) == (door.acted, door.claim.wrong)


def held(door: Door) -> list[Any]:
    """Who waits for an answer that is not due."""
    return [one for one in door.control.callers if one.fd >= 0 and one.held != door.pure.ffi.NULL]


def test_an_answer_that_comes_later(door: Door) -> None:
    """When it is due, or after half a minute; who leaves meanwhile leaves a place, and a fifth one is answered at once."""
    door.are_root(True)
    waiting = [door.call(b"log-wait 7\n") for _ in range(4)]
    before = door.pure.lib.loop_now()
    while len(held(door)) < 4:
        door.turn()
    assert all(one.patience.due_ms - door.pure.lib.loop_now() <= 30_000 <= one.patience.due_ms - before for one in held(door))
    door.pure.lib.control_look(door.control)
    assert door.answer(door.call(b"log-wait 7\n")).startswith(b"answer")
    waiting.pop().close()
    while len(held(door)) > 3:
        door.turn()
    door.hurry()
    assert all(door.answer(caller).startswith(b"answer") for caller in waiting)
    assert 4 == door.acted
    again = door.call(b"log-wait 9\n")
    while not held(door):
        door.turn()
    door.is_due = True
    door.pure.lib.control_look(door.control)
    assert door.answer(again).startswith(b"answer")
    assert (b" 9", []) == (door.words[-1], held(door))


@pytest.mark.parametrize("objection", [b"", b"refused not now\n"], ids=["begun", "refused"])
def test_what_takes_a_while_is_begun(door: Door, objection: bytes) -> None:
    """Once, before it is asked whether it is done; what cannot be begun is answered with the reason."""
    begun: list[bytes] = []
    said = door.pure.ffi.new("char[]", objection)

    def begin(order: Any) -> Any:
        begun.append(door.pure.text(order.words))
        return {"start": said, "length": len(objection)}

    door.pure.ffi.def_extern(name="begin")(begin)
    door.verbs[4].begin = door.pure.lib.begin
    door.are_root(True)
    caller = door.call(b"log-wait 7\n")
    while not begun:
        door.turn()
    door.pure.lib.control_look(door.control)
    assert (not objection) == bool(held(door))
    door.is_due = True
    door.pure.lib.control_look(door.control)
    assert door.answer(caller).startswith(objection or b"answer")
    assert ([b" 7"], 0 if objection else 1) == (begun, door.acted)


@pytest.mark.parametrize("line", [b"x\n", b"\n", b"logs\n", b"lo\n", b"\0\n"])
def test_what_is_no_order(door: Door, line: bytes) -> None:
    """It is said."""
    assert b"refused there is no such order\n" == door.answer(door.call(line))
    assert 0 == door.acted


def test_callers_that_say_nothing(door: Door) -> None:
    """They are let go: one that says too much, one that leaves, and those that wait for the others to be tired."""
    assert b"" == door.answer(door.call(b"x" * 49152))
    leaving = door.call(b"log")
    leaving.shutdown(socket.SHUT_WR)
    assert b"" == door.answer(leaving)
    places = len(door.control.callers)
    silent = [door.call() for _ in range(places)]
    while sum(caller.fd >= 0 for caller in door.control.callers) < places:
        door.turn()
    late = door.call(b"log\n")
    door.hurry()
    assert [b""] * places == [door.answer(caller) for caller in silent]
    assert door.answer(late).startswith(b"answer")
