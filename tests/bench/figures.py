"""The figures of the README."""

from pathlib import Path


def run(what: str, output: Path) -> None:
    """Measure."""
