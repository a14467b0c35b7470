"""A process of PID 1 on a device with two cards in one network, which is a network of its own here."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.build import PID_1, of_pid_1

# {set_up} is done to each card, of the number $i, and {first} before there is any.
_TWO_CARDS = """set -e
mount -t tmpfs none /run
mkdir /run/empty
{first}
ip link add eth0 type veth peer name eth1
for i in 0 1; do
    {set_up}
done
for i in 0 1; do
    until ip link show eth$i | grep -q 'state UP'; do :; done
done
exec "$1"
"""
_FLAGS = "-std=c11 -g -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -fsanitize=address,undefined"


def compiled(main: str, parts: Iterable[str], folder: Path) -> Path:
    """A program with the sanitizers: a C file of this folder, and those parts of PID 1."""
    program = folder / main
    files = [Path(__file__).with_name(f"{main}.c"), *(of_pid_1(f"{name}.c") for name in parts)]
    subprocess.run(["gcc", *_FLAGS.split(), f"-I{PID_1}", *files, "-o", program], check=True)
    return program


def said_beside(program: Path, set_up: str, first: str = "") -> str:
    """What it prints."""
    script = _TWO_CARDS.format(first=first, set_up=set_up)
    done = subprocess.run(["unshare", "--net", "--mount", "sh", "-c", script, "sh", program],
                          capture_output=True, text=True, check=True)
    return done.stdout
