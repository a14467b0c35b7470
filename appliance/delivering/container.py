"""An end of the line: binaries, one for each processor, become one OCI image that any container engine runs.

The image holds the binary, a folder for its data and /tmp; nothing else is needed. It runs as a user without a name and
without privileges, on port 8888 whatever the app's SERVER says: who runs a container chooses the outside port there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import SOURCE_DATE_EPOCH, cache_folder, scratch_folder, whole_file
from appliance.common.progress import step
from appliance.common.shell import run
from appliance.compiling.interpreter import Interpreter
from appliance.fetching.recipes import Target
from appliance.formats import oci

USER = 65532  # "nonroot" by convention; numeric, so that Kubernetes can see that it is not root
PORT = 8888
DATA = "/data"
PROGRAM = "/app"

# Debian's name of a processor -> what Go and so every registry calls it, where the two differ.
_PLATFORMS = {"armhf": oci.Platform("arm", "v7")}


def platform_of(target: Target) -> oci.Platform:
    """What registries call a processor."""
    return _PLATFORMS.get(target.debian, oci.Platform(target.debian))


def require_platforms(targets: Iterable[Target]) -> None:
    """A Problem when engines could not tell two of these targets apart."""
    known: dict[oci.Platform, str] = {}
    for target in targets:
        other = known.setdefault(platform_of(target), target.name)
        if other != target.name:
            raise Problem(f"{other} and {target.name} are the same platform to container engines",
                          "name one of them; what runs on the lesser processor runs on the other too")


def write_container(
    binaries: Mapping[Path, Target], name: str, version: str, output: Path, interpreter: Interpreter
) -> Path:
    """The archive ``output`` of an app, its name and version."""
    settings = oci.Settings(
        entrypoint=[PROGRAM],
        user=f"{USER}:{USER}",
        ports=[PORT],
        environment={"FAPWS_SERVER": f"0.0.0.0:{PORT}", "HOME": DATA},
        volumes=[DATA],
        labels={f"org.opencontainers.image.{key}": value for key, value in (
            ("title", name), ("version", version), ("created", oci.timestamp(SOURCE_DATE_EPOCH)))},
    )
    with step("OCI image"), whole_file(output) as work:
        layers = [_layer(binary, target, interpreter) for binary, target in binaries.items()]
        work.write_bytes(oci.archive(layers, settings, tag_of(version), SOURCE_DATE_EPOCH))
    return output


def tag_of(version: str) -> str:
    """A version as a tag, which may have fewer characters."""
    return re.sub(r"[^\w.-]+", "-", version, flags=re.ASCII).lstrip(".-")[:128] or "latest"


def _layer(binary: Path, target: Target, interpreter: Interpreter) -> oci.Layer:
    plain = oci.layer([
        oci.Entry(PROGRAM, binary.read_bytes(), 0o755),
        oci.Entry(DATA, None, 0o755, USER),
        oci.Entry("tmp", None, 0o1777),
    ], SOURCE_DATE_EPOCH)
    return oci.Layer(platform_of(target), plain, _gzipped(plain, interpreter))


def _gzipped(data: bytes, interpreter: Interpreter) -> bytes:
    """gzip by the device's own zlib: that of the machine that builds may be another one, and give other bytes."""
    program = ("import gzip, sys; file = open(sys.argv[1], 'wb');"
               "file.write(gzip.compress(sys.stdin.buffer.read(), mtime=0))")
    with scratch_folder(cache_folder("work")) as scratch:
        run([interpreter.python, "-I", "-S", "-c", program, scratch / "out"], stdin=data, what="gzip")
        return (scratch / "out").read_bytes()
