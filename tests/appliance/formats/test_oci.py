"""OCI images, read by skopeo and umoci."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from appliance.formats import oci

EPOCH = 1_700_000_000
SETTINGS = oci.Settings(
    entrypoint=["/run", "--all"],
    user="4711:4712",
    ports=[8888],
    environment={"HOME": "/data", "A": "1=2"},
    volumes=["/data"],
    labels={"org.opencontainers.image.title": "tiny"},
)
PC, ARM = oci.Platform("amd64"), oci.Platform("arm", "v7")


def layer_for(platform: oci.Platform, text: str) -> oci.Layer:
    """A program that is this text, and two folders."""
    entries = [
        oci.Entry("/run", text.encode(), 0o755),
        oci.Entry("/data", None, 0o750, 4711),
        oci.Entry("/tmp", None, 0o1777),
    ]
    plain = oci.layer(entries, EPOCH)
    return oci.Layer(platform, plain, gzip.compress(plain, mtime=0))


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """An image for one platform."""
    file = tmp_path / "one.tar"
    file.write_bytes(oci.archive([layer_for(PC, "pc")], SETTINGS, "1.0", EPOCH))
    return file


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """An image for two platforms."""
    file = tmp_path / "two.tar"
    file.write_bytes(oci.archive([layer_for(PC, "pc"), layer_for(ARM, "arm")], SETTINGS, "2", EPOCH))
    return file


def said(*command: str | Path) -> str:
    """What a program prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def inspected(image: Path, *words: str) -> Any:
    """What skopeo reads of an image."""
    return json.loads(said("skopeo", *words[:-1], "inspect", *words[-1:], f"oci-archive:{image}"))


def test_skopeo_reads_the_settings(one: Path) -> None:
    """The config is what was asked for: user, entrypoint, port, environment, volume, label and time."""
    config = inspected(one, "--config")
    assert ("amd64", "linux", "2023-11-14T22:13:20Z") == (config["architecture"], config["os"], config["created"])
    assert {
        "User": "4711:4712",
        "ExposedPorts": {"8888/tcp": {}},
        "Env": ["A=1=2", "HOME=/data"],
        "Entrypoint": ["/run", "--all"],
        "Volumes": {"/data": {}},
        "WorkingDir": "/",
        "Labels": {"org.opencontainers.image.title": "tiny"},
    } == config["config"]


def test_umoci_unpacks_what_was_packed(one: Path, tmp_path: Path) -> None:
    """The files come out with their contents, modes, owners and times."""
    said("skopeo", "copy", f"oci-archive:{one}:1.0", f"oci:{tmp_path}/layout:tag")
    said("umoci", "unpack", "--image", f"{tmp_path}/layout:tag", tmp_path / "bundle")
    root = tmp_path / "bundle" / "rootfs"
    facts = {path.name: (oct(path.stat().st_mode), path.stat().st_uid, path.stat().st_mtime) for path in root.iterdir()}
    assert {"run": ("0o100755", 0, EPOCH), "data": ("0o40750", 4711, EPOCH), "tmp": ("0o41777", 0, EPOCH)} == facts
    assert "pc" == (root / "run").read_text()
    process = json.loads((tmp_path / "bundle" / "config.json").read_text())["process"]
    assert (["/run", "--all"], {"uid": 4711, "gid": 4712}) == (process["args"], process["user"])


def test_umoci_reads_the_archive_as_it_is(one: Path, tmp_path: Path) -> None:
    """The archive is a tar of the layout; umoci finds the tag, and its garbage collector finds every blob in use."""
    with tarfile.open(one) as tar:
        tar.extractall(tmp_path / "layout", filter="data")
    before = sorted(path.name for path in (tmp_path / "layout" / "blobs" / "sha256").iterdir())
    assert "1.0\n" == said("umoci", "ls", "--layout", tmp_path / "layout")
    said("umoci", "gc", "--layout", tmp_path / "layout")
    assert before == sorted(path.name for path in (tmp_path / "layout" / "blobs" / "sha256").iterdir())


@pytest.mark.parametrize(("platform", "text"), [(PC, "pc"), (ARM, "arm")], ids=["amd64", "arm"])
def test_every_machine_takes_its_own(two: Path, tmp_path: Path, platform: oci.Platform, text: str) -> None:
    """Of several platforms skopeo takes the one that it is told."""
    chosen = [f"--override-arch={platform.architecture}", f"--override-variant={platform.variant}", "--override-os=linux"]
    assert platform.architecture == inspected(two, *chosen, "--config")["architecture"]
    said("skopeo", *chosen, "copy", f"oci-archive:{two}:2", f"oci:{tmp_path}/layout:own")
    said("umoci", "unpack", "--image", f"{tmp_path}/layout:own", tmp_path / "bundle")
    assert text == (tmp_path / "bundle" / "rootfs" / "run").read_text()


def test_all_platforms_are_copied(two: Path, tmp_path: Path) -> None:
    """skopeo copies the whole index, both manifests with their variant and annotations, byte for byte."""
    said("skopeo", "copy", "--all", "--preserve-digests", f"oci-archive:{two}:2", f"dir:{tmp_path}/dir")
    index = json.loads((tmp_path / "dir" / "manifest.json").read_text())
    assert [PC.table(), ARM.table()] == [manifest["platform"] for manifest in index["manifests"]]
    for manifest in index["manifests"]:
        copied = json.loads((tmp_path / "dir" / f"{manifest['digest'].partition(':')[2]}.manifest.json").read_text())
        assert SETTINGS.labels == copied["annotations"]


def test_the_order_of_the_files_does_not_matter() -> None:
    """A layer is sorted; nothing of this machine (names of owners, times) is in it."""
    entries = [oci.Entry("/b", b"b", 0o644), oci.Entry("/a", None, 0o755)]
    assert oci.layer(entries, EPOCH) == oci.layer(entries[::-1], EPOCH)
    with tarfile.open(fileobj=io.BytesIO(oci.layer(entries, EPOCH))) as tar:
        assert [("a", "", EPOCH), ("b", "", EPOCH)] == [(member.name, member.uname, member.mtime) for member in tar]
