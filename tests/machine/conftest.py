"""An app that fails in many ways, as an image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.build import build, make_plan

MOODY = Path(__file__).parent / "apps" / "moody.py"


@pytest.fixture(scope="session")
def moody_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The disk image of apps/moody.py. Read-only: tests that write take a copy."""
    plan = make_plan(str(MOODY), "pc", str(tmp_path_factory.mktemp("moody")), 0, False)
    plan = replace(plan, release=replace(plan.release, settings="settings", data_version=1))
    build(plan)
    return plan.image
