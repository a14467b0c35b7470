"""A made-up installed package with data, metadata and a PyInstaller hook of its own."""

WEIGHT = 5
