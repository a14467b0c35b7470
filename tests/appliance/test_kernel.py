"""Which modules go into an image, and in which order PID 1 may load them."""

from __future__ import annotations

import lzma
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from appliance.common.errors import Problem
from appliance.fetching.recipes import Board
from appliance.imaging.kernel import choose_modules, modules_member, prepare_kernel


def module(facts: dict[str, str]) -> bytes:
    """A kernel module of which only .modinfo is there: an ELF file of three sections, compressed as Debian does."""
    modinfo = b"".join(f"{key}={value}\0".encode() for key, value in facts.items())
    names = b"\0.shstrtab\0.modinfo\0"
    rows = [(0, 0, 0), (1, 64, len(names)), (11, 64 + len(names), len(modinfo))]
    table = b"".join(struct.pack("<IIQQQQIIQQ", name, 1, 0, 0, offset, size, 0, 0, 1, 0) for name, offset, size in rows)
    body = names + modinfo
    identity = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    header = struct.pack("<HHIQQQIHHHHHH", 1, 62, 1, 0, 0, 64 + len(body), 0, 64, 0, 0, 64, len(rows), 1)
    return lzma.compress(identity + header + body + table)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A kernel with a file system, a network driver, and a checksum that is named by its alias only."""
    modules = {
        "fs/big-fs": {"depends": "journal", "softdep": "pre: crypto-sum", "alias": "fs-big"},
        "fs/journal": {"depends": "", "softdep": "post: late pre: crypto-sum"},
        "fs/late": {"depends": ""},
        "crypto/sum_generic": {"alias": "crypto-sum"},
        "drivers/net": {"depends": "bus,fs-builtin", "alias": "pci:v0000*d*", "firmware": "net.fw"},
        "drivers/bus": {"depends": ""},
        "drivers/unused": {"alias": "usb:v*"},
    }
    for name, facts in modules.items():
        path = tmp_path / "6.12-test/kernel" / f"{name}.ko.xz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(module(facts))
    (tmp_path / "6.12-test/modules.builtin").write_text("kernel/fs/fs-builtin.ko\n")
    return tmp_path / "6.12-test"


def test_everything_a_module_needs_comes_before_it(tree: Path) -> None:
    """Dependencies, and what softdeps name by an alias, are there and in load order; nothing else is."""
    chosen = choose_modules(tree, ["big-fs", "fs_builtin"], ["net"], "toy")
    assert chosen.always == ["big_fs"]
    assert chosen.depends == {"big_fs": ["sum_generic", "journal"], "bus": [], "journal": ["sum_generic"], "net": ["bus"],
                              "sum_generic": []}
    assert sorted(chosen.files) == ["big_fs", "bus", "journal", "net", "sum_generic"]
    assert chosen.aliases["net"] == ["pci:v0000*d*"]
    assert chosen.aliases["big_fs"] == []
    assert chosen.firmware == {"net": ["net.fw"]}


def test_pid_1_finds_modules_and_lists_in_the_member(tree: Path, tmp_path: Path) -> None:
    """The cpio member holds the modules as they were and the three texts that PID 1 reads."""
    member = modules_member(choose_modules(tree, ["big-fs"], ["net"], "toy"))
    (tmp_path / "root").mkdir()
    subprocess.run(["cpio", "--extract", "--quiet"], input=member, cwd=tmp_path / "root", check=True)
    assert (tmp_path / "root/etc/modules.always").read_text() == "big_fs\n"
    assert (tmp_path / "root/etc/modules.alias").read_text() == "pci:v0000*d* net\n"
    assert (tmp_path / "root/etc/modules.depends").read_text() == "big_fs sum_generic journal\njournal sum_generic\nnet bus\n"
    assert (tmp_path / "root/lib/modules/big_fs.ko.xz").read_bytes() == (tree / "kernel/fs/big-fs.ko.xz").read_bytes()


def test_a_module_that_the_kernel_does_not_have_is_named(tree: Path) -> None:
    """A typing error in a board recipe names the board, the module and the nearest name."""
    with pytest.raises(Problem) as problem:
        choose_modules(tree, [], ["nett"], "toy")
    assert str(problem.value) == ("recipes/boards/toy.toml names the module nett, which kernel 6.12-test does not have: "
                                  "the nearest name is net")


def test_a_kernel_without_modules(tree: Path) -> None:
    """What is built in needs no file; what is not can only be in another configuration or another kernel."""
    shutil.rmtree(tree / "kernel")
    assert {} == choose_modules(tree, ["fs-builtin"], ["fs_builtin"], "toy").files
    with pytest.raises(Problem) as problem:
        choose_modules(tree, [], ["net"], "toy")
    assert str(problem.value).endswith("no modules: add it there, or take another kernel")


def test_the_pc_finds_its_disks_networks_and_watchdogs(pc: Board) -> None:
    """The board pc has the modules that its description promises, and ext4 can check its checksums."""
    kernel = prepare_kernel(pc)
    promised = {"virtio_blk", "virtio_net", "ahci", "nvme", "usb_storage", "uas", "sdhci_pci", "mmc_block", "e1000", "e1000e",
                "igb", "igc", "r8169", "r8152", "i6300esb", "softdog", "ext4", "vfat", "efivarfs", "usbhid", "button"}
    assert promised <= set(kernel.names)
    assert {"crc32c_generic", "jbd2"} <= set(kernel.names)
    assert "psmouse" not in kernel.names
    assert kernel.modules.stat().st_size < 3_500_000


def test_no_module_of_the_pc_lacks_another(pc: Board, tmp_path: Path) -> None:
    """Whatever a list names is in the image too, and every dependency's own dependencies stand before it."""
    member = prepare_kernel(pc).modules
    subprocess.run(["cpio", "--extract", "--quiet"], input=member.read_bytes(), cwd=tmp_path, check=True)
    there = {path.name.removesuffix(".ko.xz") for path in (tmp_path / "lib/modules").iterdir()}
    rows = [line.split() for line in (tmp_path / "etc/modules.depends").read_text().splitlines()]
    needs = {row[0]: row[1:] for row in rows}
    aliases = {line.split()[1] for line in (tmp_path / "etc/modules.alias").read_text().splitlines()}
    always = set((tmp_path / "etc/modules.always").read_text().split())
    assert aliases | always | set(needs) | {name for names in needs.values() for name in names} <= there
    for names in needs.values():
        for place, name in enumerate(names):
            assert set(needs.get(name, [])) <= set(names[:place])


def test_a_second_build_takes_the_kernel_from_the_cache(pc: Board) -> None:
    """Preparing the same kernel twice gives the same files, without writing them again."""
    first, second = prepare_kernel(pc), prepare_kernel(pc)
    assert first == second
    assert first.modules.stat().st_mtime_ns == second.modules.stat().st_mtime_ns
