"""Recipes: all of one shape, and whatever is wrong with one is said with file, key and the nearest valid key."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from appliance.common.places import RECIPES
from appliance.fetching.recipes import (
    Board,
    Compilation,
    Kernel,
    KernelBuild,
    Source,
    Target,
    all_kernels,
    all_sources,
    load_board,
    load_source,
    load_target,
    read_recipe,
)
from appliance.imaging.tools import all_tools
from tests.appliance.cases import problem, written

SOURCE = """name = "tiny"
version = "1"
origin = "pypi:tiny"
file = "tiny-1.tar.gz"
sha256 = "00"
licence = "MIT"
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SOURCE + 'licens = "MIT"\n', "tiny.toml: unknown key licens: the nearest valid key is licence"),
        (SOURCE + "[build]\nneed = []\n", "tiny.toml: unknown key build.need: the nearest valid key is build.needs"),
        (
            SOURCE + '[build]\ngenerate = [{ path = "a", txt = "b" }]\n',
            "tiny.toml: unknown key build.generate[0].txt: the nearest valid key is build.generate[0].text",
        ),
        (SOURCE.replace('version = "1"', "version = 1"), "tiny.toml: the key version must be a text: it is int"),
        (SOURCE + 'patches = "a"\n', "tiny.toml: the key patches must be a list: it is str"),
        (SOURCE + "patches = [1]\n", "tiny.toml: the key patches[0] must be a text: it is int"),
        (SOURCE + "[build]\nheaders = []\n", "tiny.toml: the key build.headers must be a table: it is list"),
        (SOURCE + 'build = "make"\n', "tiny.toml: the key build must be a table: it is str"),
        (SOURCE.replace('licence = "MIT"\n', ""), "tiny.toml: the key licence is missing: add it"),
    ],
)
def test_a_wrong_recipe(tmp_path: Path, text: str, said: str) -> None:
    """An unknown key, a wrong type and a missing key are named with the file."""
    assert said == problem(lambda: read_recipe(written(tmp_path, text, "tiny.toml"), Source))


def test_a_truth_value_is_no_number(tmp_path: Path) -> None:
    """`true` where a number belongs is refused."""
    text = (RECIPES / "boards" / "pc.toml").read_text().replace("size = 36", "size = true")
    said = problem(lambda: read_recipe(written(tmp_path, text, "pc.toml"), Board))
    assert "pc.toml: the key partitions[1].size must be a whole number: it is bool" == said


def test_what_is_not_toml(tmp_path: Path) -> None:
    """The file and the place in it are named."""
    said = problem(lambda: read_recipe(written(tmp_path, "name = \n", "tiny.toml"), Source))
    assert said.startswith("tiny.toml is not TOML: ")
    assert "line 1" in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("zlbi", "there is no recipe recipes/sources/zlbi.toml: did you mean zlib? there are: "),
        ("nothing_like_it", "there is no recipe recipes/sources/nothing_like_it.toml: there are: "),
    ],
)
def test_an_unknown_name(name: str, said: str) -> None:
    """The names that there are are listed."""
    found = problem(lambda: load_source(name))
    assert said == found[: len(said)]
    assert ", zlib" in found


def ordered(table: dict[str, Any], kind: type[Any]) -> bool:
    """Whether the keys stand in the order of the dataclass's fields; in TOML tables come behind all else."""
    order = [field.name for field in dataclasses.fields(kind)]
    keys = [key for key, value in table.items() if not is_table(value)] + [
        key for key, value in table.items() if is_table(value)
    ]
    return keys == sorted(table, key=lambda key: (is_table(table[key]), order.index(key)))


def is_table(value: Any) -> bool:
    """A table, or a list of tables."""
    return isinstance(value, dict) or (isinstance(value, list) and value != [] and isinstance(value[0], dict))


@pytest.mark.parametrize(
    ("folder", "kind"), [("sources", Source), ("targets", Target), ("kernels", Kernel), ("boards", Board)]
)
def test_keys_stand_in_the_same_order(folder: str, kind: type[Any]) -> None:
    """diff of two recipes shows only what really differs: same keys, same order, the file named as what it holds."""
    paths = sorted((RECIPES / folder).glob("*.toml"))
    tables = {path: tomlkit.parse(path.read_text()).unwrap() for path in paths}
    assert paths
    assert [] == [
        path.name for path, table in tables.items() if not ordered(table, kind) or table["name"] != path.stem
    ]
    builds = {path: table["build"] for path, table in tables.items() if "build" in table}
    assert [] == [path.name for path, build in builds.items()
                  if not ordered(build, KernelBuild if kind is Kernel else Compilation)]


def test_every_source_is_pinned_and_licensed() -> None:
    """A sha256 and a licence in each, a file name that belongs to the version's origin, and no host name anywhere."""
    for source in all_sources():
        assert re.fullmatch(r"[0-9a-f]{64}", source.sha256), source.name
        assert re.fullmatch(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*", source.licence), source.name
        assert re.fullmatch(r"(pypi|npm):\S+|debian(-source)?:\w+/\S+", source.origin), source.name
        assert not re.search(r"https?://", (RECIPES / "sources" / f"{source.name}.toml").read_text()), source.name


def test_everything_that_is_named_exists() -> None:
    """Boards name targets and kernels, tools and libraries name sources; all of them are there."""
    for path in (RECIPES / "boards").glob("*.toml"):
        board = load_board(path.stem)
        assert load_target(board.target).name == board.target
    for kernel in all_kernels():
        assert load_target(kernel.target).name == kernel.target
        assert load_source(kernel.source).name == kernel.source
        assert kernel.config.exists() == (kernel.build is not None)
    for source in all_sources():
        needs = source.build.needs if source.build else []
        assert [*needs] == [load_source(name).name for name in needs]
        named = set(source.build.processors) if source.build else set()
        targets = {load_target(path.stem).processor for path in (RECIPES / "targets").glob("*.toml")}
        assert named in (set(), targets), source.name
    for tool in all_tools():
        assert list(tool.sources) == [load_source(name).name for name in tool.sources]
