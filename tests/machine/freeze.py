"""Hangs a running x86_64 machine for good, through QEMU's door for debuggers: no processor hears an interrupt any more."""

from __future__ import annotations

import socket
from io import BufferedRWPair
from pathlib import Path

RIP, EFLAGS = slice(128, 136), slice(136, 140)  # of the bytes of all registers
DEAF = 0x2.to_bytes(4, "little")  # flags without the one that lets interrupts in
JUMP_TO_ITSELF = bytes.fromhex("ebfe")


def debugger_door(path: Path) -> list[str]:
    """QEMU's arguments for a door at ``path``."""
    return ["-gdb", f"unix:{path},server=on,wait=off"]


def freeze(path: Path) -> None:
    """Go in by that door, let every processor spin where it stands, and go out again."""
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(60)
        door.connect(str(path))
        with door.makefile("rwb") as stream:
            processors = [_ask(stream, "qfThreadInfo")]
            while processors[-1] != "l":
                processors.append(_ask(stream, "qsThreadInfo"))
            for processor in ",".join(answer.removeprefix("m") for answer in processors[:-1]).split(","):
                assert _ask(stream, f"Hg{processor}") == "OK"
                registers = bytearray.fromhex(_ask(stream, "g"))
                registers[EFLAGS] = DEAF
                place = int.from_bytes(registers[RIP], "little")
                assert _ask(stream, f"G{registers.hex()}") == "OK"
                assert _ask(stream, f"M{place:x},{len(JUMP_TO_ITSELF)}:{JUMP_TO_ITSELF.hex()}") == "OK"
            assert _ask(stream, "D") == "OK"


def _ask(stream: BufferedRWPair, command: str) -> str:
    """The answer to one command of GDB's remote protocol."""
    stream.write(f"${command}#{sum(command.encode()) % 256:02x}".encode())
    stream.flush()
    answer = b"T"
    while answer.startswith(b"T"):  # no answer: the machine has stopped because somebody has come in
        _read_to(stream, b"$")
        answer = _read_to(stream, b"#")
        stream.read(2)
        stream.write(b"+")
    return answer.decode()


def _read_to(stream: BufferedRWPair, end: bytes) -> bytes:
    """What comes before the next ``end``."""
    text = b""
    while (byte := stream.read(1)) != end:
        assert byte, "QEMU has closed its door"
        text += byte
    return text
