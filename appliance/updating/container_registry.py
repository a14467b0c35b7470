"""An end of the line: bundles are pushed to container registries, and pulled from there, by skopeo.

skopeo knows what registries want: logins, TLS with the machine's or a registry's own certificates, blobs that are there
already, mounted from other repositories or sent in pieces. What has arrived is not sent again by the same command later.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import cache_folder, scratch_folder
from appliance.common.progress import step
from appliance.common.shell import Failed, run
from appliance.fetching.preflight import require
from appliance.imaging.reference import Reference, parse_reference
from appliance.updating.artifact import read_layout, require_update, write_layout
from appliance.updating.bundle import Bundle, write_bundle

PROGRAMS = {"skopeo": "skopeo"}
PREFIX = "oci:"  # in front of a reference, where a file could be meant too

_LOOPBACK = re.compile(r"(localhost|127\.[\d.]+|\[::1\])(:\d+)?")
_SAID = re.compile(r'level=fatal msg="((?:[^"\\]|\\.)*)"')
_RETRIES = "3"

_OWN_CERTIFICATE = ("a registry with its own certificate authority is trusted by its certificate in "
                    "~/.config/containers/certs.d/{registry}/ca.crt")
_LOGIN = "log in with: skopeo login {registry}; or set FAPWS_REGISTRY_USER and FAPWS_REGISTRY_PASSWORD"
_REMEDIES = {
    r"HTTP response to HTTPS client": "it speaks http only; when its network is your own, say --plain-http",
    r"x509:|certificate": _OWN_CERTIFICATE,
    r"unauthorized|authentication required|denied": _LOGIN,
    r"manifest unknown|name unknown|not found": "look at the repository and the tag",
    r"": "look at the registry and the network and type it again: what has arrived is not sent again",
}


@dataclass(frozen=True)
class Place:
    """Where a registry keeps something, and whether it may be asked by http."""

    reference: Reference
    plain: bool

    def __str__(self) -> str:
        return str(self.reference)


def parse_place(text: str, plain_http: bool = False) -> Place:
    """REGISTRY/REPOSITORY:TAG. Other machines than this one are asked by https, unless ``plain_http``."""
    reference = parse_reference(text)
    return Place(reference, plain_http or bool(_LOOPBACK.fullmatch(reference.registry)))


def publish(bundle: Bundle, to: Place) -> str:
    """Push the bundle, in one artifact under one tag, and return the artifact's digest."""
    require(PROGRAMS, "publishing")
    with scratch_folder(cache_folder("work")) as folder, step(f"send {bundle.about}"):
        layout = folder / "layout"
        layout.mkdir()
        write_layout(bundle, layout, to.reference.tag)
        _skopeo(to, ["copy", "--quiet", "--retry-times", _RETRIES, "--preserve-digests", "--digestfile", folder / "digest",
                     *_access(to, "dest-", folder), f"oci:{layout}:{to.reference.tag}", f"docker://{to}"])
        return (folder / "digest").read_text().strip()


@contextlib.contextmanager
def fetched(what: str, plain_http: bool = False) -> Iterator[Path]:
    """The file of a bundle: ``what`` itself, or while the block runs, the one that is pulled when it begins with oci:."""
    if not what.startswith(PREFIX):
        yield Path(what)
        return
    source = parse_place(what.removeprefix(PREFIX), plain_http)
    with scratch_folder(cache_folder("work")) as folder:
        file = folder / f"{source.reference.tag}.update"
        write_bundle(_pulled(source, folder), file)
        yield file


def _pulled(source: Place, folder: Path) -> Bundle:
    require(PROGRAMS, "pulling from a registry")
    access = _access(source, "", folder)
    manifest = _skopeo(source, ["inspect", "--raw", "--retry-times", _RETRIES, *access, f"docker://{source}"]).encode()
    require_update(manifest, str(source))
    exact = f"{source.reference.registry}/{source.reference.repository}@sha256:{hashlib.sha256(manifest).hexdigest()}"
    with step(f"fetch {source}"):
        _skopeo(source, ["copy", "--quiet", "--retry-times", _RETRIES, "--preserve-digests",
                         "--dest-oci-accept-uncompressed-layers", *_access(source, "src-", folder), f"docker://{exact}",
                         f"oci:{folder}/layout:{source.reference.tag}"])
    return read_layout(folder / "layout", manifest, str(source))


def _access(place: Place, side: str, folder: Path) -> list[str | Path]:
    """skopeo's options about the registry on one ``side`` of a command. A login is in nobody's list of processes."""
    user, password = os.environ.get("FAPWS_REGISTRY_USER"), os.environ.get("FAPWS_REGISTRY_PASSWORD")
    options: list[str | Path] = [f"--{side}tls-verify=false"] if place.plain else []
    if user and password:
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        file = folder / "auth.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps({"auths": {place.reference.registry: {"auth": login}}}))
        options += [f"--{side}authfile", file]
    return options


def _skopeo(place: Place, arguments: list[str | Path]) -> str:
    """What skopeo says; a Problem about the place when it fails. Its policy of signatures is about images of others."""
    try:
        return run(["skopeo", "--insecure-policy", *arguments], what="skopeo")
    except Failed as failure:
        found = _SAID.search(failure.tail)
        said = found[1].replace('\\"', '"') if found else failure.tail
        remedy = next(remedy for pattern, remedy in _REMEDIES.items() if re.search(pattern, said))
        raise Problem(f"{place}: {said}", remedy.format(registry=place.reference.registry)) from failure
