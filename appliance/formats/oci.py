"""OCI images: one layer for each platform, all of them in one archive (image-spec 1.0: layout, index, manifest, config).
And artifacts (image-spec 1.1): blobs that a registry keeps beside its images, and that are none.

Left out: layers that build upon others, since a static program needs nothing below it; compression, which the caller does,
because the same bytes must come out on every machine; hard links, symbolic links and devices, which no image of ours has.
A layer belongs to root, except for folders that are given to the image's own user; every time is the caller's epoch.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_TYPE = "application/vnd.oci.image"
_BLOBS = "blobs/sha256"

MANIFEST_TYPE = f"{_TYPE}.manifest.v1+json"

Table = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """One member of a layer: a regular file, or a folder when ``data`` is None. ``owner`` is user and group."""

    path: str
    data: bytes | None
    permissions: int
    owner: int = 0


@dataclass(frozen=True)
class Platform:
    """A processor as Go names it (GOARCH); ``variant`` tells the kinds of one apart."""

    architecture: str
    variant: str = ""

    def table(self) -> dict[str, str]:
        """As it stands in an index and in a config."""
        return {"architecture": self.architecture, "os": "linux", **({"variant": self.variant} if self.variant else {})}


@dataclass(frozen=True)
class Layer:
    """The files of a platform: the plain tar (``layer``), and what is stored of it, compressed by gzip."""

    platform: Platform
    plain: bytes
    compressed: bytes


@dataclass(frozen=True)
class Settings:
    """How every container of the image starts."""

    entrypoint: Sequence[str]
    user: str
    ports: Sequence[int]
    environment: Mapping[str, str] = field(default_factory=dict)
    volumes: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)  # of the config; the manifests have them as annotations
    folder: str = "/"

    def table(self) -> Table:
        """The member ``config`` of an image's config."""
        return {
            "User": self.user,
            "ExposedPorts": {f"{port}/tcp": {} for port in self.ports},
            "Env": [f"{name}={value}" for name, value in sorted(self.environment.items())],
            "Entrypoint": list(self.entrypoint),
            "Volumes": {volume: {} for volume in self.volumes},
            "WorkingDir": self.folder,
            "Labels": dict(sorted(self.labels.items())),
        }


def layer(entries: Iterable[Entry], epoch: int) -> bytes:
    """The tar of a layer, its members sorted by path."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for entry in sorted(entries, key=lambda entry: entry.path):
            member = tarfile.TarInfo(entry.path.strip("/"))
            member.mode, member.mtime, member.uid, member.gid = entry.permissions, epoch, entry.owner, entry.owner
            member.type = tarfile.DIRTYPE if entry.data is None else tarfile.REGTYPE
            member.size = len(entry.data or b"")
            tar.addfile(member, io.BytesIO(entry.data or b""))
    return out.getvalue()


def archive(layers: Sequence[Layer], settings: Settings, tag: str, epoch: int) -> bytes:
    """The image as a tar of its layout (``oci-archive``), under one tag.

    For one platform the tag names its manifest; for several an index, out of which each machine takes its own.
    """
    blobs: dict[str, bytes] = {}
    manifests = [_manifest(each, settings, epoch, blobs) for each in layers]
    if len(manifests) == 1:
        named = manifests[0]
    else:
        index = {"schemaVersion": 2, "mediaType": f"{_TYPE}.index.v1+json", "manifests": manifests,
                 "annotations": dict(sorted(settings.labels.items()))}
        named = _descriptor(_json(index), "index.v1+json", blobs)
    files = _layout(named, tag, blobs)
    folders = [Entry(path, None, 0o755) for path in ("blobs", _BLOBS)]
    return layer([*folders, *(Entry(path, data, 0o644) for path, data in files.items())], epoch)


@dataclass(frozen=True)
class Blob:
    """A blob of an artifact: its media type, its bytes, and what it is called by tools that make files of blobs."""

    kind: str
    data: bytes
    title: str = ""


def artifact(kind: str, config: Blob, layers: Sequence[Blob], labels: Mapping[str, str], tag: str) -> dict[str, bytes]:
    """The files of a layout that holds one artifact of the type ``kind``, under one tag."""
    blobs: dict[str, bytes] = {}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": kind,
        "config": _blob(config, blobs),
        "layers": [_blob(layer, blobs) for layer in layers],
        "annotations": dict(sorted(labels.items())),
    }
    return _layout(_descriptor(_json(manifest), "manifest.v1+json", blobs), tag, blobs)


def blob_path(digest: str) -> str:
    """Where a blob lies in a layout."""
    return f"blobs/{digest.replace(':', '/')}"


def timestamp(epoch: int) -> str:
    """A time as RFC 3339 wants it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))


def _manifest(layer: Layer, settings: Settings, epoch: int, blobs: dict[str, bytes]) -> Table:
    """The descriptor of one platform's manifest; it and what it names are put into ``blobs``."""
    config = {
        "created": timestamp(epoch),
        **layer.platform.table(),
        "config": settings.table(),
        "rootfs": {"type": "layers", "diff_ids": [_digest(layer.plain)]},
        "history": [{"created": timestamp(epoch), "created_by": "fapws4"}],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": _descriptor(_json(config), "config.v1+json", blobs),
        "layers": [_descriptor(layer.compressed, "layer.v1.tar+gzip", blobs)],
        "annotations": dict(sorted(settings.labels.items())),
    }
    return {**_descriptor(_json(manifest), "manifest.v1+json", blobs), "platform": layer.platform.table()}


def _layout(named: Table, tag: str, blobs: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a layout in which one descriptor has a tag."""
    top = {"schemaVersion": 2, "mediaType": f"{_TYPE}.index.v1+json",
           "manifests": [{**named, "annotations": {"org.opencontainers.image.ref.name": tag}}]}
    return {"index.json": _json(top), "oci-layout": _json({"imageLayoutVersion": "1.0.0"}), **blobs}


def _blob(blob: Blob, blobs: dict[str, bytes]) -> Table:
    titled = {"annotations": {"org.opencontainers.image.title": blob.title}} if blob.title else {}
    return {**_descriptor(blob.data, "", blobs), "mediaType": blob.kind, **titled}


def _descriptor(data: bytes, kind: str, blobs: dict[str, bytes]) -> Table:
    digest = _digest(data)
    blobs[f"{_BLOBS}/{digest.partition(':')[2]}"] = data
    return {"mediaType": f"{_TYPE}.{kind}", "digest": digest, "size": len(data)}


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _json(table: Table) -> bytes:
    return json.dumps(table, separators=(",", ":")).encode()
