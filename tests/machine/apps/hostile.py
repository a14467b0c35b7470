"""An app that tries everything it must not be able to do on a device, and all that must work all the same."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import json
import mmap
import multiprocessing
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fapws4
from fapws4 import device
from fapws4.base import Environ, Start_response

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

# By their numbers on x86_64, each with what would make it succeed for root where that needs no more than numbers.
_CALLS = {
    "ptrace": (101, 16, 1), "mount": (165,), "umount2": (166,), "reboot": (169, 0xFEE1DEAD, 672274793, 0x89ABCDEF),
    "bpf": (321,), "io_uring_setup": (425, 8), "keyctl": (250, 0, -1, 1), "add_key": (248,), "init_module": (175,),
    "finit_module": (313, -1), "delete_module": (176,), "kexec_load": (246,), "kexec_file_load": (320, -1, -1),
    "unshare a user namespace": (272, 0x10000000), "clone a user namespace": (56, 0x10000011), "setns": (308, -1),
    "perf_event_open": (298,), "userfaultfd": (323, 1), "process_vm_readv": (310, 1), "pidfd_getfd": (438, -1),
    "open_by_handle_at": (304, -1), "chroot": (161,), "pivot_root": (155,), "swapon": (167,), "iopl": (172, 3),
    "clock_settime": (227,), "sethostname": (170,), "syslog": (103, 3), "quotactl": (179,), "acct": (163,),
    "setuid": (105, 0), "setresuid": (117, 0, 0, 0), "setgid": (106, 0), "setgroups": (116, 0), "fsopen": (430,),
    "typing on the console": (16, 1, 0x5412), "raw packets": (41, 17, 3, 768), "uevents": (41, 16, 3, 15),
    "vsock": (41, 40, 1, 0), "capset": (126,), "personality": (135, 0x40000),
    "x32": (0x40000000 + 39,),
}  # fmt: skip


def _open(path: str, flags: int) -> Callable[[], None]:
    return lambda: os.close(os.open(path, flags))


def _knock(path: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.connect(path)


def _find_process(word: str) -> None:
    """While there is one of this name."""
    device.Client().status_public()
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        if word in line.read_text():
            return
    raise ProcessLookupError(errno.ESRCH, word)


_FILES = {
    "PID 1's files": lambda: os.listdir("/data/.fapws4"),
    "PID 1's memory": _open("/proc/1/mem", os.O_RDONLY),
    "PID 1's environment": _open("/proc/1/environ", os.O_RDONLY),
    "PID 1's descriptors": lambda: os.listdir("/proc/1/fd"),
    "PID 1 in /proc": lambda: os.stat("/proc/1/status"),
    "a signal to PID 1": lambda: os.kill(1, signal.SIGTERM),
    "the folder of the doors": lambda: os.listdir("/run/fapws4"),
    "PID 1's door": lambda: _knock("/run/fapws4/control"),
    "the manager's sessions": _open("/run/fapws4/sessions", os.O_RDONLY),
    "the manager's door, removed": lambda: os.unlink("/run/fapws4/device"),
    "the manager in /proc": lambda: _find_process("fapws4.manager"),
    "the modules": lambda: os.listdir("/lib"),
    "the disk, reading": _open("/dev/vda", os.O_RDONLY),
    "the disk, writing": _open("/dev/vda", os.O_WRONLY),
    "the memory": _open("/dev/mem", os.O_RDONLY),
    "the kernel's log": _open("/dev/kmsg", os.O_RDONLY),
    "the console": _open("/dev/ttyS0", os.O_RDWR),
    "the watchdog": _open("/dev/watchdog", os.O_WRONLY),
    "the keys": _open("/dev/input/event0", os.O_RDONLY),
    "the disk in PID 1's view": _open("/proc/1/root/dev/vda", os.O_RDONLY),
    "a device in its own /dev": lambda: os.mknod("/dev/disk", 0o660 | 0o060000, os.makedev(254, 0)),
    "a file in its own /dev": lambda: Path("/dev/mine").write_text("x"),
    "a node of everybody's": lambda: os.unlink("/dev/null"),
    "where PID 1 makes its nodes": lambda: os.mknod("/run/dev/disk", 0o660 | 0o020000, os.makedev(1, 1)),
    "a new device": lambda: os.mknod("/tmp/disk", 0o660 | 0o060000, os.makedev(254, 0)),
    "a file of its own in /": lambda: Path("/mine").write_text("x"),
    "its own program": _open("/init", os.O_WRONLY),
    "a program of its own": lambda: _run_a_copy(),
    "sysrq": lambda: Path("/proc/sysrq-trigger").write_text("b"),
    "a switch of the kernel": lambda: Path("/proc/sys/kernel/panic").write_text("0"),
}


def _run_a_copy() -> None:
    """Write the program to where it may write, and start that."""
    with tempfile.NamedTemporaryFile(dir="/data/app", delete=False) as copy:
        copy.write(Path("/init").read_bytes())
    os.chmod(copy.name, 0o700)
    try:
        subprocess.run([copy.name, "--version"], check=True)
    finally:
        os.unlink(copy.name)


def _fails(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "succeeded"


def _in_a_child(call: Callable[[], int]) -> int | str:
    """The answer of a call that may kill its process: a kernel without such calls has a fault in their place."""
    child = os.fork()
    if child == 0:
        os._exit(-call() & 0xFF)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return -code if code >= 0 else signal.Signals(-code).name


def attack(environ: Environ, start_response: Start_response) -> str:
    """What came of each attempt: a call's answer, or an error's name."""
    said: dict[str, Any] = {name: _call(*numbers, *[0] * (6 - len(numbers))) for name, numbers in _CALLS.items()}
    said["a call of 32 bits"] = _in_a_child(lambda: _call_of_32_bits(20, 0))
    said.update({name: _fails(attempt) for name, attempt in _FILES.items()})
    return json.dumps(said)


def _square(number: int) -> int:
    return number * number


def _in_threads() -> list[int]:
    found: list[int] = []
    threads = [threading.Thread(target=lambda number=number: found.append(_square(number))) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)


def _in_a_data_base() -> list[Any]:
    with sqlite3.connect(fapws4.data_dir() / "facts.db") as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("CREATE TABLE IF NOT EXISTS facts (number)")
        base.execute("INSERT INTO facts VALUES (7)")
        return list(base.execute("SELECT max(number) FROM facts").fetchone())


def _spawned() -> list[int]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.map(_square, [2, 3])


async def _over_a_socket() -> str:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"there and back\n")
    text = (await reader.readline()).decode().strip()
    writer.close()
    server.close()
    return text


def work(environ: Environ, start_response: Start_response) -> str:
    """What an honest app does."""
    shared = Path("/dev/shm/word")
    shared.write_text("shared")
    return json.dumps({
        "threads": _in_threads(),
        "data base": _in_a_data_base(),
        "subprocess": subprocess.run([sys.executable, "-c", "print(6*7)"], capture_output=True, text=True, check=True).stdout,
        "spawn": _spawned(),
        "asyncio": asyncio.run(_over_a_socket()),
        "name": socket.gethostbyname("localhost"),
        "shared memory": shared.read_text(),
        "temporary file": tempfile.TemporaryFile().write(b"1234"),
        "who": [os.getuid(), os.getgid(), os.getgroups()],
    })  # fmt: skip


PATHS = [("/attack", attack), ("/work", work)]
