"""The process that sees to an interface's address, in a network of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.build import PID_1, of_pid_1

FILES = ["dhcp_process", "dhcp_sockets", "dhcp_client", "dhcp", "datagram", "lease", "acd", "arp", "link_local"]
FILES += ["kernel", "file", "span", "crc32", "child", "chance", "loop"]
# As after a cable was pulled and is back: the address is still there. Of the kernel's switches only those
# of the network are this network's own.
TWO_CARDS = """set -e
mount -t tmpfs none /run
mkdir /run/empty
mount -t tmpfs none /proc/sys/kernel
ip link add eth0 type veth peer name eth1
for i in 0 1; do
    ip link set eth$i up
    ip address add 10.0.2.1$i/24 dev eth$i
done
for i in 0 1; do
    until ip link show eth$i | grep -q 'state UP'; do :; done
done
exec "$1"
"""


@pytest.fixture(scope="session")
def claimant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Claims eth1's address, and prints what comes of it."""
    program = tmp_path_factory.mktemp("claimant") / "claimant"
    files = [Path(__file__).with_name("claimant.c"), *(of_pid_1(f"{name}.c") for name in FILES)]
    flags = "-std=c11 -g -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -fsanitize=address,undefined"
    subprocess.run(["gcc", *flags.split(), f"-I{PID_1}", *files, "-o", program], check=True)
    return program


def test_another_card_of_the_device_is_no_rival(claimant: Path) -> None:
    """By itself the kernel answers on every card for the addresses of all, also who asks whether one is taken."""
    done = subprocess.run(["unshare", "--net", "--mount", "sh", "-c", TWO_CARDS, "sh", claimant],
                          capture_output=True, text=True, check=True)
    assert "0a00020b 00000000\n" == done.stdout
