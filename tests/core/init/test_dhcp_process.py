"""The process that sees to an interface's address, in a network of its own."""

from __future__ import annotations

from pathlib import Path

from tests.core.init.two_cards import compiled, said_beside

PARTS = ["dhcp_process", "dhcp_sockets", "dhcp_client", "dhcp", "datagram", "lease", "acd", "arp", "link_local"]
PARTS += ["kernel", "file", "span", "crc32", "child", "chance", "loop"]
# As after a cable was pulled and is back: the address is still there.
SET_UP = """ip link set eth$i up
    ip address add 10.0.2.1$i/24 dev eth$i"""


def test_another_card_of_the_device_is_no_rival(tmp_path: Path) -> None:
    """By itself the kernel answers on every card for the addresses of all, also who asks whether one is taken: eth1's is
    claimed, and what comes of it printed."""
    claimant = compiled("claimant", PARTS, tmp_path)
    # Of the kernel's switches only those of the network are this network's own.
    assert "0a00020b 00000000\n" == said_beside(claimant, SET_UP, "mount -t tmpfs none /proc/sys/kernel")
