"""Named by an entry point of a group that the probe asks for."""

TASTE = "sweet"
