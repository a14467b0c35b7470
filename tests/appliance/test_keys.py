"""Key files: the text formats, what is refused, and where a private key may not lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.common.places import REPOSITORY
from appliance.imaging.keys import (
    KeySet,
    PrivateKey,
    is_valid,
    key_files,
    new_key,
    read_key_set,
    read_private_key,
    write_key_pair,
)
from tests.appliance.cases import problem

# RFC 8032, 7.1, test 2.
SECRET = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                          "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
ONE, TWO = "11" * 32, "22" * 32


def written(folder: Path, text: str) -> Path:
    """A file with this text."""
    file = folder / "keys.txt"
    file.write_text(text)
    return file


def test_a_key_signs_as_the_rfc_says() -> None:
    """RFC 8032's key gives RFC 8032's signature."""
    key = PrivateKey(SECRET)
    assert (PUBLIC, SIGNATURE) == (key.public, key.sign(b"\x72"))
    assert is_valid(PUBLIC, SIGNATURE, b"\x72")
    assert not is_valid(PUBLIC, SIGNATURE, b"\x73")
    assert not is_valid(b"\xff" * 32, SIGNATURE, b"\x72")


@pytest.mark.parametrize("passphrase", ["", "a long passphrase"])
def test_a_key_comes_back(tmp_path: Path, passphrase: str) -> None:
    """What keygen writes is read again; the private file is its owner's alone, and hides the secret when it is told to."""
    private, public = key_files(f"{tmp_path}/keys/")
    write_key_pair(PrivateKey(SECRET), private, public, passphrase)
    assert (0o600, 0o700) == (private.stat().st_mode & 0o777, private.parent.stat().st_mode & 0o777)
    assert (SECRET.hex() in private.read_text()) == (passphrase == "")
    locked = read_private_key(private)
    assert (bool(passphrase), PUBLIC) == (locked.is_encrypted, locked.public)
    assert PrivateKey(SECRET) == locked.unlock(passphrase)
    assert KeySet(1, (PUBLIC,)) == read_key_set(public)


def test_a_wrong_passphrase_and_damage_are_told(tmp_path: Path) -> None:
    """Neither another passphrase nor a changed file gives a key."""
    private, public = key_files(f"{tmp_path}/keys/")
    write_key_pair(new_key(), private, public, "a long passphrase")
    said = f"the passphrase of {private} is wrong, or the file is damaged: try again"
    assert said == problem(lambda: read_private_key(private).unlock("another passphrase"))
    text = private.read_text()
    digit = text[-3]
    private.write_text(text[:-3] + ("1" if digit == "0" else "0") + text[-2:])
    assert said == problem(lambda: read_private_key(private).unlock("a long passphrase"))
    public_digits = text.split()[3]
    private.write_text(text.replace(public_digits, public_digits[::-1]))
    assert said == problem(lambda: read_private_key(private).unlock("a long passphrase"))


def test_a_secret_of_another_key_is_told(tmp_path: Path) -> None:
    """An unencrypted file whose lines do not belong together gives no key."""
    private, public = key_files(f"{tmp_path}/keys/")
    write_key_pair(PrivateKey(SECRET), private, public, "")
    private.write_text(private.read_text().replace(SECRET.hex(), ONE))
    assert "its secret is not that of its public key" in problem(lambda: read_private_key(private).unlock())


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    """chmod is named as the way out."""
    private, public = key_files(f"{tmp_path}/keys/")
    write_key_pair(new_key(), private, public, "")
    private.chmod(0o640)
    assert f"{private} can be read by others than you: type: chmod 600 '{private}'" == problem(
        lambda: read_private_key(private))


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """Neither of the two files is replaced."""
    private, public = key_files(f"{tmp_path}/mine.key")
    assert (tmp_path / "mine.key", tmp_path / "mine.pub") == (private, public)
    public.write_text("someone's")
    assert f"{public} is there already: a key is never overwritten; choose another name" == problem(
        lambda: key_files(f"{tmp_path}/mine.key"))


def test_no_private_key_where_things_are_published(tmp_path: Path) -> None:
    """The builder's repository, any other one, and the results of builds are refused, whatever leads there."""
    (tmp_path / "work" / ".git").mkdir(parents=True)
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "BUILD.json").touch()
    (tmp_path / "link").symlink_to(tmp_path / "work")
    for folder, kind in ((REPOSITORY / "keys", "a repository"), (tmp_path / "work" / "a", "a repository"),
                         (tmp_path / "link", "a repository"), (tmp_path / "built", "the results of a build"),
                         (tmp_path / "dist" / "hello", "the results of a build")):
        assert f"is {kind}, where a private key is published" in problem(lambda: key_files(f"{folder}/"))  # noqa: B023


def test_a_set_of_several_keys(tmp_path: Path) -> None:
    """Files of one key each, joined, with a threshold; sorted, so that their order does not matter."""
    text = f"# who may sign\nkey {TWO} bob\n\nkey {ONE}\nthreshold 2 # both\n"
    keys = read_key_set(written(tmp_path, text))
    assert KeySet(2, (bytes.fromhex(ONE), bytes.fromhex(TWO))) == keys
    assert f"threshold 2\nkey {ONE}\nkey {TWO}\n" == keys.text


@pytest.mark.parametrize(("text", "said"), [
    ("", "has 0 keys: name 1 to 16"),
    (f"key {ONE}\n" * 2 + "threshold 1\n", "names a key twice"),
    (f"key {ONE}\nkey {TWO}\n", 'has 2 keys and 0 thresholds: add one line "threshold N"'),
    (f"key {ONE}\nthreshold 2\n", "threshold 2 of 1 keys: it is 1 to 1"),
    (f"key {ONE}\nthreshold 0\n", "threshold 0 of 1 keys: it is 1 to 1"),
    (f"key {ONE[:-1]}\n", ":1 is not understood: key 11"),
    (f"Key {ONE}\n", ":1 is not understood"),
    ("key 01" + "00" * 31 + "\n", "has a key of small order, for which anybody can sign"),
    ("key ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" + "ff\n", "small order"),
    ("fapws4-private-key 1\npublic x\n", "is a private key: an image gets public keys"),
])
def test_a_bad_set_is_told(tmp_path: Path, text: str, said: str) -> None:
    """What is wrong with a set of keys is said before anything is built with it."""
    assert said in problem(lambda: read_key_set(written(tmp_path, text)))


def test_a_public_key_is_no_private_one(tmp_path: Path) -> None:
    """The two files of a key are told apart."""
    assert "is not a private key: name one that invoke keygen made" in problem(
        lambda: read_private_key(written(tmp_path, f"key {ONE}\n")))
