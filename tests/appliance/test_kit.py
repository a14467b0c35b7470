"""Parts that apps are made of, each used from inside one static program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.build import build_binary, make_plan
from tests.appliance.running import Running, running

KIT = Path(__file__).parent / "apps" / "kit" / "kit.py"


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The frozen app `kit`, with a folder of its own for what it keeps."""
    plan = make_plan(str(KIT), "pc", str(tmp_path_factory.mktemp("kit")), 0, False)
    build_binary(plan)
    folder = tmp_path_factory.mktemp("run")
    environment = {"XDG_DATA_HOME": str(folder / "data")}
    with running([plan.binary, "--server", "127.0.0.1:0"], folder / "log", environment) as program:
        yield program


@pytest.mark.parametrize(
    ("page", "answer"),
    [
        ("simple_template", "<p>a&lt;b one two</p>\n"),
        ("jinja", "<b>a&lt;b one+two</b>"),
        ("coroutines", [2, 4]),
        ("threads", [0, 1, 4, 9]),
        ("zones", "2026-07-01T12:00:00+02:00"),
        ("catalogue", "Grüß Gott"),
        ("libc", [4, True, [0, 1, 2, 3], -1, "No such file or directory"]),
        ("copied", [["base.html", "page.html", "page.stpl"], []]),
        ("configured", ["seen too"]),
        ("versions", ["3.1.6", "MarkupSafe"]),
        ("about", ["0.13.4", "Africa/Abidjan", 111, "<b>{% block body %}{% endblock %}</b>\n"]),
        ("long_numbers", [True, 50001, True]),
        ("unlike_views", [True, False]),
        ("characters", ["\\N{BULLET}", "\u2022", "\u2022", 1]),
        ("seven_bits", ["1b2442467c4b5c1b2842", "1b2442467c4b5c1b2842", "1b2429430e47510f", "a4a4"]),
        ("method_help", "Daylight saving time from packaged data."),
    ],
)
def test_it_works_from_inside_the_program(kit: Running, page: str, answer: Any) -> None:
    """Templates of Bottle and Jinja2, asyncio, threads, time zones, message catalogues, resources and metadata; and what C
    code imports by name."""
    assert answer == kit.told(f"/{page}")


def test_a_log_in_the_folder_of_the_app(kit: Running) -> None:
    """logging writes to a file below fapws4.data_dir(), which is the user's on this machine."""
    assert "seen" == kit.told("/logged").splitlines()[-1]
    file = kit.log.parent / "data" / "fapws4" / "kit" / "kit.log"
    assert file.read_text().endswith("seen\n")
