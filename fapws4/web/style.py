"""The look of every page: as light or dark as the person prefers, and readable on a telephone."""

from __future__ import annotations

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
form { display: grid; grid-template-columns: minmax(0, 1fr); gap: .9rem; justify-items: start; max-width: 30rem; }
label { display: grid; grid-template-columns: minmax(0, auto); gap: .2rem; max-width: 100%; }
label.box { display: flex; gap: .5rem; align-items: baseline; }
input:not([type=checkbox]), button { font: inherit; padding: .45rem .7rem; max-width: 100%; }
button { cursor: pointer; background: var(--accent); color: Canvas; border: 0; border-radius: .3rem; padding: .5rem 1.2rem; }
button.grave { background: var(--bad); }
small { opacity: .8; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } }
"""
