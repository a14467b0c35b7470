"""The process that answers for the device's name, in a network of its own."""

from __future__ import annotations

from pathlib import Path

from tests.core.init.two_cards import compiled, said_beside

PARTS = ["mdns_process", "mdns", "mdns_sockets", "dns", "netlink", "child", "chance", "loop"]
# Addresses that nobody has to ask for first: the process begins with all of them.
SET_UP = """ip link set eth$i addrgenmode none
    ip link set eth$i up
    ip address add 10.0.2.1$i/24 dev eth$i
    ip address add fe80::1$i/64 dev eth$i nodad"""


def test_two_cards_in_one_network_are_one_device(tmp_path: Path) -> None:
    """It answers for "hello", and prints the number of the name once it has one: it hears on one card what it says on the
    other, and takes that for nobody else's claim to its name."""
    responder = compiled("responder", PARTS, tmp_path)
    assert "1\n" == said_beside(responder, SET_UP)
