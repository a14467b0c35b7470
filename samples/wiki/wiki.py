"""A small wiki: pages are text files in a folder. Run it with `fapws4 samples/wiki/wiki.py [FOLDER]`.

The folder is ./wiki-data when none is given. `[[Name]]` in a text links to another page.
"""

import os
import re
import sys
from html import escape
from pathlib import Path
from string import Template

from fapws4.base import Environ, Start_response, get_status
from fapws4.headers import redirect
from fapws4.views import Staticfile

HERE = Path(__file__).parent
DATA = Path(sys.argv[1] if len(sys.argv) > 1 else "wiki-data")
DATA.mkdir(parents=True, exist_ok=True)

NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")  # also the name of a file: no dots, no slashes
LINK = re.compile(r"\[\[([A-Za-z0-9_-]{1,80})\]\]")

# What is put into templates is HTML already: texts go through escape() first.
PAGE = Template((HERE / "page.html").read_text(encoding="utf-8"))
FORM = Template((HERE / "form.html").read_text(encoding="utf-8"))


def page_file(environ: Environ) -> Path | None:
    """The file of the page that the uri names, None when that is no name of a page."""
    name = environ["PATH_INFO"]
    return DATA / f"{name}.txt" if NAME.fullmatch(name) else None


def no_page(start_response: Start_response) -> str:
    """The answer to names that no page can have."""
    start_response(get_status(404), [])
    text = "A page has a name of letters, digits, - and _."
    return PAGE.substitute(title="No such page", content=text, links="")


def show_list(environ: Environ, start_response: Start_response) -> object:
    """All pages, and a field for the name of a new one."""
    if environ["PATH_INFO"]:
        return no_page(start_response)
    new = environ["fapws.params"].get("new", [""])[0]
    if NAME.fullmatch(new):
        return redirect(start_response, f"/edit/{new}")
    names = sorted(path.stem for path in DATA.glob("*.txt"))
    items = "".join(f'<li><a href="/page/{name}">{name}</a></li>\n' for name in names)
    content = f'<ul>\n{items}</ul>\n<form><input name="new" placeholder="Name"> <button>New page</button></form>'
    return PAGE.substitute(title="Pages", content=content, links="")


def show_page(environ: Environ, start_response: Start_response) -> object:
    """One page; the form for its text when there is none yet."""
    file = page_file(environ)
    if file is None:
        return no_page(start_response)
    if not file.exists():
        return redirect(start_response, f"/edit/{file.stem}")
    text = escape(file.read_text(encoding="utf-8"))
    content = LINK.sub(r'<a href="/page/\1">\1</a>', text)
    links = f'<a href="/edit/{file.stem}">Edit</a>'
    return PAGE.substitute(title=file.stem, content=f'<div class="text">{content}</div>', links=links)


def edit_page(environ: Environ, start_response: Start_response) -> object:
    """GET: the form. POST: keeps the text, which is in fapws.params, and shows the page."""
    file = page_file(environ)
    if file is None:
        return no_page(start_response)
    if environ["REQUEST_METHOD"] == "POST":
        text = environ["fapws.params"].get("text", [""])[0]
        unfinished = file.with_suffix(".part")
        with unfinished.open("w", encoding="utf-8") as out:
            out.write(text.replace("\r\n", "\n"))
            out.flush()
            os.fsync(out.fileno())  # else a power cut could leave the new name without the text
        unfinished.replace(file)
        return redirect(start_response, f"/page/{file.stem}")
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    content = FORM.substitute(name=file.stem, text=escape(text))
    return PAGE.substitute(title=f"Edit {file.stem}", content=content, links="")


PATHS = [
    ("/style/", Staticfile(str(HERE / "style"), maxage=3600)),
    ("/page/", show_page),
    ("/edit/", edit_page),
    ("/", show_list),
]
