"""Debian's own programs, run from their packages."""

from __future__ import annotations

import pytest

from appliance.common.errors import Problem
from appliance.fetching.recipes import load_source
from appliance.imaging.tools import all_tools, run_tool


def test_a_tool_is_the_pinned_one_and_not_the_machines() -> None:
    """What runs is the version that the recipe names, with its own loader and libraries."""
    version = load_source("grub-common").version
    assert f"(GRUB) {version}" in run_tool("grub-mkimage", ["--version"])


def test_every_source_of_a_tool_has_a_recipe() -> None:
    """An offline machine can be given all that the tools consist of."""
    for tool in all_tools():
        assert [load_source(name).name for name in tool.sources] == tool.sources


def test_a_tool_that_fails_is_named() -> None:
    """When a tool refuses its arguments, its name and its last words are shown."""
    with pytest.raises(Problem, match=r"^grub-mkimage failed \(exit code 64\): .*--help"):
        run_tool("grub-mkimage", ["--no-such-option"])


def test_an_unknown_tool_is_refused() -> None:
    """A tool without a recipe is refused with the names of those that there are."""
    with pytest.raises(Problem, match=r"no recipe recipes/tools/mkfs\.toml: .*there are: grub-mkimage, mke2fs"):
        run_tool("mkfs", [])
