"""The frame of every page, and text made harmless."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

CODE_FIELD = """<label>Claim code
<input name="code" required autocomplete="off" autocapitalize="characters" spellcheck="false" aria-describedby="code-place">
<small id="code-place">It is on the device's screen, and on its serial console.</small></label>"""

_PAGES = (("/", "Status"), ("/log", "Log"), ("/update", "Update"), ("/device", "Restart and reset"))


def escape(text: str) -> str:
    """Text as text of a page, and of an attribute in double quotes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def page(title: str, body: str, path: str = "", refresh: str = "") -> str:
    """A whole page. `path` is the one it has in the navigation, `refresh` the header of that name as HTML says it."""
    here = ' aria-current="page"'
    links = "".join(f'<li><a href="{to}"{here if to == path else ""}>{name}</a>' for to, name in _PAGES)
    again = f'<meta http-equiv="refresh" content="{refresh}">\n' if refresh else ""
    device = escape(os.uname().nodename)
    return f"""<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{again}<title>{escape(title)} - {device}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
<a class="skip" href="#content">To the content</a>
<header><p>{device}</p><nav aria-label="Pages"><ul>{links}</ul></nav></header>
<main id="content">
<h1>{escape(title)}</h1>
{body}
</main>
</html>
"""


def note(text: str, kind: str = "") -> str:
    """A sentence that must be seen; `kind` is good, bad or neither. What is bad is read out at once."""
    return f'<p class="note {kind}" role="{"alert" if kind == "bad" else "status"}">{escape(text)}</p>\n'


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """A list of names and what they are."""
    return "<dl>" + "".join(f"<dt>{escape(name)}<dd>{escape(value)}" for name, value in rows) + "</dl>\n"
