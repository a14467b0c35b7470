"""Imports from its own package."""

from .tax import with_tax


def total(pieces: int) -> int:
    """The price of so many pieces."""
    return with_tax(pieces * 100)


def broken(number: int) -> int:
    """Fails at a line that the traceback must name."""
    return number // (number - 1)
