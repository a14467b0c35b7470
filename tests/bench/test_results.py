"""Tables as text and as Markdown, and the files that the verbs write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from appliance.common.errors import Problem
from tests.bench.results import summary, write
from tests.bench.tables import Outcome, Table, markdown, plain, ratio
from tests.bench.verbs import VERBS, parts_of

TABLE = Table("Sizes", ["what", "fapws4"], [["binary|image", "1.0"], ["x", "22.5"]], ["A note."])


def found(title: str, kernel: str = "6.1") -> dict[str, Any]:
    """What a part leaves in the file of a day."""
    table = {"title": title, "columns": ["what"], "rows": [["row"]], "notes": []}
    return {"machine": {"processor": "Some CPU", "kernel": kernel}, "tables": [table], "figures": {}}


def test_markdown() -> None:
    """Figures stand to the right, and a bar inside a cell does not end it."""
    assert "### Sizes\n\n| what | fapws4 |\n| --- | ---: |\n| binary\\|image | 1.0 |\n| x | 22.5 |\n\nA note.\n" \
        == markdown(TABLE)


def test_plain_text() -> None:
    """Columns are as wide as their widest cell."""
    assert ["Sizes", "", "what          fapws4", "-" * 20, "binary|image     1.0", "x               22.5", "A note."] \
        == plain(TABLE).splitlines()


def test_a_ratio() -> None:
    """Below 1 is less than the peer needs; nothing is compared with nothing."""
    assert ("x0.50", "-") == (ratio(1, 2), ratio(1, 0))


def test_the_newest_of_every_part_is_shown() -> None:
    """A later day replaces what it has and leaves the rest."""
    before = {"exact": {"cases": found("old"), "flask": found("kept")}, "image": {"sizes": found("size")}}
    text = summary({"2026-02-01": {"exact": {"cases": found("new")}}, "2026-01-01": before})
    assert "### old" not in text
    assert text.index("## exact") < text.index("### new") < text.index("### kept") < text.index("## image")
    assert "2026-02-01: processor Some CPU, kernel 6.1.\n" in text
    assert 2 == text.count("2026-01-01: ")


def test_the_machine_is_said_once() -> None:
    """Parts that were measured on the same day and machine stand below one line."""
    text = summary({"2026-01-01": {"exact": {"cases": found("one"), "flask": found("two")}}})
    assert 1 == text.count("2026-01-01: ")


def test_parts_gather_in_the_file_of_the_day(tmp_path: Path) -> None:
    """Each adds to it, a second time in its own place."""
    for title in ("first", "second"):
        file = write("exact", "cases", Outcome([Table(title, ["a"], [["b"]])], {"number": 1}), tmp_path)
    write("image", "sizes", Outcome([TABLE]), tmp_path)
    known = json.loads(file.read_text())
    assert {"exact": ["cases"], "image": ["sizes"]} == {verb: list(parts) for verb, parts in known.items()}
    assert "second" == known["exact"]["cases"]["tables"][0]["title"]
    text = (tmp_path / "RESULTS.md").read_text()
    assert "### second" in text
    assert "### first" not in text
    assert str(Path.home()) not in text


@pytest.mark.parametrize(("verb", "only", "said"), [
    ("speed", "", "there is no benchmark speed: there are: all, exact, server, runtime, build, image"),
    ("exact", "case", "bench exact has no part case: cases?"),
    ("exact", "cases,zzz", "bench exact has no part zzz: there are: cases, tls, flask, growth, start"),
])
def test_a_wrong_name(verb: str, only: str, said: str) -> None:
    """It is said which there are, or which was meant."""
    with pytest.raises(Problem) as raised:
        parts_of(verb, only)
    assert said == str(raised.value)


def test_parts_by_name() -> None:
    """In the order in which they are named; all when none is."""
    assert ["start", "cases"] == list(parts_of("exact", "start, cases"))
    assert list(VERBS["server"]) == list(parts_of("server", ""))
