"""An update as one signed file: made from a finished build, and signed again on other machines.

core/update/bundle.h and manifest.h say what is in it. The parts are cut out of the image's slot, so what a device has after
an update is what a device has that was flashed with that image. The same build and keys give the same bytes, in whatever
order the keys sign.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import file_digest, whole_file
from appliance.imaging.keys import PrivateKey, is_valid
from appliance.imaging.version import PlacedPart, Version, open_disk, read_version

_MAGIC = b"fapws4-bundle 1\n"
_MOST_MANIFEST = 64 << 10
_MOST_SIGNATURES = 32
_KEY, _SIGNATURE = 32, 64


@dataclass(frozen=True)
class Bundle:
    """A bundle in memory: ``signatures`` are pairs of a public key and what it signed the manifest with."""

    manifest: bytes
    signatures: tuple[tuple[bytes, bytes], ...]
    parts: bytes

    @property
    def head(self) -> bytes:
        """The file's bytes up to the parts."""
        signed = b"".join(key + signature for key, signature in self.signatures)
        return b"".join([_MAGIC, struct.pack("<I", len(self.manifest)), self.manifest, bytes([len(self.signatures)]), signed])

    @property
    def data(self) -> bytes:
        """The file's bytes."""
        return self.head + self.parts

    def says(self, key: str) -> list[str]:
        """What stands behind a word of the manifest, line by line."""
        return [rest for word, _, rest in (line.partition(" ") for line in self.manifest.decode().splitlines()) if word == key]

    @property
    def about(self) -> str:
        """One line that says what it is."""
        [product], [version], [board], [counter] = (self.says(key) for key in ("product", "version", "board", "counter"))
        return f"{product} {version} for {board}, counter {counter}"

    @property
    def signers(self) -> str:
        """One line that says who has signed, and how many it takes on devices that trust the same keys as this version."""
        trusted, own = set(self.says("key")), [key.hex() for key, _ in self.signatures]
        counted = sum(key in trusted for key in own)
        others = f", and {len(own) - counted} other" if counted < len(own) else ""
        return f"signed by {counted} of its own keys{others}; it takes {self.says('threshold')[0]}"


def image_of(folder: Path) -> Path:
    """The image in a build's folder (dist/NAME), as it was built."""
    description = folder / "BUILD.json"
    if not description.is_file():
        raise Problem(f"{folder} is not the folder of a finished build", "name one such as dist/hello")
    table = json.loads(description.read_text())
    images: dict[Path, str] = {
        folder / name: output["sha256"] for name, output in table["outputs"].items() if name.endswith(".img")}
    for image, digest in images.items():
        if not image.is_file() or file_digest(image) != digest:
            raise Problem(f"{image} is not as it was built", "build it again")
        return image
    raise Problem(f"{folder} has no image", "make it with: invoke build-appliance app.py --keys FILE --counter N")


def make_bundle(image: Path, keys: Iterable[PrivateKey]) -> Bundle:
    """The version in a fresh image, signed."""
    version = read_version(open_disk(image), "a")
    if "appliance.keys" not in version.files:
        raise Problem(f"{image} accepts no updates, and so nothing could follow this version",
                      "build it with --keys FILE and --counter N")
    body = b"".join(version.part(part) for part in version.parts)
    return sign(Bundle(_manifest(version), (), body), keys)


def sign(bundle: Bundle, keys: Iterable[PrivateKey]) -> Bundle:
    """The bundle with a signature of each key, once."""
    signatures = dict(bundle.signatures) | {key.public: key.sign(bundle.manifest) for key in keys}
    if len(signatures) > _MOST_SIGNATURES:
        raise Problem(f"a bundle holds {_MOST_SIGNATURES} signatures", "leave out keys that nobody trusts")
    return replace(bundle, signatures=tuple(sorted(signatures.items())))


def read_bundle(path: Path) -> Bundle:
    """A bundle's file, all of it checked: a Problem when it is damaged or one of its signatures is not valid."""
    if not path.is_file():
        raise Problem(f"there is no bundle {path}", "make it with: invoke bundle dist/NAME --keys FILE --output FILE")
    data = path.read_bytes()
    try:
        bundle = parse(data)
        _check_parts(bundle)
    except (ValueError, struct.error, IndexError) as error:
        raise Problem(f"{path} is not a whole bundle ({error})", "copy or make it again") from error
    for key, signature in bundle.signatures:
        if not is_valid(key, signature, bundle.manifest):
            raise Problem(f"{path}: the signature of the key {key.hex()[:16]} is not valid", "make the bundle again")
    return bundle


def write_bundle(bundle: Bundle, path: Path) -> None:
    """The file, whole or not at all."""
    with whole_file(path) as work:
        work.write_bytes(bundle.data)


def _manifest(version: Version) -> bytes:
    """The text that is signed."""
    settings = version.says("settings")
    head = ["fapws4-manifest 1", f"product {version.says('name')}", f"board {version.says('board')}",
            f"version {version.says('version')}", f"counter {version.says('counter')}",
            f"data {version.says('data_version')}", *([f"settings {settings}"] if settings else [])]
    parts = (_line(part, version.part(part)) for part in version.parts)
    text = "".join(f"{line}\n" for line in head).encode() + version.files["appliance.keys"]
    return text + f"slot {len(version.data)}\n".encode() + "".join(parts).encode()


def _line(part: PlacedPart, data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    if part.digest not in ("-", digest):
        raise Problem(f"the part {part.name} of the image is not what its manifest says", "build the image again")
    return f"part {part.name} {part.offset} {part.length} {digest}\n"


def parse(data: bytes) -> Bundle:
    """The head of a bundle and what follows it; ValueError, struct.error or IndexError when it has none. Checks no part."""
    if not data.startswith(_MAGIC):
        raise ValueError("it does not begin like one")
    at = len(_MAGIC)
    length: int = struct.unpack_from("<I", data, at)[0]
    if length > _MOST_MANIFEST:
        raise ValueError("its manifest is too large")
    manifest = data[at + 4 : at + 4 + length]
    at += 4 + length
    count = data[at]
    pairs = data[at + 1 : at + 1 + count * (_KEY + _SIGNATURE)]
    if count > _MOST_SIGNATURES or len(pairs) != count * (_KEY + _SIGNATURE):
        raise ValueError("its signatures are not there")
    signatures = [pairs[place : place + _KEY + _SIGNATURE] for place in range(0, len(pairs), _KEY + _SIGNATURE)]
    return Bundle(manifest, tuple((pair[:_KEY], pair[_KEY:]) for pair in signatures), data[at + 1 + len(pairs) :])


def _check_parts(bundle: Bundle) -> None:
    if not bundle.manifest.startswith(b"fapws4-manifest 1\n") or not bundle.about:
        raise ValueError("its manifest is of another kind")
    at = 0
    for name, _, length, digest in (line.split() for line in bundle.says("part")):
        if hashlib.sha256(bundle.parts[at : at + int(length)]).hexdigest() != digest:
            raise ValueError(f"its part {name} is damaged")
        at += int(length)
    if at != len(bundle.parts):
        raise ValueError("there is more in it than its manifest says")

