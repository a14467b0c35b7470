"""Images that several files boot: an app that fails in many ways, and the console."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.build import build, make_plan
from tests.machine.consoles import Consoles, make_consoles

MOODY = Path(__file__).parent / "apps" / "moody.py"


@pytest.fixture(scope="session")
def moody_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The disk image of apps/moody.py. Read-only: tests that write take a copy."""
    plan = make_plan(str(MOODY), "pc", str(tmp_path_factory.mktemp("moody")), 0, False)
    plan = replace(plan, release=replace(plan.release, settings="settings", data_version=1))
    build(plan)
    return plan.image


@pytest.fixture(scope="session")
def consoles(tmp_path_factory: pytest.TempPathFactory) -> Consoles:
    """samples/console and what it is updated to. Read-only, too."""
    return make_consoles(tmp_path_factory.mktemp("consoles"))
