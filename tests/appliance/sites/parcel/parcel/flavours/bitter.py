"""Named by an entry point of a group that nobody asks for."""

TASTE = "bitter"
