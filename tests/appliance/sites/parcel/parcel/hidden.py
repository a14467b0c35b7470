"""Named by the hook only."""

DEPTH = 7
