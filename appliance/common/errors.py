"""The one way to fail."""

from __future__ import annotations


class Problem(Exception):
    """Something the user can mend: what is wrong, and what to do next.

    ``str(problem)`` is one line, ready to be shown; ``code`` is the exit code of the command (never 0).
    """

    def __init__(self, what: str, hint: str = "", code: int = 1) -> None:
        self.what = " ".join(what.split())
        self.hint = " ".join(hint.split())
        self.code = code
        super().__init__(f"{self.what}: {self.hint}" if self.hint else self.what)
