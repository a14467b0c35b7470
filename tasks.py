"""The verbs. `invoke --list` is the table of contents, `invoke VERB --help` explains one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

try:
    from appliance import build, doctor, host, provision, report, skeleton
    from appliance.common import arguments
    from appliance.delivering import handout, licences
    from appliance.emulating import emulate, surroundings
    from appliance.fetching import preflight
    from appliance.fetching.recipes import load_target
    from appliance.flashing import disks, flash
    from appliance.freezing import trial
    from appliance.imaging import device_config, keys, passphrase
    from appliance.imaging.hardware import Hardware
    from appliance.powercuts import cuts, data_files, powercut, recordings, workbench
    from appliance.updating import bundle, container_registry, device, device_update, update
    from tests import suite
    from tests.bench import verbs
except KeyboardInterrupt:  # invoke would say 1; report.told sees to it from here on
    raise Exit(code=130) from None

arguments.extend()

_APP = {
    "app": "the Python file of your app",
    "board": "the kind of device, one of recipes/boards/ (default: pc)",
    "output": "folder of the results (default: dist/NAME)",
    "jobs": "how many things to do at once (default: one per core)",
    "offline": "fetch nothing: use the cache and the folder FAPWS_SOURCES",
}
_TARGET = {"target": "the processor, one of recipes/targets/ (default: that of the board); several: x86_64,aarch64"}
_DATA = {"add_data": "a file or folder beside the app that it reads at run time; may be said more than once"}
_REQUIREMENTS = {"requirements": "the PyPI packages of the app (default: requirements.txt or pyproject.toml beside it)"}
_RELEASE = {
    "keys": "the public keys that updates must be signed by (invoke keygen makes them); without, the device accepts none",
    "counter": "a number that grows with every release; needed with --keys, unless pyproject.toml says it"}
_HARDWARE = {
    "device": "a device that the app may use, like '/dev/ttyUSB*'; may be said more than once, and beside DEVICES of the app",
    "module": "a module of the kernel, which is loaded at every boot; may be said more than once",
    "cmdline": "words for the kernel's command line"}
_PLAIN_HTTP = "ask the registry by http, unencrypted (one on this machine is, without being told)"
_COMPRESSED = {"compressed": "also a compressed copy of the image (.gz), for other flashers"}
_KERNEL = {"kernel": "another kernel than the board's own, one of recipes/kernels/: small has only what devices need, "
                     "for less memory; it is compiled once, which takes half an hour"}
_CONTENT = {"exclude": "a module to leave out, with what only it needs; may be said more than once",
            "trace": "keep only what the tests beside the app import, by pytest or --trace=COMMAND; see appliance/README.md",
            "report": "write REPORT.txt: why each module is in the program, and what each costs in bytes"}
_FORMAT = {"format": "image (a disk, the default), oci (for container engines), or both: image,oci"}


@task(help={"name": "the app's name, also that of its folder: letters, digits and _"})
@report.told
def new(c: Context, name: str) -> None:
    """Write a small app to begin with: NAME/NAME.py, its test, pyproject.toml and README.md."""
    for file in skeleton.new_app(Path(name)):
        report.show_line(f"wrote {file}")
    app = Path(name, f"{Path(name).name}.py")
    report.show_next([f"invoke build-appliance {app}", f"fapws4 {app} (after: invoke install)"])


@task(name="doctor", help={
    "task": "only for this task, such as build-appliance or test; https: for building apps with TLS; kernel: for "
            "--kernel small",
    "board": _APP["board"]})
@report.told
def examine_machine(c: Context, task: str = "", board: str = "pc") -> None:
    """What this machine lacks for which task, and the packages to install; exit code 1 if anything does."""
    findings = doctor.examine(doctor.chosen(task, doctor.needs(board, suite.PROGRAMS)))
    report.show_findings(findings)
    if command := doctor.remedy(findings):
        report.show_next([command])
    if not all(finding.healthy for finding in findings):
        raise Exit(code=1)


@task(help=_APP | _DATA | _REQUIREMENTS | _CONTENT | _FORMAT | _TARGET | _RELEASE | _COMPRESSED | _HARDWARE | _KERNEL,
      iterable=["add_data", "exclude", "device", "module"], optional=["trace"])
@report.told
def build_appliance(
    c: Context, app: str, board: str = "pc", output: str = "", jobs: int = 0, offline: bool = False,
    add_data: Sequence[str] | None = None, requirements: str = "", format: str = "image",  # noqa: A002
    target: str = "", keys: str = "", counter: int = 0, compressed: bool = False, exclude: Sequence[str] | None = None,
    report_: bool = False, trace: str = "", device: Sequence[str] | None = None, module: Sequence[str] | None = None,
    cmdline: str = "", kernel: str = "",
) -> None:
    """One Python file in; a static binary, a bootable disk image (or one for containers) and BUILD.json out."""
    plan = build.make_plan(app, board, output, jobs, offline, add_data or (), format.split(","), target, requirements,
                           keys, counter, compressed, exclude or (), report_, _tests(trace),
                           wishes=_hardware(device, module, cmdline), kernel=kernel)
    build.require_programs(offline, plan.board if "image" in plan.formats else None)
    shares = build.build_formats(plan)
    report.show_files(plan.results, handout.read_sums(plan.output))
    for title, parts in shares.items():
        report.show_shares(title, parts)
    report.show_times()
    report.show_release(plan.release, plan.formats)
    report.show_hardware(plan.hardware, plan.formats)
    ways = {"image": f"invoke emulate {plan.image}",
            "oci": f"skopeo copy --all oci-archive:{plan.container} docker://REGISTRY/NAME"}
    flashing = [f"invoke flash {plan.image}"] if "image" in plan.formats else []
    report.show_next([*(ways[name] for name in plan.formats), *flashing, *_ways_to_run(plan)])


@task(help={key: _APP[key] for key in ("jobs", "offline")} | {"target": "the processor, one of recipes/targets/"})
@report.told
def compile(c: Context, target: str = "x86_64", jobs: int = 0, offline: bool = False) -> None:  # noqa: A001
    """Stage 1: compile CPython and the libraries (kept in the cache, so once)."""
    build.require_programs(offline)
    build.compile_libraries(target, jobs or build.cores(), offline)
    report.show_times()


@task(help=_APP | _DATA | _REQUIREMENTS | _CONTENT | _TARGET | _RELEASE | {
          "for_device": "with the device's own pages, as the program of an image has them (invoke image); https with --keys"},
      iterable=["add_data", "exclude"], optional=["trace"])
@report.told
def freeze(
    c: Context, app: str, board: str = "pc", output: str = "", jobs: int = 0, offline: bool = False,
    add_data: Sequence[str] | None = None, requirements: str = "", target: str = "", exclude: Sequence[str] | None = None,
    report_: bool = False, trace: str = "", for_device: bool = False, keys: str = "", counter: int = 0,
) -> None:
    """Stage 2: the app and all that it needs into one static binary."""
    plan = build.make_plan(app, board, output, jobs, offline, add_data or (), (), target, requirements, keys, counter,
                           exclude=exclude or (), report=report_, trace=_tests(trace), for_device=for_device)
    build.require_programs(offline)
    frozen = build.build_binary(plan)
    report.show_files([*plan.binaries, plan.description, *([plan.contents] if report_ else [])])
    report.show_shares("binary", build.shares_of(frozen))
    report.show_times()
    report.show_next([*_ways_to_run(plan), *([f"invoke image {app}"] if plan.recovery else [])])


def _hardware(devices: Sequence[str] | None, modules: Sequence[str] | None, command_line: str) -> Hardware:
    """The options of ``_HARDWARE`` as a plan has them."""
    return Hardware(tuple(devices or ()), tuple(modules or ()), command_line)


def _tests(trace: str | bool) -> str | None:
    """``--trace``, which has a value or none, as a plan has it."""
    return trace if isinstance(trace, str) and trace else "" if trace else None


def _ways_to_run(plan: build.Plan) -> list[str]:
    """The command lines of the programs that can run here."""
    commands = [trial.command_for(binary, load_target(target)) for binary, target in zip(plan.binaries, plan.targets)]
    return [" ".join(map(str, [*command, "--server 127.0.0.1:8888"])) for command in commands if command]


@task(help=_APP | _RELEASE | _COMPRESSED | _HARDWARE | _KERNEL, iterable=["device", "module"])
@report.told
def image(
    c: Context, app: str, board: str = "pc", output: str = "", jobs: int = 0, offline: bool = False, keys: str = "",
    counter: int = 0, compressed: bool = False, device: Sequence[str] | None = None, module: Sequence[str] | None = None,
    cmdline: str = "", kernel: str = "",
) -> None:
    """Stage 3: the binary that `freeze` made into a bootable disk image."""
    plan = build.make_plan(app, board, output, jobs, offline, keys=keys, counter=counter, compressed=compressed,
                           wishes=_hardware(device, module, cmdline), kernel=kernel)
    build.require_programs(offline, plan.board)
    made = build.build_image(plan)
    report.show_files([plan.image])
    report.show_shares("image", made.shares)
    report.show_times()
    report.show_release(plan.release, ["image"])
    report.show_hardware(plan.hardware, ["image"])
    report.show_next([f"invoke emulate {plan.image}"])


@task(help={"jobs": _APP["jobs"], "offline": _APP["offline"]}, name="build")
@report.told
def build_server(c: Context, jobs: int = 0, offline: bool = False) -> None:
    """Compile `fapws4` for this machine's own Python, to run apps here: fapws4 app.py."""
    host.require_programs()
    report.show_files([host.build_host(jobs or build.cores(), offline=offline)])
    report.show_next(["invoke install"])


@task(help={"prefix": "where to (default: ~/.local)", "jobs": _APP["jobs"], "offline": _APP["offline"]})
@report.told
def install(c: Context, prefix: str = "~/.local", jobs: int = 0, offline: bool = False) -> None:
    """Install `fapws4` without root: PREFIX/bin/fapws4 and the package beside Python's others."""
    host.require_programs()
    for path in host.install(Path(prefix).expanduser(), jobs or build.cores(), offline):
        report.show_line(f"installed {path}")


@task(help={"prefix": "where from (default: ~/.local)"})
@report.told
def uninstall(c: Context, prefix: str = "~/.local") -> None:
    """Take away what `install` put there."""
    for path in host.uninstall(Path(prefix).expanduser()):
        report.show_line(f"removed {path}")


@task(name="emulate", help={
    "image": "a disk image", "board": _APP["board"],
    "uefi": "start by UEFI (the default)", "bios": "start by a BIOS",
    "keep": "write to the image itself, so that the next run goes on from there",
    "disk": "the size of its disk, such as 64G or 1T (takes no space; default: that of the image)",
    "usb": "what is on a USB stick in it: a disk image, a file or a folder",
    "cut_after": "cut the power after so many seconds",
    "no_network": "its network cable is out",
    "clock": "the time at power-on: 1970, or a date like 2031-05-04T12:00:00",
    "serial_device": "an adapter for a serial port in one of its USB sockets; says which terminal here is the other end",
    "wire": "a name: two machines with the same one have a wire between their second network cards"})
@report.told
def emulate_image(
    c: Context, image: str, board: str = "pc", uefi: bool = False, bios: bool = False, keep: bool = False, disk: str = "",
    usb: str = "", cut_after: float = 0.0, no_network: bool = False, clock: str = "", wire: str = "",
    serial_device: bool = False,
) -> None:
    """Boot an image in QEMU, print the URLs of its app and its own pages, show its console until Ctrl-C."""
    around = surroundings.Surroundings(surroundings.parse_size(disk), Path(usb) if usb else None, not no_network,
                                       surroundings.parse_clock(clock), wire, serial_device)
    emulate.emulate(Path(image), build.emulated_board(board), firmware=emulate.chosen_firmware(uefi, bios), keep=keep,
                    around=around, cut_after=cut_after)


@task(name="flash", positional=["image", "device"], optional=["device"], help={
    "image": "a disk image, which may be compressed (.gz, .xz, .zst)",
    "device": "the disk, such as /dev/sdb (left out: shows which disks there are)",
    "config": "a TOML file with what this one device is told: name, address, time zone, claim code, certificate",
    "yes": "do not ask (a refusal stays one)",
    "force": "also a disk that cannot be taken out, or is larger than 2 TB"})
@report.told
def flash_image(
    c: Context, image: str, device: str | None = None, config: str = "", yes: bool = False, force: bool = False,
) -> None:
    """Write an image to a stick, card or disk, and compare. Exit code 1: nothing was written; 2: the disk is not finished."""
    if not device:
        report.show_disks(disks.Kernel().removable_disks())
        report.show_next([f"invoke flash {image} DEVICE"])
        return
    wishes = device_config.read_preseed(Path(config)) if config else None
    agreed = (lambda _: True) if yes else flash.agreed_on_terminal
    report.show_line(flash.flash(Path(image), device, agreed, force=force, preseed=wishes))


@task(help={
    "output": "where the private key goes: a file, or a folder (update.key in it); the public one stands beside it (.pub)",
    "no_passphrase": "do not encrypt the private key: for a machine that signs without anybody there"})
@report.told
def keygen(c: Context, output: str, no_passphrase: bool = False) -> None:
    """Make a pair of keys: the private one signs updates, the public one goes into images (build-appliance --keys).

    Keep the private key where no repository, build or backup in clear reaches it, and a copy of it somewhere else: devices
    accept nothing that it has not signed. For several keys, of which some must sign, join their .pub files and add a line
    "threshold N"; the keys are then best made on different machines. FAPWS_PASSPHRASE stands for a typed passphrase.
    """
    private, public = keys.key_files(output)
    keys.write_key_pair(keys.new_key(), private, public, "" if no_passphrase else passphrase.new_passphrase())
    report.show_line(f"wrote {private} (keep it secret and copied) and {public}")
    report.show_next([f"invoke build-appliance app.py --keys {public} --counter 1",
                      f"invoke bundle dist/NAME --keys {private} --output NAME.update"])


@task(name="bundle", iterable=["keys"], help={
    "folder": "the folder of a finished build, such as dist/hello",
    "keys": "a private key that signs; may be said more than once, or never, to sign all later",
    "output": "the file to write"})
@report.told
def make_bundle(c: Context, folder: str, output: str, keys: Sequence[str] | None = None) -> None:
    """A finished build into one signed file that updates devices.

    The image must have been built with --keys (whom later versions of it trust) and --counter (which grows). When the keys
    change from one version to the next, the bundle must be signed by enough of the old and of the new ones.
    """
    made = bundle.make_bundle(bundle.image_of(Path(folder)), passphrase.unlocked(keys or ()))
    bundle.write_bundle(made, Path(output))
    report.show_line(f"{made.about}: {made.signers}")
    report.show_files([Path(output)])
    report.show_next([f"invoke sign {output} OTHER.key (where more keys must sign)",
                      f"invoke update IMAGE {output} --verify-only"])


@task(help={"file": "a bundle; it is replaced", "key": "the private key that signs"})
@report.told
def sign(c: Context, file: str, key: str) -> None:
    """Add a signature to a bundle, as on a second machine that is never online; it needs nothing but the two files.

    The whole bundle is checked first, and what is signed is said. A key that has signed already changes nothing.
    """
    found = bundle.read_bundle(Path(file))
    report.show_line(found.about)
    signed = bundle.sign(found, passphrase.unlocked([key]))
    bundle.write_bundle(signed, Path(file))
    report.show_line("this key had signed already" if signed == found else signed.signers)


@task(name="publish", help={
    "file": "the bundle", "to": "REGISTRY/REPOSITORY:TAG, such as registry.example.com/hello:stable",
    "plain_http": _PLAIN_HTTP})
@report.told
def publish_bundle(c: Context, file: str, to: str, plain_http: bool = False) -> None:
    """Push a bundle to a container registry, as an OCI artifact; what the registry has already is not sent again.

    The login is that of skopeo and podman (skopeo login REGISTRY), or FAPWS_REGISTRY_USER and FAPWS_REGISTRY_PASSWORD.
    """
    target = container_registry.parse_place(to, plain_http)
    report.show_line(f"{target} is {container_registry.publish(bundle.read_bundle(Path(file)), target)}")
    report.show_next([f"invoke update IMAGE {container_registry.PREFIX}{target}"])


@task(name="update", help={
    "target": "a disk image, which is written to: its slot that is not in use, and which slot is tried next; or a device, "
              "like https://192.168.7.20:8443",
    "file": "the bundle, or oci:REGISTRY/REPOSITORY:TAG, where invoke publish has put it",
    "plain_http": _PLAIN_HTTP,
    "verify_only": "only say whether it would be accepted",
    "fingerprint": "of the device's certificate, as its screen shows it (default: what was agreed to before, or asks)",
    "code": "the device's claim code, as its screen shows it (default: FAPWS_CLAIM, or asks)",
    "wait": "until the device has tried the new version: exit code 1 when it has not proved itself",
    "jobs": _APP["jobs"], "offline": _APP["offline"]})
@report.told
def update_target(
    c: Context, target: str, file: str, verify_only: bool = False, plain_http: bool = False, fingerprint: str = "",
    code: str = "", wait: bool = False, jobs: int = 0, offline: bool = False,
) -> None:
    """Update a disk image or a device, by the same code; exit code 1 and the reason when it is refused."""
    address = device.address_in(target)
    with container_registry.fetched(file, plain_http) as path:
        if address:
            known = device.known_device(address, fingerprint, device.agreed_on_terminal)
            _update_device(known, path, device_update.claim_code(code), verify_only, wait)
        elif verify_only:
            update.verify_for_image(Path(target), path, jobs or build.cores(), offline)
            report.show_line(f"{file} would be accepted")
        else:
            report.show_update(update.update_image(Path(target), path, jobs or build.cores(), offline))
            report.show_next([f"invoke emulate {target} --keep"])


def _update_device(known: device.Device, bundle_file: Path, code: str, verify_only: bool, wait: bool) -> None:
    if verify_only:
        device_update.verify_on_device(known, bundle_file, code)
        report.show_line(f"{known.address} would accept {bundle_file}")
        return
    report.show_sent(device_update.update_device(known, bundle_file, code, wait), wait)
    report.show_next([] if wait else [f"https://{known.address}/ says whether it has proved itself"])


@task(name="powercut", help={
    "image": "a disk image that was built with --keys",
    "file": "a bundle that its device would accept",
    "board": _APP["board"],
    "only": "of update, start, install, trial, settings, reset, with commas between (default: all that can be)",
    "change": "a request that has the app change its settings: \"POST /settings name=value\" (without: not recorded)",
    "seed": "of what is drawn by lot (default: 1); the same seed gives the same cuts",
    "samples": "how many parts of what is not safe are tried at a point where they are too many for all of them",
    "boots": "how many of the disks are booted in QEMU, too",
    "kills": "how often a machine that installs or tries the update is killed at a random moment, and started again",
    "uefi": "machines start by UEFI instead of a BIOS",
    "work": "a folder for the recordings and for what was judged (default: in the cache)",
    "repeat": "only this cut, as a report names it",
    "output": "where --repeat leaves the disk (default: cut.img)",
    "jobs": _APP["jobs"], "offline": _APP["offline"]})
@report.told
def cut_power(
    c: Context, image: str, file: str, board: str = "pc", only: str = "", change: str = "", seed: int = 1,
    samples: int = cuts.SAMPLES, boots: int = 0, kills: int = 0, uefi: bool = False, work: str = "",
    repeat: str = "", output: str = "cut.img", jobs: int = 0, offline: bool = False,
) -> None:
    """Cut the power at every point of an update, a first boot, a trial, a change of settings; exit code 1 unless all is well.

    What a device writes is recorded: an update, of an image file and by a device that runs, from a USB stick (unless the image
    says usb_update = "off"); the first boot on a larger disk, where the table and /data grow; the boot after the update, in
    which the new version is tried and confirmed; an app that changes its settings (--change); a factory reset. A disk
    promises that what was written before a flush is there. So at every write, every subset of the writes since the last
    flush is replayed (200 of them where there are more than 256, torn sectors included), and a model of firmware, GRUB,
    kernel and PID 1 says what comes up: the old version or the new one, with old settings or new ones. Anything else is a
    failure, shown as --repeat wants it.

    --boots starts machines from some of these disks. --kills has machines install the update and try it, kills them behind
    writes that are drawn by lot, starts them again, and sees that the model has foretold what comes up. Each takes a boot in
    software emulation and little more.

    A run that was stopped goes on; the second one of the same image and bundle takes seconds.
    """
    names = tuple(name.strip() for name in only.split(",") if name.strip())
    wishes = workbench.Wishes(names, recordings.parse_request(change), seed, samples, boots, kills,
                             emulate.chosen_firmware(uefi, not uefi), Path(work) if work else None)
    place = build.emulated_board(board)
    preflight.require(data_files.PROGRAMS, "invoke powercut")
    if repeat:
        report.show_line(powercut.repeat(Path(image), Path(file), place, wishes, repeat, Path(output),
                                         jobs or build.cores(), offline))
        return
    found = powercut.powercut(Path(image), Path(file), place, wishes, jobs or build.cores(), offline)
    report.show_powercut(found, seed)
    if found.failed:
        raise Exit(code=1)


@task(name="sources", help={
    "app": "with --to: also the packages that this app requires",
    "to": "copy all that an offline machine needs to this folder",
    "update": "rewrite this recipe's pin (python: those of the builder's own packages)",
    "board": _APP["board"], **_KERNEL}, positional=["app"], optional=["app"])
@report.told
def fetch_sources(
    c: Context, app: str | None = None, to: str = "", update: str = "", board: str = "pc", kernel: str = "",
) -> None:
    """Fetch all third-party files ahead, for a machine that will be offline; refresh a pin."""
    if update:
        report.show_line(provision.update_pin(update))
    elif to:
        report.show_sources(provision.copy_all(board, Path(to), Path(app) if app else None, kernel))
        report.show_next([f"on the offline machine: export FAPWS_SOURCES={to}; sh make.sh build-appliance APP.py --offline"])
    else:
        report.show_sources(provision.fetch_all(board, kernel))


@task(name="licences", help={
    "folder": "the folder of a finished build, such as dist/hello",
    "to": "fetch the Debian sources that the GPL obliges to offer, to this folder"})
@report.told
def show_licences(c: Context, folder: str, to: str = "") -> None:
    """What a build consists of and under which licences; fetch the sources that must be offered with it."""
    components = licences.read_build(Path(folder))
    owed = licences.owed(components)
    if to and owed:
        report.show_files(licences.fetch_owed(owed, Path(to), licences.kernel_configuration(Path(folder))))
        return
    report.show_components(components)
    if not owed:
        report.show_line("nothing in this build obliges to offer its source")
    else:
        report.show_line("source to offer: " + ", ".join(f"{name} {version}" for _, name, version in owed))
        report.show_next([f"the texts are in {Path(folder, 'LICENCES.txt')}", f"invoke licences {folder} --to FOLDER"])


@task(help={"fix": "mend what can be mended"})
@report.told
def check(c: Context, fix: bool = False) -> None:
    """ruff, mypy (strict), and every C file with all warnings as errors."""
    suite.check(fix)


@task(pre=[check], help={
    "long": "also the tests that take minutes", "only": "a folder or file of tests",
    "pictures": "only take the pictures of the console anew (samples/console/*.png)"})
@report.told
def test(c: Context, long: bool = False, only: str = "", pictures: bool = False) -> None:
    """All checks and all tests, the QEMU boots by UEFI and by BIOS included."""
    if pictures:
        suite.take_pictures()
    else:
        suite.run_all(long, only)


@task(positional=["verb"], help={
    "verb": "server, runtime, build, image, exact or all",
    "only": "parts of the verb, with commas between (a wrong name lists them)",
    "slices": "how often each takes its turn, where time is measured (default: 9)",
    "seconds": "how long a turn of load is (default: 0.5)"})
@report.told
def bench(c: Context, verb: str, only: str = "", slices: int = 9, seconds: float = 0.5) -> None:
    """Figures, each beside a named peer of the same run; kept in bench/results/ and bench/RESULTS.md.

    exact: user instructions and system calls per request (valgrind, strace), which repeat on any machine: the table of what
    a request must cost, Flask, growth with headers, body, routes and response, and the start. server: CPU time per request
    beside bare C, nginx, freastal, bjoern and fastwsgi in turns, latency, memory; wants a quiet machine. runtime: the
    frozen interpreter beside gcc's. build: a rebuild, a package more, a first build; one file beside those of PyInstaller and
    Nuitka. image: size, start and memory beside PyInstaller; what an update sends; power-on to the first answer, in parts;
    the least memory that serves; what an idle hour writes; and, only when it is named, --kernel small beside Debian's
    (kernels).
    """
    verbs.run(verb, only, verbs.Settings(slices, seconds))
