"""A module beside the app."""


def who() -> str:
    """Its own name."""
    return __name__
