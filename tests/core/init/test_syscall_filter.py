"""The program that decides which system calls an app may make: interpreted here, as the kernel would."""

from __future__ import annotations

import errno
import struct
from typing import Any

import pytest

X86_64, I386 = 0xC000003E, 0x40000003
ALLOW, REFUSE, UNKNOWN = 0x7FFF0000, 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
LOAD, EQUAL, AT_LEAST, ANY_BIT, ANSWER = 0x20, 0x15, 0x35, 0x45, 0x06


def decide(pure: Any, number: int, *arguments: int, architecture: int = X86_64, root: bool = False) -> int:
    """What the filter answers to a call."""
    steps = pure.ffi.new("struct filter_step[]", pure.lib.SYSCALL_FILTER_STEPS)
    length = pure.lib.syscall_filter(pure.lib.SYSCALL_ROOT if root else pure.lib.SYSCALL_OWN_USER, steps)
    call = struct.pack("<IIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    at, loaded = 0, 0
    while True:
        step = steps[at]
        at += 1
        assert at <= length
        if step.code == ANSWER:
            return int(step.value)
        if step.code == LOAD:
            (loaded,) = struct.unpack_from("<I", call, step.value)
            continue
        holds = {EQUAL: loaded == step.value, AT_LEAST: loaded >= step.value, ANY_BIT: bool(loaded & step.value)}[step.code]
        at += step.if_true if holds else step.if_false


CASES = {
    "read": (0, (), ALLOW),
    "mmap": (9, (), ALLOW),
    "execve": (59, (), ALLOW),
    "statx": (332, (), ALLOW),
    "ptrace": (101, (), REFUSE),
    "mount": (165, (), REFUSE),
    "reboot": (169, (), REFUSE),
    "init_module": (175, (), REFUSE),
    "kexec_load": (246, (), REFUSE),
    "keyctl": (250, (), REFUSE),
    "unshare": (272, (), REFUSE),
    "io_uring_enter": (426, (), REFUSE),
    "bpf": (321, (), REFUSE),
    "io_uring_setup": (425, (), UNKNOWN),
    "clone: a thread": (56, (0x3D0F00,), ALLOW),
    "clone: a process": (56, (17,), ALLOW),
    "clone: a user namespace": (56, (0x10000011,), REFUSE),
    "clone: a network namespace": (56, (0x40000000,), REFUSE),
    "clone3": (435, (), UNKNOWN),
    "socket: unix": (41, (1, 1, 0), ALLOW),
    "socket: inet": (41, (2, 1, 0), ALLOW),
    "socket: inet6": (41, (10, 2, 0), ALLOW),
    "socket: routes": (41, (16, 3, 0), ALLOW),
    "socket: the kernel's uevents": (41, (16, 3, 15), REFUSE),
    "socket: packets": (41, (17, 3, 0), REFUSE),
    "socket: vsock": (41, (40, 1, 0), REFUSE),
    "socket: crypto": (41, (38, 5, 0), REFUSE),
    "ioctl: a serial port": (16, (3, 0x5401), ALLOW),
    "ioctl: typing for another": (16, (3, 0x5412), REFUSE),
    "ioctl: the same with a high half": (16, (3, 0x5412 | 1 << 32), REFUSE),
    "prctl: a name": (157, (15,), ALLOW),
    "prctl: capabilities kept": (157, (8, 1), REFUSE),
    "a call of tomorrow": (600, (), UNKNOWN),
    "the last call of today": (462, (), REFUSE),
    "x32": (0x40000000, (), REFUSE),
}


@pytest.mark.parametrize(("number", "arguments", "answer"), CASES.values(), ids=CASES)
def test_calls_are_decided(pure: Any, number: int, arguments: tuple[int, ...], answer: int) -> None:
    """What an app needs is allowed, what belongs to the machine is refused, and what is newer does not exist."""
    assert answer == decide(pure, number, *arguments)


# What differs for a process that is root, as the manager is: what an app is answered, and what it is.
CASES_OF_ROOT = {
    "prlimit64: its own": (302, (0, 7), ALLOW, ALLOW),
    "prlimit64: PID 1's": (302, (1, 7), ALLOW, REFUSE),
    "prlimit64: PID 1's with a high half": (302, (1 | 1 << 32, 7), ALLOW, REFUSE),
    "socket: unix": (41, (1, 1, 0), ALLOW, ALLOW),
    "socket: inet": (41, (2, 1, 0), ALLOW, REFUSE),
    "socket: inet6": (41, (10, 2, 0), ALLOW, REFUSE),
    "socket: routes": (41, (16, 3, 0), ALLOW, REFUSE),
    "read": (0, (), ALLOW, ALLOW),
    "ptrace": (101, (), REFUSE, REFUSE),
}


@pytest.mark.parametrize(("number", "arguments", "app", "root"), CASES_OF_ROOT.values(), ids=CASES_OF_ROOT)
def test_root_has_less(pure: Any, number: int, arguments: tuple[int, ...], app: int, root: int) -> None:
    """Who has PID 1's user id must not change PID 1's limits, and needs no network."""
    assert (app, root) == (decide(pure, number, *arguments), decide(pure, number, *arguments, root=True))


def test_calls_of_32_bits_are_refused(pure: Any) -> None:
    """The same numbers mean other calls there."""
    assert REFUSE == decide(pure, 3, architecture=I386)


def test_every_jump_stays_inside(pure: Any) -> None:
    """Each number ends in an answer: none runs out of the program."""
    for root in (False, True):
        assert {ALLOW, REFUSE, UNKNOWN} == {decide(pure, number, root=root) for number in range(700)}


def test_what_is_refused_has_a_name_in_the_log(pure: Any) -> None:
    """A call that the device's log may show is called by its name; one that nobody thought of by its number."""
    assert [b"ptrace", b"mount"] == [pure.ffi.string(pure.lib.syscall_refused_name(number)) for number in (101, 165)]
    assert pure.ffi.NULL == pure.lib.syscall_refused_name(0)


def test_what_is_answered_as_absent_is_known(pure: Any) -> None:
    """Libraries try such calls first, and a log that showed them would show nothing else."""
    answers = {number: decide(pure, number) for number in range(700)}
    assert [number for number, answer in answers.items() if answer == UNKNOWN] == [
        number for number in answers if pure.lib.syscall_is_absent(number)]
    assert not pure.lib.syscall_is_absent(0x40000000 + 600)
