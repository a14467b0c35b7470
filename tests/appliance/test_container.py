"""The OCI image of an app: what is in it, and that a container engine runs it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from appliance.build import Plan
from appliance.container import DATA, PORT, USER, tag_of, write_container
from appliance.interpreter import Interpreter
from appliance.places import REPOSITORY
from appliance.recipes import load_target
from tests.appliance.running import TIMEOUT, errors, invoke


@pytest.fixture
def image(hello: Plan, interpreter: Interpreter, tmp_path: Path) -> Path:
    """samples/hello for container engines."""
    binaries = {hello.binary: load_target("x86_64")}
    return write_container(binaries, "hello", "1.2", tmp_path / "hello.oci.tar", interpreter)


def bundle(image: Path, folder: Path) -> Path:
    """The image unpacked for a container engine: its root file system, and config.json as umoci derives it."""
    for command in (
        ["skopeo", "copy", "--quiet", f"oci-archive:{image}", f"oci:{folder}/layout:own"],
        ["umoci", "unpack", "--image", f"{folder}/layout:own", f"{folder}/bundle"],
    ):
        subprocess.run(command, check=True, capture_output=True)
    return folder / "bundle"


def test_what_is_in_it(image: Path, hello: Plan, tmp_path: Path) -> None:
    """The binary, its data's folder and /tmp; it starts as a user who owns nothing but the data."""
    made = bundle(image, tmp_path)
    root = made / "rootfs"
    assert ["app", "data", "tmp"] == sorted(path.name for path in root.iterdir())
    assert hello.binary.read_bytes() == (root / "app").read_bytes()
    owners = {path.name: path.stat().st_uid for path in root.iterdir()}
    assert {"app": 0, "data": 65532, "tmp": 0} == owners
    process = json.loads((made / "config.json").read_text())["process"]
    assert (["/app"], {"uid": 65532, "gid": 65532}) == (process["args"], process["user"])


CONTAINER = """set -e
ip link set lo up
umount --recursive /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
crun --root "$2" --cgroup-manager=disabled run --bundle "$1" hello >&2 &
curl --silent --show-error --retry 20 --retry-connrefused http://127.0.0.1:8888/
crun --root "$2" kill hello TERM
wait $!"""


def test_a_container_engine_runs_it(image: Path, tmp_path: Path) -> None:
    """crun starts it, it answers on port 8888 with a read-only root and no capability, and SIGTERM ends it orderly.

    In a network of its own, hence the fixed port; crun refuses to work with both versions of control groups, hence the mount.
    """
    made = bundle(image, tmp_path)
    config = json.loads((made / "config.json").read_text())
    config["process"] |= {"terminal": False, "capabilities": {}}
    config["root"]["readonly"] = True
    spaces = config["linux"]["namespaces"]
    config["linux"]["namespaces"] = [space for space in spaces if space["type"] != "network"]
    del config["linux"]["resources"]
    (made / "config.json").write_text(json.dumps(config))
    done = subprocess.run(
        ["unshare", "--mount", "--net", "sh", "-c", CONTAINER, "sh", str(made), str(tmp_path / "state")],
        capture_output=True, text=True, check=False, timeout=TIMEOUT, stdin=subprocess.DEVNULL,
    )
    assert (0, "Hello World!!") == (done.returncode, done.stdout), done.stderr


def test_the_same_bytes(
    image: Path, hello: Plan, interpreter: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made again with another time zone and umask, it is the same."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    umask = os.umask(0o077)
    binaries = {hello.binary: load_target("x86_64")}
    try:
        again = write_container(binaries, "hello", "1.2", tmp_path / "again", interpreter)
    finally:
        os.umask(umask)
        monkeypatch.undo()
        time.tzset()
    assert image.read_bytes() == again.read_bytes()


def test_by_the_command(tmp_path: Path) -> None:
    """--format oci gives the binary, the OCI image and the description, and no disk image; BUILD.json has their digests."""
    done = invoke("build-appliance", "samples/hello/hello.py", "--format", "oci", "--output", tmp_path / "out")
    assert (0, []) == (done.returncode, errors(done))
    outputs = json.loads((tmp_path / "out" / "BUILD.json").read_text())["outputs"]
    assert ["hello-x86_64", "hello.oci.tar"] == list(outputs)
    assert outputs["hello.oci.tar"]["size"] == (tmp_path / "out" / "hello.oci.tar").stat().st_size
    assert not (tmp_path / "out" / "hello-pc.img").exists()


def test_a_format_that_is_none(tmp_path: Path) -> None:
    """Those that there are are named, before any work."""
    done = invoke("build-appliance", "samples/hello/hello.py", "--format", "iso", "--output", tmp_path / "out")
    assert ["there is no format iso: there are: image, oci; several with a comma between them"] == errors(done)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("version", "tag"), [("1.0", "1.0"), ("1.0+beta 2", "1.0-beta-2"), ("-x", "x"), ("é", "latest"), ("1" * 200, "1" * 128)]
)
def test_tags(version: str, tag: str) -> None:
    """Any version becomes a tag that the OCI's grammar allows."""
    assert tag == tag_of(version)


def test_the_manifest_for_kubernetes() -> None:
    """samples/hello/kubernetes.yaml is what the schemas of Kubernetes allow; user, port and folder are those of the image."""
    text = (REPOSITORY / "samples" / "hello" / "kubernetes.yaml").read_text()
    deployment, service = resources = list(yaml.safe_load_all(text))
    for resource in resources:
        kubernetes_validate.validate(resource, "1.31", strict=True)
    pod = deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert (USER, PORT) == (pod["securityContext"]["runAsUser"], container["ports"][0]["containerPort"])
    assert [DATA] == [mount["mountPath"] for mount in container["volumeMounts"]]
    assert service["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"]


def test_a_wrong_manifest_is_found() -> None:
    """The validator does see a key that Kubernetes does not know."""
    wrong = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"prots": []}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.31", strict=True)
