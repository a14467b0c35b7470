"""Other processors: the same apps by the same command, tried under QEMU's user emulation."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import importlib.metadata
import importlib.util
import json
import re
import shutil
import ssl
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from appliance.build import Plan, build_binary, build_image, compile_libraries, cores, make_plan
from appliance.common.places import CORE, RECIPES, REPOSITORY
from appliance.common.shell import run
from appliance.compiling.interpreter import Interpreter, libc_objects
from appliance.compiling.toolchain import COMPILE_FLAGS, Toolchain, toolchain_for, zig_folder
from appliance.delivering.components import TOOLCHAIN, version_in
from appliance.fetching.recipes import load_target
from appliance.freezing.trial import command_for
from appliance.packaging.inittab import functions_of
from tests.appliance.cases import contents, problem
from tests.appliance.running import TIMEOUT, errors, invoke, running
from tests.appliance.test_native import ANSWERS, C_MODULES, NATIVE
from tests.appliance.test_sbom import cyclonedx_faults
from tests.http.certificates import Pair, make_pair

HERE = Path(__file__).parent
HELLO = REPOSITORY / "samples" / "hello" / "hello.py"
PROCESSOR = HERE / "apps" / "processor" / "processor.py"
VAULT = HERE / "apps" / "vault" / "vault.py"
FLASK = REPOSITORY / "samples" / "wsgi-flask" / "wsgi_flask.py"

FOREIGN = ("aarch64", "armv7", "armv7-vfpv3-d16", "riscv64")

# In every run one, the quickest to compile from nothing; the others take minutes more.
OTHERS = ["aarch64", *(pytest.param(name, marks=pytest.mark.long) for name in FOREIGN[1:])]

# Where OpenSSL is compiled, in every run this machine's own only.
EVERY = ["x86_64", *(pytest.param(name, marks=pytest.mark.long) for name in FOREIGN)]

# What QEMU is to emulate where its default has more than the target asks for.
CPUS = {"armv7-vfpv3-d16": {"QEMU_CPU": "cortex-a9,neon=off"}}


@pytest.fixture(scope="session", params=OTHERS)
def name(request: pytest.FixtureRequest) -> str:
    """A target whose programs do not run here by themselves."""
    return str(request.param)


@pytest.fixture(scope="session")
def compiled(name: str) -> tuple[Toolchain, Interpreter]:
    """What does not depend on an app, for one target."""
    return compile_libraries(name, cores(), False)


def frozen(app: Path, name: str, folder: Path) -> Plan:
    """The app for that target."""
    plan = make_plan(str(app), "pc", str(folder), 0, False, formats=(), target=name)
    build_binary(plan)
    return plan


def emulated(plan: Plan, log: Path) -> Any:
    """The frozen program, listening, under QEMU."""
    command = command_for(plan.binary, load_target(plan.target))
    return running([*command, "--server", "127.0.0.1:0"], log, CPUS.get(plan.target))


def test_hello_answers(name: str, tmp_path: Path) -> None:
    """The sample is one static file for that processor, answers a request, and BUILD.json names the target."""
    plan = frozen(HELLO, name, tmp_path / "out")
    shown = run(["readelf", "--file-header", "--program-headers", "--wide", plan.binary])
    assert not {"INTERP", "DYNAMIC"} & {line.split()[0] for line in shown.splitlines() if line.split()}
    with emulated(plan, tmp_path / "log") as program:
        assert (200, "Hello World!!") == program.get("/")
    table = json.loads(plan.description.read_text())
    assert ([name], None, [f"hello-{name}"]) == (table["targets"], table["board"], list(table["outputs"]))
    assert "linux-debian-amd64" not in {source["name"] for source in table["sources"]}


def test_the_papers_name_the_processor(name: str, tmp_path: Path) -> None:
    """Both bills are valid; they name the target, and what the compiler put in: musl and zig, in the versions that it has."""
    plan = frozen(HELLO, name, tmp_path / "out")
    bill, other = (file.read_bytes() for file in plan.papers[:2])
    assert cyclonedx_faults(bill) is None
    whole = json.loads(bill)["metadata"]["component"]
    assert {"name": "fapws4:target", "value": name} in whole["properties"]
    assert f"hello-{name}" in {item["name"].rpartition(":")[2] for item in whole["properties"]}
    found = {part["name"]: part for part in json.loads(bill)["components"]}
    musl = version_in(TOOLCHAIN[0], zig_folder(), "ziglang")
    assert (musl, f"pkg:generic/musl@{musl}") == (found["musl"]["version"], found["musl"]["purl"])
    assert importlib.metadata.version("ziglang") == found["zig"]["version"]
    assert f"for {name}" == json.loads(other)["comment"]


def imported(file: Path) -> Any:
    """An app as a module of this machine's Python."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_program_does_the_same_on_every_processor(name: str, tmp_path: Path) -> None:
    """Numbers, calls from C into Python, times after 2038, threads and packaged files are as under this machine's Python."""
    module = imported(PROCESSOR)
    plan = frozen(PROCESSOR, name, tmp_path / "out")
    with emulated(plan, tmp_path / "log") as program:
        told = program.told("/")
    size = 4 if load_target(name).processor == "arm" else 8
    assert (size, 2 ** (8 * size - 1) - 1) == (told["pointer"], told["maximum"])
    assert "Read-only file system" == told["touched"]
    assert json.loads(json.dumps(module.facts())) == told["facts"]


@pytest.mark.parametrize("name", EVERY, indirect=True)
def test_libraries_do_the_same_on_every_processor(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL with its assembler for that processor, SQLite, bzip2 and liblzma do what this machine's Python does with its
    own; the server speaks TLS there, and requests does to a server here, which certifi's certificates do not vouch for."""
    pairs = {kind: make_pair(tmp_path, kind, kind) for kind in ("ec", "rsa")}
    monkeypatch.setenv("VAULT_FOLDER", str(tmp_path))
    module = imported(VAULT)
    plan = frozen(VAULT, name, tmp_path / "out")
    with emulated(plan, tmp_path / "log") as program, echoing(pairs["rsa"]) as port:
        told = secure(program.port, pairs["ec"], "/")
        expected = json.loads(json.dumps(module.facts()))
        assert expected["digests"] == told["digests"]
        assert expected["database"] == told["database"]
        assert expected == told
        url = quote(f"https://localhost:{port}/there", safe="")
        assert [200, "GET /there"] == secure(program.port, pairs["ec"], f"/fetch?url={url}")
        assert [True, True, True] == secure(program.port, pairs["ec"], f"/trust?url={url}")


def secure(port: int, pair: Pair, path: str) -> Any:
    """The JSON of one GET over TLS."""
    url = f"https://localhost:{port}{path}"
    with urllib.request.urlopen(url, context=pair.context(), timeout=TIMEOUT) as response:
        return json.loads(response.read())


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_GET(self) -> None:
        """Method and path."""
        body = f"{self.command} {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def echoing(pair: Pair) -> Iterator[int]:
    """A server of this machine's Python that speaks TLS; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("name", EVERY, indirect=True)
def test_flask_answers(name: str, tmp_path: Path) -> None:
    """The sample: a template, a form whose message comes by the session's signed cookie, and the style sheet."""
    plan = frozen(FLASK, name, tmp_path / "out")
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with emulated(plan, tmp_path / "log") as program:
        base = f"http://127.0.0.1:{program.port}"
        note = b"name=Ada&text=%3Cb%3Equick%3C/b%3E"
        with opener.open(f"{base}/notes", note, timeout=TIMEOUT) as response:
            text = response.read().decode()
        assert (f"{base}/", 200) == (response.url, response.status)
        assert "Thank you, Ada!" in text
        assert "&lt;b&gt;quick" in text
        assert (200, (FLASK.parent / "static" / "style.css").read_text()) == program.get("/static/style.css")


def test_c_modules_of_packages_answer(name: str, tmp_path: Path) -> None:
    """Compiled from their sources for that processor: what they say is what they say here."""
    plan = frozen(NATIVE, name, tmp_path / "out")
    with emulated(plan, tmp_path / "log") as program:
        told = {page: program.get(f"/{page}")[1] for page in ANSWERS}
        assert dict.fromkeys(C_MODULES, "built-in") == program.told("/modules")
    assert {page: answer if isinstance(answer, str) else json.dumps(answer) for page, answer in ANSWERS.items()} == told


def test_a_foreign_tool_finds_nothing_wrong(name: str, tmp_path: Path) -> None:
    """binutils read the program, its added segment included, without a warning."""
    plan = frozen(HELLO, name, tmp_path / "out")
    done = subprocess.run(["readelf", "--segments", "--wide", plan.binary], check=True, capture_output=True, text=True)
    last = [line.split() for line in done.stdout.splitlines() if line.strip().startswith("LOAD")][-1]
    offset, stored, flags = int(last[1], 16), int(last[4], 16), last[6]
    assert ("", "R", plan.binary.stat().st_size) == (done.stderr, flags, offset + stored)


def test_the_same_c_modules(compiled: tuple[Toolchain, Interpreter], interpreter: Interpreter) -> None:
    """CPython has for every target what it has for this one: the analysis, which runs here, stays true there."""
    assert list(functions_of(interpreter.library)) == list(functions_of(compiled[1].library))
    assert (interpreter.python, interpreter.digest) == (compiled[1].python, compiled[1].digest)


# Of pyconfig.h, what may differ between two targets with the same libc: what the processor decides.
OF_THE_PROCESSOR = {
    "ALIGNOF_LONG", "ALIGNOF_MAX_ALIGN_T", "ALIGNOF_SIZE_T", "HAVE_GCC_ASM_FOR_X64", "HAVE_GCC_ASM_FOR_X87",
    "HAVE_GCC_UINT128_T", "HAVE_LARGEFILE_SUPPORT", "HAVE___UINT128_T", "SIZEOF_LONG", "SIZEOF_LONG_DOUBLE",
    "SIZEOF_PTHREAD_T", "SIZEOF_SIZE_T", "SIZEOF_UINTPTR_T", "SIZEOF_VOID_P",
}  # fmt: skip

TYPES = {"VOID_P": "void *", "LONG_DOUBLE": "long double", "LONG_LONG": "long long", "_BOOL": "_Bool"}

HEADERS = "".join(f"#include <{name}.h>\n" for name in ("pthread", "stddef", "stdint", "stdio", "time", "wchar"))


def defined(interpreter: Interpreter) -> dict[str, str]:
    """The macros of pyconfig.h."""
    text = (interpreter.library.prefix / "include" / "pyconfig.h").read_text()
    return dict(re.findall(r"^#define (\w+) (.+)$", text, re.MULTILINE))


def test_the_answers_of_the_native_configure_are_true_there(
    compiled: tuple[Toolchain, Interpreter], interpreter: Interpreter, tmp_path: Path
) -> None:
    """pyconfig.h differs only in what is of the processor, and every size in it is what the compiler says."""
    tools, foreign = compiled
    mine, theirs = defined(interpreter), defined(foreign)
    assert {word for word in mine.keys() | theirs.keys() if mine.get(word) != theirs.get(word)} <= OF_THE_PROCESSOR
    lines = [
        f"_Static_assert({'sizeof' if kind == 'SIZE' else '_Alignof'}({TYPES.get(name, name.lower())}) == {value}, {word!r});"
        for word, value in theirs.items()
        for kind, name in re.findall(r"^(SIZE|ALIGN)OF_(\w+)$", word)
    ]
    assert 15 < len(lines)
    check = tmp_path / "check.c"
    check.write_text(HEADERS + "\n".join(lines).replace("'", '"') + "\n")
    run([tools.cc, "-std=c11", "-D_GNU_SOURCE", "-c", check, "-o", tmp_path / "check.o"], env=tools.environment)


def test_string_routines(name: str, tmp_path: Path) -> None:
    """core/libc/strings.c is right beside unreadable pages on every processor, whichever way it goes there."""
    tools = toolchain_for(load_target(name))
    objects = libc_objects(tmp_path / "libc", tools, 1)
    strings = next(path for path in objects if path.name == "libc.strings.c.o")
    check = tmp_path / f"check-{name}"
    run([tools.cc, *COMPILE_FLAGS, "-std=c11", "-Wall", "-Wextra", "-Werror", "-fno-builtin", "-static",
         HERE / "strings_check.c", strings, "-o", check], env=tools.environment)
    assert "" == run(command_for(check, tools.target), env=CPUS.get(name), limit=TIMEOUT)


def test_the_check_of_string_routines_finds_faults(tmp_path: Path) -> None:
    """With a routine that reads one byte too few it fails, and names it."""
    text = (CORE / "libc" / "strings.c").read_text()
    broken = tmp_path / "strings.c"
    broken.write_text(text.replace("return at < end ?", "return at + 1 < end ?"))
    assert broken.read_text() != text
    check = tmp_path / "check"
    run(["gcc", "-O2", "-D_GNU_SOURCE", "-fno-builtin", HERE / "strings_check.c", broken, "-o", check])
    done = subprocess.run([check], capture_output=True, text=True, check=False)
    assert (1, "memchr is wrong") == (done.returncode, done.stdout[:15])


def test_an_unknown_target() -> None:
    """Those that there are are listed."""
    said = problem(lambda: make_plan(str(HELLO), "pc", "", 0, False, target="arm7"))
    listed = ", ".join(sorted(path.stem for path in (RECIPES / "targets").glob("*.toml")))
    assert f"there is no recipe recipes/targets/arm7.toml: did you mean armv7? there are: {listed}" == said


def test_an_image_for_a_processor_that_the_board_has_not(tmp_path: Path) -> None:
    """Through the command: one line that says what is possible instead; nothing is made."""
    done = invoke("build-appliance", HELLO, "--target", "aarch64", "--output", tmp_path / "out")
    said = (
        "the board pc is x86_64, so there is no image for aarch64: what there is: invoke freeze --target aarch64 "
        "(the program), invoke build-appliance --target aarch64 --format oci (for containers)"
    )
    assert (1, [said]) == (done.returncode, errors(done))
    assert not (tmp_path / "out").exists()


def test_the_board_implies_its_processor(tmp_path: Path) -> None:
    """Without --target it is that of the board; another target has a folder of results of its own."""
    plan = make_plan(str(HELLO), "pc", "", 0, False)
    assert ("x86_64", "hello-x86_64", "hello") == (plan.target, plan.binary.name, plan.output.name)
    plan = make_plan(str(HELLO), "pc", "", 0, False, formats=("oci",), target="riscv64")
    assert ("riscv64", "hello-riscv64", "hello-riscv64") == (plan.target, plan.binary.name, plan.output.name)
    same = make_plan(str(HELLO), "pc", str(tmp_path), 0, False, target="x86_64")
    assert plan != same
    assert same.boots


def test_an_image_of_what_was_frozen_for_another_processor(hello: Plan, tmp_path: Path) -> None:
    """BUILD.json in the folder must be that of the binary: otherwise it would describe another one."""
    shutil.copytree(hello.output, tmp_path / "out", ignore=shutil.ignore_patterns("*.img"))
    plan = dataclasses.replace(hello, output=tmp_path / "out")
    table = json.loads(plan.description.read_text())
    plan.description.write_text(json.dumps({**table, "targets": ["riscv64"]}))
    before = contents(plan.output)
    assert f"{plan.description} is of a build for riscv64: first: invoke freeze hello.py" == problem(lambda: build_image(plan))
    assert before == contents(plan.output)


def test_a_container_for_another_processor(name: str, tmp_path: Path) -> None:
    """The OCI image names the processor as registries do."""
    plan = make_plan(str(HELLO), "pc", str(tmp_path / "out"), 0, False, formats=("oci",), target=name)
    build_binary(plan)
    raw = run(["skopeo", "inspect", "--config", f"--override-arch={_go_name(name)}", f"oci-archive:{plan.container}"])
    assert _go_name(name) == json.loads(raw)["architecture"]


def _go_name(name: str) -> str:
    return {"aarch64": "arm64", "riscv64": "riscv64"}.get(name, "arm")
