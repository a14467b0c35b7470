"""The OCI image of an app: what is in it, and that a container engine runs it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from appliance.build import Plan
from appliance.common.places import REPOSITORY
from appliance.common.shell import run
from appliance.compiling.interpreter import Interpreter
from appliance.delivering.container import DATA, PORT, USER, tag_of, write_container
from appliance.fetching.recipes import load_target
from tests.appliance.running import TIMEOUT, errors, invoke


@pytest.fixture
def image(hello: Plan, interpreter: Interpreter, tmp_path: Path) -> Path:
    """samples/hello for container engines."""
    binaries = {hello.binary: load_target("x86_64")}
    return write_container(binaries, "hello", "1.2", tmp_path / "hello.oci.tar", interpreter)


def bundle(image: Path, folder: Path, *chosen: str) -> Path:
    """The image unpacked for a container engine: its root file system, and config.json as umoci derives it."""
    for command in (
        ["skopeo", *chosen, "copy", "--quiet", f"oci-archive:{image}", f"oci:{folder}/layout:own"],
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
    """crun starts it, it answers on port 8888 with a read-only root and no capability, and SIGTERM ends it orderly."""
    answers_in_a_container(bundle(image, tmp_path), tmp_path)


def answers_in_a_container(made: Path, tmp_path: Path) -> None:
    """A bundle of samples/hello runs and ends.

    In a network of its own, hence the fixed port; crun refuses to work with both versions of control groups, hence the mount.
    """
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


def test_one_image_for_several_processors(several: Path, hello: Plan) -> None:
    """--target with two names: an index of both under the one tag; binaries, disk image and papers in the same folder."""
    raw = json.loads(run(["skopeo", "inspect", "--raw", f"oci-archive:{several}/hello.oci.tar"]))
    assert "application/vnd.oci.image.index.v1+json" == raw["mediaType"]
    platforms = [(each["platform"]["os"], each["platform"]["architecture"]) for each in raw["manifests"]]
    assert [("linux", "amd64"), ("linux", "arm64")] == platforms
    table = json.loads((several / "BUILD.json").read_text())
    names = ["hello-x86_64", "hello-aarch64", "hello-pc.img", "hello.oci.tar"]
    assert (["x86_64", "aarch64"], names) == (table["targets"], list(table["outputs"]))
    assert (several / "hello-x86_64").read_bytes() == hello.binary.read_bytes()
    assert (several / "hello-pc.img").read_bytes() == hello.image.read_bytes()


def test_the_papers_of_several_processors(several: Path, hello: Plan) -> None:
    """What is in all programs is in the bill once, with nothing said of processors; what the one of the disk image alone has,
    for PID 1 and its updater, says which that is; the whole names all.
    """
    bill, own = (json.loads((folder / "hello.cdx.json").read_text()) for folder in (several, hello.output))
    assert [each["name"] for each in own["components"]] == [each["name"] for each in bill["components"]]
    assert {"monocypher": ["x86_64"], "hacl-star": ["x86_64"]} == {
        each["name"]: targets for each in bill["components"] if (targets := targets_of(each))
    }
    assert ["x86_64", "aarch64"] == targets_of(bill["metadata"]["component"])
    assert {"musl", "zig"} <= {each["name"] for each in bill["components"]}
    assert (hello.output / "LICENCES.txt").read_bytes() == (several / "LICENCES.txt").read_bytes()


def targets_of(component: dict[str, Any]) -> list[str]:
    """The processors that a component of a bill says it is for."""
    return [each["value"] for each in component["properties"] if each["name"] == "fapws4:target"]


@pytest.mark.parametrize(("architecture", "target"), [("amd64", "x86_64"), ("arm64", "aarch64")])
def test_each_processor_takes_its_own(several: Path, tmp_path: Path, architecture: str, target: str) -> None:
    """Told the architecture, engines get its manifest, and the program in it is the one that stands beside."""
    made = bundle(several / "hello.oci.tar", tmp_path, f"--override-arch={architecture}")
    assert (several / f"hello-{target}").read_bytes() == (made / "rootfs" / "app").read_bytes()


def test_an_engine_runs_its_own_of_several(several: Path, tmp_path: Path) -> None:
    """Not told anything, skopeo takes what fits this machine, and crun runs it."""
    answers_in_a_container(bundle(several / "hello.oci.tar", tmp_path), tmp_path)


def test_all_of_several_are_copied(several: Path, tmp_path: Path) -> None:
    """`skopeo copy --all`, as the README has it, takes the whole index, byte for byte."""
    run(["skopeo", "copy", "--all", "--preserve-digests", f"oci-archive:{several}/hello.oci.tar", f"dir:{tmp_path}/all"])
    index = (tmp_path / "all" / "manifest.json").read_bytes()
    assert index == run(["skopeo", "inspect", "--raw", f"oci-archive:{several}/hello.oci.tar"]).encode()
    manifests = [each["digest"].partition(":")[2] for each in json.loads(index)["manifests"]]
    assert [] == [name for name in manifests if not (tmp_path / "all" / f"{name}.manifest.json").exists()]


@pytest.mark.long
def test_one_image_for_all_processors(tmp_path: Path) -> None:
    """As the README has it: four platforms under the names that registries have for them, each with its own program."""
    words = ("--target", "x86_64,aarch64,armv7,riscv64", "--format", "oci", "--output", tmp_path / "out")
    done = invoke("build-appliance", "samples/hello/hello.py", *words)
    assert (0, []) == (done.returncode, errors(done))
    raw = json.loads(run(["skopeo", "inspect", "--raw", f"oci-archive:{tmp_path}/out/hello.oci.tar"]))
    platforms = [(each["platform"]["architecture"], each["platform"].get("variant")) for each in raw["manifests"]]
    assert [("amd64", None), ("arm64", None), ("arm", "v7"), ("riscv64", None)] == platforms
    for target, (architecture, variant) in zip(("x86_64", "aarch64", "armv7", "riscv64"), platforms, strict=True):
        chosen = [f"--override-arch={architecture}", *([f"--override-variant={variant}"] if variant else [])]
        (tmp_path / target).mkdir()
        made = bundle(tmp_path / "out" / "hello.oci.tar", tmp_path / target, *chosen)
        assert (tmp_path / "out" / f"hello-{target}").read_bytes() == (made / "rootfs" / "app").read_bytes()


def test_two_that_are_one_platform(tmp_path: Path) -> None:
    """Engines know no NEON: both kinds of ARMv7 in one index would be one too many."""
    words = ("--target", "armv7,armv7-vfpv3-d16", "--format", "oci", "--output", tmp_path / "out")
    said = (
        "armv7 and armv7-vfpv3-d16 are the same platform to container engines: name one of them; what runs on the lesser "
        "processor runs on the other too"
    )
    assert [said] == errors(invoke("build-appliance", "samples/hello/hello.py", *words))
    assert not (tmp_path / "out").exists()


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
