"""What hardware an app may ask for, which modules that brings, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.build import make_plan
from appliance.fetching.recipes import Board
from appliance.imaging.hardware import NO_HARDWARE, Hardware, devices_of, fitted, hardware_of, wanted_modules
from appliance.imaging.image import compose, device_member
from appliance.imaging.kernel import prepare_kernel, require_modules
from appliance.imaging.release import Release
from appliance.imaging.version import open_disk, read_version
from appliance.packaging.data import Settings
from appliance.updating.bundle import make_bundle, write_bundle
from appliance.updating.update import update_image
from tests.appliance.cases import problem
from tests.appliance.versions import KEY, TRUSTED, with_small_slots


def asked(board: Board, *devices: str, modules: tuple[str, ...] = (), cmdline: str = "") -> Hardware:
    """What an app gets whose command asks for this."""
    return hardware_of(Settings(), (), Hardware(devices, modules, cmdline), board)


@pytest.mark.parametrize(
    ("text", "devices"),
    [
        ('DEVICES = ["/dev/ttyUSB*", "/dev/gpiochip0"]\n', ("/dev/ttyUSB*", "/dev/gpiochip0")),
        ('DEVICES: tuple[str, ...] = ("/dev/i2c-1",)\n', ("/dev/i2c-1",)),
        ("DEVICES = []\n", ()),
        ("x = 1\n", ()),
        ('def page():\n    DEVICES = ["/dev/x"]\n', ()),
    ],
)
def test_the_app_says_what_it_needs(tmp_path: Path, text: str, devices: tuple[str, ...]) -> None:
    """DEVICES is read from the source, without running it."""
    (tmp_path / "meter.py").write_text(text)
    assert devices == devices_of(tmp_path / "meter.py")


@pytest.mark.parametrize("value", ['"/dev/ttyUSB0"', "[port]", '["/dev/" + "x"]', "[1]", 'list("x")', "{}"])
def test_what_is_not_a_list_of_texts_is_refused(tmp_path: Path, value: str) -> None:
    """The builder does not run the app to find out; the line is named."""
    (tmp_path / "meter.py").write_text(f"\nDEVICES = {value}\n")
    said = problem(lambda: devices_of(tmp_path / "meter.py"))
    assert said == (f"{tmp_path / 'meter.py'}:2: DEVICES must be a list of texts, as they stand: "
                    'write it like DEVICES = ["/dev/ttyUSB*"]')


def test_app_project_and_command_add_up(pc: Board) -> None:
    """Each thing once, and modules by the names that the kernel has."""
    said = Settings(devices=["/dev/ttyACM0"], modules=["i2c-stub"], cmdline="i2c-stub.chip_addr=0x1d  quiet")
    wishes = Hardware(("/dev/ttyUSB*", "/dev/snd/pcmC?D0p"), ("i2c_stub", "w1-gpio"), "usbcore.autosuspend=-1")
    assert hardware_of(said, ["/dev/ttyUSB*"], wishes, pc) == Hardware(
        ("ttyUSB*", "ttyACM0", "snd/pcmC?D0p"), ("i2c_stub", "w1_gpio"),
        "i2c-stub.chip_addr=0x1d quiet usbcore.autosuspend=-1")


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("ttyUSB0", "ttyUSB0 is not below /dev: name devices like"),
        ("/sys/class/gpio", "/sys/class/gpio is not below /dev: name devices like"),
        ("/dev/", "/dev/ is not below /dev: "),
        ("", "(nothing) is not below /dev: "),
        ("/dev/../etc/keys", "/dev/../etc/keys leads out of /dev: "),
        ("/dev/x/..", "/dev/x/.. leads out of /dev: "),
        ("/dev//sda", "/dev//sda is no pattern of device names: it is made of letters, digits, * and ? (not of sets), and "),
        ("/dev/[m]em", "/dev/[m]em is no pattern of device names: "),
        ("/dev/ttyUSB0 ttyS0", "/dev/ttyUSB0 ttyS0 is no pattern of device names: "),
        ("/dev/.hidden", "/dev/.hidden is no pattern of device names: "),
        ("/dev/" + "x" * 128, "/dev/" + "x" * 128 + " is no pattern of device names: "),
        ("/dev/mem", "no app gets /dev/mem: /dev/mem is the memory or the processor of the machine: name what the app needs"),
        ("/dev/kmem", "no app gets /dev/kmem: /dev/kmem is the memory"),
        ("/dev/port", "no app gets /dev/port: /dev/port is the memory"),
        ("/dev/cpu/0/msr", "no app gets /dev/cpu/0/msr: /dev/cpu/ is the memory"),
        ("/dev/kmsg", "no app gets /dev/kmsg: /dev/kmsg is a way into the kernel"),
        ("/dev/watchdog0", "no app gets /dev/watchdog0: /dev/watchdog* is fed by PID 1"),
        ("/dev/sda", "no app gets /dev/sda: /dev/sd* is a disk, with all that is on it"),
        ("/dev/vda6", "no app gets /dev/vda6: /dev/vd* is a disk"),
        ("/dev/nvme0", "no app gets /dev/nvme0: /dev/nvme* is a disk"),
        ("/dev/mmcblk0rpmb", "no app gets /dev/mmcblk0rpmb: /dev/mmcblk* is a disk"),
        ("/dev/disk/by-id/x", "no app gets /dev/disk/by-id/x: /dev/disk/ is a disk"),
        ("/dev/bus/usb/001/002", "no app gets /dev/bus/usb/001/002: /dev/bus/ is every USB device"),
        ("/dev/tty1", "no app gets /dev/tty1: /dev/tty1 is the screen and the keyboard"),
        ("/dev/rtc0", "no app gets /dev/rtc0: /dev/rtc* sets the clock"),
        ("/dev/ttyS0", "no app gets /dev/ttyS0: /dev/ttyS0 is a console of the board pc"),
        ("/dev/null", "no app gets /dev/null: /dev/null is there for every app, without asking"),
        ("/dev/*", "no app gets /dev/*: /dev/mem is the memory"),
        ("/dev/?em", "no app gets /dev/?em: /dev/mem is the memory"),
        ("/dev/s*a", "no app gets /dev/s*a: /dev/sd* is a disk"),
        ("/dev/*/*", "no app gets /dev/*/*: /dev/cpu/ is the memory"),
        ("/dev/tty*", "no app gets /dev/tty*: /dev/tty0 is the screen"),
        ("/dev/ttyS*", "no app gets /dev/ttyS*: /dev/ttyS0 is a console of the board pc"),
    ],
)
def test_what_would_hand_over_the_machine_is_refused(pc: Board, pattern: str, said: str) -> None:
    """By its name, and by every pattern that includes it; the sentence says why."""
    assert problem(lambda: asked(pc, pattern)).startswith(said)


@pytest.mark.parametrize("pattern", ["ttyUSB*", "ttyACM?", "ttyS1", "gpiochip*", "i2c-*", "hidraw0", "video*", "spidev0.0",
                                     "snd/*", "input/event*", "lp0", "usb/lp*", "usbtmc*", "serial?", "cec0", "iio:device0"])
def test_what_apps_work_with_is_not(pc: Board, pattern: str) -> None:
    """No refusal catches more than it says."""
    assert (pattern,) == asked(pc, f"/dev/{pattern}").devices


def test_a_list_that_is_too_long_for_pid_1_is_refused(pc: Board) -> None:
    """Longer than core/init/config.h has room for, it would be passed over there."""
    patterns = [f"/dev/sensor{number:03}" for number in range(60)]
    assert "have more than 511 characters together" in problem(lambda: asked(pc, *patterns))
    assert len(" ".join(asked(pc, *patterns[:51]).devices)) <= 511


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("fapws4.slot=b", "fapws4.slot=b cannot be said on the kernel's command line: the boot loader and the slots own it: "),
        ("root=/dev/sda1", "root=/dev/sda1 cannot be said on the kernel's command line: the boot loader and the slots own it"),
        ("init=/bin/sh", "init=/bin/sh cannot be said on the kernel's command line: the boot loader"),
        ("console=ttyS1", "console=ttyS1 cannot be said on the kernel's command line: PID 1 owns it"),
        ("panic=0", "panic=0 cannot be said on the kernel's command line: PID 1 owns it"),
        ("--", "-- cannot be said"),
        ("lsm=", "lsm= cannot be said on the kernel's command line: it opens what keeps an app in its place"),
        ("module.sig_enforce=0", "module.sig_enforce=0 cannot be said on the kernel's command line: it opens"),
        ("x=$y", "x=$y is no word for the kernel's command line: use letters, digits and _ . , : = / + @ % -"),
        ('x="y', 'x="y is no word'), ("x=*", "x=* is no word"), ("a;b", "a;b is no word"), ("a\\b", "a\\b is no word"),
    ],
)  # fmt: skip
def test_words_that_others_own_or_that_a_boot_loader_expands_are_refused(pc: Board, word: str, said: str) -> None:
    """The word is named, and who owns it."""
    assert problem(lambda: asked(pc, cmdline=f"quiet {word}")).startswith(said)


def test_a_command_line_has_an_end(pc: Board) -> None:
    """The kernel would cut it."""
    assert "more than 1024 characters" in problem(lambda: asked(pc, cmdline="x=1 " * 300))


def test_what_is_not_asked_for_adds_nothing(pc: Board) -> None:
    """The same board, so the same kernel; nothing is said to PID 1."""
    assert fitted(pc, NO_HARDWARE) == pc
    assert b"devices=" not in device_member("meter", "1", pc, Release(), "")


@pytest.mark.parametrize(
    ("pattern", "modules"),
    [
        ("ttyUSB*", {"ftdi_sio", "cp210x", "ch341", "pl2303", "usbserial"}),
        ("ttyUSB7", {"ftdi_sio", "cp210x", "ch341", "pl2303", "usbserial"}),
        ("ttyACM0", {"cdc_acm"}),
        ("i2c-1", {"i2c_dev", "i2c_piix4"}),
        ("gpiochip*", {"hid_mcp2221"}),
        ("video0", {"uvcvideo", "videodev"}),
        ("hidraw0", set()),
    ],
)
def test_a_pattern_brings_its_modules(pc: Board, pattern: str, modules: set[str]) -> None:
    """With all that they need; those of other patterns stay away."""
    before = set(prepare_kernel(pc).names)
    kernel = prepare_kernel(fitted(pc, asked(pc, f"/dev/{pattern}")))
    assert modules <= set(kernel.names) - before
    assert bool(modules) == (set(kernel.names) != before)
    assert ("cdc_acm" in kernel.names) == (pattern == "ttyACM0")


def test_a_named_module_is_loaded_at_every_boot(pc: Board) -> None:
    """Behind those of the board, with its closure; one that is built in is no fault."""
    hardware = asked(pc, modules=("i2c-stub", "gpio-kempld", "regmap-i2c"), cmdline="i2c-stub.chip_addr=0x1d")
    require_modules(pc, wanted_modules(pc, hardware))
    board = fitted(pc, hardware)
    assert board.modules_always == [*pc.modules_always, "i2c_stub", "gpio_kempld", "regmap_i2c"]
    assert board.command_line == f"{pc.command_line} i2c-stub.chip_addr=0x1d"
    assert {"i2c_stub", "gpio_kempld", "kempld_core"} <= set(prepare_kernel(board).names)


def test_an_unknown_module_is_refused_with_near_names(pc: Board) -> None:
    """Before anything is built."""
    said = problem(lambda: require_modules(pc, wanted_modules(pc, asked(pc, modules=("ftdi-soi",)))))
    assert said.startswith("--module (or modules in pyproject.toml) names the module ftdi_soi, which kernel 6.")
    assert "does not have: the nearest name is ftdi_sio" in said
    assert ": the nearest names are " in problem(lambda: require_modules(pc, {"cp21x": "somebody names"}))


def test_it_is_said_which_device_needs_a_module_that_a_kernel_lacks(pc: Board) -> None:
    """Who asks for /dev/i2c-1 has not named its modules."""
    wanted = wanted_modules(pc, asked(pc, "/dev/i2c-1", modules=("i2c-stub",)))
    assert {"i2c_stub", "i2c_dev", "i2c_piix4"} <= set(wanted)
    assert wanted["i2c_dev"] == "/dev/i2c-* (DEVICES) needs"
    assert wanted["i2c_stub"] == "--module (or modules in pyproject.toml) names"


def test_options_without_an_image_are_refused(tmp_path: Path) -> None:
    """Nothing that was asked for is passed over; what the app itself says is for images only, and does no harm elsewhere."""
    app = tmp_path / "meter.py"
    app.write_text('DEVICES = ["/dev/ttyUSB*"]\nPATHS = []\n')
    plan = make_plan(str(app), "pc", str(tmp_path / "dist"), 1, False, formats=["oci"])
    assert plan.hardware.devices == ("ttyUSB*",)
    wishes = Hardware(devices=("/dev/ttyACM0",))
    said = problem(lambda: make_plan(str(app), "pc", str(tmp_path / "dist"), 1, False, formats=["oci"], wishes=wishes))
    assert said.startswith("--device, --module and --cmdline are for disk images, and none was asked for: leave them out")


def test_a_plan_has_it_all(tmp_path: Path) -> None:
    """From the app, its project and the command, to the board, and to what PID 1 reads."""
    (tmp_path / "meter.py").write_text('DEVICES = ["/dev/ttyUSB*"]\nPATHS = []\n')
    (tmp_path / "pyproject.toml").write_text('[tool.fapws4]\ndevices = ["/dev/i2c-0"]\nmodules = ["i2c-stub"]\n')
    plan = make_plan(str(tmp_path / "meter.py"), "pc", str(tmp_path / "dist"), 1, False,
                     wishes=Hardware(("/dev/ttyACM*",), (), "usbcore.autosuspend=-1"))
    assert plan.hardware == Hardware(("ttyUSB*", "i2c-0", "ttyACM*"), ("i2c_stub",), "usbcore.autosuspend=-1")
    assert plan.board.modules_always[-2:] == ["i2c_dev", "i2c_stub"]
    assert plan.board.command_line.endswith(" usbcore.autosuspend=-1")
    conf = device_member("meter", "1", plan.board, plan.release, "")
    assert b"\ndevices=ttyUSB* i2c-0 ttyACM*\n" in conf


def test_an_update_changes_what_an_app_may_use(hello_binary: Path, pc: Board, tmp_path: Path) -> None:
    """Nodes, modules and words lie in the slot: the old version keeps its own."""
    board, hardware = with_small_slots(pc), asked(pc, "/dev/ttyACM*", cmdline="usbcore.autosuspend=-1")
    device, later, bundle = tmp_path / "device.img", tmp_path / "later.img", tmp_path / "later.update"
    compose(hello_binary, "hello", "1", board, device, Release(1, keys=TRUSTED))
    compose(hello_binary, "hello", "2", fitted(board, hardware), later, Release(2, keys=TRUSTED, devices=hardware.devices))
    write_bundle(make_bundle(later, [KEY]), bundle)
    update_image(device, bundle, 1)
    old, new = (read_version(open_disk(device), slot) for slot in "ab")
    assert (old.says("devices"), new.says("devices")) == ("", "ttyACM*")
    for words in (b"lib/modules/cdc_acm.ko.xz", b" usbcore.autosuspend=-1"):
        assert (words in old.data, words in new.data) == (False, True)
