"""What stands beside an image for other tools, as those tools see it."""

from __future__ import annotations

import gzip
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import build
from appliance.build import Plan, build_image
from appliance.common.errors import Problem
from appliance.common.places import file_digest
from appliance.delivering.handout import SUMS, read_sums
from appliance.imaging.blockmap import map_image


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    """`sha256sum -c` in a folder."""
    return subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=folder, capture_output=True, text=True, check=False)


def test_the_checksums_are_those_of_all_files(hello: Plan) -> None:
    """sha256sum finds every file of the build, and nothing stands there that it does not check."""
    done = checked(hello.output)
    assert done.returncode == 0
    said = {row.removesuffix(": OK") for row in done.stdout.splitlines()}
    assert said == {file.name for file in hello.output.iterdir()} - {SUMS}
    assert {file.name for file in hello.results} == said | {SUMS}


@pytest.fixture
def copy(hello: Plan, tmp_path: Path) -> Plan:
    """hello's build in a folder that a test may change."""
    subprocess.run(["cp", "-r", "--sparse=always", hello.output, tmp_path / "dist"], check=True)
    return replace(hello, output=tmp_path / "dist")


def test_a_compressed_copy_is_made_on_demand_and_never_outlives_its_image(copy: Plan) -> None:
    """It is the image, the same bytes whenever it is made; the next build without it takes it away."""
    packed = replace(copy, compressed=True)
    digests = set()
    for _ in range(2):
        build_image(packed)
        digests.add(read_sums(copy.output)[packed.beside_image[-1].name])
    assert len(digests) == 1
    assert checked(copy.output).returncode == 0
    with gzip.open(packed.beside_image[-1]) as file:
        assert file.read() == copy.image.read_bytes()
    assert packed.beside_image[-1].stat().st_size < copy.image.stat().st_size // 15
    build_image(copy)
    assert not packed.beside_image[-1].exists()
    assert checked(copy.output).returncode == 0


def test_a_build_that_fails_takes_nothing_away(copy: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """The compressed copy of the image before belongs to it as long as that is there."""
    build_image(replace(copy, compressed=True))
    before = {file.name: file_digest(file) for file in copy.output.iterdir()}
    assert copy.image.name + ".gz" in before

    def fail(*_: object) -> None:
        raise Problem("the disk is full")

    monkeypatch.setattr(build, "_describe", fail)
    with pytest.raises(Problem, match="the disk is full"):
        build_image(copy)
    assert before == {file.name: file_digest(file) for file in copy.output.iterdir()}


def test_the_image_alone_keeps_the_other_checksums(copy: Plan) -> None:
    """`invoke image` writes no binary, and its digest is there all the same; a changed file is found out."""
    build_image(copy)
    assert read_sums(copy.output)[copy.binary.name] == file_digest(copy.binary)
    with copy.binary.open("r+b") as file:
        file.write(b"x")
    done = checked(copy.output)
    assert done.returncode == 1
    assert f"{copy.binary.name}: FAILED" in done.stdout


def test_bmaptool_makes_a_disk_of_the_image(hello: Plan, tmp_path: Path) -> None:
    """It finds the map by itself, and what it writes is enough of a disk that is full of something else."""
    disk = tmp_path / "disk"
    disk.write_bytes(b"\xa5" * hello.image.stat().st_size)
    subprocess.run(["bmaptool", "--quiet", "copy", hello.image, disk], check=True)
    blocks = map_image(hello.image)
    with disk.open("rb") as written, hello.image.open("rb") as image:
        for offset, length in blocks.ranges:
            written.seek(offset)
            image.seek(offset)
            assert written.read(length) == image.read(length)
    assert blocks.mapped < blocks.size // 5
    names = {part.name: part for part in blocks.partitions}
    data = tmp_path / "data"
    with disk.open("rb") as written:
        for name, command in (("data", ["e2fsck", "-fn"]), ("slota", ["fsck.fat", "-n"]),
                              ("slotb", ["fsck.fat", "-n"]), ("esp", ["fsck.fat", "-n"])):
            written.seek(names[name].first * 512)
            data.write_bytes(written.read(names[name].sectors * 512))
            assert subprocess.run([*command, str(data)], capture_output=True, check=False).returncode == 0
