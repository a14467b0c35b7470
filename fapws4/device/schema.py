"""The forms of arguments and answers: the part of JSON Schema that is needed, as data, and the check of a value.

As data they go into the description of an API as they are. A text is one printable line unless it says `x-lines`, and an
object has the properties that it names and no others; those with a `default` may be left out of arguments.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Schema = dict[str, Any]

_KINDS = {"string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,), "object": (dict,),
          "null": (type(None),)}
_WORDS = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
          "array": "a list", "object": "an object", "null": "null"}


class Invalid(Exception):
    """A value that does not have the form; the text says where, and what it has to be."""


def text(most: int, least: int = 0, **more: Any) -> Schema:
    """One line of so many characters."""
    return {"type": "string", "minLength": least, "maxLength": most, **more}


def lines(most: int, **more: Any) -> Schema:
    """A text that may have several lines."""
    return {"type": "string", "maxLength": most, "x-lines": True, **more}


def choice(*words: str, **more: Any) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": list(words), **more}


def integer(least: int, most: int, **more: Any) -> Schema:
    """A whole number."""
    return {"type": "integer", "minimum": least, "maximum": most, **more}


def boolean(**more: Any) -> Schema:
    """True or false."""
    return {"type": "boolean", **more}


def listed(items: Schema, most: int, **more: Any) -> Schema:
    """A list of values of one form."""
    return {"type": "array", "items": items, "maxItems": most, **more}


def fields(**properties: Schema) -> Schema:
    """An object with these properties."""
    required = [name for name, schema in properties.items() if "default" not in schema]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    return {**schema, "type": [*_kinds(schema), "null"]}


def checked(schema: Schema, value: Any, place: str) -> Any:
    """The value, with what may be left out put in. Raises Invalid."""
    kind = next((kind for kind in _kinds(schema) if _is(kind, value)), None)
    if kind is None:
        raise Invalid(f"{place} must be {' or '.join(_WORDS[kind] for kind in _kinds(schema))}")
    if kind == "string":
        _check_text(schema, value, place)
    elif kind in ("integer", "number"):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            raise Invalid(f"{place} must be from {schema['minimum']} to {schema['maximum']}")
    elif kind == "array":
        if len(value) > schema["maxItems"]:
            raise Invalid(f"{place} must have at most {schema['maxItems']} entries")
        return [checked(schema["items"], item, f"{place}[{index}]") for index, item in enumerate(value)]
    elif kind == "object":
        return _checked_object(schema, value, place)
    return value


def _kinds(schema: Schema) -> Sequence[str]:
    kinds: str | list[str] = schema["type"]
    return [kinds] if isinstance(kinds, str) else kinds


def _is(kind: str, value: Any) -> bool:
    return isinstance(value, _KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _check_text(schema: Schema, value: str, place: str) -> None:
    if "enum" in schema and value not in schema["enum"]:
        raise Invalid(f"{place} must be one of: {', '.join(schema['enum'])}")
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        least = schema.get("minLength", 0)
        raise Invalid(f"{place} must have {f'from {least} to' if least else 'at most'} {schema['maxLength']} characters")
    plain = value.replace("\n", "").replace("\r", "").replace("\t", "") if schema.get("x-lines") else value
    if not plain.isprintable():  # among others what is no character, like half a pair of surrogates
        raise Invalid(f"{place} must have no characters that cannot be shown")


def _checked_object(schema: Schema, value: dict[str, Any], place: str) -> dict[str, Any]:
    properties: dict[str, Schema] = schema["properties"]
    for name in value:
        if name not in properties:
            raise Invalid(f"{place} has no {name[:40]!r}; what there is: {', '.join(properties) or 'nothing'}")
    found = {}
    for name, part in properties.items():
        if name in value:
            found[name] = checked(part, value[name], f"{place}.{name}")
        elif "default" in part:
            found[name] = part["default"]
        else:
            raise Invalid(f"{place} lacks {name}")
    return found
