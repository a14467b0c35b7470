"""What the pages say in other languages: catalogues of gettext (LANGUAGE.po beside this file).

They are read as they are, once, by whoever first asks for the language: so translators' programs work on the files that
devices use, and nothing has to be compiled. Of the format there is what the pages need: no plurals, no contexts.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Translate = Callable[..., str]

LANGUAGES = {"en": "English", "fr": "Français"}  # the first is that of the pages themselves

_catalogues: dict[str, dict[str, str]] = {"en": {}}


def later(text: str) -> str:
    """Marks a text for the catalogues where it stands in a table; it is translated where it is shown."""
    return text


def translator(language: str) -> Translate:
    """A function that says a text in that language; `{name}` in it is replaced by the argument of that name."""
    catalogue = _catalogue(language)

    def translate(text: str, /, **values: object) -> str:
        said = catalogue.get(text, text)
        return said.format(**values) if values else said

    return translate


def choose(chosen: str, accepted: str) -> str:
    """The language that a person has chosen, else the best one of Accept-Language (RFC 9110 section 12.5.4)."""
    if chosen in LANGUAGES:
        return chosen
    rated = [(_quality(parameters), tag.strip().lower().partition("-")[0])
             for tag, _, parameters in (item.partition(";") for item in accepted[:500].split(","))]
    known = [(-quality, at, name) for at, (quality, name) in enumerate(rated) if name in LANGUAGES and quality > 0]
    return min(known)[2] if known else next(iter(LANGUAGES))


def _quality(parameters: str) -> float:
    name, _, number = parameters.strip().partition("=")
    try:
        return float(number) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0


def _catalogue(language: str) -> dict[str, str]:
    if language not in _catalogues:
        place = os.path.join(os.path.dirname(__file__), f"{language}.po")  # noqa: PTH118, PTH120
        with open(place, encoding="utf-8") as file:  # noqa: PTH123
            _catalogues[language] = dict(read_catalogue(file.read()))
    return _catalogues[language]


def read_catalogue(text: str) -> Iterator[tuple[str, str]]:
    """Each text and its translation; those that are not translated, or marked as fuzzy, are left out."""
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith("#~")]
        found = {"msgid": "", "msgstr": ""}
        key = ""
        for line in lines:
            if line.startswith(("msgid ", "msgstr ")):
                key, _, line = line.partition(" ")
            if line.startswith('"') and key:
                found[key] += _unquoted(line)
        fuzzy = any(line.startswith("#,") and "fuzzy" in line for line in lines)
        if found["msgid"] and found["msgstr"] and not fuzzy:
            yield found["msgid"], found["msgstr"]


def _unquoted(line: str) -> str:
    return line.strip()[1:-1].replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")
