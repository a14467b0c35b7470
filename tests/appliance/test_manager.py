"""The device's manager in a program: only where the app asks for it, and how much it weighs."""

from __future__ import annotations

import json
from pathlib import Path

from appliance.build import Plan, build_binary, make_plan

APP = '''"""An app that asks its device."""

from fapws4 import device

PATHS = [("/", lambda environ, start_response: device.Client().status_public()["name"])]
'''
MOST = 1_000_000  # bytes


def test_a_manager_is_where_it_is_asked_for(hello: Plan, tmp_path: Path) -> None:
    """And weighs no more than a megabyte, with all that it needs of Python."""
    (tmp_path / "asker.py").write_text(APP)
    plan = make_plan(str(tmp_path / "asker.py"), "pc", str(tmp_path / "out"), 0, False, formats=(), for_device=True)
    build_binary(plan)
    tables = [json.loads(each.description.read_text()) for each in (hello, plan)]
    assert [False, True] == [table["manager"] for table in tables]
    assert [False, True] == ["fapws4.manager.server" in table["app"]["modules"] for table in tables]
    assert plan.binary.stat().st_size - hello.binary.stat().st_size <= MOST


def test_programs_for_other_machines_have_none(tmp_path: Path) -> None:
    """They can be asked what they are, and say that they are no device."""
    (tmp_path / "asker.py").write_text(APP)
    plan = make_plan(str(tmp_path / "asker.py"), "pc", str(tmp_path / "out"), 0, False, formats=())
    build_binary(plan)
    assert json.loads(plan.description.read_text())["manager"] is False
