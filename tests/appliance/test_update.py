"""`invoke update` on image files: the slot that is armed, and every refusal, with all else untouched."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from appliance.fetching.recipes import Board
from appliance.imaging.bootloader import STATE_COPIES_AT, STATE_SIZE, SlotState, starts
from appliance.imaging.keys import PrivateKey
from appliance.imaging.version import open_disk, read_version
from appliance.updating.bundle import Bundle, read_bundle, sign, write_bundle
from appliance.updating.update import update_image, verify_for_image
from tests.appliance.cases import problem
from tests.appliance.running import errors, invoke
from tests.appliance.versions import KEY, Versions, with_small_slots
from tests.machine.disk import Disk

OTHER = PrivateKey(b"o" * 32)
JOBS = 2


@pytest.fixture(scope="module")
def versions(hello_binary: Path, pc: Board, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """Of hello, for the board pc with small slots: whole disks are compared here."""
    return Versions(hello_binary, with_small_slots(pc), tmp_path_factory.mktemp("versions"))


@pytest.fixture
def device(versions: Versions, tmp_path: Path) -> Disk:
    """The disk of a device that runs the version with the counter 7."""
    return Disk(versions.image(7), tmp_path / "device.img", versions.board)


def untouched(device: Disk, bundle: Path, said: str) -> None:
    """The bundle is refused with these words, and not a byte of the disk is changed."""
    before = device.path.read_bytes()
    assert f"{bundle.name} is refused: {said}" in problem(lambda: update_image(device.path, bundle, JOBS))
    assert f"{bundle.name} is refused: {said}" in problem(lambda: verify_for_image(device.path, bundle, JOBS))
    assert before == device.path.read_bytes()


def test_an_update_is_what_a_fresh_image_has(versions: Versions, device: Disk) -> None:
    """Slot b gets, to the byte, what slot a has in an image of that version, and is armed to be tried once."""
    before, fresh = device.path.read_bytes(), versions.image(8)
    installed = update_image(device.path, versions.bundle(8), JOBS)
    version = read_version(open_disk(fresh), "a")
    assert version.data == device.read("slotb")[: len(version.data)]
    assert version.files == read_version(open_disk(device.path), "b").files
    assert [SlotState(1, "a").block(), SlotState(2, "a", "b", 1).block()] == [
        device.read("state", at, 512) for at in (4 << 20, 8 << 20)]
    assert "b" == installed.slot
    slot, second_copy = device.place("slotb"), device.place("state")[0] + (8 << 20)
    after = bytearray(device.path.read_bytes())
    after[slot[0] : sum(slot)] = before[slot[0] : sum(slot)]
    after[second_copy : second_copy + 512] = before[second_copy : second_copy + 512]
    assert before == after


def test_an_app_only_update_sends_no_more_than_the_binary(versions: Versions, device: Disk) -> None:
    """Kernel, modules and the stub are copied from the running slot."""
    installed = update_image(device.path, versions.bundle(8), JOBS)
    copied = {name for name, _, sent in installed.parts if not sent}
    assert {"kernel", "modules", "stub", "binary"} <= copied  # only the version's name and counter have changed
    assert installed.sent < 16384


def test_verifying_writes_nothing(versions: Versions, device: Disk) -> None:
    """A bundle that would be accepted leaves the image as it is."""
    before = device.path.read_bytes()
    verify_for_image(device.path, versions.bundle(8), JOBS)
    assert before == device.path.read_bytes()


def test_the_next_update_goes_to_the_other_slot(versions: Versions, device: Disk) -> None:
    """From b, once it is the good one, back to a; keys and counter are those of the slot that is good."""
    update_image(device.path, versions.bundle(8), JOBS)
    device.write_state(SlotState(3, "b"), SlotState(2, "a", "b", 0))
    untouched(device, versions.bundle(7), "the bundle is older than the version that runs")
    assert "a" == update_image(device.path, versions.bundle(9), JOBS).slot
    assert read_version(open_disk(versions.image(9)), "a").files == read_version(open_disk(device.path), "a").files


def test_an_update_that_waits_for_its_trial_is_not_replaced(versions: Versions, device: Disk) -> None:
    """Armed and not yet started: the next one is refused; after a failed trial it is accepted."""
    update_image(device.path, versions.bundle(8), JOBS)
    before, bundle = device.path.read_bytes(), versions.bundle(9)
    assert f"{bundle.name} is refused: the last update waits for its trial" in problem(
        lambda: update_image(device.path, bundle, JOBS))
    assert before == device.path.read_bytes()
    device.write_state(SlotState(2, "a", "b", 0), SlotState(1, "a"))
    assert "b" == update_image(device.path, versions.bundle(8), JOBS).slot


def test_refusals(versions: Versions, device: Disk) -> None:
    """The version that runs, an older one, another product, another key, nobody's key."""
    untouched(device, versions.bundle(7), "the version of this bundle runs already")
    untouched(device, versions.bundle(6), "the bundle is older than the version that runs")
    untouched(device, versions.bundle(8, name="other"), "the bundle is for another product")
    stranger = versions.bundle(8, OTHER)
    untouched(device, stranger, "the bundle is not signed by enough keys that this device trusts")


def test_every_damaged_bundle_is_refused(versions: Versions, device: Disk, tmp_path: Path) -> None:
    """A byte changed in any region, cut anywhere, extended, parts swapped: nothing is written."""
    data = versions.bundle(8).read_bytes()
    version = read_version(open_disk(versions.image(8)), "a")
    body = len(data) - sum(part.length for part in version.parts)
    starts, at = [], body
    for part in version.parts:
        starts.append(at)
        at += part.length
    places = [0, 16, 20, 200, body - 97, body - 90, body - 10, *starts, *(start + 100 for start in starts), len(data) - 1]
    damages = {f"flip at {place}": data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :] for place in places}
    cuts = (0, 10, 300, body, starts[-1], len(data) * 99 // 100, len(data) - 1)
    damages |= {f"cut at {place}": data[:place] for place in cuts}
    damages |= {"extended": data + b"\0", "another file": b"PK\3\4" * 300,
                "kernel before binary": data[: starts[-2]] + data[starts[-1] :] + data[starts[-2] : starts[-1]]}
    bundle, before = tmp_path / "damaged.update", device.path.read_bytes()
    for name, damaged in damages.items():
        bundle.write_bytes(damaged)
        assert "damaged.update is refused: " in problem(lambda: update_image(device.path, bundle, JOBS)), name
    assert before == device.path.read_bytes()


def test_a_bundle_that_was_signed_anew_is_refused(versions: Versions, device: Disk, tmp_path: Path) -> None:
    """What somebody else has changed and signed: a part with its digest, the counter, the keys, or nothing at all."""
    made = read_bundle(versions.bundle(8))
    part = made.parts[:-1] + bytes([made.parts[-1] ^ 1])
    digest = next(line.split()[-1] for line in reversed(made.says("part")))
    kernel = next(int(line.split()[2]) for line in reversed(made.says("part")))
    fitting = made.manifest.replace(digest.encode(), hashlib.sha256(part[-kernel:]).hexdigest().encode())
    own_key = made.manifest.replace(KEY.public.hex().encode(), OTHER.public.hex().encode())
    newer = made.manifest.replace(b"counter 8", b"counter 9")
    changed = {
        "a part": Bundle(fitting, (), part), "the counter": Bundle(newer, (), made.parts),
        "whom it trusts": Bundle(own_key, (), made.parts), "nothing": Bundle(made.manifest, (), made.parts),
    }
    for name, bundle in changed.items():
        path = tmp_path / f"{name.replace(' ', '-')}.update"
        write_bundle(sign(bundle, [OTHER]), path)
        untouched(device, path, "the bundle is not signed by enough keys that this device trusts")
        moved = Bundle(bundle.manifest, made.signatures, bundle.parts)  # the right key's signature, of another manifest
        write_bundle(moved, path)
        if bundle.manifest != made.manifest:
            untouched(device, path, "")


def damaged_bundles(data: bytes) -> dict[str, bytes]:
    """One of each kind."""
    half = len(data) // 2
    return {"flipped": data[:half] + bytes([data[half] ^ 1]) + data[half + 1 :], "cut": data[: len(data) * 99 // 100],
            "extended": data + b"\0", "swapped": data[:1000] + data[half:] + data[1000:half], "empty": b""}


def test_damaged_bundles_through_the_command(versions: Versions, device: Disk, tmp_path: Path) -> None:
    """Each kind of damage: exit code 1, one sentence, and not a byte of the disk is changed."""
    before = device.path.read_bytes()
    for name, data in damaged_bundles(versions.bundle(8).read_bytes()).items():
        path = tmp_path / f"{name}.update"
        path.write_bytes(data)
        refused = invoke("update", device.path, path)
        [said] = errors(refused)
        assert (1, True) == (refused.returncode, said.startswith(f"{path.name} is refused: ")), said
    assert before == device.path.read_bytes()


@pytest.mark.parametrize("count", [3, pytest.param(50, marks=pytest.mark.long)])
def test_updates_to_and_fro(versions: Versions, device: Disk, count: int) -> None:
    """One after the other into the slot that is not in use, each confirmed: every one is what a fresh image has, the slot that
    runs is not touched, and the state counts up."""
    good = "a"
    for number in range(count):
        counter, other = 8 + number, "b" if good == "a" else "a"
        running = device.read(f"slot{good}")
        bundle = versions.bundle(counter)
        assert other == update_image(device.path, bundle, JOBS).slot
        fresh = read_version(open_disk(versions.image(counter)), "a").data
        assert fresh == device.read(f"slot{other}")[: len(fresh)]
        assert running == device.read(f"slot{good}")
        versions.forget(counter)
        sequence = max(int(copy["seq"]) for copy in device.state())
        assert 2 + 2 * number == sequence
        assert [other, good] == starts([device.read("state", at, STATE_SIZE) for at in STATE_COPIES_AT])[:2]
        older = min((0, 1), key=lambda copy: int(device.state()[copy]["seq"]))
        device.write("state", STATE_COPIES_AT[older], SlotState(sequence + 1, other).block())  # as the device confirms
        good = other


def test_an_image_without_keys_accepts_nothing(versions: Versions, tmp_path: Path) -> None:
    """No key is built in anywhere: without --keys there is no way in."""
    device = Disk(versions.image(0, keys=None), tmp_path / "device.img", versions.board)
    untouched(device, versions.bundle(8), "this device accepts no updates: its image was built without --keys")


def test_a_damaged_running_slot_is_made_good_from_the_bundle(versions: Versions, device: Disk) -> None:
    """What cannot be copied from the running slot any more comes from the bundle."""
    kernel = next(part for part in read_version(open_disk(device.path), "a").parts if part.name == "kernel")
    device.write("slota", kernel.offset + 1000, b"damaged")
    installed = update_image(device.path, versions.bundle(8), JOBS)
    assert ("kernel", kernel.length, True) in installed.parts
    version = read_version(open_disk(versions.image(8)), "a")
    assert version.data == device.read("slotb")[: len(version.data)]


def test_through_the_command(versions: Versions, device: Disk, tmp_path: Path) -> None:
    """Exit code 0 and what was sent; on a refusal exit code 1 and one line with the remedy."""
    done = invoke("update", device.path, versions.bundle(8))
    assert 0 == done.returncode, done.stderr
    assert "slot b is armed to be tried once; " in done.stdout + done.stderr
    bundle = versions.bundle(9)
    refused = invoke("update", device.path, bundle)
    said = f"{bundle.name} is refused: the last update waits for its trial: let the device start once, then try again"
    assert (1, [said]) == (refused.returncode, errors(refused))
    absent = invoke("update", tmp_path / "none.img", versions.bundle(8))
    assert (1, True) == (absent.returncode, errors(absent)[0].startswith(f"there is no image {tmp_path / 'none.img'}"))
    none = invoke("update", device.path, tmp_path / "none.update", "--verify-only")
    assert (1, True) == (none.returncode, "none.update is refused: the bundle cannot be opened" in errors(none)[0])
    text = tmp_path / "text.img"
    text.write_text("no image")
    other = invoke("update", text, versions.bundle(8))
    assert (1, True) == (other.returncode, "is not a disk image: it has no GUID partition table" in errors(other)[0])
