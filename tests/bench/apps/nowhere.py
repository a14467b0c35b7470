"""An app without any page."""

PATHS = []
