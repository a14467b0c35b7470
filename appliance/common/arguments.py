"""What the command lines of the tasks may say, where that differs from invoke's own rules.

invoke takes whatever stands where a positional argument is missing for that argument, `--help` and misspelt options too.
"""

from __future__ import annotations

from invoke.parser.argument import Argument
from invoke.parser.context import ParserContext
from invoke.parser.parser import ParseMachine

_handle = ParseMachine.handle
_see_value = ParseMachine.see_value
_complete_context = ParseMachine.complete_context
_help_for = ParserContext.help_for
_help_tuples = ParserContext.help_tuples


def extend() -> None:
    """From now on, `invoke TASK --help` explains every task, and what cannot be meant is refused by name.

    A positional argument may be left out (it is "" then) where a task names it in both ``positional`` and ``optional`` and
    gives it the default None: `invoke flash IMAGE [DEVICE]`.
    """
    ParseMachine.handle = _handled  # type: ignore[assignment]
    ParseMachine.see_value = _value_seen  # type: ignore[assignment]
    ParseMachine.complete_context = _completed  # type: ignore[assignment]
    ParserContext.help_for = _help_of  # type: ignore[assignment]
    ParserContext.help_tuples = _positional_first  # type: ignore[assignment]


def _handled(parser: ParseMachine, word: str) -> None:
    if not _is_option_of_nothing(parser, word):
        _handle(parser, word)
    elif word in ("-h", "--help"):
        parser.initial.flags["--help"].value = parser.context.name
    else:
        parser.error(f"error: there is no option {word}: invoke {parser.context.name} --help says which there are")


def _is_option_of_nothing(parser: ParseMachine, word: str) -> bool:
    """Whether it looks like an option, is none of the task's, and would become a positional argument of it."""
    context = parser.context
    return (word.startswith("-") and word != "-" and context is not None and bool(context.missing_positional_args)
            and not parser.waiting_for_flag_value and word not in context.flags and word not in context.inverse_flags)


def _value_seen(parser: ParseMachine, value: str) -> None:
    try:
        _see_value(parser, value)
    except ValueError:
        assert parser.flag  # whose value it was to be
        parser.error(f"error: {_option(parser.flag)} takes a number, not {value!r}")


def _completed(parser: ParseMachine) -> None:
    explained = parser.initial.flags["--help"].value
    missing = parser.context.missing_positional_args if parser.context else []
    for argument in missing:
        if argument.optional or explained:
            argument.value = ""
    needed = [_placeholder(argument) for argument in missing if argument.value is None]
    if needed:
        parser.error(f"error: {' and '.join(needed)} missing: invoke {parser.context.name} --help explains it")
    _complete_context(parser)


def _option(argument: Argument) -> str:
    return f"--{argument.name}".replace("_", "-")


def _placeholder(argument: Argument) -> str:
    name = f"[{argument.name}]" if argument.optional else f"{argument.name}"
    return name.upper()


def _help_of(context: ParserContext, flag: str) -> tuple[str, str]:
    """A positional argument is called by its place, FILE, as well as by its option, --file=STRING."""
    names, text = _help_for(context, flag)
    argument = context.flags[flag]
    return (f"{_placeholder(argument)} or {names}" if argument in context.positional_args else names), text


def _positional_first(context: ParserContext) -> list[tuple[str, str | None]]:
    first = [context.help_for(_option(argument)) for argument in context.positional_args]
    return [*first, *(line for line in _help_tuples(context) if line not in first)]
