"""A bundle as an OCI artifact, so that any registry can carry it.

Its config is the bundle's head (manifest and signatures); each part is a blob of its own, named by its sha256 as in the
manifest, so that what two versions have in common is one blob, which is neither sent nor kept twice. The registry and the
artifact's own manifest are not trusted: whoever installs it puts the bundle together again and verifies that.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

from appliance.common.errors import Problem
from appliance.formats import oci
from appliance.updating.bundle import Bundle, parse

TYPE = "application/vnd.fapws4.update.v1"
_HEAD = "application/vnd.fapws4.update.head.v1"
_PART = "application/vnd.fapws4.update.part.v1"
_MOST_HEAD = 128 << 10  # bytes; above what core/update/bundle.h allows


def write_layout(bundle: Bundle, folder: Path, tag: str) -> None:
    """An OCI layout in the empty ``folder`` with the bundle under a tag; the same bytes for the same bundle."""
    layers: dict[str, oci.Blob] = {}
    at = 0
    for name, _, length, digest in (line.split() for line in bundle.says("part")):
        layers.setdefault(digest, oci.Blob(_PART, bundle.parts[at : at + int(length)], name))
        at += int(length)
    [product], [version] = bundle.says("product"), bundle.says("version")
    labels = {"org.opencontainers.image.title": product, "org.opencontainers.image.version": version}
    files = oci.artifact(TYPE, oci.Blob(_HEAD, bundle.head), list(layers.values()), labels, tag)
    (folder / "blobs" / "sha256").mkdir(parents=True)
    for path, data in files.items():
        (folder / path).write_bytes(data)


def require_update(manifest: bytes, name: str) -> None:
    """A Problem when this is the manifest of anything but a bundle."""
    try:
        table = json.loads(manifest)
        kinds = table["artifactType"], table["config"]["mediaType"]
        small = 0 < table["config"]["size"] <= _MOST_HEAD
    except (ValueError, KeyError, TypeError):
        kinds, small = ("", ""), False
    if kinds != (TYPE, _HEAD) or not small:
        raise Problem(f"{name} is not an update", "put one there with: invoke publish FILE REGISTRY/REPOSITORY:TAG")


def read_layout(folder: Path, manifest: bytes, name: str) -> Bundle:
    """The bundle of which ``manifest`` is the artifact's, with its blobs in an OCI layout. Nothing is verified yet."""
    digest = json.loads(manifest)["config"]["digest"]
    try:
        head = parse((folder / oci.blob_path(digest)).read_bytes())
        parts = (folder / oci.blob_path(f"sha256:{line.split()[3]}") for line in head.says("part"))
        return Bundle(head.manifest, head.signatures, b"".join(part.read_bytes() for part in parts))
    except (ValueError, struct.error, IndexError, FileNotFoundError) as error:
        raise Problem(f"{name} is not a whole update ({error!r})", "publish it again") from error
