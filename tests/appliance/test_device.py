"""Updates to devices: whom a claim code is told, what travels, and what a person is told. The device is its recovery process,
under this machine's Python, with a root side that the test plays."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.common.errors import Problem
from appliance.updating.device import Address, Device, address_in, known_device, normal_fingerprint, until_it_runs
from appliance.updating.device_update import claim_code, update_device, verify_on_device
from tests.appliance.cases import problem
from tests.fapws4.conftest import place_of
from tests.fapws4.root_side import CODE, RootSide, bundle, root_side
from tests.http.certificates import Pair, make_pair
from tests.http.conftest import Server, command, end_server, program, start_server

__all__ = ["command", "program"]  # fixtures

STRANGER = "00:" * 31 + "00"


@pytest.fixture(scope="module")
def side() -> Iterator[RootSide]:
    """One root side for all tests; `server` makes it as new."""
    with root_side() as running:
        yield running


@pytest.fixture(scope="module")
def running(command: object, side: RootSide, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Pair]]:
    """The recovery process, and its certificate."""
    folder = tmp_path_factory.mktemp("device")
    pair = make_pair(folder, "device")
    server = start_server(command, folder, None, "-m", "fapws4.recovery.pages", *pair.words,  # type: ignore[arg-type]
                          environment={"FAPWS_RUN": str(side.folder)})
    yield server, pair
    end_server(server)


@pytest.fixture
def address(
    running: tuple[Server, Pair], side: RootSide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Address:
    """Where it is; nothing is known of it yet."""
    side.__init__(side.folder)  # type: ignore[misc]
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Address(*place_of(running[0]))


@pytest.fixture
def device(address: Address) -> Device:
    """Known by what it shows."""
    questions: list[str] = []
    return known_device(address, "", lambda question: not questions.append(question))  # type: ignore[func-returns-value]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A bundle."""
    path = tmp_path / "meter.update"
    path.write_bytes(bundle())
    return path


@pytest.mark.parametrize(("target", "found"), [
    ("https://192.168.7.20", Address("192.168.7.20", 8443)), ("https://gate.local:1234/", Address("gate.local", 1234)),
    ("192.168.7.20", Address("192.168.7.20", 8443)), ("gate.local:1234", Address("gate.local", 1234)),
    ("https://[fe80::1]:99", Address("fe80::1", 99)), ("dist/hello/hello-pc.img", None), ("hello-pc.img", None)])
def test_devices_and_images(target: str, found: Address | None) -> None:
    """What is meant by a word."""
    assert found == address_in(target)


@pytest.mark.parametrize(("target", "said"), [
    ("http://192.168.7.20", ("http://192.168.7.20 is not safe: a claim code must not travel in the clear: "
                             "say https://192.168.7.20")),
    ("https://gate/x", ("https://gate/x is neither an image nor a device: name a file, or a device like "
                        "https://192.168.7.20:8443")),
    ("gate:99999", "gate:99999 is neither an image nor a device: name a file, or a device like https://192.168.7.20:8443")])
def test_what_is_neither(target: str, said: str) -> None:
    """It is said, and what to say."""
    assert said == problem(lambda: address_in(target))


def test_a_file_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is there is an image."""
    monkeypatch.chdir(tmp_path)
    Path("gate.local").touch()
    assert address_in("gate.local") is None


@pytest.mark.parametrize("text", ["ab" * 32, "AB:" * 31 + "AB", "sha256:" + "AB" * 32, " ab ab" + "ab" * 30])
def test_fingerprints_as_people_copy_them(text: str) -> None:
    """With colons or without."""
    assert "AB:" * 31 + "AB" == normal_fingerprint(text)


@pytest.mark.parametrize("text", ["", "ab" * 31, "ab" * 33, "xy" * 32])
def test_what_is_no_fingerprint(text: str) -> None:
    """It is refused before anything is asked."""
    with pytest.raises(Problem):
        normal_fingerprint(text)


def test_a_device_is_known_from_the_first_time_on(address: Address, tmp_path: Path) -> None:
    """The person is asked once; who does not agree, or is not there, sends nothing."""
    asked: list[str] = []
    assert "nothing was sent" in problem(lambda: known_device(address, "", lambda _: False))
    first = known_device(address, "", lambda question: not asked.append(question))  # type: ignore[func-returns-value]
    again = known_device(address, "", lambda question: not asked.append(question))  # type: ignore[func-returns-value]
    assert 1 == len(asked)
    assert first.fingerprint in asked[0]
    assert (first.fingerprint, f"{address} {first.fingerprint}\n") == (
        again.fingerprint, (tmp_path / "config/fapws4/devices").read_text())


def test_a_stranger_is_told_nothing(address: Address, side: RootSide, file: Path, tmp_path: Path) -> None:
    """Neither the code nor a question, whether it is one from the beginning or has become one since; and it is not kept."""
    said = f"and {STRANGER} was expected"
    assert said in problem(lambda: known_device(address, STRANGER, lambda _: True))
    assert not (tmp_path / "config/fapws4/devices").exists()
    stranger = Device(address, STRANGER)
    for act in (lambda: update_device(stranger, file, CODE), lambda: verify_on_device(stranger, file, CODE)):
        assert said in problem(act)
    assert ([], []) == (side.modes, side.orders)


def test_only_what_is_wanted_travels(device: Device, side: RootSide, file: Path) -> None:
    """The head twice, and the parts that the device lacks."""
    sent = update_device(device, file, CODE)
    assert ("2.0", file.stat().st_size) == (sent.version, sent.whole)
    assert sent.whole - 75_000 == sent.bytes
    assert ["parts", "parts"] == side.modes
    assert 1 == len(side.taken)


def test_verifying_sends_all_and_installs_nothing(device: Device, side: RootSide, file: Path) -> None:
    """As the device would look at it."""
    verify_on_device(device, file, CODE)
    assert ["verify"] == side.modes


@pytest.mark.parametrize("moment", ["head", "middle", "end"])
def test_a_refusal_in_the_devices_own_words(device: Device, side: RootSide, file: Path, moment: str) -> None:
    """With its remedy, at whatever moment it comes."""
    side.refusals = {moment: "it is for another board: fetch the one for pc"}
    said = "meter.update is refused: it is for another board: fetch the one for pc"
    assert said == problem(lambda: update_device(device, file, CODE))
    assert said == problem(lambda: verify_on_device(device, file, CODE))
    assert [] == side.taken


def test_a_wrong_code(device: Device, side: RootSide, file: Path) -> None:
    """It is said."""
    assert "meter.update is refused: the claim code is wrong" == problem(lambda: update_device(device, file, "WRONG"))
    assert [] == side.taken


def test_a_damaged_file_is_not_even_sent(device: Device, side: RootSide, file: Path) -> None:
    """What this machine can see, it says itself."""
    file.write_bytes(bundle()[:-1])
    assert "is not a whole bundle" in problem(lambda: update_device(device, file, CODE))
    assert [] == side.modes


def test_nobody_there() -> None:
    """It is said where to look."""
    assert "127.0.0.1:1 cannot be reached: Connection refused" in problem(
        lambda: known_device(Address("127.0.0.1", 1), "", lambda _: True))


def test_the_code_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """As given, else from the environment, without the blanks of who copied it."""
    monkeypatch.setenv("FAPWS_CLAIM", " 7HRT 22KX ")
    assert ("7HRT22KX", "ABC") == (claim_code(""), claim_code("ABC"))
    monkeypatch.delenv("FAPWS_CLAIM")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert "set FAPWS_CLAIM, or say --code" in problem(lambda: claim_code(""))


class Told(Device):
    """A device that says one thing after the other; None is silence."""

    def __init__(self, *states: dict[str, str] | None) -> None:
        super().__init__(Address("gate", 1), STRANGER)
        self.states = itertools.chain(states, itertools.repeat(states[-1]))

    def status(self) -> list[tuple[str, str]]:
        """The next one."""
        state = next(self.states)
        if state is None:
            raise ConnectionRefusedError
        return list(state.items())


OLD = {"version": "1.0", "counter": "7", "state": "confirmed"}
NEW = {"version": "2.0", "counter": "8", "state": "confirmed"}
TRIAL = {**NEW, "state": "trial 590"}


@pytest.mark.parametrize("states", [(OLD, None, None, TRIAL, NEW), (OLD, TRIAL, NEW), (None, NEW), (OLD, NEW), (NEW,)])
def test_waiting_for_a_version_that_proves_itself(states: tuple[dict[str, str] | None, ...]) -> None:
    """What the old one says before the restart is no outcome; a restart and a trial may be over between two looks."""
    until_it_runs(Told(*states), "2.0", "8", OLD, 60, 0)


@pytest.mark.parametrize("counter", ["7", "8"])
def test_versions_of_one_name(counter: str) -> None:
    """As of a developer who counts and does not name: the counter says which of them runs."""
    device = Told(None, {**TRIAL, "version": "1.0"}, {**OLD, "counter": counter, "failed": "version 1.0: no answer"})
    if counter == "8":
        until_it_runs(device, "1.0", "8", OLD, 60, 0)
    else:
        said = problem(lambda: until_it_runs(device, "1.0", "8", OLD, 60, 0))
        assert said.startswith("version 1.0 has not proved itself, and 1.0 runs again: no answer")


def test_a_version_that_fails_as_the_one_before_it_between_two_looks() -> None:
    """That the device has restarted is seen by its uptime then; a reason that has gone is no restart."""
    before = {**OLD, "failed": "version 2.0: no answer", "uptime": "900"}
    device = Told({**OLD, "uptime": "903"}, {**before, "uptime": "12"})
    assert "2.0 has not proved itself, and 1.0 runs again: no answer: its" in problem(
        lambda: until_it_runs(device, "2.0", "8", before, 60, 0))


@pytest.mark.parametrize("states", [(OLD, None, TRIAL, None), (OLD, None), (TRIAL,), (OLD,), ()])
def test_waiting_for_a_version_that_fails(states: tuple[dict[str, str] | None, ...]) -> None:
    """The reason is the device's."""
    device = Told(*states, {**OLD, "failed": "version 2.0: the app does not listen"})
    assert ("version 2.0 has not proved itself, and 1.0 runs again: the app does not listen: its last lines are at "
            "https://gate:1/log") == problem(lambda: until_it_runs(device, "2.0", "8", OLD, 60, 0))


def test_waiting_has_an_end() -> None:
    """A device that never comes back is said to be so."""
    assert "has not said within 0 s that version 2.0 runs" in problem(lambda: until_it_runs(Told(None), "2.0", "8", OLD, 0, 0))
