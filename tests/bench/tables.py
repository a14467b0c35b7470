"""Tables of figures: on the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from appliance.common.progress import console


@dataclass(frozen=True)
class Table:
    """A title, the names of the columns, rows of as many texts, and lines that explain."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Outcome:
    """What one verb found: tables to be read, and the numbers behind them."""

    tables: Sequence[Table]
    figures: dict[str, Any] = field(default_factory=dict)


def show(tables: Iterable[Table]) -> None:
    """Print tables; a terminal that is too narrow wraps their lines and cuts nothing."""
    for table in tables:
        console.print("\n" + plain(table), soft_wrap=True)


def plain(table: Table) -> str:
    """A table as aligned text: the first column to the left, figures to the right."""
    lines = [table.columns, *table.rows]
    widths = [max(len(line[number]) for line in lines) for number in range(len(table.columns))]
    texts = ["  ".join(cell.rjust(width) if number else cell.ljust(width)
                       for number, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in lines]
    return "\n".join([table.title, "", texts[0], "-" * max(map(len, texts)), *texts[1:], *table.notes])


def markdown(table: Table) -> str:
    """A table as GitHub's Markdown has it."""
    lines = [f"### {table.title}", "", _row(table.columns), _row(["---", *["---:"] * (len(table.columns) - 1)])]
    lines += [_row(row) for row in table.rows]
    lines += [line for note in table.notes for line in ("", note)]
    return "\n".join(lines) + "\n"


def ratio(ours: float, theirs: float) -> str:
    """How many times the peer's our figure is: below 1 is less than the peer needs."""
    return f"x{ours / theirs:.2f}" if theirs else "-"


def judged(kept: bool) -> str:
    """The last word of a note about a must."""
    return "kept" if kept else "broken"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
