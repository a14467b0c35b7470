"""The whole builder: bad input leaves nothing behind, a stopped build goes on, the same input gives the same bytes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from appliance.build import Plan, build_binary, build_image, make_plan
from appliance.common.places import CORE, RECIPES, REPOSITORY, file_digest, tree_digest
from appliance.report import show_next
from tests.appliance.cases import COMPILED, cache_with, contents, different, left_over, problem, written
from tests.appliance.conftest import SEVERAL
from tests.appliance.running import TIMEOUT, errors, invoke
from tests.http.certificates import make_pair

HELLO = REPOSITORY / "samples" / "hello" / "hello.py"
VAULT = REPOSITORY / "tests" / "appliance" / "apps" / "vault" / "vault.py"
GOOD = "def page(environ, start_response):\n    return 'here'\n\n\nPATHS = [('/', page)]\n"


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    """Through the command: exit code 1, one line that names the thing and the remedy, nothing in dist."""
    app, output = tmp_path / "page.py", tmp_path / "out"
    done = invoke("build-appliance", app, "--output", output)
    assert (1, [f"{app} is not there: name the Python file of your app"]) == (done.returncode, errors(done))
    assert not output.exists()


def test_an_unknown_board(tmp_path: Path) -> None:
    """The boards that there are are listed, with the one that is probably meant."""
    done = invoke("build-appliance", HELLO, "--board", "pcs", "--output", tmp_path / "out")
    assert (1, ["there is no recipe recipes/boards/pcs.toml: did you mean pc? there are: pc"]) == (
        done.returncode,
        errors(done),
    )


def test_an_output_that_is_a_file(tmp_path: Path) -> None:
    """A file in the place of the results is not touched."""
    file = written(tmp_path, "mine", "out")
    assert f"{file} is a file: name a folder with --output" == problem(
        lambda: make_plan(str(HELLO), "pc", str(file), 0, False)
    )
    assert "mine" == file.read_text()


def test_an_output_below_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is tried in a folder of its own, so its path must not depend on where that is."""
    monkeypatch.chdir(tmp_path)
    plan = make_plan(str(HELLO), "pc", "out/here", 0, False)
    assert (tmp_path / "out" / "here", tmp_path / "dist" / "hello") == (
        plan.output, make_plan(str(HELLO), "pc", "", 0, False).output)


def test_paths_to_type_are_shown_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    """Also behind what a program wants before them; those that only contain the working folder's stay."""
    monkeypatch.chdir(tmp_path)
    show_next([f"{tmp_path}/a", f"skopeo copy oci-archive:{tmp_path}/b c", f"see /elsewhere{tmp_path}/d"])
    assert ["next: a", "next: skopeo copy oci-archive:b c", f"next: see /elsewhere{tmp_path}/d"] == (
        capsys.readouterr().err.splitlines())


def test_an_image_before_its_binary(tmp_path: Path) -> None:
    """The stage that is missing is named."""
    plan = make_plan(str(HELLO), "pc", str(tmp_path / "out"), 0, False)
    assert f"{plan.binary} is not there: first: invoke freeze hello.py" == problem(lambda: build_image(plan))
    assert not plan.output.exists()


def test_an_edit_that_breaks_the_app_leaves_the_results(tmp_path: Path) -> None:
    """No PATHS, PATHS of a wrong shape, an error at import: said by name, and dist keeps what was there before."""
    app = written(tmp_path, GOOD)
    plan = make_plan(str(app), "pc", str(tmp_path / "out"), 0, False)
    build_binary(plan)
    before = contents(plan.output)
    for text, said in (
        (GOOD.replace("PATHS", "PATH"), f"{app}: PATHS: is missing: the app needs a list like PATHS = "),
        (GOOD.replace("[('/', page)]", "{'/': page}"), f"{app}: PATHS: must be a list of tuples, like "),
        (
            GOOD.replace("[('/', page)]", "[('/', 3)]"),
            f"{app}: PATHS[0]: must be a tuple of a str and a callable, like ",
        ),
        (
            GOOD.replace("('/', page)", "('/', pages)"),
            f"{app}:5: NameError: name 'pages' is not defined. Did you mean: 'page'?: ",
        ),
        (
            "import sys\n".replace("import", "#") + "raise SystemExit('bye')\n",
            f"{app}: bye: page.py must be importable",
        ),
    ):
        app.write_text(text)
        assert problem(lambda: build_binary(plan)).startswith(said)
        assert before == contents(plan.output)


def test_the_description_is_complete(hello: Plan) -> None:
    """BUILD.json has every input with version, digest and licence, the tools, and the digest of every output."""
    table = json.loads(hello.description.read_text())
    keys = ["app", "core", "board", "kernel", "targets", "recovery", "further", "hardware", "manager", "sources", "openssl",
            "packages", "tools", "outputs", "components"]
    assert keys == list(table)
    assert {"hello": file_digest(hello.app)}.items() <= table["app"]["modules"].items()
    assert {"fapws4", "fapws4.base"} <= set(table["app"]["modules"])
    assert tree_digest(CORE) == table["core"]
    assert {"cpython", "libuv", "linux-debian-amd64", "zlib", "grub-pc-bin"} <= {
        source["name"] for source in table["sources"]
    }
    for source in table["sources"]:
        assert ["name", "version", "origin", "file", "sha256", "licence"] == list(source)
    assert {hello.binary.name: file_digest(hello.binary), hello.image.name: file_digest(hello.image)} == {
        name: output["sha256"] for name, output in table["outputs"].items()
    }
    assert {"ziglang", "pyinstaller", "pyinstaller-hooks-contrib", "zstandard"} == set(table["tools"])


def clone(folder: Path) -> Path:
    """The repository's own files, copied to another folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, folder / name)
    return folder


# Somebody else: no root, and nobody's folder is his, though he may read and write in the cache of who runs the tests.
SOMEBODY = (
    "setpriv", "--reuid=4711", "--regid=4711", "--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override",
    "--bounding-set=-all,+dac_override",
)


@pytest.fixture
def abroad() -> Iterator[Path]:
    """A folder that everybody may enter: make asks access(), which knows nothing of what SOMEBODY may besides."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def built_by_somebody(folder: Path, app: Path, words: Sequence[str], *parts: str) -> Path:
    """What another user makes of an app of this repository in a clone at another place, whose name has a space, with another
    time zone, locale, umask and home, and of the cache only ``parts``."""
    (folder / "home").mkdir()
    environment = {
        "XDG_CACHE_HOME": str(cache_with(folder / "cache", *parts)), "HOME": str(folder / "home"), "USER": "somebody",
        "LOGNAME": "somebody", "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "4711",
    }
    here = clone(folder / "a clone")
    name = str(app.relative_to(REPOSITORY))
    command = [*SOMEBODY, sys.executable, "-m", "invoke", "build-appliance", name, *words, "--output", str(folder / "out")]
    done = subprocess.run(
        command, cwd=here, env={**os.environ, **environment}, capture_output=True, text=True, check=False, umask=0o077,
    )
    assert (0, []) == (done.returncode, errors(done)), done.stderr
    assert {4711} == {file.stat().st_uid for file in (folder / "out").iterdir()}
    return folder / "out"


def test_two_users_make_the_same_bytes(several: Path, abroad: Path) -> None:
    """Programs for two processors, disk image, OCI image, BUILD.json, both bills and the licences: every file is the same."""
    assert [] == different(several, built_by_somebody(abroad, HELLO, SEVERAL, *COMPILED))
    assert 10 == len(list(several.iterdir()))


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app `vault`, with what it reads when it is tried."""
    monkeypatch.setenv("VAULT_FOLDER", str(tmp_path))
    make_pair(tmp_path, "ec")
    return VAULT


@pytest.mark.long
@pytest.mark.parametrize("target", sorted(path.stem for path in (RECIPES / "targets").glob("*.toml")))
def test_two_users_make_the_same_of_libraries_and_packages(
    target: str, vault: Path, tmp_path: Path, abroad: Path,
) -> None:
    """For every processor, of an app with OpenSSL, SQLite, bzip2 and packages from PyPI."""
    words = ("--target", target, "--format", "oci,image" if target == "x86_64" else "oci")
    done = invoke("build-appliance", vault, *words, "--output", tmp_path / "first")
    assert (0, []) == (done.returncode, errors(done))
    assert [] == different(tmp_path / "first", built_by_somebody(abroad, vault, words, *COMPILED))


@pytest.mark.long
def test_two_machines_make_the_same_bytes(vault: Path, tmp_path: Path, abroad: Path) -> None:
    """With nothing but the downloads in common, everything compiled anew by another user: every file is the same."""
    words = ("--format", "oci,image")
    done = invoke("build-appliance", vault, *words, "--output", tmp_path / "first")
    assert (0, []) == (done.returncode, errors(done))
    assert [] == different(tmp_path / "first", built_by_somebody(abroad, vault, words, "downloads", "apt"))


def started(output: Path, cache: Path) -> subprocess.Popen[bytes]:
    """The builder at work on samples/hello, in a process group of its own."""
    command = [sys.executable, "-m", "invoke", "build-appliance", str(HELLO), "--output", str(output)]
    return subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def ended(process: subprocess.Popen[bytes]) -> tuple[int, list[str]]:
    """Exit code and last words of a builder, once it is over."""
    _, said = process.communicate(timeout=TIMEOUT)
    return process.returncode, said.decode().splitlines()


def over_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Let it work for so long; whether it came to its end."""
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def test_a_killed_build_goes_on(hello: Plan, tmp_path: Path) -> None:
    """kill -9 at many moments: the next run ends with the same bytes, and nothing half-made is left."""
    cache = cache_with(tmp_path / "cache", *COMPILED, "analyses")
    output = tmp_path / "out"
    for seconds in (0.8, 1.1, 1.5, 2.0, 2.5, 3.1, 3.8):
        process = started(output, cache)
        if not over_within(process, seconds):
            os.killpg(process.pid, signal.SIGKILL)
            ended(process)
    assert 0 == ended(started(output, cache))[0]
    assert [] == different(hello.output, output)
    assert [] == left_over(output, *(cache / "fapws4" / part for part in ("code", "runtimes", "work")))


def test_an_interrupted_build_goes_on(hello: Plan, tmp_path: Path) -> None:
    """Ctrl-C at any moment: nothing half-made is left, and the next run ends with the same bytes."""
    cache = cache_with(tmp_path / "cache", *COMPILED)
    output = tmp_path / "out"
    for seconds in (0.8, 4.0):
        process = started(output, cache)
        if not over_within(process, seconds):
            os.killpg(process.pid, signal.SIGINT)
            assert 0 != ended(process)[0]
            assert [] == left_over(output, cache)
            assert not output.exists()
    assert 0 == ended(started(output, cache))[0]
    assert [] == different(hello.output, output)


def test_an_interrupted_build_says_so(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a step: exit code 130 and one line, no traceback."""
    process = started(tmp_path / "out", cache_with(tmp_path / "cache", *COMPILED))
    assert process.stderr is not None
    assert b"analyse" in process.stderr.readline()  # that step is over, the next one is under way
    os.killpg(process.pid, signal.SIGINT)
    code, said = ended(process)
    assert (130, "stopped; the same command goes on where this one was") == (code, said[-1])
    assert [] == [line for line in said if "Traceback" in line]


def test_two_builds_at_the_same_time(hello: Plan, tmp_path: Path) -> None:
    """Two builders with one cache and one output folder leave one another alone."""
    cache = cache_with(tmp_path / "cache", *COMPILED)
    output = tmp_path / "out"
    both = [started(output, cache), started(output, cache)]
    assert [0, 0] == [ended(process)[0] for process in both]
    assert [] == different(hello.output, output)
    assert [] == left_over(output, cache)


SMALL_DISK = """mount -t tmpfs -o size="$1" tmpfs "$2"; folder=$2; shift 2
"$@"; code=$?; find "$folder" -type f >&2; exit $code"""


@pytest.mark.parametrize("which", ["--output", "XDG_CACHE_HOME"])
def test_a_full_disk(hello: Plan, tmp_path: Path, which: str) -> None:
    """A disk that is full, that of the results or that of the cache, is said in one line; nothing is left on it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    before = ["unshare", "--mount", "sh", "-c", SMALL_DISK, "sh", "4m", str(disk)]
    output = disk if which == "--output" else tmp_path / "out"
    done = invoke(
        "build-appliance",
        HELLO,
        "--output",
        output,
        env={} if which == "--output" else {which: str(disk)},
        before=before,
    )
    assert 1 == done.returncode
    [said] = errors(done)
    assert said.startswith(f"the disk is full (while writing to {disk}")
    assert said.endswith("free some space and run the same command again, it goes on where it stopped")
    assert [] == [
        line
        for line in done.stderr.splitlines()
        if line.startswith(str(disk)) and ("hello" in line or ".part" in line)
    ]


def test_without_a_network(tmp_path: Path) -> None:
    """No network and nothing fetched yet: one line that says what to do."""
    cache = cache_with(tmp_path / "cache", "toolchains")
    done = invoke(
        "build-appliance",
        HELLO,
        "--output",
        tmp_path / "out",
        env={"XDG_CACHE_HOME": str(cache)},
        before=["unshare", "--net"],
    )
    hint = "connect, or set FAPWS_SOURCES to a folder made by: invoke sources --to FOLDER"
    said = f"no network: PyPI cannot be reached for uvloop: {hint}"
    assert (1, [said]) == (done.returncode, errors(done))
    assert not (tmp_path / "out").exists()


def test_offline_says_everything_that_is_missing(tmp_path: Path) -> None:
    """--offline with nothing there lists every file in one go, before any work."""
    done = invoke(
        "build-appliance",
        HELLO,
        "--offline",
        "--output",
        tmp_path / "out",
        env={"XDG_CACHE_HOME": str(tmp_path / "cache")},
    )
    [said] = errors(done)
    assert 1 == done.returncode
    assert said.startswith("offline, and these files are not here: base-files_13.")
    assert said.endswith(
        "on a machine with internet: invoke sources --to FOLDER; here: set FAPWS_SOURCES to that folder"
    )
    assert 20 < said.count(", ")
    assert not (tmp_path / "out").exists()


def test_offline_with_a_warm_cache(hello: Plan, tmp_path: Path) -> None:
    """In a network namespace without interfaces --offline builds from the cache, to the same bytes."""
    cache = cache_with(tmp_path / "cache", *COMPILED)
    done = invoke(
        "build-appliance",
        HELLO,
        "--offline",
        "--output",
        tmp_path / "out",
        env={"XDG_CACHE_HOME": str(cache)},
        before=["unshare", "--net"],
    )
    assert (0, []) == (done.returncode, errors(done))
    assert [] == different(hello.output, tmp_path / "out")
