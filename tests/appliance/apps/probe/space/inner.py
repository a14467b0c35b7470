"""In a namespace package: a folder without __init__.py."""

DEPTH = 2
