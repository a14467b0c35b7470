"""The package that apps import: pure parts directly, the others through the real server."""
