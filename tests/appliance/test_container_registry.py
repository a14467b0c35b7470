"""Bundles in container registries: pushed, pulled, copied by others' tools, refused in words. A real registry answers."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.common.places import cache_folder
from appliance.common.shell import run
from appliance.fetching.recipes import Board
from appliance.imaging.version import open_disk, read_version
from appliance.updating import container_registry
from appliance.updating.artifact import TYPE
from appliance.updating.bundle import Bundle, read_bundle
from appliance.updating.container_registry import fetched, parse_place, publish
from tests.appliance.cases import problem
from tests.appliance.registry import PASSWORD, USER, Registry, registry
from tests.appliance.running import errors, invoke
from tests.appliance.versions import Versions, with_small_slots
from tests.machine.disk import Disk


@pytest.fixture(scope="module")
def versions(hello_binary: Path, pc: Board, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """Of hello, for the board pc with small slots."""
    return Versions(hello_binary, with_small_slots(pc), tmp_path_factory.mktemp("versions"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Registry]:
    """An empty registry, by plain http."""
    with registry(tmp_path) as running:
        yield running


def pulled(reference: str) -> bytes:
    """The bundle that is there."""
    with fetched(f"oci:{reference}") as path:
        return path.read_bytes()


def test_a_bundle_comes_back_as_it_was(versions: Versions, store: Registry) -> None:
    """Byte for byte; under another tag too; the newest when a tag is moved."""
    seven, eight = versions.bundle(7), versions.bundle(8)
    for bundle, tag in ((seven, "7"), (seven, "stable"), (eight, "stable")):
        publish(read_bundle(bundle), parse_place(f"{store.name}/hello:{tag}"))
    assert seven.read_bytes() == pulled(f"{store.name}/hello:7")
    assert eight.read_bytes() == pulled(f"{store.name}/hello:stable")


def test_what_the_registry_has_is_not_sent_again(versions: Versions, store: Registry) -> None:
    """Of the next version only what differs; the same bundle again is no blob at all, and gives the same digest."""
    first, second = read_bundle(versions.bundle(7)), read_bundle(versions.bundle(8))
    publish(first, parse_place(f"{store.name}/hello:7"))
    sent = store.counted("POST")
    assert len(digests(first)) + 1 == sent  # the parts and the head
    digest = publish(second, parse_place(f"{store.name}/hello:8"))
    new = digests(second) - digests(first)
    assert (True, len(new) + 1) == (0 < len(new) < len(digests(first)), store.counted("POST") - sent)
    sent = store.counted("POST")
    assert digest == publish(second, parse_place(f"{store.name}/hello:again"))
    assert sent == store.counted("POST")


def digests(bundle: Bundle) -> set[str]:
    """Of the parts."""
    return {line.split()[3] for line in bundle.says("part")}


def test_the_artifact_is_one_that_others_understand(versions: Versions, store: Registry) -> None:
    """Its type, what it says of itself, and each part's name, as skopeo shows it."""
    publish(read_bundle(versions.bundle(8)), parse_place(f"{store.name}/hello:8"))
    table = json.loads(run(["skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{store.name}/hello:8"]))
    assert (TYPE, "application/vnd.oci.image.manifest.v1+json") == (table["artifactType"], table["mediaType"])
    assert {"org.opencontainers.image.title": "hello", "org.opencontainers.image.version": "8.0"} == table["annotations"]
    names = [layer["annotations"]["org.opencontainers.image.title"] for layer in table["layers"]]
    assert ["modules", "device", "binary", "kernel"] == names[-4:]


def test_through_the_commands_and_another_registry(versions: Versions, store: Registry, tmp_path: Path) -> None:
    """Published, copied to a second registry by skopeo, and installed from there into an image."""
    done = invoke("publish", versions.bundle(8), f"{store.name}/hello:stable")
    assert 0 == done.returncode, done.stderr
    (tmp_path / "second").mkdir()
    device = Disk(versions.image(7), tmp_path / "device.img", versions.board)
    with registry(tmp_path / "second") as other:
        run(["skopeo", "--insecure-policy", "copy", "--src-tls-verify=false", "--dest-tls-verify=false",
             f"docker://{store.name}/hello:stable", f"docker://{other.name}/mirror/hello:stable"])
        before = device.path.read_bytes()
        looked = invoke("update", device.path, f"oci:{other.name}/mirror/hello:stable", "--verify-only")
        assert (0, before) == (looked.returncode, device.path.read_bytes()), looked.stderr
        updated = invoke("update", device.path, f"oci:{other.name}/mirror/hello:stable")
        assert 0 == updated.returncode, updated.stderr
        again = invoke("update", device.path, f"oci:{other.name}/mirror/hello:stable")
        assert (1, True) == (again.returncode, "waits for its trial" in errors(again)[0])
    assert read_version(open_disk(versions.image(8)), "a").files == read_version(open_disk(device.path), "b").files


def test_what_a_registry_changes_is_refused(versions: Versions, store: Registry, tmp_path: Path) -> None:
    """The signatures of another bundle before these parts: the registry accepts it, the device's code does not."""
    seven, nine = read_bundle(versions.bundle(7)), read_bundle(versions.bundle(9))
    mixed = Bundle(nine.manifest, seven.signatures, nine.parts)
    publish(mixed, parse_place(f"{store.name}/hello:mixed"))
    device = Disk(versions.image(7), tmp_path / "device.img", versions.board)
    refused = invoke("update", device.path, f"oci:{store.name}/hello:mixed")
    assert (1, True) == (refused.returncode, "not signed by enough keys" in errors(refused)[0])


def test_https_and_logins(versions: Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that is not trusted, one that is, no login, a wrong one, the right one."""
    bundle, cache = read_bundle(versions.bundle(7)), cache_folder().parent
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=registry.test", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    monkeypatch.setattr(container_registry, "_LOOPBACK", re.compile("nowhere"))
    with registry(tmp_path, (certificate, key), login=True) as store:
        place = f"{store.name}/hello:stable"
        unknown = problem(lambda: publish(bundle, parse_place(place)))
        trusted = tmp_path / ".config" / "containers" / "certs.d" / store.name
        assert "is trusted by its certificate in ~/.config/containers/certs.d/" in unknown
        trusted.mkdir(parents=True)
        (trusted / "ca.crt").write_bytes(certificate.read_bytes())
        monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
        monkeypatch.setenv("HOME", str(tmp_path))
        assert f"log in with: skopeo login {store.name}; or set FAPWS_REGISTRY_USER" in problem(
            lambda: publish(bundle, parse_place(place)))
        monkeypatch.setenv("FAPWS_REGISTRY_USER", USER)
        monkeypatch.setenv("FAPWS_REGISTRY_PASSWORD", "wrong")
        assert "log in with: skopeo login" in problem(lambda: publish(bundle, parse_place(place)))
        monkeypatch.setenv("FAPWS_REGISTRY_PASSWORD", PASSWORD)
        publish(bundle, parse_place(place))
        assert bundle.data == pulled(place)


def test_http_is_asked_for(versions: Versions, store: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """But on this machine, plain http has to be said."""
    monkeypatch.setattr(container_registry, "_LOOPBACK", re.compile("nowhere"))
    bundle = read_bundle(versions.bundle(7))
    assert "it speaks http only; when its network is your own, say --plain-http" in problem(
        lambda: publish(bundle, parse_place(f"{store.name}/hello:7")))
    publish(bundle, parse_place(f"{store.name}/hello:7", plain_http=True))


def test_what_is_not_there_or_no_update(store: Registry, tmp_path: Path) -> None:
    """An absent tag, an ordinary image, a registry that nobody runs."""
    assert "look at the repository and the tag" in problem(lambda: pulled(f"{store.name}/hello:none"))
    layout = tmp_path / "layout"
    subprocess.run(["umoci", "init", "--layout", layout], check=True)
    subprocess.run(["umoci", "new", "--image", f"{layout}:empty"], check=True)
    run(["skopeo", "--insecure-policy", "copy", "--dest-tls-verify=false", f"oci:{layout}:empty",
         f"docker://{store.name}/other:1"])
    assert f"{store.name}/other:1 is not an update: put one there with: invoke publish FILE" in problem(
        lambda: pulled(f"{store.name}/other:1"))
    assert "look at the registry and the network" in problem(lambda: pulled("127.0.0.1:1/hello:1"))


@pytest.mark.parametrize("text", ["hello", "hello:1", "docker.io/hello", "example.com/Hello:1", "example.com/a b:1",
                                  "--help/hello:1", "https://example.com/hello:1", "example.com/hello:", "/hello:1"])
def test_references_that_name_no_place(text: str) -> None:
    """A registry, a repository and a tag, all of them."""
    assert f"{text} does not name a place in a registry" in problem(lambda: parse_place(text))


@pytest.mark.parametrize("text", ["localhost:5000/hello:1", "registry.example.com/team/hello:stable", "registry:5000/a/b-c:x",
                                  "[::1]:5000/hello:1", "127.0.0.1/hello:1"])
def test_references(text: str) -> None:
    """As people write them; only this machine is asked by http without being told."""
    reference = parse_place(text)
    assert (text, "example" not in text and not text.startswith("registry")) == (str(reference), reference.plain)
