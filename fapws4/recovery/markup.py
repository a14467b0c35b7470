"""The frame of every page, and text made harmless."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

STYLE = """\
:root { color-scheme: light dark; --line: #8886; --accent: #0b57d0; --good: #146c2e; --bad: #b3261e; --back: #8881; }
@media (prefers-color-scheme: dark) { :root { --accent: #a8c7fa; --good: #81c995; --bad: #f2b8b5; } }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: 0 auto; padding: 0 1rem 3rem; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; border-bottom: 1px solid var(--line); }
header p { font-weight: 600; margin: .75rem 0; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; margin: 0; padding: .5rem 0; }
a { color: var(--accent); padding: .25rem 0; }
a[aria-current] { font-weight: 600; text-decoration: none; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
h1 { font-size: 1.5rem; margin: 1.25rem 0 .75rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; } dt { opacity: .75; } dd { margin: 0; }
dd, pre { overflow-wrap: anywhere; }
pre { background: var(--back); border: 1px solid var(--line); padding: .75rem; white-space: pre-wrap; font-size: .85rem; }
.note { border-inline-start: .3rem solid var(--accent); background: var(--back); padding: .5rem 1rem; }
.good { border-color: var(--good); } .bad { border-color: var(--bad); }
form { display: grid; gap: .9rem; justify-items: start; max-width: 30rem; }
label { display: grid; gap: .2rem; } label.box { display: flex; gap: .5rem; align-items: baseline; }
input:not([type=checkbox]), button { font: inherit; padding: .45rem .7rem; max-width: 100%; }
button { cursor: pointer; background: var(--accent); color: Canvas; border: 0; border-radius: .3rem; padding: .5rem 1.2rem; }
button.grave { background: var(--bad); }
small { opacity: .8; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } }
"""

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
