"""What a build consists of: versions from the code itself, and only what really is in the program."""

from __future__ import annotations

import importlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from appliance.build import Plan, needed_sources
from appliance.common.places import REPOSITORY, file_digest
from appliance.compiling.toolchain import zig_folder
from appliance.delivering.components import TOOLCHAIN, Component, debian_sources, expression, merged, version_in
from appliance.delivering.licences import read_build
from appliance.fetching.recipes import Piece, load_source
from appliance.fetching.sources import fetch, unpacked
from appliance.fetching.unpacking import deb_control
from tests.appliance.cases import problem, written

NAMES = [source.name for source in needed_sources(None) if source.pieces]


@pytest.mark.parametrize("name", NAMES)
def test_every_piece_says_its_version(name: str) -> None:
    """The pattern of each recipe finds a version in the tree that is compiled; the terms of its licence are there too."""
    source, tree = load_source(name), unpacked(name)
    for piece in source.pieces:
        assert version_in(piece, tree, name)[0].isalnum()
        assert piece.licence == expression(piece.licence)
    assert source.texts
    assert [] == [text for text in source.texts if not (tree / text).is_file()]


def test_musl_says_its_version() -> None:
    """zig carries it as source."""
    assert version_in(TOOLCHAIN[0], zig_folder(), "ziglang").startswith("1.")


def test_a_pattern_that_finds_nothing(tmp_path: Path) -> None:
    """The file and the recipe are named."""
    written(tmp_path, "#define TINY 1\n", "tiny.h")
    piece = Piece("tiny", "MIT", "pkg:generic/tiny", header="tiny.h", pattern="TINY_VERSION (.)")
    said = problem(lambda: version_in(piece, tmp_path, "small"))
    assert said.startswith("tiny.h of small does not say the version of tiny as its recipe expects: mend the pattern in ")


def test_groups_are_joined(tmp_path: Path) -> None:
    """Numbers that stand apart become one version."""
    written(tmp_path, "#define MAJOR 1\n#define MINOR 52\n", "tiny.h")
    piece = Piece("tiny", "MIT", "pkg:generic/tiny", header="tiny.h", pattern="MAJOR (\\d+)\n#define MINOR (\\d+)")
    assert "1.52" == version_in(piece, tmp_path, "small")


def parts_of(plan: Plan) -> dict[str, Component]:
    """The components of a finished build."""
    return {part.name: part for part in read_build(plan.output)}


def test_only_what_is_in_the_program(hello: Plan, probe_plan: Plan) -> None:
    """expat is told where pyexpat is linked; a frozen package with its version and licence; hello has neither."""
    small, large = parts_of(hello), parts_of(probe_plan)
    assert {"expat", "parcel"}.isdisjoint(small)
    assert ("1.4", "BSD-2-Clause", "pkg:pypi/parcel@1.4") == (
        large["parcel"].version, large["parcel"].licence, large["parcel"].purl)
    table = json.loads(probe_plan.description.read_text())
    file = {"file": "parcel-1.4-py3-none-any.whl", "sha256": large["parcel"].sha256}
    assert [{"name": "parcel", "version": "1.4", "licence": "BSD-2-Clause", **file}] == table["packages"]
    assert f"sha256:{large['parcel'].sha256}" in probe_plan.app.with_name("requirements.txt").read_text()
    assert "fat" in small
    assert {"binary"} == {part.part for part in large.values()}


def test_the_digests_are_those_of_the_sources(hello: Plan) -> None:
    """Of each file that was fetched; of a module that of the file in the image."""
    parts = parts_of(hello)
    for name in ("libuv", "grub-pc-bin"):
        assert (load_source(name).sha256, load_source(name).file) == (parts[name].sha256, parts[name].file)
    [module] = unpacked("linux-debian-amd64").rglob("virtio_net.ko.xz")
    assert file_digest(module) == parts["virtio_net"].sha256


@pytest.mark.parametrize(
    ("stated", "licence"),
    [
        ("MIT", "MIT"), ("MIT License", "MIT"), ("mit or apache-2.0", "MIT OR Apache-2.0"),
        ("BSD", ""), ("BSD License", ""), ("Do what you like", ""), ("not stated", ""),
    ],
)
def test_licences_as_expressions(stated: str, licence: str) -> None:
    """What SPDX knows is written as SPDX does; other words are no expression."""
    assert licence == expression(stated)


METADATA = "Metadata-Version: 2.1\nName: crate\nVersion: 3\n"
STATED = {
    "License-Expression: MIT\nLicense: else\n": "MIT",
    "License: Mine\n only\n": "Mine",
    "Classifier: License :: OSI Approved :: BSD License\nClassifier: Topic :: Odd\n": "BSD License",
    "Classifier: Topic :: Odd\n": "not stated",
}


@pytest.mark.parametrize("text", STATED, ids=STATED.values())
def test_where_a_package_states_its_licence(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The expression comes first, then the old field's first line, then the classifiers."""
    written(tmp_path, METADATA + text, "crate-3.dist-info/METADATA")
    monkeypatch.syspath_prepend(str(REPOSITORY / "appliance" / "freezing"))
    inside = importlib.import_module("analysis_inside")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert [("crate", "3", STATED[text])] == inside.distributions_of({"crate", "app"})


def deb(control: str, documents: dict[str, str]) -> bytes:
    """A Debian package."""
    out = b"!<arch>\n"
    for name, files in (("control.tar", {"./control": control}), ("data.tar", documents)):
        tarball = io.BytesIO()
        with tarfile.open(fileobj=tarball, mode="w") as tar:
            for path, text in files.items():
                member = tarfile.TarInfo(path)
                member.size = len(text.encode())
                tar.addfile(member, io.BytesIO(text.encode()))
        data = tarball.getvalue()
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
    return out


CONTROL = "Package: tiny\nVersion: 1-2\nSource: small (1+2)\nBuilt-Using: other (= 3-4)\nDescription: made up\n of nothing\n"


def test_the_source_of_a_package(tmp_path: Path) -> None:
    """The name and version in Source, and what Built-Using adds; read from the package itself."""
    file = tmp_path / "tiny.deb"
    file.write_bytes(deb(CONTROL, {"./usr/bin/tiny": ""}))
    assert "small 1+2, other 3-4" == debian_sources(deb_control(file))


def test_control_fields(tmp_path: Path) -> None:
    """A package without Source is built from the source of its own name and version."""
    file = tmp_path / "tiny.deb"
    file.write_bytes(deb("Package: tiny\nVersion: 1-2\n", {}))
    assert {"Package": "tiny", "Version": "1-2"} == deb_control(file)
    assert "tiny 1-2" == debian_sources(deb_control(file))


def test_the_kernel_is_from_two_sources() -> None:
    """Debian's signed kernel names both: what it is signed in, and what it was compiled from."""
    source = load_source("linux-debian-amd64")
    signed, compiled = debian_sources(deb_control(fetch(source))).split(", ")
    assert signed.startswith("linux-signed-amd64 ")
    assert f"linux {source.version}" == compiled


def test_what_several_programs_consist_of() -> None:
    """What all have stands once and says nothing of processors; what only some have says which."""
    both, one, old, new = (
        Component(name, version, "library", "binary", "MIT", f"pkg:pypi/{name}@{version}")
        for name, version in (("both", "1"), ("one", "1"), ("other", "1"), ("other", "2"))
    )
    found = merged({"x86_64": [both, one, old], "aarch64": [both, new]})
    assert [("both", "1", ()), ("one", "1", ("x86_64",)), ("other", "1", ("x86_64",)), ("other", "2", ("aarch64",))] == [
        (part.name, part.version, part.targets) for part in found
    ]
    assert [both, one] == merged({"x86_64": [both, one]})
