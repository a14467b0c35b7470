"""HTML that cannot be made of text by mistake: every text is escaped unless it is Markup.

    h.p("5 < 6", h.a("more", href=visit.url("/logs")), class_="note")

Attributes are named with a `_` behind where Python has the word for itself, and with `_` for `-` inside (aria_label); True
gives one without a value, None and False none at all.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    Child: TypeAlias = "str | Iterable[Child] | None"

_VOID = frozenset(("br", "hr", "img", "input", "link", "meta"))


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def escape(text: str) -> Markup:
    """Text as text of a page, and of an attribute in double quotes."""
    if isinstance(text, Markup):
        return text
    return Markup(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;"))


def join(*children: Child) -> Markup:
    """Children one after the other; of lists of lists too."""
    there = (child for child in children if child is not None)
    return Markup("".join(escape(child) if isinstance(child, str) else join(*child) for child in there))


class _Elements:
    """`h.NAME(*children, **attributes)` is that element."""

    def __getattr__(self, name: str) -> Callable[..., Markup]:
        def element(*children: Child, **attributes: object) -> Markup:
            return Markup(f"<{name}{_attributes(attributes)}>" + ("" if name in _VOID else f"{join(*children)}</{name}>"))

        return element


def _attributes(attributes: dict[str, object]) -> str:
    return "".join(f" {_name(key)}" if value is True else f' {_name(key)}="{escape(str(value))}"'
                   for key, value in attributes.items() if value is not None and value is not False)


def _name(key: str) -> str:
    return key if key == "viewBox" else key.rstrip("_").replace("_", "-")


h = _Elements()
