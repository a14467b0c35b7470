"""Header values with parameters: `form-data; name="a"; filename="b.txt"` (RFC 9110 section 5.6.6)."""

from __future__ import annotations


def parse_parameters(value: str) -> tuple[str, dict[str, str]]:
    """The value before the first `;` and the parameters, names in lower case.

    In quotes only `\\"` is an escape: browsers have always sent other backslashes as they are
    (paths of Windows). ValueError when a name comes twice or a quote is not closed: who reads such
    a value in another way would see another request.
    """
    kind, _, rest = value.partition(";")
    parameters: dict[str, str] = {}
    while rest := rest.lstrip(" \t;"):
        name, equals, rest = rest.partition("=")
        name = name.strip().lower()
        if not equals or not name or name in parameters:
            raise ValueError(f"parameter {name[:40]!r} is malformed")
        if rest.startswith('"'):
            parameters[name], rest = _quoted(rest)
        else:
            text, _, rest = rest.partition(";")
            parameters[name] = text.strip()
    return kind.strip().lower(), parameters


def _quoted(text: str) -> tuple[str, str]:
    """The content of the quotes at the start of a text, and what is behind them."""
    end = text.find('"', 1)
    while end > 0 and text[end - 1] == "\\":
        end = text.find('"', end + 1)
    if end < 0:
        raise ValueError("a quote is not closed")
    rest = text[end + 1 :].lstrip(" \t")
    if rest and not rest.startswith(";"):
        raise ValueError("there is text behind a quote")
    return text[1:end].replace('\\"', '"'), rest
