"""Bundles made from images, signed here and elsewhere, and refused by words."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.common.places import file_digest
from appliance.fetching.recipes import Board
from appliance.imaging.image import compose
from appliance.imaging.keys import KeySet, PrivateKey, new_key, write_key_pair
from appliance.imaging.release import Release
from appliance.imaging.version import open_disk, read_version
from appliance.updating.bundle import image_of, make_bundle, read_bundle, sign, write_bundle
from tests.appliance.cases import problem
from tests.appliance.running import errors, invoke

ONE, TWO, THREE = (PrivateKey(bytes([number]) * 32) for number in (1, 2, 3))
KEYS = KeySet(2, tuple(sorted(key.public for key in (ONE, TWO, THREE))))
Compose = Callable[[str, Release], Path]


@pytest.fixture(scope="module")
def image(hello_binary: Path, pc: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """hello, version 1.5, that trusts two of three keys."""
    path = tmp_path_factory.mktemp("signed") / "hello-pc.img"
    return compose(hello_binary, "hello", "1.5", pc, path, Release(7, 3, "conf", KEYS)).path


def test_a_bundle_has_what_the_image_has(image: Path) -> None:
    """Product, board, version, counter, data, settings and keys as they were built; the parts are the slot's bytes."""
    bundle, version = make_bundle(image, [ONE]), read_version(open_disk(image), "a")
    lines = bundle.manifest.decode().splitlines()
    assert ["fapws4-manifest 1", "product hello", "board pc", "version 1.5", "counter 7", "data 3", "settings conf",
            "threshold 2"] == lines[:8]
    assert [f"key {key.hex()}" for key in KEYS.keys] == lines[8:11]
    assert f"slot {len(version.data)}" == lines[11]
    assert b"".join(version.part(part) for part in version.parts) == bundle.parts
    assert "hello 1.5 for pc, counter 7" == bundle.about
    assert "signed by 1 of its own keys; it takes 2" == bundle.signers


def test_a_bundle_is_reproducible(image: Path, tmp_path: Path) -> None:
    """The same image and keys give the same bytes, in whatever order and on however many machines they sign."""
    at_once = make_bundle(image, [ONE, TWO])
    write_bundle(make_bundle(image, []), tmp_path / "x")
    for key in (TWO, ONE, TWO):
        write_bundle(sign(read_bundle(tmp_path / "x"), [key]), tmp_path / "x")
    assert at_once.data == (tmp_path / "x").read_bytes()


def test_an_image_without_keys_makes_no_bundle(hello_image: Path) -> None:
    """What is not meant to be updated is told with the way out."""
    assert f"{hello_image} accepts no updates, and so nothing could follow this version: build it with --keys FILE" in problem(
        lambda: make_bundle(hello_image, [ONE]))


def test_damage_is_seen_before_anything_is_signed(image: Path, tmp_path: Path) -> None:
    """Whatever is wrong with a bundle, it is refused as a whole and stays as it was."""
    whole = make_bundle(image, [ONE]).data
    head = len(whole) - len(make_bundle(image, []).parts)
    damages = {"part": whole[:-1] + b"\0", "cut": whole[:-1], "longer": whole + b"\0", "magic": b"x" + whole[1:],
               "signature": whole[: head - 1] + bytes([whole[head - 1] ^ 1]) + whole[head:], "head": whole[:30], "none": b"",
               "manifest": whole.replace(b"counter 7", b"counter 9", 1), "length": whole[:16] + b"\xff" * 4 + whole[20:]}
    for name, data in damages.items():
        (tmp_path / name).write_bytes(data)
        said = problem(lambda: read_bundle(tmp_path / name))  # noqa: B023
        assert said.startswith(str(tmp_path / name)), name


def test_an_image_that_was_changed_makes_no_bundle(image: Path, tmp_path: Path) -> None:
    """Only the image that the build described is bundled."""
    table = {"outputs": {image.name: {"sha256": file_digest(image)}}}
    (tmp_path / image.name).symlink_to(image)
    (tmp_path / "BUILD.json").write_text(json.dumps(table))
    assert tmp_path / image.name == image_of(tmp_path)
    (tmp_path / "BUILD.json").write_text(json.dumps({"outputs": {image.name: {"sha256": "0" * 64}}}))
    assert f"{tmp_path / image.name} is not as it was built: build it again" == problem(lambda: image_of(tmp_path))
    (tmp_path / "BUILD.json").write_text(json.dumps({"outputs": {"hello-x86_64": {}}}))
    assert f"{tmp_path} has no image: make it with: " in problem(lambda: image_of(tmp_path))
    assert "is not the folder of a finished build" in problem(lambda: image_of(tmp_path / "elsewhere"))


def test_signing_on_two_machines(image: Path, tmp_path: Path) -> None:
    """Through the commands: made with one key, signed with a locked one; repeated, wrong and absent keys are told."""
    for name, passphrase in (("one", ""), ("two", "a long passphrase")):
        key = ONE if name == "one" else TWO
        write_key_pair(key, tmp_path / f"{name}.key", tmp_path / f"{name}.pub", passphrase)
    built = tmp_path / "built"
    built.mkdir()
    (built / image.name).symlink_to(image)
    (built / "BUILD.json").write_text(json.dumps({"outputs": {image.name: {"sha256": file_digest(image)}}}))
    bundle = tmp_path / "hello.update"
    made = invoke("bundle", built, "--keys", tmp_path / "one.key", "--output", bundle)
    assert (0, True) == (made.returncode, "signed by 1 of its own keys; it takes 2" in made.stdout + made.stderr)
    before = bundle.read_bytes()
    wrong = invoke("sign", bundle, tmp_path / "two.key", env={"FAPWS_PASSPHRASE": "another passphrase"})
    assert (1, before) == (wrong.returncode, bundle.read_bytes())
    assert [f"the passphrase of {tmp_path / 'two.key'} is wrong, or the file is damaged: try again"] == errors(wrong)
    assert 1 == invoke("sign", bundle, tmp_path / "two.key").returncode  # nobody to ask
    signed = invoke("sign", bundle, tmp_path / "two.key", env={"FAPWS_PASSPHRASE": "a long passphrase"})
    assert (0, True) == (signed.returncode, "signed by 2 of its own keys; it takes 2" in signed.stdout + signed.stderr)
    assert make_bundle(image, [ONE, TWO]).data == bundle.read_bytes()
    again = invoke("sign", bundle, tmp_path / "one.key")
    assert (0, True) == (again.returncode, "this key had signed already" in again.stdout + again.stderr)


def test_keygen(tmp_path: Path) -> None:
    """Through the command: two files, the private one 0600; refused where it would be published, or be overwritten."""
    done = invoke("keygen", "--output", f"{tmp_path}/keys/", "--no-passphrase")
    assert 0 == done.returncode, done.stderr
    assert 0o600 == (tmp_path / "keys" / "update.key").stat().st_mode & 0o777
    assert 1 == invoke("keygen", "--output", f"{tmp_path}/keys/", "--no-passphrase").returncode
    short = invoke("keygen", "--output", f"{tmp_path}/other/", env={"FAPWS_PASSPHRASE": "short"})
    assert (1, False) == (short.returncode, (tmp_path / "other").exists())
    subprocess.run(["git", "init", "-q", tmp_path / "project"], check=True)
    inside = invoke("keygen", "--output", tmp_path / "project" / "my.key", "--no-passphrase")
    assert (1, False) == (inside.returncode, (tmp_path / "project" / "my.key").exists())


def test_more_signatures_than_fit(image: Path) -> None:
    """A bundle holds 32 signatures."""
    assert "a bundle holds 32 signatures" in problem(lambda: make_bundle(image, [new_key() for _ in range(33)]))
