"""The texts of the licences, and the sources that some of them oblige to offer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.build import Plan, build_image
from appliance.common.errors import Problem
from appliance.common.shell import run
from appliance.delivering.components import Component
from appliance.delivering.licences import (
    CONTENTS,
    SUMS,
    fetch_owed,
    kernel_configuration,
    owed,
    read,
    read_build,
    stand_ins,
    without_image,
    written,
)
from appliance.fetching import registries
from tests.appliance.cases import contents, problem
from tests.appliance.cases import written as written_file
from tests.appliance.running import errors, invoke


def sections_of(plan: Plan) -> dict[str, str]:
    """The sections of a finished build's LICENCES.txt."""
    return read((plan.output / "LICENCES.txt").read_text())


def test_every_part_has_its_text(hello: Plan) -> None:
    """Each component, the modules of the kernel aside, has a section of its own or that of what it is a part of."""
    sections = sections_of(hello)
    for part in read_build(hello.output):
        heading = part.debian if part.debian else part.name
        assert part.within or [name for name in sections if heading in name], part.name
    assert [] == [name for name, text in sections.items() if len(text) < 300]


def test_the_texts_are_the_real_ones(hello: Plan) -> None:
    """The GPL in both versions that Debian's files only name, CPython's own terms, and those of code inside CPython."""
    text = (hello.output / "LICENCES.txt").read_text()
    for words in (
        "GNU GENERAL PUBLIC LICENSE\n                       Version 2, June 1991",
        "GNU GENERAL PUBLIC LICENSE\n                       Version 3, 29 June 2007",
        "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2",
        "Copyright (c) 2018-2021 Microsoft Corporation, Daan Leijen",  # mimalloc
        "Copyright © 2005-2020 Rich Felker",  # musl
        "Kazuho Oku, Tokuhiro Matsuno",  # picohttpparser
    ):
        assert words in text, words


def test_a_frozen_package_brings_its_own(probe_plan: Plan) -> None:
    """The files of its dist-info."""
    assert "Permission is given to test with it." == sections_of(probe_plan)["parcel 1.4: BSD-2-Clause"]


def test_an_image_made_later_adds_its_own(probe_plan: Plan) -> None:
    """`freeze` writes those of the binary, `image` adds those of the image; done twice it is the same."""
    kept = {file: file.read_bytes() for file in probe_plan.output.iterdir()}
    before = sections_of(probe_plan)
    try:
        build_image(probe_plan)
        once = contents(probe_plan.output)
        assert before.items() < sections_of(probe_plan).items()
        outputs = json.loads(probe_plan.description.read_text())["outputs"]
        assert [probe_plan.binary.name, probe_plan.image.name] == list(outputs)
        assert {"binary", "image"} == {part.part for part in read_build(probe_plan.output)}
        build_image(probe_plan)
        assert once == contents(probe_plan.output)
    finally:
        probe_plan.image.unlink()
        for file, data in kept.items():
            if file.read_bytes() != data:  # the program itself is the same, and may be running
                file.write_bytes(data)


def test_an_image_of_an_earlier_build(tmp_path: Path) -> None:
    """Stays beside a program that was frozen anew, which says nothing of what is in it."""
    (tmp_path / "BUILD.json").write_text(json.dumps({"components": [], "outputs": {"app": {}}}))
    assert [] == read_build(tmp_path)
    (tmp_path / "app-pc.img").write_bytes(b"")
    assert "says nothing of app-pc.img" in problem(lambda: read_build(tmp_path))


def test_sections_come_back() -> None:
    """What is written can be read."""
    sections = {"one 1: MIT": "First.\n\nLast.", "two 2: not stated": "x"}
    assert sections == read(written(sections, "app"))


def test_those_of_another_image_go() -> None:
    """An image that is made anew with another kernel owes nothing for the old one."""
    sections = {"one 1: MIT": "x", "Debian linux 6: GPL-2.0-only": "y", "The licence GPL-2": "z"}
    assert {"one 1: MIT": "x"} == without_image(sections)


def part(name: str, licence: str, debian: str) -> Component:
    """A component from Debian."""
    purl = f"pkg:deb/debian/{name}@1?arch=amd64&distro=trixie"
    return Component(name, "1", "firmware", "image", licence, purl, debian=debian)


def test_what_is_owed() -> None:
    """The source packages of copyleft parts, each once; of others none."""
    parts = [
        part("b", "GPL-3.0-or-later", "two 2"), part("a", "LGPL-2.1-or-later", "two 2, one 1:1"), part("c", "MIT", "free 3"),
        Component("d", "1", "library", "binary", "GPL-2.0-only", "pkg:pypi/d@1"),
    ]
    assert [("trixie", "one", "1:1"), ("trixie", "two", "2")] == owed(parts)


def registry(*absent: str) -> Callable[[str, str, str, Path], list[Path]]:
    """A stand-in for Debian that lacks these packages."""

    def give(suite: str, name: str, version: str, folder: Path) -> list[Path]:
        if name in absent:
            raise registries.Absent(f"no {name}")
        (folder / f"{name}_{version}.dsc").write_text(name)
        return [folder / f"{name}_{version}.dsc"]

    return give


def test_sources_are_listed_with_their_digests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the form that sha256sum checks."""
    monkeypatch.setattr(registries, "debian_source_package", registry())
    files = fetch_owed([("trixie", "two", "2"), ("trixie", "one", "1")], tmp_path / "to")
    assert ["one_1.dsc", "two_2.dsc", CONTENTS] == [file.name for file in files]
    one, two = (hashlib.sha256(name).hexdigest() for name in (b"one", b"two"))
    assert f"{one}  one_1.dsc\n{two}  two_2.dsc\n" == (tmp_path / "to" / SUMS).read_text()


def test_how_a_kernel_was_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The GPL counts it to the source; a distribution's package has its own."""
    monkeypatch.setattr(registries, "debian_source_package", registry())
    written_file(tmp_path, json.dumps({"kernel": {"name": "tiny", "config": "CONFIG_A=y"}}), "BUILD.json")
    files = fetch_owed([("trixie", "linux", "6")], tmp_path / "to", kernel_configuration(tmp_path))
    assert ["linux_6.dsc", "tiny.config", CONTENTS] == [file.name for file in files]
    assert "CONFIG_A=y" == (tmp_path / "to" / "tiny.config").read_text()
    assert "how linux was configured: make tinyconfig, and what tiny.config says" in (tmp_path / "to" / CONTENTS).read_text()
    written_file(tmp_path, json.dumps({"kernel": {"name": "debian-amd64", "config": ""}}), "BUILD.json")
    assert {} == kernel_configuration(tmp_path)


def test_what_cannot_be_had_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are fetched all the same."""
    monkeypatch.setattr(registries, "debian_source_package", registry("one", "three"))
    packages = [("trixie", name, "1") for name in ("one", "two", "three")]
    assert problem(lambda: fetch_owed(packages, tmp_path)).startswith("no one; no three: the rest is there; ")
    assert [CONTENTS, SUMS, "two_1.dsc"] == sorted(path.name for path in tmp_path.iterdir())


KERNEL = [("trixie", "linux", "6.12.5-1"), ("trixie", "linux-signed-amd64", "6.12.5+1"), ("trixie", "grub2", "2")]


def packages_of(suite: str, architecture: str, name: str, version: str, folder: Path) -> Path:
    """A stand-in for Debian's binary packages."""
    file = folder / f"{name}_{version}_{architecture}.deb"
    file.write_text(name)
    return file


def test_a_kernel_whose_source_the_mirror_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its tree, configurations and packaging come as binary packages of the same version; it is said, and what to do."""
    monkeypatch.setattr(registries, "debian_source_package", registry("linux", "linux-signed-amd64"))
    monkeypatch.setattr(registries, "debian_package_at", packages_of)
    files = fetch_owed(KERNEL, tmp_path)
    names = [
        "grub2_2.dsc", "linux-config-6.12_6.12.5-1_amd64.deb", "linux-image-amd64-signed-template_6.12.5-1_amd64.deb",
        "linux-source-6.12_6.12.5-1_amd64.deb",
    ]
    assert [*names, CONTENTS] == [file.name for file in files]
    assert names == [line.split("  ")[1] for line in (tmp_path / SUMS).read_text().splitlines()]
    assert (
        "linux 6.12.5-1, from the packages that Debian builds of it: linux-source-6.12\n"
        "    linux-source-6.12_6.12.5-1_amd64.deb\n"
    ) in (tmp_path / CONTENTS).read_text()
    said = capsys.readouterr().err
    assert "note: no linux; linux-source-6.12 of the same version instead, in which some of Debian's own build" in said
    assert 2 == said.count("run this again with FAPWS_DEBIAN set to an archive that keeps old versions")


def test_a_kernel_that_cannot_be_had_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its source nor what stands in for it: the last thing that was asked for is named."""

    def lacks(suite: str, architecture: str, name: str, version: str, folder: Path) -> Path:
        raise registries.Absent(f"no package {name}")

    monkeypatch.setattr(registries, "debian_source_package", registry("linux"))
    monkeypatch.setattr(registries, "debian_package_at", lacks)
    said = problem(lambda: fetch_owed([("trixie", "linux", "6.12.5-1")], tmp_path))
    assert said.startswith("no package linux-source-6.12: the rest is there; ")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    """It is named before anything is fetched."""
    file = written_file(tmp_path, "mine", "to")
    assert f"{file} is a file: name a folder" == problem(lambda: fetch_owed([], file))


def test_by_the_command(hello: Plan, tmp_path: Path) -> None:
    """The parts and what must be offered are shown; a folder without a build is named."""
    done = invoke("licences", hello.output)
    assert (0, []) == (done.returncode, errors(done))
    assert "source to offer: grub2 " in done.stderr
    done = invoke("licences", tmp_path)
    assert [f"{tmp_path}/BUILD.json is not there: name the folder of a finished build"] == errors(done)


def test_a_build_that_owes_nothing(probe_plan: Plan, tmp_path: Path) -> None:
    """Without a kernel there is no GPL: this is said, and no folder made."""
    for words in ((), ("--to", tmp_path / "to")):
        done = invoke("licences", probe_plan.output, *words)
        assert (0, []) == (done.returncode, errors(done))
        assert "nothing in this build obliges to offer its source" in done.stderr
    assert not (tmp_path / "to").exists()


def fetched(packages: list[tuple[str, str, str]], folder: Path) -> None:
    """What Debian really gives: each .dsc names its other files with their digests, and all of them are there."""
    files = fetch_owed(packages, folder)
    for _, name, version in packages:
        descriptions = [file for file in files if file.name == f"{name}_{version.partition(':')[2] or version}.dsc"]
        if not descriptions and stand_ins(name, version):
            names = {file.name.partition("_")[0] for file in files}
            assert {other for _, other, _ in stand_ins(name, version)} <= names
            continue
        [description] = descriptions
        text = description.read_text()
        assert "-----BEGIN PGP SIGNED MESSAGE-----" in text
        named = [file for file in files if f" {file.name}\n" in text]
        assert 2 <= len(named)
        assert [] == [file.name for file in named if hashlib.sha256(file.read_bytes()).hexdigest() not in text]


def test_the_source_of_the_stub(hello: Plan, tmp_path: Path) -> None:
    """From Debian's archive, the very version of systemd whose UEFI stub is in the image."""
    fetched([package for package in owed(read_build(hello.output)) if package[1] == "systemd"], tmp_path)


def test_what_stands_in_for_the_signed_kernel(hello: Plan, tmp_path: Path) -> None:
    """The mirror has the packages of the very kernel that is in the image, its configuration among them."""
    [(suite, name, version)] = [package for package in owed(read_build(hello.output)) if package[1].startswith("linux-signed")]
    others = stand_ins(name, version)
    files = [registries.debian_package_at(suite, *other, tmp_path) for other in others]
    assert [f"{other}_{at}_amd64.deb" for _, other, at in others] == [file.name for file in files]
    listed = run(["dpkg-deb", "--contents", files[0]])
    assert "config.amd64_none_amd64.xz" in listed
    release = next(part.version for part in read_build(hello.output) if part.kind == "device-driver")
    assert release.split("+")[0] == version.split("+")[0]


@pytest.mark.long
def test_all_sources(hello: Plan, tmp_path: Path) -> None:
    """The kernel's too, 150 MB. Mirrors announce sources that they do not have: what is not there is named, each of it."""
    packages = owed(read_build(hello.output))
    said = ""
    try:
        fetch_owed(packages, tmp_path)
    except Problem as lacking:
        said = str(lacking)
    contents = (tmp_path / CONTENTS).read_text()
    assert {"grub2", "linux", "systemd"} <= {name for _, name, _ in packages}
    assert [] == [name for _, name, version in packages
                  if (f"{name} {version}, " in contents) == (f"the source {name} {version} and" in said)]
