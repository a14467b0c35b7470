"""What follows from what a courier says, and when: an offer, an answer, the end; and what it may not say."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.build import PID_1, of_pid_1

WAIT, ASK, INSTALL, RESET, TELL, QUIT = range(6)
OFFER = b"offer 8 2.0+rc.1 meter 2.update"


class Courier:
    """One that has just begun to look."""

    def __init__(self, pure: Any, automatic: bool = False, failed: bytes = b"") -> None:
        self.pure = pure
        self.state, self.failed = pure.ffi.new("struct courier_state *"), pure.ffi.new("char[]", failed)
        self.begin(automatic)

    def begin(self, automatic: bool = False) -> None:
        """It begins to look, again."""
        self.pure.lib.courier_state_begin(self.state, automatic, self.failed)

    def hear(self, packet: bytes) -> int:
        """What follows from a packet."""
        span, _block = self.pure.span(packet)
        return int(self.pure.lib.courier_state_hear(self.state, span[0]))

    def agree(self) -> int:
        """What follows when somebody wants it."""
        return int(self.pure.lib.courier_state_agree(self.state))

    def lose(self) -> int:
        """What follows when the process or the stick is gone."""
        return int(self.pure.lib.courier_state_lose(self.state))

    def text(self, field: str = "text") -> str:
        """One of its texts."""
        return str(self.pure.ffi.string(getattr(self.state, field)).decode())


def test_nothing_happens_until_somebody_agrees(pure: Any) -> None:
    """The version and where it is are known; then it is installed, once."""
    courier = Courier(pure)
    assert WAIT == courier.agree()
    assert ASK == courier.hear(OFFER)
    assert (8, "2.0+rc.1", "meter 2.update") == (courier.state.counter, courier.text("version"), courier.text("where"))
    assert INSTALL == courier.agree()
    assert WAIT == courier.agree()
    assert TELL == courier.hear(b"installed 2.0+rc.1 8")
    assert "version 2.0+rc.1 is installed" == courier.text()
    assert (WAIT, WAIT) == (courier.lose(), courier.agree())


def test_by_itself(pure: Any) -> None:
    """Nobody is asked; a refusal is told with what was refused."""
    courier = Courier(pure, automatic=True)
    assert INSTALL == courier.hear(OFFER)
    assert TELL == courier.hear(b"refused another update is running")
    assert "meter 2.update is refused: another update is running" == courier.text()


@pytest.mark.parametrize(("failed", "act"), [
    (b"version 2.0+rc.1 has not passed its trial: it hangs", ASK), (b"version 2.0 has not passed its trial: no", INSTALL),
    (b"version 2.0+rc.10 has not passed its trial: no", INSTALL), (b"", INSTALL)])
def test_a_version_that_has_failed_is_not_tried_again_by_itself(pure: Any, failed: bytes, act: int) -> None:
    """Or it would be for ever; somebody may want it to."""
    courier = Courier(pure, automatic=True, failed=failed)
    assert act == courier.hear(OFFER)
    assert (INSTALL if act == ASK else WAIT) == courier.agree()


def test_what_was_seen_is_kept(pure: Any) -> None:
    """From one look to the next."""
    courier = Courier(pure)
    assert (WAIT, QUIT) == (courier.hear(b"seen sha256:12"), courier.hear(b"nothing "))
    courier.begin()
    assert (ASK, "sha256:12") == (courier.hear(OFFER), courier.text("seen"))


def test_nothing_there(pure: Any) -> None:
    """Without a reason nobody need know."""
    assert QUIT == Courier(pure).hear(b"nothing ")
    courier = Courier(pure)
    assert TELL == courier.hear(b"nothing old.update: the bundle is older")
    assert "old.update: the bundle is older" == courier.text()


@pytest.mark.parametrize(("before", "act", "said"), [
    ([], QUIT, ""),
    ([OFFER], TELL, "meter 2.update is gone"),
    ([OFFER, b""], TELL, "meter 2.update is gone before it was read to its end; nothing is changed"),
])
def test_the_stick_is_pulled(pure: Any, before: list[bytes], act: int, said: str) -> None:
    """At any time; it is said where somebody may wonder."""
    courier = Courier(pure)
    for packet in before:
        if packet:
            courier.hear(packet)
        else:
            courier.agree()
    assert (act, said, WAIT) == (courier.lose(), courier.text(), courier.lose())


@pytest.mark.parametrize("packet", [b"reset 0", b"reset ", b"reset 01", b"reset -1", b"reset 4294967296", b"reset 7 8"])
def test_a_factory_reset(pure: Any, packet: bytes) -> None:
    """It is ordered while the courier looks, by a stick with a number, and is all that the stick is for."""
    courier = Courier(pure)
    courier.state.resets = True
    assert (RESET, 4294967295, WAIT) == (courier.hear(b"reset 4294967295"), courier.state.stick, courier.agree())
    courier.begin()
    assert (TELL, WAIT) == (courier.hear(packet), courier.lose())
    courier.begin()
    assert (ASK, TELL) == (courier.hear(OFFER), courier.hear(b"reset 7"))


@pytest.mark.parametrize("packet", [
    b"reset 7",
    b"", b"\0", b"offer", b"offer ", b"offer 8", b"offer 8 2.0", b"offer 8 2.0 ", b"offer x 2.0 a", b"offer 08 2.0 a",
    b"offer -8 2.0 a", b"offer 9223372036854775808 2.0 a", b"offer 8 " + b"v" * 64 + b" a", b"offer 8 2.0\n a",
    b"offer  8 2 a", b"installed 2.0 8", b"refused no", b"install", b"nothing",
])
def test_what_may_not_be_said_while_it_looks(pure: Any, packet: bytes) -> None:
    """It ends there, whatever it says later."""
    courier = Courier(pure)
    assert (TELL, "what looks for updates has said what it may not") == (courier.hear(packet), courier.text())
    assert (WAIT, TELL) == (courier.agree(), courier.hear(OFFER))


@pytest.mark.parametrize("packet", [OFFER, b"nothing ", b"installed", b"installed 2.0", b"installed 2.0 8 9", b"installed 8"])
def test_what_may_not_be_said_while_it_installs(pure: Any, packet: bytes) -> None:
    """Least of all that something else was installed."""
    courier = Courier(pure, automatic=True)
    courier.hear(OFFER)
    assert (TELL, "what looks for updates has said what it may not") == (courier.hear(packet), courier.text())


def test_only_what_can_be_shown_is_shown(pure: Any) -> None:
    """Names of files are whatever somebody has put on a stick: no control characters, and cut to the room there is."""
    courier = Courier(pure)
    courier.hear(b"offer 8 2.0 \x1b[2J\xc3\xa4" + b"n" * 300)
    assert "?[2J??" + "n" * 121 == courier.text("where")
    courier.agree()
    courier.hear(b"refused " + b"\x07" * 600)
    assert 511 == len(courier.text())


@pytest.fixture(scope="session")
def last_packets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A courier that has ended before a word of it was read."""
    program = tmp_path_factory.mktemp("courier") / "last_packets"
    files = [of_pid_1(f"{name}.c") for name in ("courier", "courier_state", "../update/text", "child", "loop", "span")]
    flags = "-std=c11 -g -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -fsanitize=address,undefined"
    source = Path(__file__).with_name("last_packets.c")
    subprocess.run(["gcc", *flags.split(), f"-I{PID_1}", source, *files, "-o", program], check=True)
    return program


def test_all_that_one_has_said_before_its_end_is_heard(last_packets: Path) -> None:
    """However many packets: what it came to is in the last one."""
    done = subprocess.run([last_packets], capture_output=True, text=True, check=True)
    assert "tell sha256:12 no version is newer\n" == done.stdout
