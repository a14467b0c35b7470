"""Sentences with places in them, found again in what somebody else says."""

from __future__ import annotations


def places_in(pattern: str, text: str) -> dict[str, str] | None:
    """What stands in the places of a pattern such as "there is no user {name}"; None of another text. No place is empty."""
    begin, *places = pattern.split("{")
    if not places:
        return {} if text == pattern else None
    if not text.startswith(begin):
        return None
    found, rest = {}, text[len(begin):]
    for place in places:
        name, _, behind = place.partition("}")
        value, between, rest = rest.partition(behind) if behind else (rest, "", "")
        if not value or between != behind:
            return None
        found[name] = value
    return None if rest else found
