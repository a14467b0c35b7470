"""Positional arguments that may be left out, which invoke does not know: `invoke flash IMAGE [DEVICE]`.

A task names them in both ``positional`` and ``optional``, and gives them the default None.
"""

from __future__ import annotations

from invoke.parser.parser import ParseMachine

_complete_context = ParseMachine.complete_context


def allow_optional_positionals() -> None:
    """From now on, one that is missing at the end of its task's arguments is no fault: it has the value ""."""
    ParseMachine.complete_context = _complete  # type: ignore[assignment]


def _complete(parser: ParseMachine) -> None:
    for argument in parser.context.missing_positional_args if parser.context else ():
        if argument.optional:
            argument.value = ""
    _complete_context(parser)
