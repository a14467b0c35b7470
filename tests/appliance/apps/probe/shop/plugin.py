"""Imported by its name only."""

GREETING = "hello from the plugin"
