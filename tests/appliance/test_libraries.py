"""Libraries: kept by everything that they are made from, rebuilt when that changes, whole or not there at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.common.places import REPOSITORY, scratch_folder, tree_digest
from appliance.compiling import libraries
from appliance.compiling.libraries import build_library, is_built
from appliance.compiling.toolchain import Toolchain, toolchain_for
from appliance.fetching import recipes, sources
from appliance.fetching.recipes import load_target
from tests.appliance.cases import cache_with, left_over, problem, written
from tests.appliance.running import TIMEOUT
from tests.appliance.test_sources import tarball

BASE = {"base.c": "int base(void) { return 1; }\n", "base.h": "int base(void);\n"}
MORE = {
    f"more{number}.c": f'#include "base.h"\nint more{number}(void) {{ return base() + {number}; }}\n'
    for number in range(6)
}
RECIPE = """name = "{name}"
version = "1"
origin = "pypi:{name}"
file = "{name}-1.tar.gz"
sha256 = "{sha256}"
licence = "MIT"

[build]
needs = {needs}
{rest}
"""


def put(folder: Path, name: str, files: dict[str, str], needs: str, rest: str) -> None:
    """A recipe, and its source where FAPWS_SOURCES is."""
    data = tarball(files)
    (folder / "given").mkdir(exist_ok=True)
    (folder / "given" / f"{name}-1.tar.gz").write_bytes(data)
    text = RECIPE.format(name=name, sha256=hashlib.sha256(data).hexdigest(), needs=needs, rest=rest)
    written(folder, text, f"recipes/sources/{name}.toml")


COMPILE = 'compile = ["*.c"]\ninclude = ["."]\nflags = ["-DSIZE=1"]\nheaders = { "*.h" = "" }'
COMMANDS = """commands = [["sh", "-c", "for file in {source}/*.c; do {cc} {flags} -c -I{base}/include $file || exit 1; done"],
    ["sh", "-c", "{ar} rcsD libmore.a *.o"]]
produces = { "lib/libmore.a" = "libmore.a" }"""


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two tiny libraries, `more` needing `base`, with a cache of their own; the compiler is the real one."""
    put(tmp_path, "base", BASE, "[]", COMPILE)
    put(tmp_path, "more", MORE, '["base"]', COMMANDS)
    (tmp_path / "recipes" / "targets").symlink_to(REPOSITORY / "recipes" / "targets")
    cache = cache_with(tmp_path / "cache", "toolchains", "zig")
    for module in (recipes, sources):
        monkeypatch.setattr(module, "RECIPES", tmp_path / "recipes")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("FAPWS_SOURCES", str(tmp_path / "given"))
    return tmp_path


@pytest.fixture
def tools() -> Toolchain:
    """The toolchain for this machine."""
    return toolchain_for(load_target("x86_64"))


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the libraries that were really built, in order."""
    names: list[str] = []
    original = libraries._Workshop.build

    def noted(workshop: libraries._Workshop, kept: Path) -> None:
        names.append(workshop.source.name)
        original(workshop, kept)

    monkeypatch.setattr(libraries._Workshop, "build", noted)
    return names


def replace(file: Path, old: str, new: str) -> None:
    """One edit of a recipe."""
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_what_a_change_rebuilds(
    tools: Toolchain, two: Path, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flag, a patch, a digest and a tool rebuild what depends on them and nothing else; going back rebuilds nothing."""

    def round_of() -> list[str]:
        built.clear()
        build_library("more", tools, 2, offline=True)
        return list(built)

    base, more = (two / "recipes" / "sources" / f"{name}.toml" for name in ("base", "more"))
    assert (["base", "more"], []) == (round_of(), round_of())
    replace(more, "for file", "for  file")
    assert ["more"] == round_of()
    replace(base, "SIZE=1", "SIZE=2")
    assert ["base", "more"] == round_of()
    replace(base, "SIZE=2", "SIZE=1")
    assert [] == round_of()
    written(
        two,
        "--- a/more0.c\n+++ b/more0.c\n@@ -2 +2 @@\n-int more0(void) { return base() + 0; }\n"
        "+int more0(void) { return base() + 9; }\n",
        "recipes/patches/more/nine.patch",
    )
    assert ["more"] == round_of()
    put(two, "base", {**BASE, "base.c": "int base(void) { return 3; }\n"}, "[]", COMPILE)
    assert ["base", "more"] == round_of()
    monkeypatch.setattr("appliance.compiling.toolchain.COMPILE_FLAGS", ("-O1",))
    assert ["base", "more"] == round_of()
    assert is_built("base", tools)
    assert is_built("more", tools)


PROCESSORS = """
cross = [{ path = "cross.h", text = "{python}" }]

[build.processors.x86_64]
compile = ["x86/*.c"]
words = { folder = "x86" }

[build.processors.aarch64]
compile = ["arm/*.c"]
words = { folder = "arm" }
"""


def test_what_a_recipe_has_for_one_processor(
    tools: Toolchain, two: Path, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files and words count for that processor only; a processor that the recipe does not have is named."""
    files = {
        "base.c": '#include "size.h"\nint base(void) { return SIZE; }\n',
        "x86/size.h": "#define SIZE 86\n",
        "x86/own.c": "int own_x86(void) { return 1; }\n",
        "arm/size.h": "#define SIZE 64\n",
        "arm/own.c": "int own_arm(void) { return 1; }\n",
    }
    rest = 'compile = ["*.c"]\ninclude = ["{folder}"]\nheaders = { "{folder}/*.h" = "{folder}" }' + PROCESSORS
    put(two, "base", files, "[]", rest)
    recipe = two / "recipes" / "sources" / "base.toml"
    first = build_library("base", tools, 1, offline=True)
    members = subprocess.run(["ar", "t", *first.archives], check=True, capture_output=True, text=True).stdout
    assert ["base.c.o", "x86.own.c.o"] == members.split()
    assert "#define SIZE 86\n" == (first.prefix / "include" / "size.h").read_text()
    replace(recipe, '"arm/*.c"', '"arm/own.c"')
    replace(recipe, 'cross.h', 'other.h')
    assert first == build_library("base", tools, 1, offline=True)
    replace(recipe, '"x86/*.c"', '"x86/own.c"')
    assert first.digest != build_library("base", tools, 1, offline=True).digest
    assert ["base", "base"] == built
    riscv = toolchain_for(load_target("riscv64"))
    said = "recipes/sources/base.toml does not say how it is built for riscv64: add a section [build.processors.riscv64]"
    assert said == problem(lambda: build_library("base", riscv, 1, offline=True))


def test_what_only_a_cross_build_has(tools: Toolchain, two: Path) -> None:
    """Files generated for other processors, with the helpers by their words; another helper is another library."""
    text = "cross = [{ path = \"cross.h\", text = \"#define HELPER {python}\" }]"
    keep = 'commands = [["{ar}", "rcsD", "lib.a"]]\nproduces = { "lib/libbase.a" = "lib.a", "include" = "include" }'
    put(two, "base", BASE, "[]", f'generate = [{{ path = "include/own.h", text = "x" }}]\n{keep}\n'
        + text.replace("cross.h", "include/cross.h"))
    arm = toolchain_for(load_target("aarch64"))
    helper = libraries.Library("python", "1", Path("/somewhere"))
    native = build_library("base", tools, 1, offline=True)
    foreign = build_library("base", arm, 1, offline=True, helpers={"python": helper})
    assert ["own.h"] == [path.name for path in (native.prefix / "include").iterdir()]
    assert "#define HELPER /somewhere" == (foreign.prefix / "include" / "cross.h").read_text()
    other = {"python": libraries.Library("python", "2", Path("/somewhere"))}
    assert not is_built("base", arm, other)
    assert is_built("base", arm, {"python": helper})


def test_a_library_is_the_same_in_another_cache(tools: Toolchain, two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built again elsewhere with another number of jobs: the same bytes, no path of the machine in them."""
    first = build_library("more", tools, 1, offline=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_with(two / "another", "toolchains", "zig")))
    second = build_library("more", tools, 3, offline=True)
    assert first.prefix != second.prefix
    assert tree_digest(first.prefix) == tree_digest(second.prefix)
    base = build_library("base", tools, 1, offline=True)
    assert [] == [path for path in base.prefix.rglob("*.a") if str(two).encode() in path.read_bytes()]


def test_a_library_that_does_not_compile(tools: Toolchain, two: Path) -> None:
    """The Problem names the file, with the compiler's own last word, and nothing is kept."""
    put(two, "base", {**BASE, "base.c": "int base(void) { return x; }\n"}, "[]", COMPILE)
    assert problem(lambda: build_library("more", tools, 2, offline=True)).startswith(
        "compiling base.c failed (exit code 1): "
    )
    assert [] == [path for path in (two / "cache" / "fapws4" / "libraries").rglob("*") if path.is_file()]
    assert [] == left_over(two / "cache")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'compile = ["*.c"]',
            'compile = ["*.cc"]',
            "recipes/sources/base.toml: compile matches no file: mend its globs",
        ),
        (
            'headers = { "*.h" = "" }',
            'produces = { "lib/x" = "y" }',
            "building base gave no y: see recipes/sources/base.toml",
        ),
    ],
)
def test_a_recipe_that_does_not_fit(tools: Toolchain, two: Path, old: str, new: str, said: str) -> None:
    """What a recipe promises and does not give is named."""
    replace(two / "recipes" / "sources" / "base.toml", old, new)
    assert said == problem(lambda: build_library("base", tools, 1, offline=True))


BUILD = """
import sys
from pathlib import Path
from appliance.fetching import recipes, sources
from appliance.compiling.libraries import build_library
from appliance.fetching.recipes import load_target
from appliance.compiling.toolchain import toolchain_for
tools = toolchain_for(load_target("x86_64"))
recipes.RECIPES = sources.RECIPES = Path(sys.argv[1])
build_library("more", tools, 2, offline=True)
"""


def started(two: Path) -> subprocess.Popen[bytes]:
    """A builder of both libraries, in a process group of its own."""
    return subprocess.Popen([sys.executable, "-c", BUILD, two / "recipes"], cwd=REPOSITORY, start_new_session=True)


def test_a_killed_build_resumes(tools: Toolchain, two: Path) -> None:
    """kill -9 at many points: the next run ends with the same bytes, nothing half-made is left."""
    reference = tree_digest(build_library("more", tools, 2, offline=True).prefix)
    kept = two / "cache" / "fapws4"
    for part in ("libraries", "trees"):
        shutil.rmtree(kept / part)
    for step in range(8):
        process = started(two)
        try:
            process.wait(0.2 + step * 0.12)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(TIMEOUT)
    assert 0 == started(two).wait(TIMEOUT)
    assert reference == tree_digest(build_library("more", tools, 2, offline=True).prefix)
    with scratch_folder(kept / "trees"):  # the last run had no tree to unpack, so nothing was cleared there
        pass
    assert [] == left_over(kept / "libraries", kept / "trees", kept / "work")


def test_two_builds_at_the_same_time(tools: Toolchain, two: Path) -> None:
    """Builders of the same library with one cache do not disturb one another."""
    both = [started(two) for _ in range(3)]
    assert [0, 0, 0] == [process.wait(TIMEOUT) for process in both]
    prefix = build_library("more", tools, 2, offline=True).prefix
    assert 6 == len(
        subprocess.run(["ar", "t", prefix / "lib" / "libmore.a"], check=True, capture_output=True).stdout.split()
    )
    assert [] == left_over(two / "cache" / "fapws4" / "libraries", two / "cache" / "fapws4" / "trees")
