"""Attempts to leave the place that a process has on a device, for whoever is taken over: app, manager, recovery pages."""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

# mov rax,rdi; mov rdi,rsi; mov rsi,rdx; mov rdx,rcx; mov r10,r8; mov r8,r9; syscall; ret
_CALL = bytes.fromhex("4889f8 4889f7 4889d6 4889ca 4d89c2 4d89c8 0f05 c3")
# push rbx; mov eax,edi; mov ebx,esi; int 0x80; pop rbx; ret
_CALL_OF_32_BITS = bytes.fromhex("53 89f8 89f3 cd80 5b c3")
_CODE = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
_CODE[0 : len(_CALL)] = _CALL
_CODE[64 : 64 + len(_CALL_OF_32_BITS)] = _CALL_OF_32_BITS
_BASE = ctypes.addressof(ctypes.c_char.from_buffer(_CODE))
_call = ctypes.CFUNCTYPE(ctypes.c_long, *[ctypes.c_long] * 6)(_BASE)
_call_of_32_bits = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int)(_BASE + 64)

_ONE = ctypes.c_long(0)
_NUMBER = ctypes.addressof(_ONE)  # priority 0 of a policy, and no processor: what only the right to it stands before

# By their numbers on x86_64, each with what would make it succeed for root where that needs no more than numbers.
_CALLS: dict[str, tuple[int, ...]] = {
    "ptrace": (101, 16, 1), "mount": (165,), "umount2": (166,), "reboot": (169, 0xFEE1DEAD, 672274793, 0x89ABCDEF),
    "bpf": (321,), "io_uring_setup": (425, 8), "keyctl": (250, 0, -1, 1), "add_key": (248,), "init_module": (175,),
    "finit_module": (313, -1), "delete_module": (176,), "kexec_load": (246,), "kexec_file_load": (320, -1, -1),
    "unshare a user namespace": (272, 0x10000000), "clone a user namespace": (56, 0x10000011), "setns": (308, -1),
    "perf_event_open": (298,), "userfaultfd": (323, 1), "process_vm_readv": (310, 1), "pidfd_getfd": (438, -1),
    "open_by_handle_at": (304, -1), "chroot": (161,), "pivot_root": (155,), "swapon": (167,), "iopl": (172, 3),
    "clock_settime": (227,), "sethostname": (170,), "syslog": (103, 3), "quotactl": (179,), "acct": (163,),
    "setuid": (105, 1), "setresuid": (117, 1, 1, 1), "setgid": (106, 1), "setgroups": (116, 0), "fsopen": (430,),
    "typing on the console": (16, 1, 0x5412), "raw packets": (41, 17, 3, 768), "uevents": (41, 16, 3, 15),
    "vsock": (41, 40, 1, 0), "capset": (126,), "personality": (135, 0x40000),
    "PID 1's limits": (302, 1, 7), "PID 1's share": (141, 0, 1, 19), "PID 1's share of the disk": (251, 1, 1, 0x6007),
    "PID 1's policy": (144, 1, 3, _NUMBER), "PID 1's processors": (203, 1, 8, _NUMBER), "x32": (0x40000000 + 39,),
}  # fmt: skip


def attempt_all(attempts: dict[str, Callable[[], object]], home: str) -> str:
    """What came of each call, of what anybody might try, and of ``attempts``, as JSON: a call's answer, or an error's name.

    ``home`` is a folder of the attacker's own.
    """
    said: dict[str, Any] = {name: call(*numbers) for name, numbers in _CALLS.items()}
    said["a call of 32 bits"] = _in_a_child(lambda: _call_of_32_bits(20, 0))
    tried = {**_FILES, **_in(home), **attempts}
    return json.dumps({**said, **{name: fails(attempt) for name, attempt in tried.items()}})


def call(*numbers: int) -> int:
    """A system call: its number and arguments."""
    return int(_call(*numbers, *[0] * (6 - len(numbers))))


def opening(path: str, flags: int) -> Callable[[], None]:
    """The attempt to open a file."""
    return lambda: os.close(os.open(path, flags))


def knock(path: str) -> None:
    """Connects to a unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.connect(path)


def find_others() -> None:
    """Sees another process than its own in /proc."""
    if {int(path.name) for path in Path("/proc").glob("[0-9]*")} == {os.getpid()}:
        raise ProcessLookupError(errno.ESRCH, "nobody")


def read_memory_of_others() -> None:
    """Opens the memory of any process."""
    _do_to_any_other(lambda process: os.close(os.open(f"/proc/{process}/mem", os.O_RDONLY)))


def signal_others() -> None:
    """Sends any process a signal, the one that changes nothing."""
    _do_to_any_other(lambda process: os.kill(process, 0))


def _do_to_any_other(act: Callable[[int], None]) -> None:
    """To those that began before, whether they are to be seen or not."""
    for process in range(1, os.getpid()):
        try:
            act(process)
        except OSError:
            continue
        return
    raise ProcessLookupError(errno.ESRCH, "to nobody")


def fails(attempt: Callable[[], object]) -> str:
    """The name of the error, or "succeeded"."""
    try:
        attempt()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "succeeded"


_FILES: dict[str, Callable[[], object]] = {
    "PID 1's memory": opening("/proc/1/mem", os.O_RDONLY),
    "PID 1's environment": opening("/proc/1/environ", os.O_RDONLY),
    "PID 1's descriptors": lambda: os.listdir("/proc/1/fd"),
    "PID 1 in /proc": lambda: os.stat("/proc/1/status"),
    "a signal to PID 1": lambda: os.kill(1, signal.SIGTERM),
    "others' memory": read_memory_of_others,
    "a signal to others": signal_others,
    "the modules": lambda: os.listdir("/lib"),
    "the disk, reading": opening("/dev/vda", os.O_RDONLY),
    "the disk, writing": opening("/dev/vda", os.O_WRONLY),
    "the disk, given away": lambda: os.chown("/dev/vda", os.getuid() + 1, 0),
    "the memory": opening("/dev/mem", os.O_RDONLY),
    "the kernel's log": opening("/dev/kmsg", os.O_RDONLY),
    "the console": opening("/dev/ttyS0", os.O_RDWR),
    "the console's mode": lambda: os.chmod("/dev/ttyS0", 0o666),
    "the watchdog": opening("/dev/watchdog", os.O_WRONLY),
    "the keys": opening("/dev/input/event0", os.O_RDONLY),
    "the disk in PID 1's view": opening("/proc/1/root/dev/vda", os.O_RDONLY),
    "a device in its own /dev": lambda: os.mknod("/dev/disk", 0o660 | 0o060000, os.makedev(254, 0)),
    "a file in its own /dev": lambda: Path("/dev/mine").write_text("x"),
    "a node of everybody's": lambda: os.unlink("/dev/null"),
    "a node of everybody's, its mode": lambda: os.chmod("/dev/null", 0),
    "where PID 1 makes its nodes": lambda: os.mknod("/run/dev/disk", 0o660 | 0o020000, os.makedev(1, 1)),
    "where PID 1 makes its nodes, a mode": lambda: os.chmod("/run/dev/null", 0),
    "a file of its own in /": lambda: Path("/mine").write_text("x"),
    "its own program": opening("/init", os.O_WRONLY),
    "its own program's mode": lambda: os.chmod("/init", 0o4755),
    "sysrq": lambda: Path("/proc/sysrq-trigger").write_text("b"),
    "a switch of the kernel": lambda: Path("/proc/sys/kernel/panic").write_text("0"),
    "a switch of the kernel, its mode": lambda: os.chmod("/sys/power/state", 0o666),
    "a switch of the kernel, its owner": lambda: os.chown("/sys/power/state", os.getuid() + 1, 0),
}


def _in(home: str) -> dict[str, Callable[[], object]]:
    """What somebody tries with files of his own."""
    return {
        "a new device": lambda: os.mknod(f"{home}/disk", 0o660 | 0o060000, os.makedev(254, 0)),
        "a program of its own": lambda: _run_a_copy(home),
    }


def _run_a_copy(home: str) -> None:
    """Write the program to where it may write, and start that."""
    with tempfile.NamedTemporaryFile(dir=home, delete=False) as copy:
        copy.write(Path("/init").read_bytes())
    os.chmod(copy.name, 0o700)
    try:
        subprocess.run([copy.name, "--version"], check=True)
    finally:
        os.unlink(copy.name)


def _in_a_child(attempt: Callable[[], int]) -> int | str:
    """The answer of a call that may kill its process: a kernel without such calls has a fault in their place."""
    child = os.fork()
    if child == 0:
        os._exit(-attempt() & 0xFF)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return -code if code >= 0 else signal.Signals(-code).name
