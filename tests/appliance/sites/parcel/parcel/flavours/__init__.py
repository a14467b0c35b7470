"""Modules that only entry points name."""
