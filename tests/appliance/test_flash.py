"""Writing an image to a disk: on loop devices, which are real block devices to everything but their maker."""

from __future__ import annotations

import errno
import gzip
import lzma
import os
import pty
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import zstandard

from appliance.common.errors import Problem
from appliance.common.places import REPOSITORY
from appliance.flashing.flash import flash
from appliance.flashing.target_disk import TargetDisk
from appliance.formats import fat, gpt
from appliance.imaging.blockmap import BlockMap, bmap_text, map_image
from appliance.imaging.preseed import PRESEED_AT, PRESEED_SIZE, Preseed, free_place

MIB = 1 << 20
GARBAGE = b"\xa5"
EPOCH = 1_700_000_000


def yes(_: str) -> bool:
    """The answer of --yes."""
    return True


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A small image like ours: a state with the place for a preseed, a slot that is mostly empty, data with a hole."""
    names = {"state": 16, "slota": 8, "data": 4}
    first, partitions, pieces = MIB // gpt.SECTOR, [], []
    for name, size in names.items():
        partition = gpt.Partition(name, gpt.BASIC_DATA, uuid.uuid4(), first, size * MIB // gpt.SECTOR)
        partitions.append(partition)
        first += partition.sectors
        tree = {"state": free_place(), "slota": {"linux.efi": os.urandom(MIB + 5)}}.get(name)
        inside = [(0, b"first"), (3 * MIB, b"last")] if tree is None else fat.volume(
            tree, size * MIB, label=name, serial=1, cluster=8192, epoch=EPOCH, hidden=partition.first)
        pieces += [(partition.first * gpt.SECTOR + at, data) for at, data in inside]
    total = first + MIB // gpt.SECTOR
    file = tmp_path / "made-pc.img"
    with file.open("wb") as stream:
        stream.truncate(total * gpt.SECTOR)
        for offset, data in [*pieces, *gpt.table(partitions, uuid.uuid4(), total)]:
            stream.seek(offset)
            stream.write(data)
    return file


@contextmanager
def attached(file: Path, *options: str) -> Iterator[str]:
    """A loop device over a file."""
    device = subprocess.run(["losetup", "--find", "--show", *options, file], check=True, capture_output=True, text=True).stdout
    try:
        yield device.strip()
    finally:
        subprocess.run(["losetup", "--detach", device.strip()], check=True)


def worn(file: Path, size: int) -> Path:
    """A disk that is full of what it held before."""
    file.write_bytes(GARBAGE * size)
    return file


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """The medium of a worn disk of 40 MiB."""
    return worn(tmp_path / "disk", 40 * MIB)


@pytest.fixture
def device(disk: Path) -> Iterator[str]:
    """That disk."""
    with attached(disk) as device:
        yield device


def holds(disk: Path, image: Path) -> None:
    """A disk has everything that it must have of an image, and what it had before where nobody will look."""
    medium, wanted = disk.read_bytes(), image.read_bytes()
    begun = 0
    for offset, length in map_image(image).ranges:
        assert medium[begun:offset] == GARBAGE * (offset - begun)
        assert medium[offset : offset + length] == wanted[offset : offset + length]
        begun = offset + length
    assert medium[-MIB:] == bytes(MIB)


def test_a_disk_has_the_image_and_zeros_where_zeros_count(image: Path, device: str, disk: Path) -> None:
    """Also where the image's file has holes: in a journal, what a disk held before could be taken for transactions. The rest
    of a slot, which nobody reads, is not written, nor is what lies behind the image but the place of an old backup table."""
    said = flash(image, device, yes)
    assert said == f"made-pc.img is on {device}, read back and compared; the disk can be taken out"
    holds(disk, image)
    assert map_image(image).mapped < 20 * MIB


def test_nobody_else_puts_another_image_in_the_place(
    image: Path, device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is unpacked lies in a folder of one's own: who has made one of that name before could write to it."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    folder = tmp_path / f"fapws4-flash-{os.getuid()}"
    packed = image.with_name(f"{image.name}.gz")
    packed.write_bytes(gzip.compress(image.read_bytes()))
    for link in (False, True):
        folder.symlink_to(tmp_path) if link else folder.mkdir()
        os.chown(folder, 1234, 1234, follow_symlinks=False)
        with pytest.raises(Problem, match="belongs to another user: set TMPDIR to a folder of your own"):
            flash(packed, device, yes, force=True)
        folder.unlink() if link else folder.rmdir()


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, zstandard.ZstdCompressor().compress])
def test_a_compressed_image_is_unpacked(image: Path, device: str, disk: Path, pack: Callable[[bytes], bytes]) -> None:
    """Whatever it is called: its first bytes say how it is compressed."""
    packed = image.with_suffix(".packed")
    packed.write_bytes(pack(image.read_bytes()))
    flash(packed, device, yes)
    holds(disk, image)


def test_a_damaged_compressed_image_is_refused(image: Path, device: str, disk: Path) -> None:
    """Before anything is written."""
    packed = image.with_suffix(".img.gz")
    packed.write_bytes(gzip.compress(image.read_bytes())[:-100_000])
    with pytest.raises(Problem, match=r"made-pc.img.gz cannot be unpacked .*: copy it again"):
        flash(packed, device, yes)
    assert disk.read_bytes() == GARBAGE * 40 * MIB


def cut(image: Path) -> None:
    """The end of the download is missing."""
    os.truncate(image, image.stat().st_size - 512)


def no_table(image: Path) -> None:
    """Some other file."""
    image.write_bytes(b"text\n" * 1_000_000)


def damaged_table(image: Path) -> None:
    """One bit of a partition's entry."""
    with image.open("r+b") as file:
        file.seek(1024 + 40)
        file.write(b"\x01")


def damaged_slot(image: Path) -> None:
    """The first sector of a slot's file system says that sectors have another size."""
    slot = next(part for part in map_image(image).partitions if part.name == "slota")
    with image.open("r+b") as file:
        file.seek(slot.first * gpt.SECTOR + 11)
        file.write(b"\x01\x03")


@pytest.mark.parametrize(("spoil", "said"), [(cut, "is not whole"), (no_table, "it has no GUID partition table"),
                                             (damaged_table, "its partition table is damaged"),
                                             (damaged_slot, "is damaged: it has a FAT file system with sectors of 769 bytes")])
def test_what_is_no_whole_image_is_refused(
    image: Path, device: str, disk: Path, spoil: Callable[[Path], None], said: str
) -> None:
    """A file that is something else, or not all of it, is not written to a disk."""
    spoil(image)
    with pytest.raises(Problem, match=said):
        flash(image, device, yes)
    assert disk.read_bytes() == GARBAGE * 40 * MIB


def test_nothing_is_written_without_a_yes(image: Path, device: str, disk: Path) -> None:
    """The question says what would be lost where."""
    asked: list[str] = []

    def no(question: str) -> bool:
        asked.append(question)
        return False

    with pytest.raises(Problem, match="nothing was written") as problem:
        flash(image, device, no)
    assert problem.value.code == 1
    assert asked == [f"Write made-pc.img to {device} ({disk}, 41.9 MB, loop)? All that is on it will be lost."]
    assert disk.read_bytes() == GARBAGE * 40 * MIB


def mounted(device: str, scratch: Path, stack: ExitStack) -> None:
    """Something of it is mounted."""
    subprocess.run(["mke2fs", "-q", "-F", device], check=True, stderr=subprocess.DEVNULL)
    subprocess.run(["mount", device, scratch], check=True)
    stack.callback(lambda: subprocess.run(["umount", scratch], check=True))


def held(device: str, scratch: Path, stack: ExitStack) -> None:
    """A program has it for itself, as a mount in another container would."""
    stack.callback(os.close, os.open(device, os.O_RDONLY | os.O_EXCL))


@pytest.mark.parametrize(("use", "said"), [(mounted, "is in use: mounted at"),
                                           (held, "cannot be opened .*nothing was written")])
@pytest.mark.parametrize("force", [False, True])
def test_a_disk_in_use_is_refused_whatever_is_said(
    image: Path, device: str, tmp_path: Path, use: Callable[[str, Path, ExitStack], None], said: str, force: bool
) -> None:
    """--yes and --force go over no disk that is in use."""
    (tmp_path / "mnt").mkdir()
    with ExitStack() as stack:
        use(device, tmp_path / "mnt", stack)
        with pytest.raises(Problem, match=said):
            flash(image, device, yes, force=force)


@pytest.mark.parametrize(("options", "size", "said"), [
    (["--read-only"], 40, "is read-only"),
    (["--sector-size", "4096"], 40, "has sectors of 4096 bytes"),
    ([], 8, "is too small"),
])
def test_a_disk_that_does_not_fit_is_refused(image: Path, tmp_path: Path, options: list[str], size: int, said: str) -> None:
    """What the kernel tells of real devices."""
    with attached(worn(tmp_path / "other", size * MIB), *options) as device, pytest.raises(Problem, match=said):
        flash(image, device, yes, force=True)
    assert (tmp_path / "other").read_bytes() == GARBAGE * size * MIB


def fails(after: int, fault: BaseException) -> Callable[[TargetDisk, int, bytes], None]:
    """A disk on which writing goes wrong after a while."""
    written = [0]
    write = TargetDisk.write

    def write_or_fail(target: TargetDisk, offset: int, data: bytes) -> None:
        written[0] += 1
        if written[0] > after:
            raise fault
        write(target, offset, data)

    return write_or_fail


def loses(nth: int) -> Callable[[TargetDisk, int, bytes], None]:
    """A disk that says yes and does not write, as a fake one does that is smaller than it says."""
    written = [0]
    write = TargetDisk.write

    def write_or_not(target: TargetDisk, offset: int, data: bytes) -> None:
        written[0] += 1
        if written[0] != nth:
            write(target, offset, data)

    return write_or_not


def writes_of(image: Path, device: str, patch: pytest.MonkeyPatch) -> int:
    """How many times TargetDisk.write is called for an image; the last one is for its first MiB."""
    offsets: list[int] = []
    write = TargetDisk.write

    def note_and_write(target: TargetDisk, offset: int, data: bytes) -> None:
        offsets.append(offset)
        write(target, offset, data)

    with patch.context() as noting:
        noting.setattr(TargetDisk, "write", note_and_write)
        flash(image, device, yes)
    assert offsets[-1] == 0
    assert 0 not in offsets[:-1]
    return len(offsets)


@pytest.mark.parametrize(("fault", "code", "said"), [
    (OSError(errno.EIO, os.strerror(errno.EIO)), 2, "fails (Input/output error)"),
    (KeyboardInterrupt(), 130, "interrupted"),
])
@pytest.mark.parametrize("place", ["at once", "later", "at the end"])
def test_a_disk_that_is_not_finished_starts_no_machine(
    image: Path, device: str, disk: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException, code: int, said: str,
    place: str,
) -> None:
    """Wherever it goes wrong, the disk has no partition table, and that is said."""
    after = {"at once": 0, "later": 2, "at the end": writes_of(image, device, monkeypatch) - 1}[place]
    monkeypatch.setattr(TargetDisk, "write", fails(after, fault))
    with pytest.raises(Problem) as problem:
        flash(image, device, yes)
    assert said in problem.value.what
    assert problem.value.code == code
    assert f"{device} has no partition table now and starts no machine" in problem.value.hint
    assert disk.read_bytes()[:MIB] == bytes(MIB)


def test_a_disk_that_lies_is_found_out(image: Path, device: str, disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write, the last one too, is compared; what is not as written leaves a disk that starts no machine."""
    for nth in range(1, writes_of(image, device, monkeypatch) + 1):
        disk.write_bytes(GARBAGE * 40 * MIB)
        with monkeypatch.context() as lying:
            lying.setattr(TargetDisk, "write", loses(nth))
            with pytest.raises(Problem, match="does not hold what was written to it, somewhere between byte") as problem:
                flash(image, device, yes)
        assert problem.value.code == 2
        assert disk.read_bytes()[:MIB] == bytes(MIB)


def test_a_preseed_goes_into_its_place_and_not_into_the_image(image: Path, device: str, disk: Path) -> None:
    """The disk has the image's bytes but there; without --config, what stood there is gone."""
    before = image.read_bytes()
    preseed = Preseed({"name": b"south-gate"})
    flash(image, device, yes, preseed=preseed)
    at = MIB + PRESEED_AT
    assert disk.read_bytes()[at : at + PRESEED_SIZE] == preseed.block()
    assert image.read_bytes() == before
    flash(image, device, yes)
    assert disk.read_bytes()[at : at + PRESEED_SIZE] == bytes(PRESEED_SIZE)
    holds(disk, image)


def flashed(*arguments: str, answer: str | None = None) -> subprocess.CompletedProcess[str]:
    """`invoke flash`, with nobody at the terminal or somebody who types an answer."""
    command = [sys.executable, "-m", "invoke", "flash", *arguments]
    if answer is None:
        return subprocess.run(command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    ours, theirs = pty.openpty()
    try:
        os.write(ours, f"{answer}\n".encode())
        return subprocess.run(command, cwd=REPOSITORY, stdin=theirs, capture_output=True, text=True, check=False)
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(("answer", "options", "code", "said"), [
    (None, ["--yes"], 0, "read back and compared"),
    (None, [], 1, "there is nobody to ask"),
    ("yes", [], 0, "read back and compared"),
    ("y", [], 1, "nothing was written"),
])
def test_the_command_asks(
    image: Path, device: str, disk: Path, answer: str | None, options: list[str], code: int, said: str
) -> None:
    """Only yes is a yes, and nobody has to be there with --yes."""
    done = flashed(str(image), device, *options, answer=answer)
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    if code:
        assert disk.read_bytes() == GARBAGE * 40 * MIB
    else:
        holds(disk, image)


def test_without_a_device_it_shows_the_disks(image: Path) -> None:
    """The list is an answer, so the exit code is 0."""
    done = flashed(str(image))
    assert done.returncode == 0
    assert f"next: invoke flash {image} DEVICE" in done.stderr


@pytest.fixture
def blocks(image: Path) -> BlockMap:
    """Which bytes of the image count."""
    return map_image(image)


def test_bmaptool_writes_and_checks_by_the_map(image: Path, blocks: BlockMap, disk: Path) -> None:
    """Debian's bmaptool takes the map and the image, plain or compressed, and leaves a disk with all that counts."""
    bmap = image.with_name("made-pc.img.bmap")
    bmap.write_text(bmap_text(blocks))
    packed = image.with_name("made-pc.img.gz")
    packed.write_bytes(gzip.compress(image.read_bytes()))
    for source in (image, packed):
        disk.write_bytes(GARBAGE * 40 * MIB)
        subprocess.run(["bmaptool", "--quiet", "copy", "--bmap", bmap, source, disk], check=True)
        medium, wanted = disk.read_bytes(), image.read_bytes()
        assert all(medium[at : at + size] == wanted[at : at + size] for at, size in blocks.ranges)
    with image.open("r+b") as file:
        file.seek(blocks.ranges[-1][0] + 5)
        file.write(b"x")
    assert subprocess.run(["bmaptool", "--quiet", "copy", "--bmap", bmap, image, disk], check=False,
                          capture_output=True).returncode == 1
