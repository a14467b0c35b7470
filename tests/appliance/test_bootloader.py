"""The boot loader's parts: the slot state, what a slot holds, and GRUB placed on a disk."""

from __future__ import annotations

import dataclasses

import pytest

from appliance.common.errors import Problem
from appliance.fetching.recipes import Board
from appliance.formats.fat import Placed
from appliance.imaging.bootloader import (
    BootLoader,
    SlotState,
    grub_configuration,
    prepare_bootloader,
    slot_files,
    state_files,
)


@pytest.fixture(scope="module")
def loader(pc: Board) -> BootLoader:
    """GRUB for the board pc."""
    return prepare_bootloader(pc)


def test_a_state_copy_is_one_sector_that_repeats_itself_at_its_end() -> None:
    """A state is text that a person can read, padded to the one sector that is written at once."""
    assert SlotState(12, "a", "b", 3).block() == (
        b"# GRUB Environment Block\nseq=12\ngood=a\ntry=b\ntries=3\nend=12.a.b.3\n".ljust(512, b"#"))


def test_the_copies_share_no_erase_block() -> None:
    """Damage around one copy leaves the other, and the file system's tables, whole."""
    files = state_files(SlotState(1, "a"))
    assert files == {"0.env": Placed(SlotState(1, "a").block(), 4 << 20), "1.env": Placed(SlotState(0, "a").block(), 8 << 20)}


def test_a_slot_tells_a_bios_where_kernel_and_initramfs_are(loader: BootLoader) -> None:
    """The sectors that linux.cfg names hold the kernel and the initramfs, byte for byte."""
    kernel, initramfs = b"K" * 1025, b"I" * 4096
    slot = slot_files(loader, kernel, initramfs, "6.12", "quiet panic=10", "ID=x\n")
    configuration, unified = slot["linux.cfg"], slot["linux.efi"]
    assert isinstance(configuration, bytes)
    assert isinstance(unified, bytes)
    lines = [line for line in configuration.decode().splitlines() if line.startswith("set ")]
    settings = dict(line.removeprefix("set ").split("=", 1) for line in lines)
    assert settings["arguments"] == '"quiet panic=10"'
    for name, content in (("linux", kernel), ("initrd", initramfs)):
        first, count = (int(number) for number in settings[name].split("+"))
        assert unified[first * 512 : (first + count) * 512].rstrip(b"\0") == content


def test_grub_loads_itself_from_where_it_was_put(loader: BootLoader) -> None:
    """The first sector knows where the core begins, and the core knows where the rest of it is."""
    code, core = loader.boot_code(2048), loader.placed_core(2048)
    assert len(code) == 440
    assert int.from_bytes(code[0x5C:0x64], "little") == 2048
    assert int.from_bytes(core[500:508], "little") == 2049
    assert int.from_bytes(core[508:510], "little") == -(-len(core) // 512) - 1
    assert len(core) == len(loader.core) < 1 << 20


def test_grub_looks_at_the_partitions_of_the_board(pc: Board) -> None:
    """Partition numbers come from the board's recipe, in disk order; none is left open."""
    configuration = grub_configuration(pc).decode()
    assert 'set state="($disk,gpt3)"' in configuration
    assert 'set slot="($disk,gpt4)"' in configuration
    assert 'set slot="($disk,gpt5)"' in configuration
    assert "@" not in configuration


def test_a_board_without_a_slot_is_refused(pc: Board) -> None:
    """A board recipe that lacks what the boot loader looks for is named."""
    board = dataclasses.replace(pc, partitions=[part for part in pc.partitions if part.name != "slotb"])
    with pytest.raises(Problem, match=r"recipes/boards/pc\.toml has no partition slotb"):
        grub_configuration(board)
