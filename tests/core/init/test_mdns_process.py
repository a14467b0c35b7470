"""The process that answers for the device's name, in a network of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.build import PID_1, of_pid_1

FILES = ["mdns_process", "mdns", "mdns_sockets", "dns", "netlink", "child", "chance", "loop"]
# Addresses that nobody has to ask for first: the process begins with all of them.
TWO_CARDS = """set -e
mount -t tmpfs none /run
mkdir /run/empty
ip link add eth0 type veth peer name eth1
for i in 0 1; do
    ip link set eth$i addrgenmode none
    ip link set eth$i up
    ip address add 10.0.2.1$i/24 dev eth$i
    ip address add fe80::1$i/64 dev eth$i nodad
done
for i in 0 1; do
    until ip link show eth$i | grep -q 'state UP'; do :; done
done
exec "$1"
"""


@pytest.fixture(scope="session")
def responder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answers for "hello", and prints the number of the name once it has one."""
    program = tmp_path_factory.mktemp("responder") / "responder"
    files = [Path(__file__).with_name("responder.c"), *(of_pid_1(f"{name}.c") for name in FILES)]
    flags = "-std=c11 -g -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -fsanitize=address,undefined"
    subprocess.run(["gcc", *flags.split(), f"-I{PID_1}", *files, "-o", program], check=True)
    return program


def test_two_cards_in_one_network_are_one_device(responder: Path) -> None:
    """It hears on one card what it says on the other, and takes that for nobody else's claim to its name."""
    done = subprocess.run(["unshare", "--net", "--mount", "sh", "-c", TWO_CARDS, "sh", responder],
                          capture_output=True, text=True, check=True)
    assert "1\n" == done.stdout
